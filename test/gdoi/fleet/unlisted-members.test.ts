import { expect, test } from 'vitest';
import { unlistedAfter } from '../../../src/gdoi/fleet/unlisted-members.ts';

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ address: `gm${from + index}`, acksMissed: 1 }));

test('does not count a GM as gone when it is missing in a list that was not fully understood', () => {
  const before = { memberRows: rows(0, 3) };
  expect(unlistedAfter(before, { memberRows: rows(1, 3), membersUnread: true }, 1000)).toEqual([]);
  expect(unlistedAfter(before, { memberRows: rows(1, 3) }, 1000)).toEqual([
    { address: 'gm0', acksMissed: 1, goneMs: 1000 },
  ]);
});

test('does not change which GMs are gone when an answer has no list', () => {
  const unlisted = [{ address: 'gm0', acksMissed: 1, goneMs: 1000 }];
  expect(unlistedAfter({ memberRows: rows(1, 3), unlisted }, { memberRows: null }, 2000)).toEqual(unlisted);
  expect(unlistedAfter(null, { memberRows: rows(0, 3) }, 2000)).toEqual([]);
});
