/**
 * Which timer of the GM fired. The KEK held expires at 1000 s: its first window is [810, 960], the one after its expiry
 * [1000, 1080]; the TEK's, of an hour's lifetime, is [expiry - 180, expiry - 60] with the jitter of the timer.
 */
import { describe, expect, test } from 'vitest';
import type { HeldView } from '../../../src/gdoi/memory/tracker-state.ts';
import type { RegistrationFacts } from '../../../src/gdoi/memory/registration-facts.ts';
import { decidingWindow, possibleWindows, tekCanBe, timerDue } from '../../../src/gdoi/registrations/timer-choice.ts';
import type { Interval } from '../../../src/gdoi/seen/interval.ts';
import { counting, held, KEK, registered, seconds } from '../../builders/registration-builders.ts';

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

describe('a countdown that had not run out', () => {
  const EARLY = ['that was not due yet'];

  test('is told with the answer that showed it', () => {
    const { isEarly, evidence } = possibleWindows(registered(seconds(750)), counting(900));
    expect(isEarly).toBe(true);
    expect(evidence).toEqual([
      'Reregisters in pointed at 1970-01-01T00:15:00Z (answer of 1970-01-01T00:11:40Z)',
      'that was not due yet',
    ]);
  });

  test('is judged by when the registration began, also where that was lost and took long', () => {
    const lost = registered(seconds(750), { completed: seconds(890) });
    expect(possibleWindows(lost, counting(900)).evidence.at(-1)).toBe(
      'that was not due yet when its registration was lost',
    );
  });

  test.each<[string, Partial<RegistrationFacts>, HeldView, boolean]>([
    [
      'holds over a rekey where it is the KEK’s, and the KEK stayed',
      { kekAfter: 'same' },
      counting(900, { timerOf: 'kek' }),
      true,
    ],
    [
      'does not hold where that rekey may have brought the KEK',
      { kekAfter: 'new' },
      counting(900, { timerOf: 'kek' }),
      false,
    ],
    [
      'does not hold over a rekey where it is the TEK’s',
      { kekAfter: 'same' },
      counting(900, { timerOf: 'tek' }),
      false,
    ],
    ['does not hold over a rekey where nobody knows whose it is', { kekAfter: 'same' }, counting(900), false],
  ])('%s', (_, facts, before, isEarly) => {
    const choice = possibleWindows(registered(seconds(750), { rekeysBetween: 1, ...facts }), before);
    expect(choice.isEarly).toBe(isEarly);
    expect(choice.evidence.slice(1)).toEqual(isEarly ? EARLY : []);
  });
});

describe('evidence of a timer', () => {
  test('is the countdown where that decides, and nothing where windows do', () => {
    expect(possibleWindows(registered(seconds(899, 901)), counting(900)).evidence).toHaveLength(1);
    expect(possibleWindows(registered(seconds(850, 900)), held()).evidence).toEqual([]);
  });
});

describe('the TEK held, after a rekey', () => {
  const span = seconds(850, 900);
  const rekeyed = (over: Partial<RegistrationFacts>) => registered(span, { rekeysBetween: 1, ...over });

  test.each<[string, RegistrationFacts, HeldView, boolean]>([
    ['counts where there was none', registered(span), held(TEK_AT_1000), true],
    ['was renewed where the KEK is the same', rekeyed({ kekAfter: 'same' }), counting(875, TEK_AT_1000), false],
    ['counts where the rekey may have brought the KEK alone', rekeyed({}), counting(875, TEK_AT_1000), true],
    [
      'was renewed where the rekey is known to have brought one',
      rekeyed({ rekeyBroughtTek: true }),
      counting(875, TEK_AT_1000),
      false,
    ],
    ['was renewed where the countdown points elsewhere', rekeyed({}), counting(600, TEK_AT_1000), false],
    ['was renewed where there is no countdown', rekeyed({}), held(TEK_AT_1000), false],
  ])('%s', (_, facts, before, can) => expect(tekCanBe(span, facts, before)).toBe(can));
});

describe('the second registration of a KEK cycle', () => {
  const after = seconds(1010, 1020);

  test('is of the expiry, whatever other window fits', () => {
    const before = held({ sentMs: 990_000, teks: [{ spi: '0x1', expiry: seconds(1100) }] });
    expect(possibleWindows(registered(after, { legacyKek: KEK.anchor }), before).windows).toEqual(['kek_expiry']);
    expect(possibleWindows(registered(after), before).windows).toEqual(['kek_expiry', 'tek']);
  });

  test('lies after the expiry: before it nothing is the second', () => {
    const before = held({ sentMs: 990_000, teks: [{ spi: '0x1', expiry: seconds(1100) }] });
    const around = registered(seconds(995, 1020), { legacyKek: KEK.anchor });
    expect(possibleWindows(around, before).windows).toEqual(['kek_expiry', 'tek']);
  });
});
