/**
 * One campaign for all that may happen to agents and their database, because starting agents and databases is most of
 * what it takes. It begins with an agent of this version beside one of the next.
 */
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../../src/store/postgres/migrations.ts';
import { buildOfSchemaAfter, ClusterCampaign, type Fault, FAULTS, NOTHING_WRONG, wrongIn } from './cluster-campaign.ts';
import { MAIN } from './gdoiwatch.ts';

/** Whoever owns the devices lets go of them: the older agent, then the newer one, and again; then the older one is replaced. */
const UPGRADE: readonly Fault[] = ['pause', 'pause', 'cut', 'cut', 'stop'];
/** Of agents of one version. They come to a promoted database as to the one before. */
const LATER: readonly Fault[] = ['crash of the database', 'promoted standby', 'kill', 'pause', 'cut'];

test('an upgrade of one agent after the other, then each fault of agents and database: every registration that a GM counts is one event, told once, and no device has two sessions', async () => {
  const after = await buildOfSchemaAfter();
  onTestFinished(after.remove);
  await using campaign = await ClusterCampaign.start({ first: MAIN, main: after.script });
  for (const fault of [...UPGRADE, ...LATER]) await campaign.fault(fault);
  const figures = await campaign.figures();
  expect(new Set(figures.faults)).toEqual(new Set(FAULTS));
  const last = MIGRATIONS.length;
  expect(figures.schemaSteps).toEqual([
    [0, last],
    [last, last + 1],
  ]);
  expect(figures.registrations).toBeGreaterThan(0);
  expect(figures.heldMost).toBeGreaterThan(0);
  // By the database's clock, and not by the owner's.
  expect(figures.aheadMs).toBeLessThan(30_000);
  expect(wrongIn(figures)).toEqual(NOTHING_WRONG);
});
