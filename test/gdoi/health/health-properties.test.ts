import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceHealth } from '../../../src/gdoi/health/health.ts';
import {
  CHECK_NAMES,
  check,
  HEALTH_STATUSES,
  type HealthCheck,
  type HealthStatus,
  verdictOf,
  worstCheck,
} from '../../../src/gdoi/health/health-check.ts';
import { healthDocument } from '../../../src/gdoi/health/health-document.ts';
import { device, fleet, gmInFleet, NOW, teks } from '../../builders/health-builders.ts';
import { aKek } from '../../builders/snapshots.ts';

const status = fc.constantFrom(...HEALTH_STATUSES);
const someCheck: fc.Arbitrary<HealthCheck> = fc
  .tuple(fc.constantFrom(...CHECK_NAMES), status, fc.boolean())
  .map(([name, of, required]) => check([name, null], of, name, { required }));
const rank = (of: HealthStatus) => HEALTH_STATUSES.indexOf(of);

test('a worse check never gives a better verdict', () => {
  fc.assert(
    fc.property(fc.array(someCheck, { minLength: 1 }), fc.nat(), status, (checks, pick, other) => {
      const index = pick % checks.length;
      const changed = checks.map((known, at) => (at === index ? { ...known, status: other } : known));
      const worse = rank(other) >= rank(checks[index]!.status);
      // An unknown check that is not required counts as little as one that is ok.
      fc.pre(worse && (checks[index]!.required || other !== 'unknown'));
      expect(rank(verdictOf(changed))).toBeGreaterThanOrEqual(rank(verdictOf(checks)));
    }),
  );
});

test('the verdict is that of the worst check, whatever the order of the checks', () => {
  fc.assert(
    fc.property(fc.array(someCheck, { minLength: 1 }), (checks) => {
      const backwards = checks.toReversed();
      expect(verdictOf(backwards)).toBe(verdictOf(checks));
      expect(worstCheck(backwards)?.name).toBe(worstCheck(checks)?.name);
      const required = checks.filter((known) => known.required).map((known) => rank(known.status));
      expect(rank(verdictOf(checks))).toBeGreaterThanOrEqual(Math.max(0, ...required));
    }),
  );
});

const seconds = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 90_000 }), fc.double());
const maybe = fc.constantFrom(true, false, null);
const anyDevice = fc.record({
  age: fc.integer({ min: -100_000, max: 100_000 }),
  result: fc.constantFrom(null, 'ok', 'timeout', 'refused', 'auth', 'host_key', 'command', 'parse'),
  unparsedLines: fc.constantFrom(null, 0, 7),
  registered: maybe,
  kek: fc.option(seconds),
  teks: fc.option(fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 3 })),
  countdown: seconds,
  matches: maybe,
  acksMissed: fc.constantFrom(null, 0, 1, 2, 3),
  overdue: fc.boolean(),
});

test('every device gets a verdict, its summary names the worst check, and an old or failed answer is never ok', () => {
  fc.assert(
    fc.property(anyDevice, (of) => {
      const input = device({
        age: of.age,
        result: of.result,
        unparsedLines: of.unparsedLines,
        gm: {
          registered: of.registered,
          kek: of.kek === null ? null : aKek(of.kek),
          teks: of.teks === null ? null : teks(...of.teks),
          reregistersInSeconds: of.countdown,
        },
        tracked: { kekRekeyOverdue: of.overdue },
      });
      const health = deviceHealth(
        input,
        () => fleet({ gms: [gmInFleet({ acksMissed: of.acksMissed, kekMatchesKs: of.matches })] }),
        NOW,
      );
      const worst = worstCheck(health.checks)!;
      expect(HEALTH_STATUSES).toContain(health.status);
      expect(health.status === 'ok' || health.summary.includes(worst.detail)).toBe(true);
      const known = of.result === 'ok' && Math.abs(of.age) <= 180;
      expect(known || health.status !== 'ok').toBe(true);
      expect(JSON.stringify(healthDocument(health))).not.toMatch(/NaN|Infinity|undefined/);
    }),
    { numRuns: 300 },
  );
});
