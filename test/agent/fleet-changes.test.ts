/** What becomes of devices, groups and their states when the configuration or what a device shows changes. */
import { expect, test, vi } from 'vitest';
import type { ResolvedDevice } from '../../src/config/resolved-config.ts';
import { EventTotals } from '../../src/model/event-totals.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { openAnsweringAgent } from '../builders/answering-agent.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { anEvent } from '../builders/event-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';
import { simulatedAgent } from '../builders/simulated-agent.ts';

const EACH_MINUTE = { kind: 'every', ms: 60_000 } as const;
const devices = (...names: readonly string[]): ResolvedDevice[] =>
  names.map((name) => aConfiguredDevice({ name, schedule: EACH_MINUTE }));

async function running(
  names: readonly string[],
  answer: (device: string) => string = () => showCryptoGdoi({ group: 'G1' }),
  { clock = new FakeClock(Date.UTC(2026, 0, 1)), store = createMemoryStore() } = {},
) {
  const agent = await openAnsweringAgent(answer, { config: aConfig({ devices: devices(...names) }), clock, store });
  agent.start();
  await clock.advance(120_000);
  return { agent, clock, store };
}

const statesOf = async (store: EventStore) => [...(await store.loadStates()).devices.keys()].toSorted();
const fleetsOf = async (store: EventStore) => [...(await store.loadStates()).fleets.keys()].toSorted();

test('a reload that would remove more than half of the devices is refused, and changes nothing', async () => {
  const { agent } = await running(['a', 'b', 'c', 'd', 'e']);
  await using _agent = agent;
  await expect(agent.reload(aConfig({ devices: devices('a', 'b') }))).rejects.toMatchObject({
    code: 'reload_refused',
    message: expect.stringMatching(/^3 of 5 devices would be removed/),
  });
  expect([...agent.readModel.devices()].map(({ device }) => device)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test.each([
  ['half of them', ['a', 'b', 'c', 'd'], ['a', 'b'], {}],
  ['more, where that is meant', ['a', 'b', 'c', 'd', 'e'], ['a'], { removalsMeant: true }],
  ['others in their place, where that is meant', ['a', 'b', 'c'], ['x', 'y', 'z'], { removalsMeant: true }],
  ['one of two', ['a', 'b'], ['b'], {}],
] as const)('a reload removes %s', async (_, before, after, meant) => {
  const { agent } = await running(before);
  await using _agent = agent;
  await agent.reload(aConfig({ devices: devices(...after) }), meant);
  expect([...agent.readModel.devices()].map(({ device }) => device)).toEqual(after);
});

test('a device that was left out by mistake goes on from its state: what it did meanwhile is found', async () => {
  let succeeded = 1;
  const shown = () => showCryptoGdoi({ group: 'G1', succeeded });
  const { agent, clock, store } = await running(['a', 'b'], shown);
  await agent.reload(aConfig({ devices: devices('b') }));
  await clock.advance(600_000);
  succeeded = 2;
  await agent.reload(aConfig({ devices: devices('a', 'b') }));
  await clock.advance(300_000);
  await agent[Symbol.asyncDispose]();
  const { events } = await store.query({ limit: 100, order: 'oldest_first', type: 'reregistration', device: 'a' });
  expect(events).toHaveLength(1);
});

/** By the calendar; what is old is looked for each ten minutes by the clock that nobody sets. */
async function daysPass(clock: FakeClock, days: number): Promise<void> {
  clock.stepWall(days * 86_400_000);
  await clock.advance(11 * 60_000);
}

test('its state is kept for a week, also over restarts, and no longer', async () => {
  const { agent, clock, store } = await running(['a', 'b']);
  await agent.reload(aConfig({ devices: devices('b') }));
  await clock.advance(60_000);
  await agent[Symbol.asyncDispose]();
  expect(await statesOf(store)).toEqual(['a', 'b']);

  const again = await running(['b'], undefined, { clock, store });
  await daysPass(clock, 6);
  expect(await statesOf(store)).toEqual(['a', 'b']);
  await daysPass(clock, 2);
  await again.agent[Symbol.asyncDispose]();
  expect(await statesOf(store)).toEqual(['b']);
});

test('a group that nobody is in any more ends: no view, no state', async () => {
  const { agent, clock, store } = await running(['a', 'b'], (device) => showCryptoGdoi({ group: `of-${device}` }));
  await using _agent = agent;
  await vi.waitUntil(async () => (await fleetsOf(store)).length === 2);
  await agent.reload(aConfig({ devices: devices('b') }));
  await clock.advance(60_000);
  expect([...agent.readModel.groups()].map(({ group }) => group)).toEqual(['of-b']);
  expect(await fleetsOf(store)).toEqual(['of-b']);
});

test('a device that shows other groups at every poll has a bounded part of memory, metrics and store', async () => {
  let poll = 0;
  const many = () => {
    poll += 1;
    return Array.from({ length: 100 }, (_, index) => showCryptoGdoi({ group: `p${poll}-${index}` })).join('\n');
  };
  const { agent, clock, store } = await running(['a', 'b'], (device) =>
    device === 'a' ? many() : showCryptoGdoi({ group: 'G1' }),
  );
  await using _agent = agent;
  await clock.advance(20 * 60_000);
  expect(poll).toBeGreaterThan(10);
  expect(agent.readModel.device('a')?.groups.size).toBe(32);
  expect([...agent.readModel.groups()].length).toBeLessThanOrEqual(33);
  expect((await fleetsOf(store)).length).toBeLessThanOrEqual(33);
  expect(new Set([...agent.readModel.totals.byGroup()].map(({ group }) => group)).size).toBeLessThanOrEqual(33);
  expect(agent.readModel.group('G1')?.gms.map(({ device }) => device)).toEqual(['b']);
});

test('a group of devices that are configured no more ends at the next start', async () => {
  const answer = (device: string) => showCryptoGdoi({ group: `of-${device}` });
  const { agent, clock, store } = await running(['a', 'b'], answer);
  await agent[Symbol.asyncDispose]();
  expect(await fleetsOf(store)).toEqual(['of-a', 'of-b']);
  const again = await running(['b'], answer, { clock, store });
  await again.agent[Symbol.asyncDispose]();
  expect(await fleetsOf(store)).toEqual(['of-b']);
  expect([...again.agent.readModel.groups()].map(({ group }) => group)).toEqual(['of-b']);
});

test('totals of groups that ended are as bounded after a restart', async () => {
  const store = createMemoryStore();
  const events = Array.from({ length: 300 }, (_, index) => anEvent({ id: `e${index}`, group: `g${index}` }));
  await store.commit({ events, deviceStates: new Map(), fleetStates: new Map() });
  const { agent } = await running(['a'], undefined, { store });
  await using _agent = agent;
  const counted = [...agent.readModel.totals.byGroup()].filter(({ count }) => count > 0);
  expect(counted.length).toBeLessThanOrEqual(201);
  expect(counted.reduce((all, { count }) => all + count, 0)).toBe(300);
});

test('totals of groups that vanished fold into one', () => {
  const totals = new EventTotals();
  for (let index = 0; index < 1000; index += 1) {
    const group = `g${index}`;
    totals.add({ type: 'reregistration', group, cause: 'unknown', unexpected: true }, 2);
    totals.vanished({ group });
  }
  const counted = [...totals.byGroup()].filter(({ count }) => count > 0);
  expect(counted.length).toBeLessThanOrEqual(201);
  expect(counted.reduce((all, { count }) => all + count, 0)).toBe(2000);
});

test('a setting that needs a restart is told at each reload until the file has again what runs', async () => {
  await using watching = await simulatedAgent({ scenario: 'healthy', pollInterval: '60s' });
  const { agent, config } = watching;
  const elsewhere = { ...config, listen: { host: '127.0.0.1', port: 9999 } };
  expect(await agent.reload(elsewhere)).toMatchObject({ restartNeeded: ['listen'] });
  expect(await agent.reload(elsewhere)).toMatchObject({ restartNeeded: ['listen'] });
  expect(agent.doubts()).toEqual(['listen: changed, and counts after a restart']);
  expect(await agent.reload(config)).toMatchObject({ restartNeeded: [] });
  expect(agent.doubts()).toEqual([]);
});
