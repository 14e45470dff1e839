/** Agents that share a PostgreSQL store: who polls what, what is told once, and what a takeover keeps. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Agent } from '../../src/agent/agent.ts';
import type { ResolvedDevice } from '../../src/config/resolved-config.ts';
import type { ClusterTimes } from '../../src/agent/cluster/membership.ts';
import { type Cluster, startCluster } from '../../src/product/cluster.ts';
import { Maintenance } from '../../src/model/maintenance.ts';
import { naturalOrder } from '../../src/gdoi/events/name-list.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { InternalErrors } from '../../src/kernel/internal-errors.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { PostgresAddress } from '../../src/store/postgres/connections.ts';
import { openPostgresStore, type PostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { answeringDevices } from '../builders/answering-devices.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { type CuttableWay, cuttableWayTo } from '../builders/cuttable-way.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { NO_RESTCONF } from '../builders/no-restconf.ts';
import { NO_SNMP } from '../builders/no-snmp.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';
import { PATIENCE } from '../builders/patience.ts';
import { type PostgresServer, startPostgres } from '../store/postgres-server.ts';

/** Long enough that a busy machine is not taken for a lost database. */
const TIMES: ClusterTimes = {
  renewEveryMs: 200,
  retryMs: 200,
  leaseMs: 5_000,
  fenceAfterMs: 3_500,
  aloneMs: 600_000,
  unevenRounds: 2,
};

/** Nobody waits for such a lease to be over, however long the machine keeps an agent from renewing it. */
const LONG_LEASE: ClusterTimes = { ...TIMES, leaseMs: 3_600_000, fenceAfterMs: 3_000_000 };

let server: PostgresServer;
beforeAll(async () => {
  // All tests at once: most of each is waiting for leases to be over.
  server = await startPostgres(['max_connections=200']);
});
afterAll(() => server[Symbol.asyncDispose]());

/** Registrations that the GMs count. */
class Fleet {
  readonly succeeded = new Map<string, number>();
  /** Who polled a device last. */
  readonly polledBy = new Map<string, string>();
  /** Agent and device of each poll, in order. */
  readonly polls: string[] = [];

  answer(agent: string, device: string): string {
    this.polledBy.set(device, agent);
    this.polls.push(`${agent} ${device}`);
    return showCryptoGdoi({ group: 'G1', succeeded: this.succeeded.get(device) ?? 1 });
  }

  reregisters(device: string): void {
    this.succeeded.set(device, (this.succeeded.get(device) ?? 1) + 1);
  }
}

interface Member extends AsyncDisposable {
  readonly agent: Agent;
  readonly store: PostgresStore;
  readonly cluster: Cluster;
  /** Events that this agent found and told. */
  readonly told: readonly GdoiEvent[];
  readonly owned: () => readonly string[];
  /** Between it and the database. */
  readonly way: CuttableWay;
}

async function join(
  name: string,
  {
    address,
    fleet,
    devices,
    times = TIMES,
  }: { address: PostgresAddress; fleet: Fleet; devices: readonly ResolvedDevice[]; times?: ClusterTimes },
): Promise<Member> {
  const clock = createSystemClock();
  const logger = new MemoryLogger();
  const errors = new InternalErrors(logger);
  let cluster: Cluster | null = null;
  const writer = () => cluster?.membership.writer ?? null;
  const way = await cuttableWayTo(address.hosts[0]?.port ?? 0);
  // Whoever cannot open it within these times ends: a busy machine gets another try.
  const store = await vi.waitFor(
    () =>
      openPostgresStore({
        address: { ...address, hosts: [{ host: '127.0.0.1', port: way.port }] },
        clock,
        logger,
        writer,
        times: { connectMs: 3_000, statementMs: 3_000 },
      }),
    PATIENCE,
  );
  const told: GdoiEvent[] = [];
  const agent = await Agent.open({
    config: aConfig({ devices }),
    clock,
    networkClock: clock,
    access: answeringDevices(clock, (device) => fleet.answer(name, device)),
    snmp: NO_SNMP,
    restconf: NO_RESTCONF,
    lookup: async () => [],
    store,
    logger,
    mayPoll: () => writer() !== null,
    isBehind: (cell) => cluster?.isBehind(cell) ?? false,
    onEvents: (events) => told.push(...events),
  });
  agent.start();
  const maintenance = new Maintenance();
  cluster = startCluster({ store, agent, maintenance, url: '', version: '1', clock, logger, errors, times });
  const member: Member = {
    agent,
    store,
    cluster,
    told,
    owned: () => [...(cluster?.membership.status.owned ?? [])].toSorted(),
    way,
    async [Symbol.asyncDispose]() {
      await cluster?.[Symbol.asyncDispose]();
      await agent[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await way[Symbol.asyncDispose]();
    },
  };
  return member;
}

function gms(cells: Readonly<Record<string, string | undefined>>): readonly ResolvedDevice[] {
  return Object.entries(cells).map(([name, cell]) =>
    aConfiguredDevice({ name, schedule: { kind: 'every', ms: 1000 }, ...(cell === undefined ? {} : { cell }) }),
  );
}

const namesIn = (events: readonly GdoiEvent[]) => events.map(({ device }) => device ?? '').toSorted(naturalOrder);
const typesOf = (events: readonly GdoiEvent[]) => events.map(({ type, device }) => `${type} ${device}`);

test.concurrent('two agents without any setting are active and standby; a stop hands over at once, and no event comes twice', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const devices = gms({ gm1: undefined });
  const a = await join('a', { address, fleet, devices, times: LONG_LEASE });
  await vi.waitFor(() => expect(a.owned()).toEqual(['default']), PATIENCE);
  await using b = await join('b', { address, fleet, devices });
  await vi.waitFor(
    () => expect(b.cluster.status()).toMatchObject({ unowned: 0, cells: new Map([['default', false]]) }),
    PATIENCE,
  );
  expect(b.owned()).toEqual([]);
  expect(b.agent.status().firstSweepDone).toBe(true);
  await vi.waitFor(() => expect(a.agent.readModel.device('gm1')?.result).toBe('ok'), PATIENCE);
  fleet.reregisters('gm1');
  await vi.waitFor(() => expect(typesOf(a.told)).toEqual(['reregistration gm1']), PATIENCE);

  await a[Symbol.asyncDispose]();
  await vi.waitFor(() => expect(b.owned()).toEqual(['default']), PATIENCE);
  await vi.waitFor(() => expect(fleet.polledBy.get('gm1')).toBe('b'), PATIENCE);
  fleet.reregisters('gm1');
  await vi.waitFor(() => expect(typesOf(b.told)).toEqual(['reregistration gm1']), PATIENCE);
  const { events } = await b.store.query({ limit: 100, order: 'oldest_first', type: 'reregistration' });
  expect(events).toEqual([...a.told, ...b.told]);
  // The counters go on where the other one left them.
  const total = [...b.agent.readModel.totals.byGroup()].reduce((sum, { count }) => sum + count, 0);
  expect(total).toBe(2);
});

test.concurrent('an agent that is cut off lets go before its lease is over, and what happened in between is found by another', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const devices = gms({ gm1: undefined });
  await using a = await join('a', { address, fleet, devices });
  await vi.waitFor(() => expect(a.agent.readModel.device('gm1')?.result).toBe('ok'), PATIENCE);
  await vi.waitFor(async () => expect((await a.store.loadStates()).devices.size).toBe(1), PATIENCE);
  // However slow the machine, the other one keeps what it takes.
  await using b = await join('b', { address, fleet, devices, times: LONG_LEASE });
  await vi.waitFor(() => expect(a.cluster.status().agents).toBe(2), PATIENCE);
  const { id } = a.cluster.membership.status;
  a.way.cut();
  fleet.reregisters('gm1');
  await vi.waitFor(() => expect(b.owned()).toEqual(['default']), PATIENCE);
  // It let go before anyone else could take.
  expect(a.owned()).toEqual([]);
  await vi.waitFor(() => expect(typesOf(b.told)).toEqual(['reregistration gm1']), PATIENCE);
  a.way.heal();
  // It comes back as another agent, and finds nothing to do.
  await vi.waitFor(() => {
    const { status } = a.cluster.membership;
    expect(status).toMatchObject({ id: expect.any(String) });
    expect(status.id).not.toBe(id);
    expect(status.fenced).toBeGreaterThan(0);
  }, PATIENCE);
  fleet.reregisters('gm1');
  await vi.waitFor(() => expect(b.told).toHaveLength(2), PATIENCE);
  expect(a.told).toEqual([]);
});

test.concurrent('an agent that loses the database before it hears of another one polls on, and the other one waits for it', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const devices = gms({ gm1: undefined });
  await using a = await join('a', { address, fleet, devices });
  await vi.waitFor(async () => expect((await a.store.loadStates()).devices.size).toBe(1), PATIENCE);
  await vi.waitFor(() => expect(a.cluster.status().agents).toBe(1), PATIENCE);
  a.way.cut();
  await using b = await join('b', { address, fleet, devices });
  await vi.waitFor(() => expect(a.cluster.status().leaseAgeMs).toBeGreaterThan(2 * TIMES.leaseMs), PATIENCE);
  await vi.waitFor(() => expect(b.cluster.status().agents).toBe(2), PATIENCE);
  expect([a.owned(), b.owned()]).toEqual([['default'], []]);
  fleet.reregisters('gm1');
  a.way.heal();
  await vi.waitFor(() => expect(typesOf(a.told)).toEqual(['reregistration gm1']), PATIENCE);
  expect(b.owned()).toEqual([]);
  // It has heard of the other one: from now on it stops in time.
  await vi.waitFor(() => expect(a.cluster.status().agents).toBe(2), PATIENCE);
  a.way.cut();
  await vi.waitFor(() => expect(b.owned()).toEqual(['default']), PATIENCE);
  expect(a.owned()).toEqual([]);
});

test.concurrent('cells are shared out; a third agent takes its part, and exports no series of the others’ devices', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const devices = gms({ gm1: 'c1', gm2: 'c2', gm3: 'c3', gm4: 'c4', gm5: 'c5', gm6: 'c6' });
  const times = LONG_LEASE;
  await using a = await join('a', { address, fleet, devices, times });
  await vi.waitFor(() => expect(a.owned()).toHaveLength(6), PATIENCE);
  await using b = await join('b', { address, fleet, devices, times });
  await using c = await join('c', { address, fleet, devices, times });
  await vi.waitFor(() => {
    const parts = [a.owned(), b.owned(), c.owned()];
    expect(parts.flat().toSorted()).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
    // Until nobody has twice of what another one has.
    expect(parts.every((part) => part.length >= 1 && part.length < 4)).toBe(true);
  }, PATIENCE);
  for (const member of [a, b, c]) {
    await vi.waitFor(() => {
      const shown = [...member.agent.readModel.devices()].map(({ cell }) => cell);
      expect(new Set(shown)).toEqual(new Set(member.owned()));
    }, PATIENCE);
  }
  for (const { name } of devices) fleet.reregisters(name);
  await vi.waitFor(
    () => expect(namesIn([...a.told, ...b.told, ...c.told])).toEqual(devices.map(({ name }) => name)),
    PATIENCE,
  );
});

test.concurrent('a device that moves into another agent’s cell is polled there when its agent has let go of it, and not before', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const at = (cellOfGm3: string) => gms({ gm1: 'c1', gm2: 'c2', gm3: cellOfGm3 });
  await using a = await join('a', { address, fleet, devices: at('c1'), times: LONG_LEASE });
  await vi.waitFor(() => expect(a.owned()).toEqual(['c1', 'c2']), PATIENCE);
  await using b = await join('b', { address, fleet, devices: at('c1'), times: LONG_LEASE });
  await vi.waitFor(() => expect([...a.owned(), ...b.owned()].toSorted()).toEqual(['c1', 'c2']), PATIENCE);
  await vi.waitFor(() => expect(b.owned()).toHaveLength(1), PATIENCE);
  const [from, to] = b.owned().includes('c1') ? [b, a] : [a, b];
  const [old, young] = from === a ? ['a gm3', 'b gm3'] : ['b gm3', 'a gm3'];
  await vi.waitFor(() => expect(fleet.polls.slice(-4)).toContain(old), PATIENCE);
  fleet.polls.length = 0;
  await to.agent.reload(aConfig({ devices: at('c2') }));
  await vi.waitFor(() => expect(to.cluster.status().differing).toBe(1), PATIENCE);
  expect(to.agent.readModel.device('gm3')).toMatchObject({ cell: 'c2', result: null });
  await vi.waitFor(() => expect(fleet.polls.filter((poll) => poll === old).length).toBeGreaterThan(3), PATIENCE);
  expect(fleet.polls).not.toContain(young);
  await from.agent.reload(aConfig({ devices: at('c2') }));
  await vi.waitFor(() => expect(fleet.polls.filter((poll) => poll === young).length).toBeGreaterThan(2), PATIENCE);
  expect(fleet.polls.lastIndexOf(old)).toBeLessThan(fleet.polls.indexOf(young));
});

/** Devices gm1 of cell c1, gm2 of c2, and these two. */
const withBoth = (gm3: string, gm4: string) => gms({ gm1: 'c1', gm2: 'c2', gm3, gm4 });
/** gm3 and gm4 have changed cells. */
const SWAPPED = aConfig({ devices: withBoth('c2', 'c1') });

async function agentsOfACellEach() {
  const [address, fleet] = [await server.database(), new Fleet()];
  const known = { address, fleet, devices: withBoth('c1', 'c2'), times: LONG_LEASE };
  const a = await join('a', known);
  await vi.waitFor(() => expect(a.owned()).toEqual(['c1', 'c2']), PATIENCE);
  const b = await join('b', known);
  await vi.waitFor(() => expect([a.owned(), b.owned()].map(({ length }) => length)).toEqual([1, 1]), PATIENCE);
  return {
    fleet,
    a,
    b,
    async [Symbol.asyncDispose]() {
      await b[Symbol.asyncDispose]();
      await a[Symbol.asyncDispose]();
    },
  };
}

test.concurrent('a device that moves out of a cell is polled there until the agent of its new cell is reloaded too, and then only by that', async () => {
  await using pair = await agentsOfACellEach();
  const { fleet, a, b } = pair;
  const [first, second] = a.owned().includes('c1') ? [a, b] : [b, a];
  const [old, young] = first === a ? ['a', 'b'] : ['b', 'a'];
  const pollsOf = (poll: string) => fleet.polls.filter((each) => each === poll).length;
  await vi.waitFor(() => expect(pollsOf(`${young} gm4`)).toBeGreaterThan(1), PATIENCE);
  // Each gives one to the other: neither waits for the other to begin.
  fleet.polls.length = 0;
  await first.agent.reload(SWAPPED);
  await vi.waitFor(() => expect(second.cluster.status().differing).toBe(1), PATIENCE);
  const before = pollsOf(`${old} gm3`);
  await vi.waitFor(() => expect(pollsOf(`${old} gm3`)).toBeGreaterThan(before + 3), PATIENCE);
  expect(first.agent.readModel.device('gm3')).toMatchObject({ cell: 'c1', result: 'ok' });
  expect([`${young} gm3`, `${old} gm4`].map(pollsOf)).toEqual([0, 0]);
  await second.agent.reload(SWAPPED);
  await vi.waitFor(() => {
    expect(pollsOf(`${young} gm3`)).toBeGreaterThan(2);
    expect(pollsOf(`${old} gm4`)).toBeGreaterThan(2);
  }, PATIENCE);
  expect(fleet.polls.lastIndexOf(`${old} gm3`)).toBeLessThan(fleet.polls.indexOf(`${young} gm3`));
  expect(fleet.polls.lastIndexOf(`${young} gm4`)).toBeLessThan(fleet.polls.indexOf(`${old} gm4`));
  await vi.waitFor(() => expect([a, b].map(({ cluster }) => cluster.status().differing)).toEqual([0, 0]), PATIENCE);
});

test.concurrent('agents that are reloaded at once give each other their devices', async () => {
  await using pair = await agentsOfACellEach();
  const { fleet, a, b } = pair;
  const [old, young] = a.owned().includes('c1') ? ['a', 'b'] : ['b', 'a'];
  await vi.waitFor(() => expect(fleet.polls.slice(-6)).toContain(`${young} gm4`), PATIENCE);
  fleet.polls.length = 0;
  await Promise.all([a, b].map(({ agent }) => agent.reload(SWAPPED)));
  await vi.waitFor(() => {
    for (const poll of [`${young} gm3`, `${old} gm4`]) expect(fleet.polls.slice(-12)).toContain(poll);
  }, PATIENCE);
  expect(fleet.polls.lastIndexOf(`${old} gm3`)).toBeLessThan(fleet.polls.indexOf(`${young} gm3`));
  expect(fleet.polls.lastIndexOf(`${young} gm4`)).toBeLessThan(fleet.polls.indexOf(`${old} gm4`));
});

test.concurrent('listeners of every agent hear of every event', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const known = { address, fleet, devices: gms({ gm1: undefined }), times: LONG_LEASE };
  await using a = await join('a', known);
  await vi.waitFor(() => expect(a.agent.readModel.device('gm1')?.result).toBe('ok'), PATIENCE);
  await using b = await join('b', known);
  const heard: GdoiEvent[] = [];
  b.agent.readModel.onEvents((events) => heard.push(...events));
  await vi.waitFor(() => expect(b.cluster.status().unowned).toBe(0), PATIENCE);
  // Whoever begins to listen hears what comes from then on.
  let count = 0;
  await vi.waitFor(() => {
    if (a.told.length === count) {
      fleet.reregisters('gm1');
      count += 1;
    }
    expect(heard.length).toBeGreaterThan(0);
  }, PATIENCE);
  expect(b.told).toEqual([]);
});

test.concurrent('an agent that is not alone stops polling when the database is gone for longer than the lease, and nothing is lost', async () => {
  await using own = await startPostgres();
  const [address, fleet] = [own.address(), new Fleet()];
  const devices = gms({ gm1: undefined });
  await using a = await join('a', { address, fleet, devices });
  await vi.waitFor(() => expect(a.agent.readModel.device('gm1')?.result).toBe('ok'), PATIENCE);
  await vi.waitFor(async () => expect((await a.store.loadStates()).devices.size).toBe(1), PATIENCE);
  await using b = await join('b', { address, fleet, devices });
  await vi.waitFor(() => expect(a.cluster.status().agents).toBe(2), PATIENCE);
  await own.stop('immediate');
  await vi.waitFor(() => expect(a.owned()).toEqual([]), PATIENCE);
  await vi.waitFor(() => expect([...a.agent.readModel.devices()]).toEqual([]), PATIENCE);
  fleet.reregisters('gm1');
  await own.start();
  await vi.waitFor(() => expect(typesOf([...a.told, ...b.told])).toEqual(['reregistration gm1']), PATIENCE);
});

test.concurrent('an agent that is alone polls on without its database, and keeps what it found when that is back', async () => {
  await using own = await startPostgres();
  const [address, fleet] = [own.address(), new Fleet()];
  await using a = await join('a', { address, fleet, devices: gms({ gm1: undefined }) });
  await vi.waitFor(async () => expect((await a.store.loadStates()).devices.size).toBe(1), PATIENCE);
  await vi.waitFor(() => expect(a.cluster.status().agents).toBe(1), PATIENCE);
  await own.stop('immediate');
  await vi.waitFor(() => expect(a.cluster.status().leaseAgeMs).toBeGreaterThan(TIMES.leaseMs), PATIENCE);
  fleet.reregisters('gm1');
  expect(a.owned()).toEqual(['default']);
  await own.start();
  await vi.waitFor(() => expect(typesOf(a.told)).toEqual(['reregistration gm1']), PATIENCE);
});

test.concurrent('no agent polls while tables are missing, and the agents say so; when they are back, all go on', async () => {
  const [address, fleet] = [await server.database(), new Fleet()];
  const devices = gms({ gm1: undefined });
  const times = { ...TIMES, aloneMs: 0, leaseMs: 2_000, fenceAfterMs: 1_500 };
  await using a = await join('a', { address, fleet, devices, times });
  await vi.waitFor(() => expect(a.agent.readModel.device('gm1')?.result).toBe('ok'), PATIENCE);
  await server.sql('ALTER TABLE agents RENAME TO elsewhere', address.database);
  await vi.waitFor(() => expect(a.cluster.outcast()).toBe(true), PATIENCE);
  expect(a.owned()).toEqual([]);
  expect(a.cluster.status()).toMatchObject({ unowned: 1 });
  await server.sql('ALTER TABLE elsewhere RENAME TO agents', address.database);
  await vi.waitFor(() => expect(a.owned()).toEqual(['default']), PATIENCE);
  expect(a.cluster.outcast()).toBe(false);
  fleet.reregisters('gm1');
  await vi.waitFor(() => expect(typesOf(a.told)).toEqual(['reregistration gm1']), PATIENCE);
});
