/** TEKs are identified by SPI: which came, which stayed, and by how much all of them moved. */
import { describe, expect, test } from 'vitest';
import {
  commonShiftMs,
  hasNewTek,
  type HeldTek,
  longestLived,
  longestLivedStays,
  sharesTek,
  shownTeks,
  tekCutMs,
  teksSeenAgain,
} from '../../../src/gdoi/keys/tek-identity.ts';
import { emptyGmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { aTek } from '../../builders/snapshots.ts';

const tek = (spi: string, endsMs: number): HeldTek => ({ spi, expiry: { fromMs: endsMs, toMs: endsMs + 1_000 } });
const A = tek('a', 600_000);
const B = tek('b', 1_200_000);

test.each([
  ['there was none before', [], [A], true, false],
  ['they are the same', [A], [A], false, true],
  ['there is one more', [A], [A, B], true, true],
  ['there is one less', [A, B], [A], false, true],
  ['all were replaced', [A], [B], true, false],
  ['there is none now', [A], [], false, false],
])('tells whether there is a new TEK and a common one when %s', (_, before, now, isNew, shares) => {
  expect([hasNewTek(before, now), sharesTek(before, now)]).toEqual([isNew, shares]);
});

test.each([
  ['it is the same', [A], [A], true],
  ['it ends a second later', [A], [tek('a', 601_000)], true],
  ['it ends ten seconds later', [A], [tek('a', 610_000)], false],
  ['it has another SPI', [A], [tek('b', 600_000)], false],
  ['there was none before', [], [A], false],
  ['there is none now', [A], [], false],
])('tells whether the longest-lived TEK stays when %s', (_, before, now, stays) => {
  expect(longestLivedStays(before, now, 0)).toBe(stays);
});

describe('the common shift of the TEKs', () => {
  test.each([
    ['is none if they did not move', [A, B], [A, B], null],
    ['is an hour if all moved by that', [A, B], [tek('a', 4_200_000), tek('b', 4_800_000)], 3_600_000],
    ['is an hour back if they moved back by that', [A], [tek('a', -3_000_000)], -3_600_000],
    ['is none if each moved by itself', [A, B], [tek('a', 4_200_000), tek('b', 1_200_000)], null],
    ['is none if none of them is known', [A], [tek('c', 0)], null],
    ['is none if they moved within the rounding', [A], [tek('a', 601_500)], null],
  ])('%s', (_, before, now, byMs) => {
    expect(commonShiftMs(before, now, { elapsedMs: 0, registered: false })?.byMs ?? null).toBe(byMs);
  });
});

describe('the cut of TEKs by the KS', () => {
  const long = tek('a', 3_600_000);
  test.each([
    ['is none if no TEK was cut', [long], [long], null],
    ['is the time that a TEK lost when only a short rest was left', [long], [tek('a', 140_000)], 3_460_000],
    ['is none if a TEK lost only a few seconds', [long], [tek('a', 3_597_000)], null],
    [
      'is the same even if a TEK with less time left keeps it',
      [long, tek('b', 100_000)],
      [tek('a', 140_000), tek('b', 100_000)],
      3_460_000,
    ],
    ['is none if a TEK with more time left keeps it', [long, B], [tek('a', 140_000), B], null],
    ['is none if a TEK was prolonged', [long, B], [tek('a', 140_000), tek('b', 9_000_000)], null],
    ['is none if none of the TEKs is known', [long], [tek('c', 140_000)], null],
  ])('%s', (_, before, now, byMs) => {
    expect(tekCutMs(before, now, 0)).toBe(byMs);
  });
});

test('lists each SPI of an answer once, the longest-lived TEK first, eight at most', () => {
  const at = { sentAtMs: 0, receivedAtMs: 0 };
  const shown = (teks: ReadonlyArray<readonly [string | null, number | null]>) =>
    shownTeks(at, {
      ...emptyGmSnapshot('G1'),
      teks: teks.map(([spi, remainingSeconds]) => aTek(remainingSeconds, { spi })),
    }).map(({ spi }) => spi);
  expect(
    shown([
      ['0x1', 10],
      ['0x2', 20],
      ['0x1', 10],
      [null, 5],
      ['0x3', null],
      ['0x4', -1],
    ]),
  ).toEqual(['0x2', '0x1']);
  expect(shown(Array.from({ length: 12 }, (_, index) => [`0x${index}`, index] as const))).toHaveLength(8);
  expect(longestLived([])).toBeNull();
});

test('ends a TEK that is seen again in the interval that both answers allow', () => {
  expect(teksSeenAgain([A], [tek('a', 600_400), B], 0)).toEqual([
    { spi: 'a', expiry: { fromMs: 600_400, toMs: 601_000 } },
    B,
  ]);
  expect(teksSeenAgain([], [A], 0)).toEqual([A]);
});
