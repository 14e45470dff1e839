/**
 * Kills, pauses, cuts, lost answers, restarts of the database, and agents that join right before a cut: whatever comes
 * together, each registration is kept once, and no two agents poll together.
 */
import { describe, expect, test } from 'vitest';
import { half } from '../../builders/half.ts';
import { campaign, type CampaignResult } from './campaign.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const SECONDS = 4_500;
/** Lease, the look of another agent after it, and its first poll. */
const TAKEOVER_MS = 25_000;

const onOneMachine = (seed: number) => seed % 2 === 0;
/** Campaigns on one machine and on several, half of each. */
const TOLD_SEEDS = half([...SEEDS.filter(onOneMachine), ...SEEDS.filter((seed) => !onOneMachine(seed))]);
/** A campaign from it finds each of the faults below. */
const TELLING = 10;

const campaigns = new Map<number, Promise<CampaignResult>>();
/** Of the protocol as it is: run once, whoever asks. */
function campaignFrom(seed: number): Promise<CampaignResult> {
  const known = campaigns.get(seed) ?? campaign({ seed, seconds: SECONDS, oneMachine: onOneMachine(seed) });
  campaigns.set(seed, known);
  return known;
}

/** The first of the seeds from which a campaign finds fault. */
async function faultySeed(faultsFrom: (seed: number) => Promise<readonly unknown[]>): Promise<number | null> {
  for (const seed of [TELLING, ...SEEDS]) if ((await faultsFrom(seed)).length > 0) return seed;
  return null;
}

describe('a campaign of faults', () => {
  test.each(TOLD_SEEDS)('from seed %i: nothing lost, nothing doubled, nobody polls together', async (seed) => {
    const result = await campaignFrom(seed);
    expect(result).toMatchObject({ doubled: [], lost: [], toldTwice: [], together: [] });
    expect(result.once).toBe(result.registrations);
    expect(result.registrations).toBeGreaterThan(SECONDS / 40);
  });

  test('is the same again from the same seed', async () => {
    expect(await campaign({ seed: 7, seconds: 2000 })).toEqual(await campaign({ seed: 7, seconds: 2000 }));
  });

  test('doubles events where the fence is only a look at the row: the campaign can fail', async () => {
    expect(
      await faultySeed(async (seed) => (await campaign({ seed, seconds: SECONDS, fenced: false })).doubled),
    ).not.toBeNull();
  });

  test('doubles events where a late write counts when its cell went away and came back: the campaign can fail', async () => {
    const faulty = { seconds: SECONDS, comparesTerms: false };
    const doubled = async (seed: number) =>
      (await campaign({ seed, oneMachine: onOneMachine(seed), ...faulty })).doubled;
    expect(await faultySeed(doubled)).not.toBeNull();
  });

  test('sees agents poll together where nobody waits for one that may be alone: the campaign can fail', async () => {
    const faulty = { seconds: SECONDS, waitsForTheLone: false };
    expect(await faultySeed(async (seed) => (await campaign({ seed, ...faulty })).together)).not.toBeNull();
  });
});

test('a cell is polled again soon after its owner was killed, where nobody can tell that it is gone', async () => {
  const takeovers: number[] = [];
  const apart = TOLD_SEEDS.filter((seed) => !onOneMachine(seed));
  for (const seed of apart) takeovers.push(...(await campaignFrom(seed)).takeoverMs);
  const inOrder = takeovers.toSorted((a, b) => a - b);
  expect(inOrder.length).toBeGreaterThan(20);
  expect(inOrder[Math.floor(inOrder.length / 2)]).toBeLessThanOrEqual(TAKEOVER_MS);
});
