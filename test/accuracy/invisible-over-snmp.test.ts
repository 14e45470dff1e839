/** Which registrations SNMP alone shows, and which it does not. The KEK expires 1000 s after the start. */
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

/** It begins half a second before it is complete. */
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

/** Whether a registration at 330 s shows in looks at 300 s and 360 s. */
function shows(after: SnmpSketch, ...heard: readonly Observation[]): boolean {
  const looks = [EARLIER, snmpAnswer(300, KEYS), ...heard, snmpAnswer(360, { ...KEYS, ...after })];
  return invisible(registration(330), watched(looks)) === null;
}

test.each<readonly [string, SnmpSketch, boolean]>([
  ['is not shown when no key changed', {}, false],
  ['is shown by a new TEK with an unchanged rekey number', { teks: { '0x0000000B': 7200 } }, true],
  [
    'is not shown by a new TEK with a changed rekey number: a rekey does the same',
    { teks: { '0x0000000B': 7200 }, sequence: 6 },
    false,
  ],
  [
    'is shown by a new KEK with an unchanged rekey number that is not one with which a rekey starts',
    { kek: 2, kekAt: 4000 },
    true,
  ],
  [
    'is not shown by a new KEK with a changed rekey number: a rekey does the same',
    { kek: 2, kekAt: 4000, sequence: 0 },
    false,
  ],
  ['is shown by a new key server that stays', { keyServer: '10.1.12.2' }, true],
])('a registration %s', (_, after, isShown) => {
  expect(shows(after)).toBe(isShown);
});

test('rekey numbers seen under a KEK before another KEK was held say nothing about the numbers since', () => {
  const other: SnmpSketch = { ...KEYS, kek: 7, kekAt: 4000, sequence: 5 };
  const looks = [EARLIER, snmpAnswer(100, other), snmpAnswer(300, KEYS), snmpAnswer(360, { ...KEYS, teks: TEK_B })];
  expect(invisible(registration(330), watched(looks))).toContain('a rekey would have changed its keys so');
});

test('the first of two registrations between two looks is not seen unless messages of it arrived', () => {
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

  test('of the GM’s log, or traps, show a registration for which a timer was due', () => {
    expect(shows({}, ...logs)).toBe(true);
    expect(shows({}, ...traps)).toBe(true);
  });

  test('alone do not show a registration for which no timer was due, unless they report a clear', () => {
    const told = (...heard: readonly Observation[]) => invisible(registration(330, 'operator_clear'), looks(...heard));
    expect(told(...traps)).toContain('which anyone can forge');
    expect(told(...logs)).toContain('which anyone can forge');
    expect(told(log(330, 'GDOI-5-GM_CLEAR_REGISTER', 'for group G1'), ...logs)).toBeNull();
  });

  test('show a registration when a key changed as a rekey would have changed it', () => {
    expect(shows({ kek: 2, kekAt: 4000, sequence: 0 }, ...traps)).toBe(true);
  });

  test('of one kind only, of another group, or from before it began do not show a registration', () => {
    expect(shows({}, trap(330.4, 'GmRegistrationComplete'))).toBe(false);
    expect(shows({}, trap(330, 'GmRegister', '4444'), trap(330.4, 'GmRegistrationComplete', '4444'))).toBe(false);
    expect(shows({}, trap(320, 'GmRegister'), trap(320.4, 'GmRegistrationComplete'))).toBe(false);
  });

  test('of a clear decide that the cause is a clear, and nothing else does', () => {
    const cleared = log(330, 'GDOI-5-GM_CLEAR_REGISTER', 'for group G1');
    expect(undecidable(registration(330, 'operator_clear'), looks(...logs))).toContain('no message of the clear');
    expect(undecidable(registration(330, 'operator_clear'), looks(cleared, ...logs))).toBeNull();
  });
});

test('a GM that also answers over SSH is not seen over SNMP alone', () => {
  expect(isSeenOverSnmpAlone('gm1', watched([snmpAnswer(0, KEYS)]))).toBe(true);
  expect(isSeenOverSnmpAlone('gm1', watched([snmpAnswer(0, KEYS), gmAnswer(60, { kekAt: 1000 })]))).toBe(false);
});
