/**
 * An agent of this version beside one of the next: cells go to and fro between them, until the older one is replaced.
 */
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../../src/store/postgres/migrations.ts';
import { buildOfSchemaAfter, ClusterCampaign, type Fault, NOTHING_WRONG, wrongIn } from './cluster-campaign.ts';
import { MAIN } from './gdoiwatch.ts';

test('an upgrade of one agent after the other loses no registration and tells none twice', async () => {
  const after = await buildOfSchemaAfter();
  onTestFinished(after.remove);
  await using campaign = await ClusterCampaign.start({ first: MAIN, main: after.script });
  // Whoever owns the devices lets go of them: the older one, then the newer one, and again; then the older one is replaced.
  const faults: readonly Fault[] = ['pause', 'pause', 'cut', 'cut', 'stop'];
  for (const fault of faults) await campaign.fault(fault);
  const figures = await campaign.figures();
  const last = MIGRATIONS.length;
  expect(figures.schemaSteps).toEqual([
    [0, last],
    [last, last + 1],
  ]);
  expect(figures.registrations).toBeGreaterThan(0);
  expect(wrongIn(figures)).toEqual(NOTHING_WRONG);
});
