/** The wall clock of the agent's machine is set while it polls: by a person, by NTP, after a suspended machine woke up. */
import { describe, expect, test } from 'vitest';
import { half } from '../builders/half.ts';
import { simulatedAgent, type SimulatedWatch } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

type Watched = Pick<SimulatedWatch, 'scenario' | 'logs' | 'gms'>;

/** A GM of each release. */
const HEALTHY = { scenario: 'healthy', logs: true, gms: 4 } as const;
/** One that loses its rekeys, beside one that does not. */
const LOSING = { scenario: 'rekey-loss', gms: 2 } as const;

/** It is right for twenty minutes, off for an hour, and right again for an hour: what was found from the step on. */
async function stepped(watch: Watched, stepMs: number) {
  let aheadMs = 0;
  const wallAheadMs = () => aheadMs;
  await using watching = await simulatedAgent({ ...watch, kss: 1, pollInterval: '60s', wallAheadMs });
  const { agent, clock, events } = watching;
  agent.start();
  await clock.advance(20 * MINUTE_MS + 7_000);
  const before = events.length;
  aheadMs = stepMs;
  await clock.advance(HOUR_MS);
  aheadMs = 0;
  await clock.advance(HOUR_MS);
  const failures = [...agent.readModel.devices()].map(({ failure }) => failure);
  return { found: events.slice(before), failures: failures.filter((failure) => failure !== null), ...agent.status() };
}

const watched = new Map<string, ReturnType<typeof stepped>>();

/** Each is watched once, for all that is asked of it. */
function once(watch: Watched, stepMs: number): ReturnType<typeof stepped> {
  const key = `${watch.scenario} ${stepMs}`;
  const found = watched.get(key) ?? stepped(watch, stepMs);
  watched.set(key, found);
  return found;
}

const undisturbed = () => once(HEALTHY, 0);

const STEPS = [
  ['an hour ahead', HOUR_MS],
  ['an hour back', -HOUR_MS],
  ['ten years back', -87_600 * HOUR_MS],
] as const;

describe.each(half(STEPS))('a clock that is set %s', (_how, stepMs) => {
  test('is no event, no failure, and neither polls that are left out nor more of them', async () => {
    const healthy = await once(HEALTHY, stepMs);
    expect(healthy.found.filter(({ type }) => type !== 'kek_rekey')).toEqual([]);
    const { pollsSkippedLate, pollsOverAllowance } = await undisturbed();
    expect(healthy).toMatchObject({ failures: [], pollsSkippedLate, pollsOverAllowance, pollsQueued: 0 });
    expect(healthy.found).toHaveLength((await undisturbed()).found.length);
  });

  test('leaves registrations their cause', async () => {
    const { found } = await once(LOSING, stepMs);
    const causes = found.filter(({ type }) => type === 'reregistration').map(({ cause }) => cause);
    expect(causes.length).toBeGreaterThan(3);
    expect(new Set(causes)).toEqual(new Set(['kek_missed_rekey']));
  });
});

test('what was seen before a clock was set far back is not within the last hour', async () => {
  const { found } = await once(LOSING, -87_600 * HOUR_MS);
  const ofBack = found.filter(({ type, atMs }) => type === 'reregistration' && atMs < Date.UTC(2020, 0, 1));
  expect(ofBack.map(({ summary }) => summary.includes('within an hour'))).toEqual([false, false]);
});

describe.each([
  ['at once', 60_000],
  ['after half an hour', 30 * MINUTE_MS],
])('a KS that dies %s after a clock was set an hour back', (_when, afterMs) => {
  test('is unreachable within a few polls, and the group is without a KS', async () => {
    let aheadMs = 0;
    const diesMs = 20 * MINUTE_MS + 7_000 + afterMs;
    const outOfReach = (device: string, elapsedMs: number) => device === 'ks1' && elapsedMs > diesMs;
    await using watching = await simulatedAgent({
      ...HEALTHY,
      kss: 1,
      pollInterval: '60s',
      wallAheadMs: () => aheadMs,
      outOfReach,
    });
    const { agent, clock, events } = watching;
    agent.start();
    await clock.advance(20 * MINUTE_MS + 7_000);
    aheadMs = -HOUR_MS;
    await clock.advance(afterMs);
    expect(events.map(({ type }) => type)).not.toContain('unreachable');
    await clock.advance(6 * MINUTE_MS);
    const told = events.filter(({ type }) => type === 'unreachable');
    expect(told.map(({ device }) => device)).toEqual(['ks1']);
    expect(
      [...agent.readModel.groups()].flatMap(({ explanations }) => explanations.map(({ cause }) => cause)),
    ).toContain('ks_down');
  });
});

test('a KS that answers again just after a clock was set an hour back is reachable within a few polls', async () => {
  let aheadMs = 0;
  const isOut = (elapsedMs: number) => elapsedMs > 10 * MINUTE_MS && elapsedMs < 13 * MINUTE_MS + 30_000;
  await using watching = await simulatedAgent({
    ...HEALTHY,
    kss: 1,
    pollInterval: '60s',
    wallAheadMs: () => aheadMs,
    outOfReach: (device, elapsedMs) => device === 'ks1' && isOut(elapsedMs),
  });
  const { agent, clock, events } = watching;
  const ofReach = () =>
    events.flatMap(({ type, device }) => (device === 'ks1' && type.endsWith('reachable') ? [type] : []));
  agent.start();
  await clock.advance(13 * MINUTE_MS + 30_000);
  expect(ofReach()).toEqual(['unreachable']);
  aheadMs = -HOUR_MS;
  await clock.advance(4 * MINUTE_MS);
  expect(ofReach()).toEqual(['unreachable', 'reachable']);
});

test('a clock that is set back while a rekey is under way makes no GM of a healthy group lack a key', async () => {
  let aheadMs = 0;
  const wallAheadMs = () => aheadMs;
  await using watching = await simulatedAgent({ ...HEALTHY, kss: 1, logs: false, pollInterval: '150s', wallAheadMs });
  const { agent, clock } = watching;
  agent.start();
  await clock.advance(15 * MINUTE_MS + 52_000);
  aheadMs = -5 * MINUTE_MS;
  const said = new Set<string>();
  for (let second = 0; second < 240; second += 1) {
    await clock.advance(1000);
    for (const { explanations } of agent.readModel.groups()) for (const { summary } of explanations) said.add(summary);
  }
  expect([...said]).toEqual([]);
});
