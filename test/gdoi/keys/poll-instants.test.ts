import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_PLANNED_POLLS,
  type PlanInput,
  type PlannedPoll,
  planPolls,
  POLL_REASONS,
  whyPlanned,
} from '../../../src/gdoi/keys/poll-instants.ts';

const EXPIRY = 100_000_000;

function input(change: Partial<PlanInput> = {}): PlanInput {
  return {
    nowMs: EXPIRY - 3_600_000,
    role: 'gm',
    kekBehavior: 'timer',
    kekExpiryMs: EXPIRY,
    leadSeconds: 235,
    regularIntervalMs: 300_000,
    jitter: 0,
    ...change,
  };
}

/** `reason@seconds after KEK expiry` */
function plan(change: Partial<PlanInput> = {}): string[] {
  return planPolls(input(change)).map((poll) => `${poll.reason}@${(poll.atMs - EXPIRY) / 1000}`);
}

describe('the plan of a GM with a KEK timer', () => {
  it('cuts the time around KEK expiry at instants at which no cause can act', () => {
    expect(plan()).toEqual([
      'rekey_due@-225',
      'before_window@-196',
      'window_over@-37',
      'after_expiry@3',
      'expiry_over@83',
    ]);
  });

  it('polls for the rekey after the KS’s lead and again before the window, whatever the lead', () => {
    for (const leadSeconds of [200, 205, 225, 235, 300, 1020]) {
      for (const jitter of [0, 0.5, 0.999]) {
        const looks = planPolls(input({ leadSeconds, jitter }))
          .filter((poll) => poll.reason === 'rekey_due' || poll.reason === 'before_window')
          .map((poll) => (EXPIRY - poll.atMs) / 1000);
        expect(looks).toHaveLength(leadSeconds > 215 ? 2 : 1);
        expect(looks[0]).toBeLessThan(leadSeconds);
        expect(looks[0]).toBeLessThanOrEqual(240);
        expect(looks.at(-1)).toBeLessThan(200);
        expect(looks.at(-1)).toBeGreaterThan(190);
      }
    }
  });

  it('retries soon when a poll was lost at a deciding time, but gives up if the device is down', () => {
    const lost = (secondsAfterExpiry: number, failuresInARow: number) =>
      plan({ nowMs: EXPIRY + secondsAfterExpiry * 1000, failuresInARow }).filter((poll) => poll.startsWith('retry'));
    expect(lost(-196, 1)).toEqual(['retry@-194']);
    expect(lost(-196, 2)).toEqual(['retry@-194']);
    expect(lost(-196, 3)).toEqual([]);
    expect(lost(-196, 0)).toEqual([]);
    expect(lost(-2000, 1)).toEqual([]);
    expect(lost(200, 1)).toEqual([]);
  });

  it('needs one poll per cycle when the rekey came: the new KEK moves the others a lifetime away', () => {
    const afterRekeyMs = EXPIRY - 220_000;
    expect(plan({ nowMs: afterRekeyMs }).slice(0, 1)).toEqual(['before_window@-196']);
    const [first] = planPolls(input({ nowMs: afterRekeyMs, kekExpiryMs: EXPIRY + 86_400_000 - 235_000 }));
    expect(first?.atMs).toBeGreaterThan(EXPIRY + 80_000_000);
  });

  it('polls before and after a TEK-driven countdown runs out', () => {
    expect(plan({ kekExpiryMs: null, reregistersAtMs: EXPIRY - 1000_000, jitter: 0.5 })).toEqual([
      'before_reregistration@-1011.5',
      'after_reregistration@-987.5',
    ]);
  });

  it('polls only after a KEK-driven countdown, for which the baseline is already there', () => {
    expect(plan({ nowMs: EXPIRY - 192_000, reregistersAtMs: EXPIRY - 100_000 })).toEqual([
      'after_reregistration@-95',
      'window_over@-37',
      'after_expiry@3',
      'expiry_over@83',
    ]);
  });

  it('polls once an unregistered GM has had time to register, and retries if that poll is lost', () => {
    const settledAtMs = EXPIRY - 3_510_000;
    expect(plan({ kekExpiryMs: null, settledAtMs })).toEqual(['settled@-3507']);
    expect(plan({ kekExpiryMs: null, settledAtMs, nowMs: settledAtMs + 3000 })).toEqual([]);
    const lost = { nowMs: settledAtMs + 3000, failuresInARow: 1 };
    expect(plan({ kekExpiryMs: null, settledAtMs, ...lost })).toEqual(['retry@-3505']);
  });

  it('polls again soon after a change', () => {
    expect(plan({ kekExpiryMs: null, changedAtMs: EXPIRY - 3_600_000 })).toEqual(['confirm@-3595']);
  });

  it('keeps a cut between windows and drops a confirmation that would come just before it', () => {
    const cuts = ['window_over@-37', 'after_expiry@3', 'expiry_over@83'];
    expect(plan({ nowMs: EXPIRY - 60_000, changedAtMs: EXPIRY - 45_000 })).toEqual(cuts);
    // One that comes well before it is kept.
    expect(plan({ nowMs: EXPIRY - 60_000, changedAtMs: EXPIRY - 60_000 })).toEqual(['confirm@-55', ...cuts]);
  });
});

describe('with 300 s polling and the planned instants', () => {
  const phase = fc.integer({ min: 0, max: 299 });
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  /** The last poll before `second` and the first one after it, in seconds after KEK expiry. */
  function unobserved(second: number, planned: readonly PlannedPoll[], regularPhase: number): [number, number] {
    const regular = Array.from({ length: 8 }, (_, index) => -1200 + 300 * index + regularPhase);
    const polls = [...planned.map((poll) => (poll.atMs - EXPIRY) / 1000), ...regular];
    return [Math.max(...polls.filter((poll) => poll < second)), Math.min(...polls.filter((poll) => poll >= second))];
  }

  it('every KEK-driven re-registration lies in an interval that overlaps only the window of its cause', () => {
    const missed = [-190, -40] as const;
    const expired = [0, 80] as const;
    const inWindow = fc.constantFrom(missed, expired).chain((window) =>
      fc.record({
        window: fc.constant(window),
        // A poll at the very edge has not seen anything of the window.
        second: fc.double({ min: window[0], minExcluded: true, max: window[1], maxExcluded: true, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(inWindow, phase, jitter, fc.integer({ min: 200, max: 1000 }), ({ window, second }, at, j, lead) => {
        const [before, after] = unobserved(second, planPolls(input({ jitter: j, leadSeconds: lead })), at);
        const overlapped = [missed, expired].filter(([from, to]) => before < to && after > from);
        expect(overlapped).toEqual([window]);
        expect(after - before).toBeLessThan(190);
      }),
    );
  });

  it('a rekey that came ahead of expiry is seen before any window begins', () => {
    fc.assert(
      fc.property(fc.double({ min: -225, max: -200, noNaN: true }), phase, jitter, (second, at, j) => {
        const [, after] = unobserved(second, planPolls(input({ jitter: j })), at);
        expect(after).toBeLessThan(-190);
      }),
    );
  });

  it('a TEK-driven re-registration lies in an interval shorter than 45 s', () => {
    fc.assert(
      fc.property(phase, jitter, fc.double({ min: 0, max: 2, noNaN: true }), (at, j, late) => {
        const planned = planPolls(input({ kekExpiryMs: null, reregistersAtMs: EXPIRY, jitter: j }));
        const [before, after] = unobserved(late, planned, at);
        expect(after - before).toBeLessThan(45);
      }),
    );
  });
});

describe('the plan of other devices', () => {
  it('polls a GM with legacy behaviour after the KS’s rekey and after expiry, for whether its counter moved', () => {
    expect(plan({ kekBehavior: 'legacy' })).toEqual(['rekey_due@-225', 'before_window@-196', 'after_expiry@30']);
  });

  it('polls a KS right after it rekeys, and again for whether it rekeys at all before expiry', () => {
    expect(plan({ role: 'ks', ksRekeyAtMs: EXPIRY - 235_000 })).toEqual([
      'ks_rekey@-232',
      'rekey_due@-225',
      'before_window@-196',
      'after_expiry@3',
    ]);
  });

  it('polls a KS again once it must have sent its rekey to all', () => {
    const rekeyed = { role: 'ks', kekExpiryMs: null, nowMs: EXPIRY - 230_000 } as const;
    expect(plan({ ...rekeyed, ksRekeySentMs: EXPIRY - 200_000 })).toEqual(['ks_rekey_sent@-197']);
    expect(plan({ ...rekeyed, ksRekeySentMs: EXPIRY - 240_000 })).toEqual([]);
  });

  it('polls a silent KS again within a minute, twice, unless it is polled as often anyway', () => {
    const silent = { role: 'ks', kekExpiryMs: null, nowMs: EXPIRY - 600_000 } as const;
    for (const failuresInARow of [1, 2]) expect(plan({ ...silent, failuresInARow })).toEqual(['ks_silent@-560']);
    for (const failuresInARow of [0, 3]) expect(plan({ ...silent, failuresInARow })).toEqual([]);
    expect(plan({ ...silent, failuresInARow: 1, regularIntervalMs: 60_000 })).toEqual([]);
  });

  it('is empty for a device that is polled every 30 s, but not for one without regular polls', () => {
    expect(plan({ regularIntervalMs: 30_000 })).toEqual([]);
    expect(plan({ regularIntervalMs: null })).toHaveLength(5);
  });
});

it('words every poll reason as a question', () => {
  for (const reason of POLL_REASONS) expect(whyPlanned(reason)).toMatch(/\?$/);
});

it('keeps the plan short, in order, in the future and never beyond the last window, whatever the values', () => {
  const instant = fc.option(fc.oneof(fc.integer({ min: -1e12, max: 1e13 }), fc.constantFrom(Number.NaN, Infinity)));
  fc.assert(
    fc.property(
      fc.record({
        nowMs: fc.integer({ min: 0, max: 2_000_000_000_000 }),
        role: fc.constantFrom('gm', 'ks'),
        kekBehavior: fc.constantFrom('timer', 'legacy', 'unknown'),
        kekExpiryMs: instant,
        leadSeconds: fc.double(),
        ksRekeyAtMs: instant,
        ksRekeySentMs: instant,
        reregistersAtMs: instant,
        settledAtMs: instant,
        changedAtMs: instant,
        failuresInARow: fc.integer({ min: -1, max: 5 }),
        regularIntervalMs: fc.option(fc.nat()),
        jitter: fc.double(),
      } satisfies Record<keyof PlanInput, unknown>),
      (any) => {
        const polls = planPolls(any).map(({ atMs }) => atMs);
        expect(polls.length).toBeLessThanOrEqual(MAX_PLANNED_POLLS);
        const origins = [any.kekExpiryMs, any.ksRekeyAtMs, any.reregistersAtMs, any.settledAtMs];
        origins.push(any.changedAtMs, any.ksRekeySentMs, any.nowMs);
        const last = Math.max(...origins.filter((ms): ms is number => ms !== null && Number.isFinite(ms))) + 120_000;
        for (const [index, poll] of polls.entries()) {
          expect(poll).toBeGreaterThan(any.nowMs);
          expect(poll).toBeLessThanOrEqual(last);
          expect(poll).toBeGreaterThanOrEqual(polls[index - 1] ?? 0);
        }
      },
    ),
  );
});
