/** Names in the order people count: what is decided without the collator agrees with the collator. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalOrder } from '../../../src/gdoi/events/name-list.ts';

const collator = new Intl.Collator('en', { numeric: true });

/** Names that often begin alike: few characters, zeros before numbers, both cases, and some that no router has. */
const aName = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...'aBbGgm00129_-:./'.split('')) },
      { weight: 2, arbitrary: fc.constantFrom('01', '10', '100', 'gm', 'GM') },
      { weight: 1, arbitrary: fc.constantFrom('é', 'ß', ' ', '(', '\u0301', '·', 'l', '\u200d', '😀', '²', '') },
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''));

test('any two names are in the order of the collator, and names that it holds for equal have one order, too', () => {
  fc.assert(
    fc.property(aName, aName, (a, b) => {
      const expected = Math.sign(collator.compare(a, b)) || (a < b ? -1 : Number(a > b));
      expect(Math.sign(naturalOrder(a, b))).toBe(expected);
    }),
    { numRuns: 5000 },
  );
});

test('names with very long numbers are in the order of the collator', () => {
  const [shorter, longer] = ['9'.repeat(300), `1${'0'.repeat(300)}`];
  expect(Math.sign(naturalOrder(shorter, longer))).toBe(Math.sign(collator.compare(shorter, longer)));
});

test('names are in the order in which people count', () => {
  const names = ['gm10', 'gm2', 'GM1', 'ks1', 'gm1', '10.0.0.10', '10.0.0.9'];
  expect(names.toSorted(naturalOrder)).toEqual(['10.0.0.9', '10.0.0.10', 'gm1', 'GM1', 'gm2', 'gm10', 'ks1']);
});
