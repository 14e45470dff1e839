import { expect, test } from 'vitest';
import { ClusterCampaign, FAULTS, NOTHING_WRONG, wrongIn } from './cluster-campaign.ts';

test('each fault of agents and database, and two after them: every registration that a GM counts is one event, told once, and no device has two sessions', async () => {
  await using campaign = await ClusterCampaign.start();
  // Agents come to a promoted database as to the one before.
  for (const fault of [...FAULTS, 'kill', 'pause'] as const) await campaign.fault(fault);
  const figures = await campaign.figures();
  expect(figures.registrations).toBeGreaterThan(0);
  expect(figures.heldMost).toBeGreaterThan(0);
  // By the database's clock, and not by the owner's.
  expect(figures.aheadMs).toBeLessThan(30_000);
  expect(wrongIn(figures)).toEqual(NOTHING_WRONG);
});
