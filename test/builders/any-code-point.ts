import fc from 'fast-check';

const SURROGATES = { from: 0xd800, count: 0x800 } as const;

/**
 * A unit for `fc.string`: the same characters as its own `binary`, which in each process first records the place of all
 * 1.1 million of them.
 */
export const anyCodePoint: fc.Arbitrary<string> = fc.nat({ max: 0x10ffff - SURROGATES.count }).map(
  (place) => String.fromCodePoint(place < SURROGATES.from ? place : place + SURROGATES.count),
  (character) => {
    const point = typeof character === 'string' ? character.codePointAt(0) : undefined;
    if (point === undefined || String.fromCodePoint(point) !== character) throw new Error('no character');
    return point < SURROGATES.from ? point : point - SURROGATES.count;
  },
);
