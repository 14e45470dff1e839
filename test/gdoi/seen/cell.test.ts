import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupKey, groupOfKey } from '../../../src/gdoi/seen/cell.ts';

test('a group of the default cell has its own name as key, so that data from before cells existed is found', () => {
  expect(groupKey(undefined, 'G1')).toBe('G1');
  expect(groupKey('default', 'G1')).toBe('G1');
});

test('cell and group come back from their key, whatever the group is called', () => {
  const cell = fc.string({ minLength: 1 }).filter((text) => !text.includes('\u001f'));
  fc.assert(
    fc.property(cell, fc.oneof(fc.string(), fc.constant('a\u001fG1')), (name, group) => {
      expect(groupOfKey(groupKey(name, group))).toEqual({ cell: name, group });
    }),
  );
});
