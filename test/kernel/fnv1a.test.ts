/** FNV-1a decides where devices are polled from and when: its numbers are those of everybody's FNV-1a, and stay. */
import { expect, test } from 'vitest';
import { fnv1a } from '../../src/kernel/fnv1a.ts';
import { nameFraction } from '../../src/model/name-hash.ts';

// http://www.isthe.com/chongo/src/fnv/test_fnv.c
test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('%j has the number of the reference', (text, hash) => {
  expect(fnv1a(text)).toBe(hash);
});

test('phases of devices in a spread are what they were', () => {
  expect([nameFraction('gm1', 'polls'), nameFraction('gm1', 'processor')]).toEqual([
    0.006506569217890501, 0.7594030410982668,
  ]);
});
