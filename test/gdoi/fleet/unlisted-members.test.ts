import { expect, test } from 'vitest';
import { unlistedAfter } from '../../../src/gdoi/fleet/unlisted-members.ts';

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ address: `gm${from + index}`, acksMissed: 1 }));

test('a list of which not all was understood shows nothing of who is not in it', () => {
  const before = { memberRows: rows(0, 3) };
  expect(unlistedAfter(before, { memberRows: rows(1, 3), membersUnread: true }, 1000)).toEqual([]);
  expect(unlistedAfter(before, { memberRows: rows(1, 3) }, 1000)).toEqual([
    { address: 'gm0', acksMissed: 1, goneMs: 1000 },
  ]);
});

test('an answer without a list changes nothing of who is gone', () => {
  const unlisted = [{ address: 'gm0', acksMissed: 1, goneMs: 1000 }];
  expect(unlistedAfter({ memberRows: rows(1, 3), unlisted }, { memberRows: null }, 2000)).toEqual(unlisted);
  expect(unlistedAfter(null, { memberRows: rows(0, 3) }, 2000)).toEqual([]);
});
