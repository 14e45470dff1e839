/**
 * `npm run bench:shared-store`: what keeping a poll costs on PostgreSQL and on SQLite, and what the fence costs:
 * batches as an agent of 2,000 devices makes them, seven polls each, alternately into each store. CPU of this process
 * and, for PostgreSQL, of the server's processes.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { Batch, EventStore } from '../../src/store/event-store.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { startPostgres } from '../store/postgres-server.ts';
import { median } from './bench-row.ts';
import { cpuMsOfAll } from './process-cpu.ts';

const DEVICES = 2_000;
/** 2,000 devices a minute, gathered for 200 ms. */
const POLLS_A_BATCH = 7;
const ROUNDS = 4;
const BATCHES_A_ROUND = 300;
/** Of a device's state and of its part in a group, as JSON. */
const STATE_BYTES = 1_500;

const silent = () => undefined;
const clock = createSystemClock();
const around = { clock, logger: { debug: silent, info: silent, warn: silent, error: silent } };
const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-bench-shared-'));
await using server = await startPostgres();
const agent = randomUUID();
let terms: ReadonlyMap<string, number> = new Map();
const sqlite = await openSqliteStore({ path: join(directory, 'store.db'), ...around });
const fenced = await openPostgresStore({
  address: await server.database(),
  writer: () => ({ agent, terms }),
  ...around,
});
const unfenced = await openPostgresStore({ address: await server.database(), writer: 'unfenced', ...around });
await fenced.leases.join({ id: agent, name: 'bench', url: '', version: '0', process: '' }, 3_600_000);
await fenced.leases.announce(agent, { weights: new Map([['default', DEVICES]]), digest: '' });
terms = await fenced.leases.take(agent, ['default']);

interface Cost {
  readonly wallMs: number[];
  agentCpuMs: number;
  serverCpuMs: number;
  polls: number;
}

const stores: readonly (readonly [string, EventStore, Cost])[] = [
  ['SQLite', sqlite, newCost()],
  ['PostgreSQL', fenced, newCost()],
  ['PostgreSQL without the fence', unfenced, newCost()],
];
let number = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [, store, cost] of stores) await measure(store, cost);
}
for (const [name, , { wallMs, agentCpuMs, serverCpuMs, polls }] of stores) {
  const [agentMs, serverMs] = [agentCpuMs / polls, serverCpuMs / polls].map((ms) => ms.toFixed(3));
  const batch = `${median(wallMs).toFixed(2)} ms a batch (median)`;
  console.log(`${name}: CPU a poll ${agentMs} ms of the agent, ${serverMs} ms of the server; ${batch}`);
}
for (const [, store] of stores) await store[Symbol.asyncDispose]();
rmSync(directory, { recursive: true, force: true });

async function measure(store: EventStore, cost: Cost): Promise<void> {
  const serverBefore = serverCpuMs();
  const before = process.cpuUsage();
  for (let batch = 0; batch < BATCHES_A_ROUND; batch += 1) {
    const started = performance.now();
    await store.commit(nextBatch());
    cost.wallMs.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  cost.agentCpuMs += (user + system) / 1000;
  cost.serverCpuMs += serverCpuMs() - serverBefore;
  cost.polls += BATCHES_A_ROUND * POLLS_A_BATCH;
}

function newCost(): Cost {
  return { wallMs: [], agentCpuMs: 0, serverCpuMs: 0, polls: 0 };
}

function nextBatch(): Batch {
  const devices = Array.from({ length: POLLS_A_BATCH }, () => `gm-${(number += 1) % DEVICES}`);
  const filler = 'x'.repeat(STATE_BYTES);
  return {
    events: [],
    deviceStates: new Map(devices.map((device) => [device, { number, filler }])),
    fleetStates: new Map(),
    memberStates: devices.map((device) => ({ group: 'G1', device, state: { number, filler } })),
  };
}

/** Of the server, the processes that it runs, and those that it ran. */
function serverCpuMs(): number {
  const pid = Number(readFileSync(join(server.directory, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  return cpuMsOfAll(pid, { ended: true });
}
