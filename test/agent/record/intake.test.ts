import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KEEP_EVERY_MS } from '../../../src/agent/record/keep-pace.ts';
import { FLEET_STATE_FORMAT } from '../../../src/gdoi/fleet/fleet-state-format.ts';
import { EventTotals } from '../../../src/model/event-totals.ts';
import { Intake, type IntakeOptions } from '../../../src/agent/record/intake.ts';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import type { EventStore } from '../../../src/store/event-store.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { deviceSettings } from '../../../src/agent/poll/poll-target.ts';
import { aConfiguredDevice } from '../../builders/config-builder.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { InternalErrors } from '../../../src/kernel/internal-errors.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { aDevice, NOON } from '../../builders/view-builder.ts';
import { aGm, aKek, aTek, rekeysReceived } from '../../builders/snapshots.ts';

/** A GM with this many registrations, seen `seconds` after noon; its KEK is far from expiry. */
function seen(seconds: number, succeeded: number): Observation {
  const atMs = NOON + seconds * 1000;
  const gm = aGm({
    registrations: { succeeded, attempted: succeeded },
    keyServer: '10.1.11.2',
    rekeys: rekeysReceived(5, { lastSequence: 1 }),
    kek: aKek(50_000 - seconds),
    teks: [aTek(3000 - seconds, { interface: 'Gi0/0', spi: '0x00000001' })],
  });
  return {
    kind: 'groups',
    origin: 'cli',
    device: 'gm1',
    command: 'show crypto gdoi',
    sentAtMs: atMs,
    receivedAtMs: atMs + 50,
    snapshots: [gm],
    unknownLines: 0,
  };
}

async function open(store: EventStore, over: Partial<IntakeOptions> = {}) {
  const clock = new FakeClock(NOON);
  const told: GdoiEvent[] = [];
  const logger = new MemoryLogger();
  const totals = new EventTotals();
  const intake = await Intake.open({
    store,
    totals,
    clock,
    logger,
    errors: new InternalErrors(logger),
    settings: { pollIntervalMs: 60_000, detailIntervalMs: 60_000 },
    onGroupView: () => undefined,
    onEvents: (events) => told.push(...events),
    ...over,
  });
  return { intake, clock, told, logger, totals };
}

const GM1 = aDevice();
const SETTINGS = deviceSettings(aConfiguredDevice({ name: 'gm1' }));

/** What `gm1` showed, in this order. */
function take(intake: Intake, observations: readonly Observation[]): void {
  intake.take(GM1, { kind: 'pushed', observations }, SETTINGS);
}

const reregistrations = (events: readonly GdoiEvent[]) => events.filter((event) => event.type === 'reregistration');

/** A store that refuses while told to. */
function refusing(store: EventStore): EventStore & { full: boolean } {
  const wrapped = {
    full: false,
    damaged: 0,
    notes: store.notes,
    commit: (batch: Parameters<EventStore['commit']>[0]) =>
      wrapped.full ? Promise.reject(new StoreError('full', 'no space left')) : store.commit(batch),
    loadStates: () => store.loadStates(),
    prune: (nowMs: number) => store.prune(nowMs),
    query: (query: Parameters<EventStore['query']>[0]) => store.query(query),
    counts: () => store.counts(),
    incidents: (query: Parameters<EventStore['incidents']>[0]) => store.incidents(query),
    incident: (id: string) => store.incident(id),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  return wrapped;
}

describe('observations become events', () => {
  test('an event goes out once it is stored, within a fraction of a second', async () => {
    const store = createMemoryStore();
    const { intake, clock, told } = await open(store);
    take(intake, [seen(0, 1), seen(60, 1), seen(120, 2), seen(125, 2)]);
    expect(told).toEqual([]);
    await clock.advance(250);
    expect(reregistrations(told)).toHaveLength(1);
    expect(reregistrations((await store.query({ limit: 10, order: 'oldest_first' })).events)).toHaveLength(1);
    await intake[Symbol.asyncDispose]();
  });

  test('a restart goes on from the stored state: no event comes twice, and the gap is no re-registration', async () => {
    const store = createMemoryStore();
    const first = await open(store);
    take(first.intake, [seen(0, 1), seen(60, 2), seen(65, 2)]);
    await first.intake[Symbol.asyncDispose]();
    const second = await open(store);
    take(second.intake, [seen(600, 2), seen(660, 2)]);
    await second.intake[Symbol.asyncDispose]();
    expect(reregistrations(second.told)).toEqual([]);
    const third = await open(store);
    take(third.intake, [seen(900, 4), seen(905, 4)]);
    await third.intake[Symbol.asyncDispose]();
    expect(reregistrations(third.told)).toHaveLength(2);
    expect(third.told[0]?.betweenMs[0]).toBeGreaterThanOrEqual(NOON + 660_000);
  });

  test('after a crash before the batch was stored, the restart gives the same event with the same id', async () => {
    const store = refusing(createMemoryStore());
    const first = await open(store);
    take(first.intake, [seen(0, 1)]);
    await first.clock.advance(250);
    store.full = true;
    take(first.intake, [seen(60, 2), seen(65, 2)]);
    await first.clock.advance(250);
    expect(first.told).toEqual([]);

    store.full = false;
    const second = await open(store);
    take(second.intake, [seen(60, 2), seen(65, 2)]);
    await second.intake[Symbol.asyncDispose]();
    expect(reregistrations(second.told)).toHaveLength(1);

    const third = await open(store);
    take(third.intake, [seen(60, 2), seen(65, 2)]);
    await third.intake[Symbol.asyncDispose]();
    expect(third.told).toEqual([]);
  });

  test('a full store delays events, not tracking: one error, and all events go out when there is room', async () => {
    const store = refusing(createMemoryStore());
    const { intake, clock, told, logger } = await open(store);
    take(intake, [seen(0, 1)]);
    await clock.advance(250);
    store.full = true;
    take(intake, [seen(60, 2), seen(65, 2)]);
    await clock.advance(10_000);
    take(intake, [seen(120, 3), seen(125, 3)]);
    await clock.advance(10_000);
    expect(told).toEqual([]);
    expect(logger.messages('error')).toEqual(['the store refused events; they wait']);
    store.full = false;
    await clock.advance(60_000);
    expect(reregistrations(told)).toHaveLength(2);
    expect(intake.storeErrors).toBeGreaterThan(1);
    await intake[Symbol.asyncDispose]();
  });

  test('an agent that stops while its store refuses says what ends with it', async () => {
    const store = refusing(createMemoryStore());
    const { intake, clock, logger } = await open(store);
    take(intake, [seen(0, 1)]);
    await clock.advance(250);
    store.full = true;
    take(intake, [seen(60, 2), seen(65, 2)]);
    await intake[Symbol.asyncDispose]();
    expect(logger.messages('error').at(-1)).toBe('the store did not accept the last events and states: they are lost');
    expect(logger.lines('error').at(-1)).toEqual({ events: 1 });
  });

  test('a crash between two polls without an occurrence loses no registration, and invents none', async () => {
    const store = createMemoryStore();
    const first = await open(store);
    let second = 0;
    // Half an hour of quiet polls, and one registration; then the process is gone, without a word.
    for (; second < 1800; second += 60) {
      take(first.intake, [seen(second, second < 600 ? 1 : 2)]);
      await first.clock.advance(60_000);
    }
    const next = await open(store);
    take(next.intake, [seen(second, 3), seen(second + 5, 3)]);
    await next.intake[Symbol.asyncDispose]();
    const { events } = await store.query({ limit: 100, order: 'oldest_first', type: 'reregistration' });
    expect(events).toHaveLength(2);
    // The interval is wider by what had not been written yet.
    const [from, to] = events[1]?.betweenMs ?? [0, 0];
    expect(to - from).toBeGreaterThan(0);
    expect(to - from).toBeLessThanOrEqual(KEEP_EVERY_MS + 120_000);
  });

  test('a state is written with what must not be lost, else every few minutes', async () => {
    const store = createMemoryStore();
    const batches: (readonly string[])[] = [];
    const { intake, clock } = await open({
      ...refusing(store),
      commit: (batch) => {
        batches.push([...batch.deviceStates.keys(), ...(batch.memberStates ?? []).map((member) => member.group)]);
        return store.commit(batch);
      },
    });
    const poll = async (second: number, succeeded: number) => {
      batches.length = 0;
      take(intake, [seen(second, succeeded)]);
      await clock.advance(60_000);
      return batches.flat();
    };
    expect(await poll(0, 1)).toEqual(['gm1', 'G1']);
    for (const second of [60, 120, 180, 240]) expect(await poll(second, 1)).toEqual([]);
    expect(await poll(300, 1)).toEqual(['gm1', 'G1']);
    expect(await poll(360, 1)).toEqual([]);
    expect(await poll(420, 2)).toEqual(['gm1', 'G1']);
    await intake[Symbol.asyncDispose]();
  });

  test('a device that leaves its group takes its part in it along, and a stop leaves nothing behind', async () => {
    const store = createMemoryStore();
    const { intake } = await open(store);
    const settings = { ...SETTINGS };
    const shown = (device: string, second: number) =>
      intake.take(aDevice({ device }), { kind: 'pushed', observations: [{ ...seen(second, 1), device }] }, settings);
    const first = shown('gm1', 0);
    shown('gm2', 1);
    intake.without(first.view, NOON + 2000);
    await intake[Symbol.asyncDispose]();
    expect((await store.loadStates()).members.map(({ group, device }) => `${group} ${device}`)).toEqual(['G1 gm2']);
  });

  test('a group that the previous format had in one row is written in parts at once', async () => {
    const store = createMemoryStore();
    const golden = new URL('../../gdoi/fleet/fleet-state.format-3.json', import.meta.url);
    const state: unknown = JSON.parse(readFileSync(golden, 'utf8'));
    await store.commit({ events: [], deviceStates: new Map(), fleetStates: new Map([['G1', { format: 3, state }]]) });
    const { intake } = await open(store);
    await intake[Symbol.asyncDispose]();
    const { fleets, members } = await store.loadStates();
    expect(fleets.get('G1')).toMatchObject({ format: FLEET_STATE_FORMAT });
    expect(members.map(({ device }) => device).toSorted()).toEqual(['gm1', 'gm2', 'ks1']);
  });

  test('counters of the complete history are there after a restart', async () => {
    const store = createMemoryStore();
    const first = await open(store);
    take(first.intake, [seen(0, 1), seen(60, 2), seen(65, 2)]);
    await first.intake[Symbol.asyncDispose]();
    const second = await open(store);
    expect(second.totals.byType().get('reregistration')).toBe(1);
    expect([...second.totals.byGroup()].reduce((sum, total) => sum + total.count, 0)).toBe(1);
    await second.intake[Symbol.asyncDispose]();
  });
});
