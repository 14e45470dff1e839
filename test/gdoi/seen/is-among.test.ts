import { describe, expect, test } from 'vitest';
import { isAmong } from '../../../src/gdoi/seen/is-among.ts';

describe.each([0, 1, 16, 17, 3000])('in a list of %i names', (length) => {
  const names = Object.freeze(Array.from({ length }, (_, index) => `gm${index}`));

  test('each name is found, and no other one, however often it is looked up', () => {
    for (const name of [...names, ...names]) expect(isAmong(names, name)).toBe(true);
    for (const other of ['', 'gm', `gm${length}`, 'GM0'])
      expect([other, isAmong(names, other)]).toEqual([other, false]);
  });
});
