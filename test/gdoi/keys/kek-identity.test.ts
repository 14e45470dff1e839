/** Whether a KEK was seen before is decided by its SPI or cookies if both show them, else by its expiry. */
import { describe, expect, test } from 'vitest';
import { driftMs, type HeldKek, isSameKek, sameKekSeenAgain, shownKek } from '../../../src/gdoi/keys/kek-identity.ts';
import { emptyGmSnapshot, type GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { aKek } from '../../builders/snapshots.ts';

const HOUR_MS = 3_600_000;
/** The interval of its end: a second of truncation and the latency of an answer. */
const EXPIRES = { fromMs: 1_000_000, toMs: 1_001_200 };

function kek(byMs = 0, over: Partial<HeldKek> = {}): HeldKek {
  const expiry = { fromMs: EXPIRES.fromMs + byMs, toMs: EXPIRES.toMs + byMs };
  return { expiry, anchor: Math.round(expiry.fromMs / 1000), cookies: null, spi: null, ...over };
}

describe('recognizes the same KEK by its expiry', () => {
  test.each([
    ['at the same instant', 0, 0, false, true],
    ['a second later, by rounding', 1_000, 0, false, true],
    ['2.7 s later, when the intervals touch within the rounding', 2_700, 0, false, true],
    ['but not 2.8 s later', 2_800, 0, false, false],
    ['but not 2.8 s earlier', -2_800, 0, false, false],
    ['32 s later after a registration, which hands over the countdown of the KS', 32_000, 0, true, true],
    ['32 s earlier after a registration', -32_000, 0, true, true],
    ['but not a minute later after a registration', 60_000, 0, true, false],
    ['but a minute later after a registration, if both have counted it for 30 days', 60_000, 720 * HOUR_MS, true, true],
    ['3.4 s later after an hour, by the drift of two clocks', 3_400, HOUR_MS, false, true],
    ['but not 3.5 s later after an hour', 3_500, HOUR_MS, false, false],
    ['but not one lifetime later', 86_400_000, 0, false, false],
  ])('%s', (_, byMs, elapsedMs, registered, same) => {
    expect(isSameKek(kek(), kek(byMs), elapsedMs, registered)).toBe(same);
  });
});

describe('recognizes the same KEK by its SPI or cookies', () => {
  test.each([
    ['with the same SPI, whatever the expiry', kek(0, { spi: 'a' }), kek(HOUR_MS, { spi: 'a' }), true],
    ['but not with another SPI, whatever the expiry', kek(0, { spi: 'a' }), kek(0, { spi: 'b' }), false],
    ['with the same cookies', kek(0, { cookies: 'a' }), kek(HOUR_MS, { cookies: 'a' }), true],
    ['but not with other cookies', kek(0, { cookies: 'a' }), kek(0, { cookies: 'b' }), false],
    [
      'with the same SPI even if the cookies differ',
      kek(0, { spi: 'a', cookies: 'c' }),
      kek(0, { spi: 'a', cookies: 'd' }),
      true,
    ],
    ['or by its expiry if only one answer shows an SPI', kek(0, { spi: 'a' }), kek(0), true],
    [
      'but only by its expiry if one answer shows an SPI and the other cookies',
      kek(0, { spi: 'a' }),
      kek(HOUR_MS, { cookies: 'a' }),
      false,
    ],
  ])('%s', (_, held, seen, same) => {
    expect(isSameKek(held, seen, 0, false)).toBe(same);
  });
});

describe('a KEK that is seen again', () => {
  test('keeps its anchor and ends in the interval that both answers allow', () => {
    const seen = kek(800, { cookies: 'a' });
    expect(sameKekSeenAgain(kek(), seen, 0)).toEqual({
      expiry: { fromMs: 1_000_800, toMs: 1_001_200 },
      anchor: kek().anchor,
      cookies: 'a',
      spi: null,
    });
  });

  test('ends in the interval of the last answer if the two answers have none in common', () => {
    expect(sameKekSeenAgain(kek(), kek(2_000), 0).expiry).toEqual(kek(2_000).expiry);
  });
});

test.each([
  [0, 0],
  [HOUR_MS, 720],
  [-HOUR_MS, 720],
])('two clocks drift apart within %i ms by %i ms', (elapsedMs, drifted) => {
  expect(driftMs(elapsedMs)).toBeCloseTo(drifted, 9);
});

describe('the KEK that an answer shows', () => {
  const at = { sentAtMs: 10_000, receivedAtMs: 10_200 };
  const shown = (remainingSeconds: number | null, over: Partial<GmSnapshot> = {}) =>
    shownKek(at, {
      ...emptyGmSnapshot('G1'),
      kek: aKek(remainingSeconds),
      ...over,
    });

  test.each([
    ['there is no KEK', null, { kek: null }],
    ['the KEK shows no lifetime', null, {}],
    ['the KEK has no lifetime left', 0, {}],
  ])('is none if %s', (_, seconds, over) => {
    expect(shown(seconds, over)).toBeNull();
  });

  test('ends in an interval whose first second is its anchor', () => {
    expect(shown(90)).toMatchObject({ expiry: { fromMs: 100_000, toMs: 101_200 }, anchor: 100 });
  });
});
