/** Whether releases are mixed is known only where the releases are. */
import { describe, expect, test } from 'vitest';
import { deviceHealth } from '../../../src/gdoi/health/health.ts';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import type { KekBehavior } from '../../../src/gdoi/seen/release.ts';
import { device, fleet, gmInFleet, NOW } from '../../builders/health-builders.ts';

/** Verdicts of the KS, the GM and the group; null: no GM is polled. */
function verdicts(ks: KekBehavior, gm: KekBehavior | null): readonly (readonly string[])[] {
  const view = fleet({
    kss: fleet().kss.map((each) => ({ ...each, behavior: ks })),
    gms: gm === null ? [] : [gmInFleet({ behavior: gm })],
  });
  const healths = [
    deviceHealth(device({ ks: {} }), () => view, NOW),
    ...(gm === null ? [] : [deviceHealth(device(), () => view, NOW)]),
    groupHealth(view, () => device(), NOW),
  ];
  return healths.map(({ checks }) =>
    checks.flatMap(({ name, status, detail }) => (name === 'mixed_versions' ? [status, detail] : [])),
  );
}

describe('the check for mixed versions', () => {
  test('is unknown while the release of the KS is unknown', () => {
    for (const verdict of [...verdicts('unknown', 'timer'), ...verdicts('unknown', null)])
      expect(verdict).toEqual(['unknown', 'the release of KS ks1 is not known']);
  });

  test('is unknown for an old KS while the release of its GMs is unknown or no GM is polled', () => {
    for (const verdict of verdicts('legacy', 'unknown'))
      expect(verdict).toEqual(['unknown', 'the release of GM gm1 is not known']);
    for (const verdict of verdicts('legacy', null))
      expect(verdict).toEqual(['unknown', 'no GM is polled to compare releases with']);
  });

  test.each([
    ['a KS that sends its KEK rekey ahead, whatever its GMs are', 'timer', 'unknown'],
    ['GMs without a KEK timer, whatever their KS is', 'unknown', 'legacy'],
    ['an old KS and old GMs', 'legacy', 'legacy'],
  ] as const)('is ok with %s', (_title, ks, gm) => {
    expect(verdicts(ks, gm).map(([status]) => status)).toEqual(['ok', 'ok', 'ok']);
  });
});
