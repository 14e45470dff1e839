/** Reports that wait for a poll of every device of a group, while others of the fleet are polled much less often. */
import { expect, test } from 'vitest';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, gm, ks } from '../../builders/fleet-group.ts';

/** Some device of the fleet is polled once a day. */
const DAILY = { pollIntervalMs: 86_400_000 };

const every = (seconds: number | null, facts: MemberFacts): MemberFacts => ({
  ...facts,
  context: { ...NO_CONTEXT, ...(seconds === null ? {} : { intervalMs: seconds * 1000 }) },
});

/** The seconds after which two secondaries and a GM, without a primary, are reported as no_primary for certain. */
function toldAfter(paces: { readonly kss: number | null; readonly gm: number | null }): number | null {
  const fleet = new Fleet(DAILY);
  const secondary = { role: 'secondary', peers: { '10.1.0.1': 'Alive', '10.1.0.2': 'Alive' } } as const;
  for (let second = 0; second < 2000; second += 10) {
    const view = fleet.see(
      every(paces.kss, ks(second, secondary)),
      every(paces.kss, ks(second, { ...secondary, device: 'ks2', address: '10.1.0.2' })),
      every(paces.gm, gm(second)),
    );
    const found = view.explanations.find(({ cause }) => cause === 'no_primary');
    if (found?.phase === 'present') return second;
  }
  return null;
}

test('reports a group without a primary at its own pace, not at that of a device of another group', () => {
  expect(toldAfter({ kss: 10, gm: 10 })).toBe(60);
});

test('waits for the slowest device of the group', () => {
  expect(toldAfter({ kss: 10, gm: 900 })).toBe(950);
});

test('waits as long as for the whole fleet while the pace of one device is not known, as in older states', () => {
  expect(toldAfter({ kss: 10, gm: null })).toBeNull();
});
