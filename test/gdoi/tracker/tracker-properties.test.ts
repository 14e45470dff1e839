/** Properties of the tracker for any history of a GM, any way of observing it and any figures that a device prints. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GDOI_TRAPS, type GdoiTrapName } from '../../../src/gdoi/seen/gdoi-trap.ts';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import { initialTrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { settle, track } from '../../../src/gdoi/tracker/tracker.ts';
import { readTrackerState, TRACKER_STATE_FORMAT } from '../../../src/gdoi/memory/state-format.ts';
import {
  buffer,
  type BufferLine,
  clock,
  facts,
  failure,
  fed,
  gmAnswer,
  type GmSketch,
  history,
  log,
  reregistrations,
  snmpAnswer,
  trap,
} from '../../builders/tracker-builders.ts';

interface Step {
  readonly seconds: number;
  readonly act: 'wait' | 'tek_rekey' | 'kek_rekey' | 'register' | 'clear';
}

const steps = fc.array(
  fc.record({
    seconds: fc.integer({ min: 5, max: 2000 }),
    act: fc.constantFrom('wait', 'tek_rekey', 'kek_rekey', 'register', 'clear'),
  }),
  { minLength: 1, maxLength: 40 },
);

/** The answers of a device after each step, with consistent figures. */
function answers(history: readonly Step[]): { readonly observations: Observation[]; readonly registrations: number } {
  let at = 0;
  let gm = { succeeded: 1, received: 0, since: 0, kekAt: 40_000, tek: 1, tekAt: 3600 };
  let registrations = 0;
  const observations: Observation[] = [];
  const look = () => {
    const { tek, tekAt, ...counters } = gm;
    const sketch: GmSketch = { ...counters, teks: { [`0x0000${String(tek).padStart(4, '0')}`]: tekAt }, timerAt: null };
    observations.push(gmAnswer(at, sketch), facts(at, 1_000_000 + at));
  };
  look();
  for (const { seconds, act } of history) {
    at += seconds;
    if (act === 'tek_rekey' || act === 'kek_rekey') {
      gm = { ...gm, received: gm.received + 1, since: gm.since + 1, tek: gm.tek + 1, tekAt: at + 3600 };
      if (act === 'kek_rekey') gm = { ...gm, kekAt: Math.max(gm.kekAt, at) + 40_000 };
    }
    if (act === 'register') {
      gm = { ...gm, succeeded: gm.succeeded + 1, since: 0 };
      registrations += 1;
    }
    // Answers show a clear only if it moves a counter; clears in the log are tested elsewhere.
    if (act === 'clear' && (gm.succeeded > 1 || gm.received > 0)) {
      gm = { ...gm, succeeded: 1, received: 0, since: 0 };
      registrations += 1;
    }
    look();
  }
  return { observations, registrations };
}

test('reports as many re-registrations as the counters show', () => {
  fc.assert(
    fc.property(steps, (some) => {
      const { observations, registrations } = answers(some);
      const told = reregistrations(history(observations));
      expect(told).toHaveLength(registrations);
      expect(new Set(told.map(({ id }) => id)).size).toBe(registrations);
    }),
  );
});

test('reports as many re-registrations with fewer polls when the counters do not restart', () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.boolean()), (some, keep) => {
      const advancing = some.filter(({ act }) => act !== 'clear');
      const { observations, registrations } = answers(advancing);
      const last = observations.length - 2;
      const kept = observations.filter((_, index) => index < 2 || index >= last || keep.next().value === true);
      expect(reregistrations(history(kept))).toHaveLength(registrations);
    }),
  );
});

test('ignores duplicates and late copies of observations', () => {
  fc.assert(
    fc.property(steps, fc.infiniteStream(fc.nat({ max: 6 })), (some, back) => {
      const { observations } = answers(some);
      const noisy = observations.flatMap((observation, index) => {
        const late = observations[index - (back.next().value ?? 0)];
        return late === undefined ? [observation] : [observation, late];
      });
      const plain = history(observations);
      const told = history(noisy);
      expect(told.events).toEqual(plain.events);
      expect({ ...told.state, backInTime: null }).toEqual({ ...plain.state, backInTime: null });
    }),
  );
});

test('continues from a state kept as JSON as if it had never stopped', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (some, cut) => {
      const { observations } = answers(some);
      const at = cut % (observations.length + 1);
      const first = fed(initialTrackerState('gm1'), observations.slice(0, at));
      const kept = readTrackerState(TRACKER_STATE_FORMAT, JSON.parse(JSON.stringify(first.state)))!;
      expect(kept).toEqual(first.state);
      const second = fed(kept, observations.slice(at));
      const whole = fed(initialTrackerState('gm1'), observations);
      expect(second.state).toEqual(whole.state);
      expect([...first.events, ...second.events]).toEqual(whole.events);
    }),
  );
});

const figure = fc.oneof(
  fc.integer({ min: -5, max: 10 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  fc.constantFrom(null, 0, 1, 86_400, 2 ** 53),
);
const hostileGm = fc.record({
  registered: fc.boolean(),
  succeeded: fc.oneof(fc.nat({ max: 5 }), fc.integer({ min: -3, max: 2 ** 31 })),
  attempted: fc.oneof(fc.nat({ max: 5 }), fc.integer({ min: -3, max: 2 ** 31 })),
  received: figure,
  since: figure,
  kekAt: figure,
  timerAt: figure,
  rekeyAt: figure,
  keyServer: fc.constantFrom('10.1.11.2', '10.1.12.2', null, 'x'.repeat(500)),
  teks: fc.dictionary(fc.constantFrom(...SPIS()), fc.integer({ min: -100_000, max: 2 ** 31 }), { maxKeys: 30 }),
}) as fc.Arbitrary<GmSketch>;

function SPIS(): [string, ...string[]] {
  return ['0x00000000', ...Array.from({ length: 40 }, (_, index) => `0x${String(index + 1).padStart(8, '0')}`)];
}

const at = fc.integer({ min: -100_000, max: 100_000 });
const hostile: fc.Arbitrary<Observation> = fc.oneof(
  fc.tuple(at, hostileGm).map(([when, gm]) => gmAnswer(when, gm)),
  fc.tuple(at, hostileGm, hostileGm).map(([when, a, b]) => gmAnswer(when, a, { ...b, group: 'G2' })),
  fc.tuple(at, fc.integer({ min: -100, max: 2 ** 31 })).map(([when, uptime]) => facts(when, uptime)),
  fc.tuple(at, fc.constantFrom(...MNEMONICS())).map(([when, mnemonic]) => log(when, mnemonic)),
  at.map((when) => failure(when)),
  fc
    .tuple(at, fc.constantFrom(...TRAPS()), fc.constantFrom('3333', '4444', null))
    .map(([when, name, identity]) => trap(when, name, identity)),
  fc.tuple(at, fc.integer({ min: -(2 ** 31), max: 2 ** 31 })).map(([when, ahead]) => clock(when, ahead)),
  fc.tuple(at, fc.array(bufferLine(), { maxLength: 20 })).map(([when, lines]) => buffer(when, lines)),
  fc.tuple(at, hostileSnmp()).map(([when, sketch]) => snmpAnswer(when, sketch)),
);

function bufferLine(): fc.Arbitrary<BufferLine> {
  return fc.record({
    stampAt: fc.option(fc.integer({ min: -100_000, max: 10_000_000 })),
    mnemonic: fc.constantFrom(...MNEMONICS()),
    text: fc.constantFrom('group G1', 'group G2', ''),
  });
}

function hostileSnmp() {
  return fc.record({
    kek: fc.option(fc.nat({ max: 3 })),
    kekAt: fc.integer({ min: -5, max: 100_000 }),
    sequence: fc.option(fc.integer({ min: -1, max: 2 ** 32 })),
    keyServer: fc.constantFrom('10.1.11.2', '10.1.12.2', null, 'x'.repeat(500)),
    teks: fc.dictionary(fc.constantFrom(...SPIS()), fc.integer({ min: -100_000, max: 2 ** 31 }), { maxKeys: 30 }),
  });
}

function TRAPS(): [GdoiTrapName, ...GdoiTrapName[]] {
  return ['GmRegister', ...GDOI_TRAPS];
}

function MNEMONICS(): [string, ...string[]] {
  return [
    'GDOI-5-GM_REGS_COMPL',
    'GDOI-4-GM_RE_REGISTER',
    'GDOI-5-GM_CLEAR_REGISTER',
    'GDOI-5-GM_DELETE_EXPIRED_KEK',
    'GDOI-4-GM_RECV_DELETE',
    'SYS-5-RESTART',
    'GDOI-5-GM_RECV_REKEY',
    'GDOI-3-GDOI_REKEY_FAILURE',
    'X-1-Y',
  ];
}

test('does not throw, exceed its bounds or report backward intervals, whatever the figures', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 60 }), (observations) => {
      let state = initialTrackerState('gm1');
      for (const observation of observations) {
        const tracked = track(state, observation);
        state = tracked.state;
        for (const event of tracked.events) {
          expect(event.betweenMs[0]).toBeLessThanOrEqual(event.betweenMs[1]);
          expect(event.atMs).toBeGreaterThanOrEqual(event.betweenMs[0]);
          expect(event.atMs).toBeLessThanOrEqual(event.betweenMs[1]);
          expect(event.evidence.length).toBeLessThanOrEqual(12);
        }
      }
      settle(state);
      expect(readTrackerState(TRACKER_STATE_FORMAT, JSON.parse(JSON.stringify(state)))).toEqual(state);
      expect(JSON.stringify(state).length).toBeLessThan(HOSTILE_STATE_BYTES * Math.max(1, state.groups.size));
    }),
    { numRuns: 300 },
  );
});

test('invents no re-registration from lifetimes, timers or SPIs when the registration counter stands still', () => {
  const still = hostileGm.map((gm): GmSketch => ({ ...gm, succeeded: 3, attempted: 3, received: 5, since: 2 }));
  const times = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), still), { maxLength: 40 });
  fc.assert(
    fc.property(times, (some) => {
      let when = 0;
      const observations = some.map(([seconds, gm]) => {
        when += seconds;
        return gmAnswer(when, gm);
      });
      expect(reregistrations(history(observations))).toEqual([]);
    }),
  );
});

/** The limit for a device that fills every list; real fleets stay under 4 KB (benchmark). */
const HOSTILE_STATE_BYTES = 5632;

test('keeps the size of the state bounded over a long random history', () => {
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1500, maxLength: 1500 }), (observations) => {
      const { state } = fed(initialTrackerState('gm1'), observations);
      expect(JSON.stringify(state).length).toBeLessThan(2 * HOSTILE_STATE_BYTES);
    }),
    { numRuns: 5 },
  );
});

/** Messages of a device beside its answers, from every source: some true, some lost, some forged. */
const message = fc.oneof(
  fc.constantFrom(...MNEMONICS()).map((mnemonic) => (when: number) => log(when, mnemonic)),
  fc.constantFrom(...TRAPS()).map((name) => (when: number) => trap(when, name)),
  fc.constant((when: number) => clock(when, 5)),
  fc.array(fc.constantFrom(...MNEMONICS()), { maxLength: 5 }).map(
    (names) => (when: number) =>
      buffer(
        when,
        names.map((mnemonic) => ({ stampAt: when - 3, mnemonic })),
      ),
  ),
  fc.nat({ max: 2 }).map((kek) => (when: number) => snmpAnswer(when, { kek, kekAt: 40_000 + kek, sequence: kek })),
);
type Message = (when: number) => Observation;

test('neither adds nor hides a registration because of messages and SNMP between the answers, true or forged', () => {
  const noisy = fc.array(
    fc.tuple(fc.integer({ min: 5, max: 2000 }), fc.boolean(), fc.array(message, { maxLength: 4 })),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(noisy, (some) => {
      let at = 0;
      let succeeded = 2;
      const answer = () => gmAnswer(at, { succeeded, received: 3, kekAt: 40_000, timerAt: null });
      const observations: Observation[] = [answer()];
      for (const [seconds, registers, messages] of some) {
        for (const [index, say] of messages.entries()) {
          const told: Message = say;
          observations.push(told(at + ((index + 1) * seconds) / (messages.length + 1)));
        }
        at += seconds;
        if (registers) succeeded += 1;
        observations.push(answer());
      }
      const told = reregistrations(history(observations));
      expect(told).toHaveLength(succeeded - 2);
      expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    }),
  );
});

test('continues from a state kept as JSON also amid messages and SNMP looks', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 40 }), fc.nat(), (observations, cut) => {
      const first = fed(initialTrackerState('gm1'), observations.slice(0, cut % (observations.length + 1)));
      const kept = readTrackerState(TRACKER_STATE_FORMAT, JSON.parse(JSON.stringify(first.state)))!;
      const second = fed(kept, observations.slice(cut % (observations.length + 1)));
      const whole = fed(initialTrackerState('gm1'), observations);
      expect(second.state).toEqual(whole.state);
      expect([...first.events, ...second.events]).toEqual(whole.events);
    }),
  );
});
