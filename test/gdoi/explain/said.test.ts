import { expect, test } from 'vitest';
import { gmsNamed } from '../../../src/gdoi/explain/said.ts';

test('counts GMs as people do: one by its name, two of two as both, more as all of them', () => {
  expect(gmsNamed(['gm1'], 1)).toBe('GM gm1');
  expect(gmsNamed(['gm1', 'gm2'], 2)).toBe('both GMs (gm1, gm2)');
  expect(gmsNamed(['gm1', 'gm2', 'gm3'], 3)).toBe('all 3 GMs (gm1, gm2, gm3)');
  expect(gmsNamed(['gm1', 'gm2'], 3)).toBe('2 of 3 GMs (gm1, gm2)');
  expect(gmsNamed(['gm1', 'gm2'])).toBe('2 GMs (gm1, gm2)');
});
