import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast, FORECAST_CAUSES, forecastEvidence } from '../../../src/gdoi/keys/forecast.ts';
import { FLOOR_LEAD, ksLead } from '../../../src/gdoi/keys/ks-lead.ts';
import { emptyGmSnapshot, emptyKsSnapshot, type GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { aKek, aKsKey, aTek } from '../../builders/snapshots.ts';

const AT = { sentAtMs: 1_000_000, receivedAtMs: 1_000_400 };

function gm(kek: number | null, teks: readonly (number | null)[], reregistersIn: number | null): GmSnapshot {
  return {
    ...emptyGmSnapshot('G1'),
    reregistersInSeconds: reregistersIn,
    kek: aKek(kek),
    teks: teks.map((remainingSeconds, index) =>
      aTek(remainingSeconds, { interface: 'Serial1/0', spi: `0x0000000${index}` }),
    ),
  };
}

const leadOf = (seconds: number) =>
  ksLead({
    ...emptyKsSnapshot('G1'),
    kek: aKsKey(seconds + 500, { timeToRekeySeconds: 500 }),
  });

describe('the forecast of Reregisters in', () => {
  it.each([
    ['vendor sample, between the two re-registrations', 56, [2228], 81, 'kek_expiry'],
    ['genie gdoi detail', 992, [393], 332, 'tek_expiry'],
    ['genie G-IKEv2', 1650, [661, 36], 589, 'tek_expiry'],
    ['genie group', 909, [310], 250, 'tek_expiry'],
    ['genie two TEKs', 1109, [510, 35], 449, 'tek_expiry'],
    ['genie gkm', 1148, [549, 74], 485, 'tek_expiry'],
    ['3600 s TEK, 108 s early', 40_000, [2000], 1892, 'tek_expiry'],
    ['3600 s TEK, 174 s early', 40_000, [2000], 1826, 'tek_expiry'],
    ['100 s before KEK expiry', 195, [2000], 95, 'kek_missed_rekey'],
    ['at the start of the window', 199, [2000], 9, 'kek_missed_rekey'],
    ['at the end of the window', 199, [2000], 159, 'kek_missed_rekey'],
    ['at KEK expiry', 30, [2000], 30, 'kek_expiry'],
    ['80 s after KEK expiry', 30, [2000], 110, 'kek_expiry'],
    ['legacy GM, where only the TEK can drive it', null, [393], 332, 'tek_expiry'],
  ] as const)('names the cause, %s: KEK %s s, TEKs %s, countdown %i: %s', (_name, kek, teks, countdown, cause) => {
    const seen = forecast(gm(kek, teks, countdown), AT, { lead: FLOOR_LEAD });
    expect(seen.cause).toBe(cause);
    expect(forecastEvidence(seen).join('\n')).toContain(`Reregisters in: ${countdown} s`);
  });

  it.each([
    ['in the windows of the KEK and of the TEK', 500, [500], 400, ['kek_missed_rekey', 'tek_expiry']],
    ['in no window', 50_000, [3000], 700, []],
    ['while no key is shown', null, [], 700, []],
  ] as const)('does not decide a countdown %s, and the evidence says so', (_name, kek, teks, countdown, possible) => {
    const seen = forecast(gm(kek, teks, countdown), AT, { lead: FLOOR_LEAD });
    expect(seen).toMatchObject({ cause: null, possible, windowMs: null });
    expect(forecastEvidence(seen).at(-1)).toMatch(/does not decide|none of the windows/);
    expect(seen.expectedAtMs).toBe(1_000_200 + countdown * 1000 + 500);
  });

  it('uses the TEK lifetime of the KS if that is known', () => {
    const longSa = gm(2_000_000, [100_000], 96_000);
    expect(forecast(longSa, AT, { lead: FLOOR_LEAD, tekLifetimeSeconds: 864_000 }).cause).toBe('tek_expiry');
    expect(forecast(gm(40_000, [500], 350), AT, { lead: FLOOR_LEAD, tekLifetimeSeconds: 600 }).cause).toBeNull();
  });

  it.each([
    ['after the expiry', -10, 30, 'kek_expiry', [1_000_200 - 10_000, 1_000_200 + 70_000]],
    [
      'inside the window with the KEK already deleted',
      150,
      60,
      'kek_missed_rekey',
      [1_000_200 - 40_000, 1_000_200 + 110_000],
    ],
  ] as const)('uses the KEK last held if the GM shows none: %s', (_name, left, countdown, cause, window) => {
    const context = { lead: FLOOR_LEAD, lastKekExpiryMs: 1_000_200 + left * 1000 };
    for (const shown of [gm(null, [2000], countdown), gm(0, [2000], countdown)]) {
      const seen = forecast(shown, AT, context);
      expect(seen.cause).toBe(cause);
      expect(seen.windowMs?.[0]).toBeCloseTo(window[0], -4);
      expect(seen.windowMs?.[1]).toBeCloseTo(window[1], -4);
      expect(forecastEvidence(seen).join('\n')).toContain('no KEK shown');
    }
  });

  it('is empty without a countdown', () => {
    expect(forecast(gm(992, [393], null), AT, { lead: FLOOR_LEAD })).toMatchObject({
      cause: null,
      expectedAtMs: null,
      expectedBetweenMs: null,
      timeLeftSeconds: null,
    });
  });

  it('expects the re-registration in an interval that covers the latency and the truncated second', () => {
    const seen = forecast(gm(56, [2228], 81), AT, { lead: FLOOR_LEAD });
    expect(seen.expectedBetweenMs).toEqual([1_081_000, 1_082_400]);
    expect(seen.windowMs).toEqual([1_056_000, 1_137_400]);
    expect(seen.timeLeftSeconds).toEqual({ atLeast: 80.6, atMost: 82 });
  });
});

describe('the overdue KEK rekey', () => {
  it.each([
    [992, 200, false],
    [200, 200, false],
    [199, 200, true],
    [225, 225, false],
    [224, 225, true],
    [1, 200, true],
    [0, 200, false],
  ])('with %i s left and a lead of %i s: overdue is %s', (kek, lead, overdue) => {
    const seen = forecast(gm(kek, [2000], null), AT, { lead: leadOf(lead) });
    expect(seen.kekRekeyOverdue).toBe(overdue);
  });

  it('is unknown on a GM that shows no KEK lifetime', () => {
    expect(forecast(gm(null, [2000], null), AT, { lead: FLOOR_LEAD }).kekRekeyOverdue).toBeNull();
  });

  it('leaves about 10 to 160 s with the floor as the lead when the GM shows no countdown', () => {
    const now = { sentAtMs: 0, receivedAtMs: 0 };
    expect(forecast(gm(199, [2000], null), now, { lead: FLOOR_LEAD }).timeLeftSeconds).toEqual({
      atLeast: 9,
      atMost: 160,
    });
  });

  it('leaves the time to the expiry and the 80 s after it when the window is over', () => {
    const now = { sentAtMs: 0, receivedAtMs: 0 };
    expect(forecast(gm(30, [2000], null), now, { lead: FLOOR_LEAD }).timeLeftSeconds).toEqual({
      atLeast: 30,
      atMost: 111,
    });
  });

  it('leaves the time of the KEK if that is earlier than a TEK-driven countdown', () => {
    const now = { sentAtMs: 0, receivedAtMs: 0 };
    const seen = forecast(gm(210, [700], 630), now, { lead: leadOf(235) });
    expect(seen).toMatchObject({ cause: 'tek_expiry', timeLeftSeconds: { atLeast: 20, atMost: 171 } });
  });
});

describe('the forecast on any values', () => {
  const seconds = fc.option(fc.oneof(fc.integer({ min: -10, max: 3_000_000 }), fc.constantFrom(Number.NaN, Infinity)));
  it('has countdowns that are never negative and intervals that are ordered', () => {
    fc.assert(
      fc.property(
        seconds,
        fc.array(seconds, { maxLength: 4 }),
        seconds,
        fc.integer({ min: 200, max: 2000 }),
        fc.nat(60_000),
        (kek, teks, countdown, lead, latency) => {
          const seen = forecast(
            gm(kek, teks, countdown),
            { sentAtMs: 0, receivedAtMs: latency },
            { lead: leadOf(lead) },
          );
          expect([...FORECAST_CAUSES, null]).toContain(seen.cause);
          expect(seen.cause === null || seen.possible.includes(seen.cause)).toBe(true);
          const [earliest, latest] = seen.expectedBetweenMs ?? [0, 0];
          expect(earliest).toBeLessThanOrEqual(latest);
          const [from, to] = seen.windowMs ?? [0, 0];
          expect(from).toBeLessThanOrEqual(to);
          const left = seen.timeLeftSeconds ?? { atLeast: 0, atMost: 0 };
          expect(left.atLeast).toBeGreaterThanOrEqual(0);
          expect(left.atMost).toBeGreaterThanOrEqual(left.atLeast);
          expect(forecastEvidence(seen).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
