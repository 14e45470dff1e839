/** Is this the KEK that was seen before? By its SPI or cookies where both show them, else by when it expires. */
import { describe, expect, test } from 'vitest';
import { driftMs, type HeldKek, isSameKek, sameKekSeenAgain, shownKek } from '../../../src/gdoi/keys/kek-identity.ts';
import { emptyGmSnapshot, type GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';

const HOUR_MS = 3_600_000;
/** Ends between these; a second of truncation and the latency of an answer. */
const EXPIRES = { fromMs: 1_000_000, toMs: 1_001_200 };

function kek(byMs = 0, over: Partial<HeldKek> = {}): HeldKek {
  const expiry = { fromMs: EXPIRES.fromMs + byMs, toMs: EXPIRES.toMs + byMs };
  return { expiry, anchor: Math.round(expiry.fromMs / 1000), cookies: null, spi: null, ...over };
}

describe('by its expiry', () => {
  test.each([
    ['the same instant', 0, 0, false, true],
    ['a second later, by rounding', 1_000, 0, false, true],
    ['2.7 s later: intervals that touch within the rounding', 2_700, 0, false, true],
    ['2.8 s later', 2_800, 0, false, false],
    ['2.8 s earlier', -2_800, 0, false, false],
    ['4.7 s later, with a registration between that rounds once more', 4_700, 0, true, true],
    ['4.8 s later, with a registration between', 4_800, 0, true, false],
    ['3.4 s later after an hour, by the drift of two clocks', 3_400, HOUR_MS, false, true],
    ['3.5 s later after an hour', 3_500, HOUR_MS, false, false],
    ['one lifetime later', 86_400_000, 0, false, false],
  ])('%s', (_, byMs, elapsedMs, registered, same) => {
    expect(isSameKek(kek(), kek(byMs), elapsedMs, registered)).toBe(same);
  });
});

describe('by what names it', () => {
  test.each([
    ['the same SPI, whatever the expiry', kek(0, { spi: 'a' }), kek(HOUR_MS, { spi: 'a' }), true],
    ['another SPI, whatever the expiry', kek(0, { spi: 'a' }), kek(0, { spi: 'b' }), false],
    ['the same cookies', kek(0, { cookies: 'a' }), kek(HOUR_MS, { cookies: 'a' }), true],
    ['other cookies', kek(0, { cookies: 'a' }), kek(0, { cookies: 'b' }), false],
    ['the SPI before the cookies', kek(0, { spi: 'a', cookies: 'c' }), kek(0, { spi: 'a', cookies: 'd' }), true],
    ['an SPI in one answer only: by the expiry', kek(0, { spi: 'a' }), kek(0), true],
    ['an SPI here and cookies there: by the expiry', kek(0, { spi: 'a' }), kek(HOUR_MS, { cookies: 'a' }), false],
  ])('%s', (_, held, seen, same) => {
    expect(isSameKek(held, seen, 0, false)).toBe(same);
  });
});

describe('a KEK that is seen again', () => {
  test('keeps its name, and ends where both answers can be right', () => {
    const seen = kek(800, { cookies: 'a' });
    expect(sameKekSeenAgain(kek(), seen, 0)).toEqual({
      expiry: { fromMs: 1_000_800, toMs: 1_001_200 },
      anchor: kek().anchor,
      cookies: 'a',
      spi: null,
    });
  });

  test('ends where the last answer says when the two have nothing in common', () => {
    expect(sameKekSeenAgain(kek(), kek(2_000), 0).expiry).toEqual(kek(2_000).expiry);
  });
});

test.each([
  [0, 0],
  [HOUR_MS, 720],
  [-HOUR_MS, 720],
])('two clocks drift apart, in %i ms by %i ms', (elapsedMs, drifted) => {
  expect(driftMs(elapsedMs)).toBeCloseTo(drifted, 9);
});

describe('of an answer', () => {
  const at = { sentAtMs: 10_000, receivedAtMs: 10_200 };
  const shown = (remainingSeconds: number | null, over: Partial<GmSnapshot> = {}) =>
    shownKek(at, {
      ...emptyGmSnapshot('G1'),
      kek: {
        transport: 'unicast',
        remainingSeconds,
        encryption: null,
        keyBits: null,
        signatureHash: null,
        signatureKeyBits: null,
      },
      ...over,
    });

  test.each([
    ['without a KEK', null, { kek: null }],
    ['with one that shows no lifetime', null, {}],
    ['with one that has none left', 0, {}],
  ])('%s there is none', (_, seconds, over) => {
    expect(shown(seconds, over)).toBeNull();
  });

  test('it ends in an interval, and is named by its second', () => {
    expect(shown(90)).toMatchObject({ expiry: { fromMs: 100_000, toMs: 101_200 }, anchor: 100 });
  });
});
