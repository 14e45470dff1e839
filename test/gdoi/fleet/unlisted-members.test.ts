import { expect, test } from 'vitest';
import { unlistedAfter } from '../../../src/gdoi/fleet/unlisted-members.ts';
import { MOST_MEMBERS } from '../../../src/gdoi/seen/row-bounds.ts';

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ address: `gm${from + index}`, acksMissed: 1 }));

test('a list that is as long as any is read shows nothing of who is not in it', () => {
  const memberRows = rows(0, MOST_MEMBERS);
  expect(unlistedAfter({ memberRows }, rows(1, MOST_MEMBERS + 1), 1000)).toEqual([]);
  expect(unlistedAfter({ memberRows }, rows(1, MOST_MEMBERS), 1000)).toEqual([
    { address: 'gm0', acksMissed: 1, goneMs: 1000 },
  ]);
});

test('an answer without a list changes nothing of who is gone', () => {
  const unlisted = [{ address: 'gm0', acksMissed: 1, goneMs: 1000 }];
  expect(unlistedAfter({ memberRows: rows(1, 3), unlisted }, null, 2000)).toEqual(unlisted);
  expect(unlistedAfter(null, rows(0, 3), 2000)).toEqual([]);
});
