/**
 * A batch of 1,000 new events and 1,000 device states in one transaction, against bare libsql doing the same inserts
 * into the same schema; reading a page and all states back.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import Libsql from 'libsql';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { Batch } from '../../src/store/event-store.ts';
import { eventRow, INSERT_EVENT } from '../../src/store/sqlite/event-sql.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { putState } from '../../src/store/sqlite/state-sql.ts';
import { type BenchRow, median } from './bench-row.ts';

const BATCH = 1_000;
const DEVICES = 10_000;
const ROUNDS = 40;
/** Of a state, as JSON; the budget is 4 KB at most. */
const STATE_BYTES = 2_000;

export async function benchStore(): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-bench-store-'));
  try {
    return await benchIn(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function benchIn(directory: string): Promise<BenchRow[]> {
  const silent = () => undefined;
  const store = await openSqliteStore({
    path: join(directory, 'store.db'),
    clock: createSystemClock(),
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const bare = new Libsql(join(directory, 'bare.db'));
  bare.exec('PRAGMA journal_mode = WAL');
  bare.exec('PRAGMA synchronous = NORMAL');
  bare.exec('PRAGMA cache_size = -16384');
  for (const sql of MIGRATIONS) bare.exec(sql);
  const insertEvent = bare.prepare(INSERT_EVENT);
  const insertState = bare.prepare(putState('device_states'));

  const measured: number[] = [];
  const limit: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const batch = batchOf(round);
    const rows = batch.events.map(eventRow);
    const states = Array.from(batch.deviceStates, ([name, state]) => [name, JSON.stringify(state)]);

    let started = performance.now();
    await store.commit(batch);
    measured.push(performance.now() - started);

    started = performance.now();
    bare.exec('BEGIN IMMEDIATE');
    for (const row of rows) insertEvent.run(row);
    for (const row of states) insertState.run(row);
    bare.exec('COMMIT');
    limit.push(performance.now() - started);
  }

  const pages: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    await store.query({ group: `G${round % 50}`, limit: 1_000, order: 'newest_first' });
    pages.push(performance.now() - started);
  }
  const started = performance.now();
  const loaded = (await store.loadStates()).devices.size;
  const loadMs = performance.now() - started;
  await store[Symbol.asyncDispose]();
  bare.close();
  const alone = { unit: 'ms', bare: null, ratio: null, budget: null };
  return [
    {
      name: `store: commit ${BATCH} events and ${BATCH} states`,
      unit: 'ms',
      measured: median(measured),
      bare: median(limit),
      ratio: median(measured) / median(limit),
      budget: 1.5,
    },
    { name: `store: a page of one group, ${BATCH * ROUNDS} events (no bare part)`, measured: median(pages), ...alone },
    { name: `store: load ${loaded} states (no bare part)`, measured: loadMs, ...alone },
  ];
}

function batchOf(round: number): Batch {
  const numbers = Array.from({ length: BATCH }, (_, n) => round * BATCH + n);
  const filler = 'x'.repeat(STATE_BYTES);
  return {
    events: numbers.map(eventOf),
    deviceStates: new Map(numbers.map((number) => [`gm-${number % DEVICES}`, { number, filler }])),
    fleetStates: new Map(),
  };
}

function eventOf(number: number): GdoiEvent {
  const atMs = Date.parse('2026-01-01T00:00:00Z') + number * 10;
  const device = `gm-${number % DEVICES}`;
  const group = `G${number % 50}`;
  return {
    id: `${device}/${group}/reregistration/1767225600/${number}`,
    atMs,
    betweenMs: [atMs - 30_000, atMs],
    type: 'reregistration',
    device,
    group,
    cause: number % 3 === 0 ? 'legacy_ks' : 'tek_expired',
    unexpected: number % 3 === 0,
    severity: 'warning',
    summary: `${device} registered again 100 s before its KEK expired and got the same KEK: its key server is a legacy one`,
    evidence: ['registrations 1 -> 2', 'KEK remaining 100 s at the poll before', 'KEK expiry unchanged within 2 s'],
    action: 'show crypto gdoi ks policy on the key server: compare the rekey lead with the release table',
  };
}
