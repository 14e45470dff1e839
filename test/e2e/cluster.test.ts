import { expect, test } from 'vitest';
import { ClusterCampaign, FAULTS, NOTHING_WRONG, wrongIn } from './cluster-campaign.ts';

test('a dozen faults of agents and database: every registration that a GM counts is one event, told once, and no device has two sessions', async () => {
  await using campaign = await ClusterCampaign.start();
  for (let number = 0; number < 12; number += 1) await campaign.fault(FAULTS[number % FAULTS.length] ?? 'kill');
  const figures = await campaign.figures();
  expect(figures.registrations).toBeGreaterThan(0);
  expect(figures.heldMost).toBeGreaterThan(0);
  // By the database's clock, and not by the owner's.
  expect(figures.aheadMs).toBeLessThan(30_000);
  expect(wrongIn(figures)).toEqual(NOTHING_WRONG);
});
