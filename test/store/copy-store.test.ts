/** The memory of one store into another, both ways and again. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { groupKey } from '../../src/gdoi/seen/cell.ts';
import { copyStore } from '../../src/store/copy-store.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { aBatch, anEvent, anIncident, START_MS } from '../builders/event-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server[Symbol.asyncDispose]());

const around = () => ({ clock: new FakeClock(), logger: new MemoryLogger() });
const everything = { limit: 1000, order: 'oldest_first' } as const;

const sqlite = () => openSqliteStore({ path: join(temporaryDirectory(), 'store.db'), ...around() });
const postgres = async () => openPostgresStore({ address: await server.database(), writer: 'unfenced', ...around() });

const EVENTS = Array.from({ length: 1500 }, (_, index) =>
  anEvent({ id: `e${index}`, atMs: START_MS + index, ...(index % 2 === 0 ? { cell: 'acme' } : {}) }),
);

async function filled(store: EventStore): Promise<EventStore> {
  await store.commit(
    aBatch({
      events: EVENTS,
      incidents: [anIncident({ id: 'i' })],
      deviceStates: new Map([
        ['gm1', { boot: 1 }],
        ['gm2', { boot: 2 }],
      ]),
      fleetStates: new Map([[groupKey('acme', 'G1'), { of: 'acme' }]]),
      memberStates: [{ group: groupKey('acme', 'G1'), device: 'gm1', state: { member: 1 } }],
      cellOf: (device) => (device === 'gm1' ? 'acme' : 'default'),
    }),
  );
  return store;
}

test.each([
  ['SQLite to PostgreSQL', sqlite, postgres],
  ['PostgreSQL to SQLite', postgres, sqlite],
])('%s: all of it, and nothing more when it is repeated', async (_, openFrom, openTo) => {
  await using from = await filled(await openFrom());
  await using to = await openTo();
  expect(await copyStore(from, to)).toEqual({
    events: { copied: 1500, of: 1500 },
    incidents: 1,
    devices: { copied: 2, of: 2 },
  });
  expect(await copyStore(from, to)).toMatchObject({ events: { copied: 0 }, devices: { copied: 0 } });
  expect((await to.query(everything)).events).toEqual(EVENTS.slice(0, 1000));
  expect(await to.incident('i')).toEqual(anIncident({ id: 'i' }));
  expect(await to.loadStates()).toEqual(await from.loadStates());
});

test('a device’s state arrives in the cell of its groups', async () => {
  await using from = await filled(await sqlite());
  await using to = await postgres();
  await copyStore(from, to);
  expect([...(await to.loadStates(['acme'])).devices.keys()]).toEqual(['gm1']);
  expect([...(await to.loadStates(['default'])).devices.keys()]).toEqual(['gm2']);
});

test('what the target knows better stays: a newer state, an incident that has ended', async () => {
  await using from = await filled(await sqlite());
  await using to = await postgres();
  const ended = anIncident({ id: 'i', status: 'closed', endedAtMs: START_MS + 5 });
  await to.commit(aBatch({ incidents: [ended], deviceStates: new Map([['gm2', { boot: 3 }]]) }));
  await copyStore(from, to);
  expect((await to.loadStates()).devices.get('gm2')).toEqual({ boot: 3 });
  expect(await to.incident('i')).toEqual(ended);
});
