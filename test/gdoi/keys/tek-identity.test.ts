/** TEKs by SPI: which came, which stayed, and what moved when all of them moved. */
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

const tek = (spi: string, endsMs: number): HeldTek => ({ spi, expiry: { fromMs: endsMs, toMs: endsMs + 1_000 } });
const A = tek('a', 600_000);
const B = tek('b', 1_200_000);

test.each([
  ['nothing before', [], [A], true, false],
  ['the same', [A], [A], false, true],
  ['one more', [A], [A, B], true, true],
  ['one less', [A, B], [A], false, true],
  ['all replaced', [A], [B], true, false],
  ['nothing now', [A], [], false, false],
])('%s: a new one, and a common one', (_, before, now, isNew, shares) => {
  expect([hasNewTek(before, now), sharesTek(before, now)]).toEqual([isNew, shares]);
});

test.each([
  ['the same', [A], [A], true],
  ['a second later', [A], [tek('a', 601_000)], true],
  ['ten seconds later', [A], [tek('a', 610_000)], false],
  ['another SPI', [A], [tek('b', 600_000)], false],
  ['none before', [], [A], false],
  ['none now', [A], [], false],
])('the longest-lived one stays: %s', (_, before, now, stays) => {
  expect(longestLivedStays(before, now, 0)).toBe(stays);
});

describe('all moved alike', () => {
  test.each([
    ['no', [A, B], [A, B], null],
    ['by an hour', [A, B], [tek('a', 4_200_000), tek('b', 4_800_000)], 3_600_000],
    ['back by an hour', [A], [tek('a', -3_000_000)], -3_600_000],
    ['each by itself', [A, B], [tek('a', 4_200_000), tek('b', 1_200_000)], null],
    ['none of them is known', [A], [tek('c', 0)], null],
    ['within the rounding', [A], [tek('a', 601_500)], null],
  ])('%s', (_, before, now, byMs) => {
    expect(commonShiftMs(before, now, { elapsedMs: 0, registered: false })?.byMs ?? null).toBe(byMs);
  });
});

describe('cut by the KS', () => {
  const long = tek('a', 3_600_000);
  test.each([
    ['none was', [long], [long], null],
    ['to what is left of a short while', [long], [tek('a', 140_000)], 3_460_000],
    ['a few seconds are no cut', [long], [tek('a', 3_597_000)], null],
    ['one that had less keeps it', [long, tek('b', 100_000)], [tek('a', 140_000), tek('b', 100_000)], 3_460_000],
    ['one that had more keeps it: no cut of the KS', [long, B], [tek('a', 140_000), B], null],
    ['one was prolonged: no cut', [long, B], [tek('a', 140_000), tek('b', 9_000_000)], null],
    ['none of them is known', [long], [tek('c', 140_000)], null],
  ])('%s', (_, before, now, byMs) => {
    expect(tekCutMs(before, now, 0)).toBe(byMs);
  });
});

test('of an answer: each SPI once, the longest-lived first, eight at most', () => {
  const at = { sentAtMs: 0, receivedAtMs: 0 };
  const shown = (teks: ReadonlyArray<readonly [string | null, number | null]>) =>
    shownTeks(at, {
      ...emptyGmSnapshot('G1'),
      teks: teks.map(([spi, remainingSeconds]) => ({
        interface: 'Gi0',
        spi,
        remainingSeconds,
        transform: null,
        antiReplay: null,
      })),
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

test('seen again it ends where both answers can be right', () => {
  expect(teksSeenAgain([A], [tek('a', 600_400), B], 0)).toEqual([
    { spi: 'a', expiry: { fromMs: 600_400, toMs: 601_000 } },
    B,
  ]);
  expect(teksSeenAgain([], [A], 0)).toEqual([A]);
});
