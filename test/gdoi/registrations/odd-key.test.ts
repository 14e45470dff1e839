/**
 * A key made when no KS makes one by itself. The KEK held expires at 1000 s: a KS renews it at 700 s at the earliest;
 * one of a new release by 800 s, one of an old release at the expiry.
 */
import { describe, expect, test } from 'vitest';
import type { HeldView } from '../../../src/gdoi/memory/tracker-state.ts';
import type { RegistrationFacts } from '../../../src/gdoi/memory/registration-facts.ts';
import { oddKek, oddKeyBesideTek } from '../../../src/gdoi/registrations/odd-key.ts';
import { held, KEK, registered, seconds } from '../../builders/registration-builders.ts';

/** Begun when the KEK that it brought was made, and a TEK with it. */
const withKekMade = (at: number, over: Partial<RegistrationFacts> = {}) =>
  registered(seconds(at), { kekMade: seconds(at), tekMade: seconds(at), ...over });

describe('the KEK that a registration brought', () => {
  test.each([
    ['long before it was due', 699, true],
    ['as early as a KS with many GMs may renew it', 700, false],
    ['when a new release renews it, handed over late', 820, false],
    ['too late for a new release', 821, true],
    ['before the expiry that an old release waits for', 979, true],
    ['at the expiry, as lifetimes are whole seconds', 980, false],
    ['after the expiry', 1001, false],
  ])('was made %s, at %i s: odd %s', (_, at, odd) => {
    expect(oddKek(withKekMade(at), held()) !== null).toBe(odd);
  });

  test('is told with the timer that fits as well', () => {
    expect(oddKek(withKekMade(600), held())).toBe(
      'the KEK held since was made at 1970-01-01T00:10:00Z, when none was due: an order of the KS, or the timer after a missed rekey: not decided',
    );
  });

  test('is odd only where the whole time in which it can have been made is', () => {
    const about = (from: number, to: number) =>
      oddKek(withKekMade(600, { kekMade: seconds(from, to), start: seconds(600, 900) }), held());
    expect(about(690, 699)).not.toBeNull();
    expect(about(690, 700)).toBeNull();
    expect(about(815, 830)).toBeNull();
    const blurred = held({ kek: { ...KEK, expiry: seconds(990, 1010) } });
    expect(oddKek(withKekMade(695), blurred)).toBeNull();
    expect(oddKek(withKekMade(689), blurred)).not.toBeNull();
  });

  test.each<[string, Partial<RegistrationFacts>, HeldView, boolean]>([
    ['of no known age is not odd', { kekMade: null }, held(), false],
    ['is not odd where none was held', {}, held({ kek: null }), false],
    ['that came alone is of no order: an order makes a TEK', { tekMade: null }, held(), false],
    ['may have come alone where no KS shows lifetimes', { tekMade: null, tekLifetimeSeconds: null }, held(), true],
    ['was made just before the beginning', { start: seconds(620) }, held(), true],
    ['was made too long before the beginning to have begun it', { start: seconds(621) }, held(), false],
    ['was made after the beginning, and did not begin it', { start: seconds(599) }, held(), false],
    ['can have been made at the beginning', { start: seconds(590, 600) }, held(), true],
  ])('%s', (_, over, before, odd) => expect(oddKek(withKekMade(600, over), before) !== null).toBe(odd));
});

describe('beside the timer of a TEK that ends at 5000 s', () => {
  const BEFORE = held({ kek: null, teks: [{ spi: '0x1', expiry: seconds(5000) }] });
  const withTekMade = (at: number, over: Partial<RegistrationFacts> = {}) =>
    registered(seconds(at), { tekMade: seconds(at), ...over });

  test.each<[string, number, Partial<RegistrationFacts>, boolean]>([
    ['of an hour is early until 5 % and a batch before its end', 4719, {}, true],
    ['of an hour is due from then on', 4720, {}, false],
    ['of ten minutes is early until 190 s before its end', 4809, { tekLifetimeSeconds: 600 }, true],
    ['of ten minutes is due from then on', 4810, { tekLifetimeSeconds: 600 }, false],
    ['of no known lifetime is early until 190 s before its end', 4809, { tekLifetimeSeconds: null }, true],
    ['of no known lifetime is due from then on', 4810, { tekLifetimeSeconds: null }, false],
    ['beside a KEK that stayed is of no order', 4000, { kekAfter: 'same' }, false],
    ['is odd where nobody saw what became of the KEK', 4000, { kekAfter: 'unknown' }, true],
    ['made after the beginning did not begin it', 4000, { start: seconds(3999) }, false],
    ['of no known age is not odd', 4000, { tekMade: null }, false],
  ])('a TEK %s', (_, at, over, odd) => {
    expect(oddKeyBesideTek(withTekMade(at, over), BEFORE) !== null).toBe(odd);
  });

  test('is told as the TEK’s, and nothing where none was held', () => {
    expect(oddKeyBesideTek(withTekMade(4000), BEFORE)).toBe(
      'the TEK held since was made at 1970-01-01T01:06:40Z, when none was due: an order of the KS, or the timer of the TEK: not decided',
    );
    expect(oddKeyBesideTek(withTekMade(4000), held({ kek: null, teks: [] }))).toBeNull();
  });

  test('an odd KEK is told before it', () => {
    expect(oddKeyBesideTek(withKekMade(600), held())).toBe(
      'the KEK held since was made at 1970-01-01T00:10:00Z, when none was due: an order of the KS, or the timer of the TEK: not decided',
    );
  });
});

describe('a KEK of no known age that took the place of another', () => {
  test.each<[string, number, Partial<RegistrationFacts>, HeldView, boolean]>([
    ['long before that was due is an order’s, or came with the TEK', 699, {}, held(), true],
    ['when that was due says nothing', 700, {}, held(), false],
    ['by a rekey was not brought by the registration', 699, { rekeysBetween: 1 }, held(), false],
    ['where rekeys are not counted may have been brought by it', 699, { rekeysBetween: null }, held(), true],
    ['is not what stayed the same', 699, { kekAfter: 'same' }, held(), false],
    ['is nothing where none was held', 699, {}, held({ kek: null }), false],
  ])('%s', (_, at, over, before, told) => {
    const evidence = oddKeyBesideTek(registered(seconds(at), over), before);
    expect(evidence?.startsWith('the KS had replaced its KEK long before it was due') ?? false).toBe(told);
  });
});
