/**
 * Which timer of the GM fired. The KEK held expires at 1000 s: its first window is [810, 960], the one after its expiry
 * [1000, 1080]; the TEK's, of an hour's lifetime, is [expiry - 180, expiry - 60] with the jitter of the timer.
 */
import { describe, expect, test } from 'vitest';
import type { HeldView } from '../../../src/gdoi/memory/tracker-state.ts';
import type { RegistrationFacts } from '../../../src/gdoi/memory/registration-facts.ts';
import { decidingWindow, possibleWindows, timerDue } from '../../../src/gdoi/registrations/timer-choice.ts';
import type { Interval } from '../../../src/gdoi/seen/interval.ts';

const seconds = (from: number, to = from): Interval => ({ fromMs: from * 1000, toMs: to * 1000 });
const KEK = { expiry: seconds(1000), anchor: 1000, cookies: null, spi: null };

/** As the answer at 700 s showed it: a KEK, a TEK that lives long, and no countdown. */
function held(over: Partial<HeldView> = {}): HeldView {
  return {
    sentMs: 700_000,
    receivedMs: 700_000,
    keyServer: '192.0.2.1',
    kek: KEK,
    kekShown: true,
    teks: [{ spi: '0x1', expiry: seconds(90_000) }],
    interfaces: ['Gi0'],
    keysCame: null,
    timer: null,
    timerAfterKek: null,
    timerBeforeTek: null,
    timerOf: null,
    ...over,
  };
}

/** With a countdown of the same answer that ends at the second. */
function counting(at: number, over: Partial<HeldView> = {}): HeldView {
  const view = held(over);
  const tekMs = view.teks[0]?.expiry.fromMs ?? null;
  return {
    ...view,
    timer: seconds(at),
    timerAfterKek: view.kek === null ? null : at - 1000,
    timerBeforeTek: tekMs === null ? null : tekMs / 1000 - at,
  };
}

function registered(between: Interval, over: Partial<RegistrationFacts> = {}): RegistrationFacts {
  return {
    start: between,
    completed: between,
    begunByKek: null,
    quick: true,
    before: null,
    kekAfter: 'new',
    keyServerAfter: '192.0.2.1',
    teksReplaced: null,
    kekMade: null,
    tekMade: null,
    rekeysBetween: 0,
    rekeyBroughtTek: false,
    marks: [],
    ksSaid: [],
    forced: null,
    legacyKek: null,
    tekLifetimeSeconds: 3600,
    keyServers: [],
    ...over,
  };
}

const TEK_AT_1000 = { teks: [{ spi: '0x1', expiry: seconds(1000) }] };

describe('by where it can have begun', () => {
  test.each([
    ['before all windows', seconds(600, 700), held(), {}, []],
    ['in the first window of the KEK', seconds(850, 900), held(), {}, ['kek_missed']],
    ['at its very edge', seconds(750, 810), held(), {}, ['kek_missed']],
    ['between its windows', seconds(970, 990), held(), {}, []],
    [
      'in both of one that was held in time: it would have gone in the first',
      seconds(950, 1010),
      held(),
      {},
      ['kek_missed'],
    ],
    ['after the expiry, where it cannot have been in the first', seconds(1010, 1050), held(), {}, ['kek_expiry']],
    ['after the expiry of one that came too late', seconds(1010, 1050), held({ sentMs: 970_000 }), {}, ['kek_expiry']],
    ['after the expiry of one that came again', seconds(1010, 1050), held(), { legacyKek: 1000 }, ['kek_expiry']],
    [
      'in the first window of one that came again: it waits for the expiry',
      seconds(850, 900),
      held(),
      { legacyKek: 1000 },
      [],
    ],
    ['in the window of the TEK', seconds(850, 900), held({ ...TEK_AT_1000, kek: null }), {}, ['tek']],
    ['in the windows of both', seconds(850, 900), held(TEK_AT_1000), {}, ['kek_missed', 'tek']],
    [
      'in that of a TEK that a rekey renewed',
      seconds(850, 900),
      held(TEK_AT_1000),
      { rekeysBetween: 1, kekAfter: 'same' },
      ['kek_missed'],
    ],
    ['without any key', seconds(850, 900), held({ kek: null, teks: [] }), {}, []],
  ] satisfies ReadonlyArray<readonly [string, Interval, HeldView, Partial<RegistrationFacts>, readonly string[]]>)(
    '%s',
    (_, between, before, over, windows) => {
      expect(possibleWindows(registered(between, over), before)).toMatchObject({ windows, byCountdown: false });
    },
  );
});

describe('by the countdown of the last answer', () => {
  test.each([
    ['into the first window of the KEK', counting(880), ['kek_missed']],
    ['past the expiry', counting(1040), ['kek_expiry']],
    ['between the two', counting(980), []],
    ['into the window of the TEK', counting(870, { kek: null, ...TEK_AT_1000 }), ['tek']],
    ['into the windows of both', counting(870, TEK_AT_1000), ['kek_missed', 'tek']],
  ] satisfies ReadonlyArray<readonly [string, HeldView, readonly string[]]>)('%s', (_, before, windows) => {
    expect(possibleWindows(registered(seconds(700, 1100)), before)).toMatchObject({ windows, byCountdown: true });
  });

  test('the beginning is narrowed to when it ran out', () => {
    const { start } = possibleWindows(registered(seconds(700, 1100)), counting(880));
    const due = timerDue(seconds(880), 0);
    expect(start.fromMs).toBeLessThanOrEqual(due.fromMs);
    expect(start.fromMs).toBeGreaterThan(due.fromMs - 1000);
    expect(start.toMs).toBeGreaterThanOrEqual(due.toMs);
    expect(start.toMs).toBeLessThan(due.toMs + 1000);
  });

  test('what began before it ran out was no timer', () => {
    expect(possibleWindows(registered(seconds(700, 860)), counting(880))).toMatchObject({ windows: [], isEarly: true });
  });

  test('it says nothing after a rekey, which set it anew', () => {
    const facts = registered(seconds(850, 900), { rekeysBetween: 1, kekAfter: 'same' });
    expect(possibleWindows(facts, counting(880))).toMatchObject({ byCountdown: false, windows: ['kek_missed'] });
  });
});

describe('of two windows', () => {
  const choice = (before: HeldView, between: Interval) => {
    const facts = registered(between);
    return decidingWindow(possibleWindows(facts, before), facts, before);
  };

  test.each([
    ['the one whose key drives the countdown: the TEK', counting(870, { ...TEK_AT_1000, timerOf: 'tek' }), 'tek'],
    [
      'the one whose key drives the countdown: the KEK',
      counting(870, { ...TEK_AT_1000, timerOf: 'kek' }),
      'kek_missed',
    ],
    ['the KEK’s, where it began in its window for certain', counting(870, TEK_AT_1000), 'kek_missed'],
  ] as const)('%s', (_, before, window) => {
    expect(choice(before, seconds(700, 1100))).toBe(window);
  });

  test('none, where it may have begun outside of the KEK’s', () => {
    expect(choice(held(TEK_AT_1000), seconds(780, 900))).toBeUndefined();
  });

  test('the only one there is', () => {
    expect(choice(held(), seconds(850, 900))).toBe('kek_missed');
    expect(choice(held(), seconds(600, 700))).toBeUndefined();
  });
});
