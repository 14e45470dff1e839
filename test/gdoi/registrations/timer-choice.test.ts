/**
 * Which timer of the GM fired. The KEK held expires at 1000 s: its first window is [810, 960], the window after its
 * expiry [1000, 1080]; that of a TEK with an hour's lifetime is [expiry - 180, expiry - 60] with the timer's jitter.
 */
import { describe, expect, test } from 'vitest';
import type { HeldView } from '../../../src/gdoi/memory/tracker-state.ts';
import type { RegistrationFacts } from '../../../src/gdoi/memory/registration-facts.ts';
import { decidingWindow, possibleWindows, tekCanBe, timerDue } from '../../../src/gdoi/registrations/timer-choice.ts';
import type { Interval } from '../../../src/gdoi/seen/interval.ts';
import { counting, held, KEK, registered, seconds } from '../../builders/registration-builders.ts';

const TEK_AT_1000 = { teks: [{ spi: '0x1', expiry: seconds(1000) }] };

describe('without a countdown, chooses the windows for a registration that can have begun', () => {
  test.each([
    ['before all windows', seconds(600, 700), held(), {}, []],
    ['in the first window of the KEK', seconds(850, 900), held(), {}, ['kek_missed']],
    ['at the very edge of that window', seconds(750, 810), held(), {}, ['kek_missed']],
    ['between the windows of the KEK', seconds(970, 990), held(), {}, []],
    [
      'in both windows of a KEK that was held in time: only the first, in which it would have fired',
      seconds(950, 1010),
      held(),
      {},
      ['kek_missed'],
    ],
    ['after the expiry, and not in the first window', seconds(1010, 1050), held(), {}, ['kek_expiry']],
    ['after the expiry of a late KEK', seconds(1010, 1050), held({ sentMs: 970_000 }), {}, ['kek_expiry']],
    ['after the expiry of a KEK brought again', seconds(1010, 1050), held(), { legacyKek: 1000 }, ['kek_expiry']],
    [
      'in the first window of a KEK brought again: none, because the GM waits for the expiry',
      seconds(850, 900),
      held(),
      { legacyKek: 1000 },
      [],
    ],
    ['in the window of the TEK', seconds(850, 900), held({ ...TEK_AT_1000, kek: null }), {}, ['tek']],
    ['in the windows of both keys', seconds(850, 900), held(TEK_AT_1000), {}, ['kek_missed', 'tek']],
    [
      'in the window of a TEK that a rekey renewed: not that window',
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

describe('the countdown of the last answer', () => {
  test.each([
    ['into the first window of the KEK chooses it', counting(880), ['kek_missed']],
    ['past the expiry of the KEK chooses the window after it', counting(1040), ['kek_expiry']],
    ['between the windows of the KEK chooses none', counting(980), []],
    ['into the window of the TEK chooses it', counting(870, { kek: null, ...TEK_AT_1000 }), ['tek']],
    ['into the windows of both keys chooses both', counting(870, TEK_AT_1000), ['kek_missed', 'tek']],
  ] satisfies ReadonlyArray<readonly [string, HeldView, readonly string[]]>)('%s', (_, before, windows) => {
    expect(possibleWindows(registered(seconds(700, 1100)), before)).toMatchObject({ windows, byCountdown: true });
  });

  test('narrows the start to when it ran out', () => {
    const { start } = possibleWindows(registered(seconds(700, 1100)), counting(880));
    const due = timerDue(seconds(880), 0);
    expect(start.fromMs).toBeLessThanOrEqual(due.fromMs);
    expect(start.fromMs).toBeGreaterThan(due.fromMs - 1000);
    expect(start.toMs).toBeGreaterThanOrEqual(due.toMs);
    expect(start.toMs).toBeLessThan(due.toMs + 1000);
  });

  test('chooses no window when the registration began before it ran out', () => {
    expect(possibleWindows(registered(seconds(700, 860)), counting(880))).toMatchObject({ windows: [], isEarly: true });
  });

  test('is ignored after a rekey, which set it anew', () => {
    const facts = registered(seconds(850, 900), { rekeysBetween: 1, kekAfter: 'same' });
    expect(possibleWindows(facts, counting(880))).toMatchObject({ byCountdown: false, windows: ['kek_missed'] });
  });
});

describe('the deciding window of two', () => {
  const choice = (before: HeldView, between: Interval) => {
    const facts = registered(between);
    return decidingWindow(possibleWindows(facts, before), facts, before);
  };

  test.each([
    ['the TEK’s when the TEK drives the countdown', counting(870, { ...TEK_AT_1000, timerOf: 'tek' }), 'tek'],
    ['the KEK’s when the KEK drives the countdown', counting(870, { ...TEK_AT_1000, timerOf: 'kek' }), 'kek_missed'],
    ['the KEK’s when the registration certainly began in it', counting(870, TEK_AT_1000), 'kek_missed'],
  ] as const)('is %s', (_, before, window) => {
    expect(choice(before, seconds(700, 1100))).toBe(window);
  });

  test('is none when the registration may have begun outside the KEK’s window', () => {
    expect(choice(held(TEK_AT_1000), seconds(780, 900))).toBeUndefined();
  });

  test('is the only one when just one fits, and none when none fits', () => {
    expect(choice(held(), seconds(850, 900))).toBe('kek_missed');
    expect(choice(held(), seconds(600, 700))).toBeUndefined();
  });
});

describe('a countdown that had not run out', () => {
  const EARLY = ['that was not due yet'];

  test('is quoted with the answer that showed it', () => {
    const { isEarly, evidence } = possibleWindows(registered(seconds(750)), counting(900));
    expect(isEarly).toBe(true);
    expect(evidence).toEqual([
      'Reregisters in pointed at 1970-01-01T00:15:00Z (answer of 1970-01-01T00:11:40Z)',
      'that was not due yet',
    ]);
  });

  test('is compared with the start of the registration even if that was lost and took long', () => {
    const lost = registered(seconds(750), { completed: seconds(890) });
    expect(possibleWindows(lost, counting(900)).evidence.at(-1)).toBe(
      'that was not due yet when its registration was lost',
    );
  });

  test.each<[string, Partial<RegistrationFacts>, HeldView, boolean]>([
    [
      'still holds after a rekey when it is the KEK’s and the KEK stayed',
      { kekAfter: 'same' },
      counting(900, { timerOf: 'kek' }),
      true,
    ],
    [
      'does not hold after a rekey that may have brought the KEK',
      { kekAfter: 'new' },
      counting(900, { timerOf: 'kek' }),
      false,
    ],
    [
      'does not hold after a rekey when it is the TEK’s',
      { kekAfter: 'same' },
      counting(900, { timerOf: 'tek' }),
      false,
    ],
    ['does not hold after a rekey when it is not known whose it is', { kekAfter: 'same' }, counting(900), false],
  ])('%s', (_, facts, before, isEarly) => {
    const choice = possibleWindows(registered(seconds(750), { rekeysBetween: 1, ...facts }), before);
    expect(choice.isEarly).toBe(isEarly);
    expect(choice.evidence.slice(1)).toEqual(isEarly ? EARLY : []);
  });
});

describe('the evidence of a timer', () => {
  test('is the countdown if that decides and empty if the windows decide', () => {
    expect(possibleWindows(registered(seconds(899, 901)), counting(900)).evidence).toHaveLength(1);
    expect(possibleWindows(registered(seconds(850, 900)), held()).evidence).toEqual([]);
  });
});

describe('the window of the TEK held', () => {
  const span = seconds(850, 900);
  const rekeyed = (over: Partial<RegistrationFacts>) => registered(span, { rekeysBetween: 1, ...over });

  test.each<[string, RegistrationFacts, HeldView, boolean]>([
    ['counts without a rekey', registered(span), held(TEK_AT_1000), true],
    [
      'does not count after a rekey that kept the KEK',
      rekeyed({ kekAfter: 'same' }),
      counting(875, TEK_AT_1000),
      false,
    ],
    ['counts after a rekey that may have brought only the KEK', rekeyed({}), counting(875, TEK_AT_1000), true],
    [
      'does not count after a rekey that is known to have brought a TEK',
      rekeyed({ rekeyBroughtTek: true }),
      counting(875, TEK_AT_1000),
      false,
    ],
    ['does not count after a rekey if the countdown points elsewhere', rekeyed({}), counting(600, TEK_AT_1000), false],
    ['does not count after a rekey if there is no countdown', rekeyed({}), held(TEK_AT_1000), false],
  ])('%s', (_, facts, before, can) => expect(tekCanBe(span, facts, before)).toBe(can));
});

describe('the second registration of a KEK cycle', () => {
  const after = seconds(1010, 1020);

  test('has only the window after the expiry, whatever other window fits', () => {
    const before = held({ sentMs: 990_000, teks: [{ spi: '0x1', expiry: seconds(1100) }] });
    expect(possibleWindows(registered(after, { legacyKek: KEK.anchor }), before).windows).toEqual(['kek_expiry']);
    expect(possibleWindows(registered(after), before).windows).toEqual(['kek_expiry', 'tek']);
  });

  test('is not recognized when the registration may have begun before the expiry', () => {
    const before = held({ sentMs: 990_000, teks: [{ spi: '0x1', expiry: seconds(1100) }] });
    const around = registered(seconds(995, 1020), { legacyKek: KEK.anchor });
    expect(possibleWindows(around, before).windows).toEqual(['kek_expiry', 'tek']);
  });
});

describe('a rekey before the registration', () => {
  const rekeyed = (at: number | null, over: Partial<RegistrationFacts> = {}) =>
    possibleWindows(
      registered(seconds(850, 900), { rekeysBetween: 1, lastRekey: at === null ? null : seconds(at), ...over }),
      held({ sentMs: 500_000 }),
    );

  test.each<[string, number | null, Partial<RegistrationFacts>, boolean]>([
    ['can, from 300 s before the expiry on', 700, {}, true],
    ['cannot, before that', 699, {}, false],
    ['can, until a minute after it is due at the latest', 860, {}, true],
    ['cannot, between that and the expiry', 861, {}, false],
    ['can, as one of two of which only the last one’s time is known', 861, { rekeysBetween: 2 }, true],
    ['can, at any time', null, {}, true],
    ['cannot, if no rekey was counted', null, { rekeysBetween: 0 }, false],
    ['cannot, if the KEK was made after it', 775, { rekeyBroughtTek: true }, false],
    ['cannot, if the KEK is the same afterwards', 775, { kekAfter: 'same' }, false],
  ])('can have brought the KEK: %s (at %s s)', (_, at, over, can) => {
    expect(rekeyed(at, over)).toMatchObject({ perhapsRenewed: can, windows: can ? [] : ['kek_missed'] });
  });

  test('leaves the TEK’s window open as well where the KEK’s fits: either may be the one that was renewed', () => {
    const facts = registered(seconds(850, 900), { rekeysBetween: 1 });
    const before = counting(870, { ...TEK_AT_1000, sentMs: 500_000, timerOf: 'tek' });
    expect(possibleWindows(facts, before).windows).toEqual([]);
    const ofTekOnly = registered(seconds(600), { rekeysBetween: 1 });
    const early = counting(600, { sentMs: 500_000, teks: [{ spi: '0x1', expiry: seconds(700) }] });
    expect(possibleWindows(ofTekOnly, early).windows).toEqual(['tek']);
  });
});
