/** What SNMP alone does not show of a registration, held from both sides: KEK expiry is 1000 s after the start. */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import type { TruthCause } from '../../src/simulator/world/ground-truth.ts';
import { gmAnswer, log, snmpAnswer, type SnmpSketch, T0, trap } from '../builders/tracker-builders.ts';
import { isSeenOverSnmpAlone } from './invisible-over-snmp.ts';
import { invisible, type TrueRegistration, undecidable } from './undecidable.ts';
import { aWatch } from './watch.ts';
import type { Watched } from './watch-fleet.ts';

function watched(observations: readonly Observation[]): Watched {
  const answers = observations.filter(({ kind }) => kind === 'groups');
  return {
    watch: aWatch({ name: 'snmp', transport: 'snmp' }),
    emitted: [],
    observations: observations.map((observation) => ({ observation, clockOffsetMs: 0 })),
    said: [],
    truth: [],
    endMs: Infinity,
    answers: new Map([['gm1', answers.map(({ sentAtMs }) => sentAtMs + 50)]]),
    polls: answers.length,
    groupHours: 1,
    largestStateBytes: 0,
    clock: (trueMs) => trueMs,
  };
}

/** Begun half a second before it was complete. */
function registration(at: number, cause: TruthCause = 'tek_expired'): TrueRegistration {
  const kekExpiryMs = (T0 + 1000) * 1000;
  return {
    kind: 'registration',
    atMs: (T0 + at) * 1000,
    startedAtMs: (T0 + at) * 1000 - 500,
    device: 'gm1',
    group: 'G1',
    cause,
    alsoTrue: [],
    keyServer: 'ks1',
    attempts: 1,
    sameKek: true,
    kekExpiryMs,
    before: {
      kekExpiryMs,
      tekExpiryMs: null,
      tekLifetimeMs: null,
      countdownSinceMs: null,
      succeeded: 1,
      rekeysReceived: 5,
    },
    kekTimer: true,
  };
}

const KEYS: SnmpSketch = { kek: 1, kekAt: 1000, sequence: 5, teks: { '0x0000000A': 3600 } };
const TEK_B = { '0x0000000B': 7200 };
const EARLIER = snmpAnswer(0, { ...KEYS, sequence: 4 });

/** A registration at 330 s between looks at 300 and 360. */
function shows(after: SnmpSketch, ...heard: readonly Observation[]): boolean {
  const looks = [EARLIER, snmpAnswer(300, KEYS), ...heard, snmpAnswer(360, { ...KEYS, ...after })];
  return invisible(registration(330), watched(looks)) === null;
}

test.each<readonly [string, SnmpSketch, boolean]>([
  ['no key changed', {}, false],
  ['another TEK, and the number of rekeys as before', { teks: { '0x0000000B': 7200 } }, true],
  ['another TEK, and the number moved: a rekey does the same', { teks: { '0x0000000B': 7200 }, sequence: 6 }, false],
  ['another KEK, and the number as before, which is none that a rekey starts with', { kek: 2, kekAt: 4000 }, true],
  ['another KEK, and the number moved: a rekey does the same', { kek: 2, kekAt: 4000, sequence: 0 }, false],
  ['another server, with which it stays', { keyServer: '10.1.12.2' }, true],
])('%s', (_, after, isShown) => {
  expect(shows(after)).toBe(isShown);
});

test('the numbers that a KEK showed before another one was held say nothing of those since', () => {
  const other: SnmpSketch = { ...KEYS, kek: 7, kekAt: 4000, sequence: 5 };
  const looks = [EARLIER, snmpAnswer(100, other), snmpAnswer(300, KEYS), snmpAnswer(360, { ...KEYS, teks: TEK_B })];
  expect(invisible(registration(330), watched(looks))).toContain('a rekey would have changed its keys so');
});

test('the first of two between two looks is not seen where no message of it arrived', () => {
  const both = [registration(320), registration(340)] as const;
  const after = { ...KEYS, teks: TEK_B };
  const seen = (...heard: readonly Observation[]) => {
    const looks = watched([EARLIER, snmpAnswer(300, KEYS), ...heard, snmpAnswer(360, after)]);
    return both.map((each) => invisible(each, { ...looks, truth: both }));
  };
  expect(seen()).toEqual([expect.stringContaining('another registration followed'), null]);
  expect(seen(trap(320, 'GmReRegister'), trap(320.2, 'GmRegistrationComplete'))).toEqual([null, null]);
});

describe('messages', () => {
  const traps = [trap(330, 'GmReRegister'), trap(330.4, 'GmRegistrationComplete')];
  const logs = [
    log(330, 'GDOI-4-GM_RE_REGISTER', 'for group G1'),
    log(330.4, 'GDOI-5-GM_REGS_COMPL', 'complete for group G1'),
  ];
  const looks = (...heard: readonly Observation[]) =>
    watched([EARLIER, snmpAnswer(300, KEYS), ...heard, snmpAnswer(360, KEYS)]);

  test('show it while a timer was due: of the GM’s log, and traps', () => {
    expect(shows({}, ...logs)).toBe(true);
    expect(shows({}, ...traps)).toBe(true);
  });

  test('alone show nothing where no timer was due, but for the clear that they tell', () => {
    const told = (...heard: readonly Observation[]) => invisible(registration(330, 'operator_clear'), looks(...heard));
    expect(told(...traps)).toContain('which anyone can forge');
    expect(told(...logs)).toContain('which anyone can forge');
    expect(told(log(330, 'GDOI-5-GM_CLEAR_REGISTER', 'for group G1'), ...logs)).toBeNull();
  });

  test('show it where a key changed, as a rekey would have changed it', () => {
    expect(shows({ kek: 2, kekAt: 4000, sequence: 0 }, ...traps)).toBe(true);
  });

  test('of one kind, of another group, or from before it began show nothing', () => {
    expect(shows({}, trap(330.4, 'GmRegistrationComplete'))).toBe(false);
    expect(shows({}, trap(330, 'GmRegister', '4444'), trap(330.4, 'GmRegistrationComplete', '4444'))).toBe(false);
    expect(shows({}, trap(320, 'GmRegister'), trap(320.4, 'GmRegistrationComplete'))).toBe(false);
  });

  test('of a clear decide its cause, which nothing else does', () => {
    const cleared = log(330, 'GDOI-5-GM_CLEAR_REGISTER', 'for group G1');
    expect(undecidable(registration(330, 'operator_clear'), looks(...logs))).toContain('no message of the clear');
    expect(undecidable(registration(330, 'operator_clear'), looks(cleared, ...logs))).toBeNull();
  });
});

test('a GM that answers over SSH as well is no GM that SNMP alone shows', () => {
  expect(isSeenOverSnmpAlone('gm1', watched([snmpAnswer(0, KEYS)]))).toBe(true);
  expect(isSeenOverSnmpAlone('gm1', watched([snmpAnswer(0, KEYS), gmAnswer(60, { kekAt: 1000 })]))).toBe(false);
});
