/**
 * An odd key is made when no KS makes one by itself. The KEK held expires at 1000 s: a KS renews it at 700 s at the
 * earliest; a KS of a new release by 800 s, a KS of an old release at the expiry.
 */
import { describe, expect, test } from 'vitest';
import type { HeldView } from '../../../src/gdoi/memory/tracker-state.ts';
import type { RegistrationFacts } from '../../../src/gdoi/memory/registration-facts.ts';
import { oddKek, oddKeyBesideTek } from '../../../src/gdoi/registrations/odd-key.ts';
import { held, KEK, registered, seconds } from '../../builders/registration-builders.ts';

/** A registration that began when the KEK that it brought, and a TEK, were made. */
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
  ])('made %s, at %i s: odd is %s', (_, at, odd) => {
    expect(oddKek(withKekMade(at), held()) !== null).toBe(odd);
  });

  test('is quoted as odd together with the timer that fits as well', () => {
    expect(oddKek(withKekMade(600), held())).toBe(
      'the KEK held since was made at 1970-01-01T00:10:00Z, when none was due: an order of the KS, or the timer after a missed rekey: not decided',
    );
  });

  test('is odd only if the whole interval in which it can have been made is odd', () => {
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
    ['is not odd if its age is not known', { kekMade: null }, held(), false],
    ['is not odd if no KEK was held before', {}, held({ kek: null }), false],
    ['is not odd if it came alone: an order makes a TEK as well', { tekMade: null }, held(), false],
    ['is odd even alone if no KS shows lifetimes', { tekMade: null, tekLifetimeSeconds: null }, held(), true],
    ['is odd if it was made just before the start', { start: seconds(620) }, held(), true],
    ['is not odd if it was made too long before the start to have caused it', { start: seconds(621) }, held(), false],
    ['is not odd if it was made after the start, which it did not cause', { start: seconds(599) }, held(), false],
    ['is odd if it can have been made at the start', { start: seconds(590, 600) }, held(), true],
  ])('%s', (_, over, before, odd) => expect(oddKek(withKekMade(600, over), before) !== null).toBe(odd));
});

describe('beside the timer of a TEK that ends at 5000 s', () => {
  const BEFORE = held({ kek: null, teks: [{ spi: '0x1', expiry: seconds(5000) }] });
  const withTekMade = (at: number, over: Partial<RegistrationFacts> = {}) =>
    registered(seconds(at), { tekMade: seconds(at), ...over });

  test.each<[string, number, Partial<RegistrationFacts>, boolean]>([
    ['of an hour is odd until 5 % and a batch before that end', 4719, {}, true],
    ['of an hour is not odd, but due, from then on', 4720, {}, false],
    ['of ten minutes is odd until 190 s before that end', 4809, { tekLifetimeSeconds: 600 }, true],
    ['of ten minutes is not odd, but due, from then on', 4810, { tekLifetimeSeconds: 600 }, false],
    ['of unknown lifetime is odd until 190 s before that end', 4809, { tekLifetimeSeconds: null }, true],
    ['of unknown lifetime is not odd, but due, from then on', 4810, { tekLifetimeSeconds: null }, false],
    ['is not odd if the KEK stayed: no order made it', 4000, { kekAfter: 'same' }, false],
    ['is odd if it is not known what became of the KEK', 4000, { kekAfter: 'unknown' }, true],
    ['is not odd if it was made after the start, which it did not cause', 4000, { start: seconds(3999) }, false],
    ['is not odd if its age is not known', 4000, { tekMade: null }, false],
  ])('a new TEK %s', (_, at, over, odd) => {
    expect(oddKeyBesideTek(withTekMade(at, over), BEFORE) !== null).toBe(odd);
  });

  test('an odd TEK is quoted, unless no TEK was held before', () => {
    expect(oddKeyBesideTek(withTekMade(4000), BEFORE)).toBe(
      'the TEK held since was made at 1970-01-01T01:06:40Z, when none was due: an order of the KS, or the timer of the TEK: not decided',
    );
    expect(oddKeyBesideTek(withTekMade(4000), held({ kek: null, teks: [] }))).toBeNull();
  });

  test('an odd KEK is quoted rather than an odd TEK', () => {
    expect(oddKeyBesideTek(withKekMade(600), held())).toBe(
      'the KEK held since was made at 1970-01-01T00:10:00Z, when none was due: an order of the KS, or the timer of the TEK: not decided',
    );
  });
});

describe('a KEK of unknown age that took the place of another', () => {
  test.each<[string, number, Partial<RegistrationFacts>, HeldView, boolean]>([
    ['is odd long before that was due: it is an order’s or came with the TEK', 699, {}, held(), true],
    ['is not odd when that was due', 700, {}, held(), false],
    ['is not odd if a rekey may have brought it', 699, { rekeysBetween: 1 }, held(), false],
    ['is odd if rekeys are not counted', 699, { rekeysBetween: null }, held(), true],
    ['is not odd if it is in fact the same one', 699, { kekAfter: 'same' }, held(), false],
    ['is not odd if none was held before', 699, {}, held({ kek: null }), false],
  ])('%s', (_, at, over, before, told) => {
    const evidence = oddKeyBesideTek(registered(seconds(at), over), before);
    expect(evidence?.startsWith('the KS had replaced its KEK long before it was due') ?? false).toBe(told);
  });
});
