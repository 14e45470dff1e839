import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { UserError } from '../../src/kernel/user-error.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { selectEvents } from '../../src/store/sqlite/event-sql.ts';
import { MIGRATIONS, migrate, readSchemaVersion } from '../../src/store/sqlite/migrations.ts';
import { openSqliteFile } from '../../src/store/sqlite/sqlite-file.ts';
import { openSqliteStore, openSqliteStoreReadOnly } from '../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { aBatch, anEvent, START_MS } from '../builders/event-builder.ts';
import { eventStoreContract } from './event-store-contract.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const everything = { limit: 1000, order: 'oldest_first' } as const;

async function openStore(path: string, logger = new MemoryLogger()): Promise<EventStore> {
  const store = await openSqliteStore({ path, clock: new FakeClock(), logger });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

/** SQLite without us, as an operator's shell or a damaged disk would get at the file. */
function bareSqlite(path: string): InstanceType<typeof Libsql> {
  const database = new Libsql(path);
  onTestFinished(() => void database.close());
  return database;
}

const MAY_MOUNT = process.getuid?.() === 0;

const ignoreDamage = (): void => undefined;

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('the files of the store', () => {
  const modes = (path: string) => [path, `${path}-wal`, `${path}-shm`].map((file) => statSync(file).mode & 0o777);

  it('are for their owner only, whatever the umask', async () => {
    const path = join(temporaryDirectory(), 'gdoiwatch.db');
    const umask = process.umask(0);
    try {
      await openStore(path);
    } finally {
      process.umask(umask);
    }
    expect(modes(path)).toEqual([0o600, 0o600, 0o600]);
  });

  it('are made so if an older version left them readable', async () => {
    const path = join(temporaryDirectory(), 'gdoiwatch.db');
    writeFileSync(path, '', { mode: 0o644 });
    await openStore(path);
    expect(modes(path)).toEqual([0o600, 0o600, 0o600]);
  });
});

describe('the store in a SQLite file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-store-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  let stores = 0;

  eventStoreContract(({ retentionMs }) => {
    stores += 1;
    const path = join(directory, `${stores}.db`);
    return openSqliteStore({ path, clock: new FakeClock(), logger: new MemoryLogger(), retentionMs });
  });
});

describe('a SQLite store over restarts', () => {
  it('continues where it was: events known, states there, counts going on', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const first = await openStore(path);
    await first.commit(aBatch({ events: [anEvent({ id: 'a' })], deviceStates: new Map([['gm1', { boot: 7 }]]) }));
    await first[Symbol.asyncDispose]();

    const second = await openStore(path);
    expect(await second.loadStates()).toEqual({
      devices: new Map([['gm1', { boot: 7 }]]),
      fleets: new Map(),
      members: [],
    });
    const told = await second.commit(aBatch({ events: [anEvent({ id: 'a' }), anEvent({ id: 'b' })] }));
    expect(told.map((event) => event.id)).toEqual(['b']);
    expect((await second.counts()).map((row) => row.count)).toEqual([2]);
  });

  it('is one complete file after it was closed', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    await store.commit(aBatch({ events: [anEvent({ id: 'a' })] }));
    await store[Symbol.asyncDispose]();
    const copy = `${path}.copy`;
    writeFileSync(copy, readFileSync(path));
    expect((await (await openStore(copy)).query(everything)).events).toEqual([anEvent({ id: 'a' })]);
  });

  it('leaves out a state that does not parse, with a warning, and nothing else', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const logger = new MemoryLogger();
    const store = await openStore(path, logger);
    const deviceStates = new Map(['gm1', 'gm2', 'gm3'].map((name) => [name, { name }]));
    await store.commit(aBatch({ events: [anEvent({ id: 'a' })], deviceStates }));
    const bare = bareSqlite(path);
    bare.exec(`UPDATE device_states SET state = '{"name": "gm' WHERE name = 'gm1'`);
    // Not UTF-8: read as text it would end the process inside libsql.
    bare.exec(`UPDATE device_states SET state = CAST(x'7bff' AS TEXT) WHERE name = 'gm3'`);

    expect((await store.loadStates()).devices).toEqual(new Map([['gm2', { name: 'gm2' }]]));
    expect(logger.lines('error')).toEqual(['gm1', 'gm3'].map((name) => ({ path, table: 'device_states', name })));
    expect((await store.query(everything)).events).toHaveLength(1);
  });

  it('leaves out a state that parses and is not what was stored', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const logger = new MemoryLogger();
    const store = await openStore(path, logger);
    const deviceStates = new Map(['gm1', 'gm2'].map((name) => [name, { name, count: 1 }]));
    await store.commit(aBatch({ events: [], deviceStates }));
    bareSqlite(path).exec(`UPDATE device_states SET state = replace(state, '1}', '7}') WHERE name = 'gm1'`);
    expect((await store.loadStates()).devices).toEqual(new Map([['gm2', { name: 'gm2', count: 1 }]]));
    expect(logger.messages('error')).toEqual(['stored state is damaged, dropped']);
  });

  it('takes a state without a checksum, as an older version stored it', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    await store.commit(aBatch({ events: [], deviceStates: new Map([['gm1', { name: 'gm1' }]]) }));
    bareSqlite(path).exec(`UPDATE device_states SET state = '{"name":"old"}'`);
    expect((await store.loadStates()).devices).toEqual(new Map([['gm1', { name: 'old' }]]));
  });

  it.each([
    ['its beginning', (file: Buffer) => file.fill(0xa5, 0, 64)],
    ['its first page', (file: Buffer) => file.fill(0xa5, 100, 300)],
    ['a page of its tables', (file: Buffer) => file.fill(0xa5, 4 * 4096, 5 * 4096)],
    ['its end, which was cut off,', (file: Buffer) => file.subarray(0, 8192)],
  ])('is set aside by name when %s is damaged, and an empty one begins', async (_, damage) => {
    const directory = temporaryDirectory();
    const path = join(directory, 'store.db');
    const store = await openStore(path);
    const events = Array.from({ length: 200 }, (_unused, index) => anEvent({ id: `e${index}` }));
    await store.commit(aBatch({ events, deviceStates: new Map([['gm1', { name: 'gm1' }]]) }));
    await store[Symbol.asyncDispose]();
    const damaged = Buffer.from(damage(readFileSync(path)));
    writeFileSync(path, damaged);

    const logger = new MemoryLogger();
    const next = await openStore(path, logger);
    expect((await next.query(everything)).events).toEqual([]);
    await next.commit(aBatch({ events: [anEvent({ id: 'new' })] }));
    const [aside] = readdirSync(directory).filter((name) => name.includes('.damaged-'));
    expect(readFileSync(join(directory, aside ?? '')).equals(damaged)).toBe(true);
    expect(logger.lines('error')).toEqual([{ path, aside: join(directory, aside ?? '') }]);
  });

  it('is not to be used after it was closed; closing twice is fine', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store.db'));
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await expect(store.commit(aBatch({}))).rejects.toThrow('used after it was closed');
    await expect(store.query(everything)).rejects.toThrow('used after it was closed');
  });

  it('gives the room of pruned events back to the file system', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openSqliteStore({
      path,
      clock: new FakeClock(),
      logger: new MemoryLogger(),
      retentionMs: 1000,
    });
    const events = Array.from({ length: 3000 }, (_, n) => anEvent({ id: `e${n}`, summary: 'x'.repeat(1000) }));
    await store.commit(aBatch({ events }));
    await store.prune(START_MS + 1001);
    await store[Symbol.asyncDispose]();
    expect(statSync(path).size).toBeLessThan(200_000);
  });
});

describe('reading a store without owning it', () => {
  it('sees what a running agent has committed so far', async () => {
    const path = join(temporaryDirectory(), 'store #1?.db');
    const writer = await openStore(path);
    await writer.commit(aBatch({ events: [anEvent({ id: 'a' })] }));
    const reader = await openSqliteStoreReadOnly(path, ignoreDamage);
    expect((await reader.query(everything)).events).toEqual([anEvent({ id: 'a' })]);
    await writer.commit(aBatch({ events: [anEvent({ id: 'b' })] }));
    expect((await reader.query(everything)).events).toHaveLength(2);
    expect((await reader.counts()).map((row) => row.count)).toEqual([2]);
    await reader[Symbol.asyncDispose]();
  });

  it('creates no file', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    await expect(openSqliteStoreReadOnly(path, ignoreDamage)).rejects.toThrow(
      new UserError('store_inaccessible', `store ${path}: no such file`),
    );
    expect(existsSync(path)).toBe(false);
  });

  it('does not migrate: an empty file has to be filled by an agent first', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    writeFileSync(path, '');
    await expect(openSqliteStoreReadOnly(path, ignoreDamage)).rejects.toThrow('nothing was stored in it yet');
    expect(statSync(path).size).toBe(0);
  });
});

describe('the schema', () => {
  const fileAt = (path: string) => {
    const file = openSqliteFile(path, { readOnly: false, busyTimeoutMs: 0 });
    onTestFinished(() => file.close());
    return file;
  };
  const schemaOf = (path: string) =>
    bareSqlite(path).prepare(`SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`).all();

  it('is reached from every version there ever was, with the same result', () => {
    const directory = temporaryDirectory();
    migrate(fileAt(join(directory, 'fresh.db')), START_MS);
    for (let version = 0; version < MIGRATIONS.length; version += 1) {
      const path = join(directory, `${version}.db`);
      const file = fileAt(path);
      if (version > 0) migrate(file, START_MS, MIGRATIONS.slice(0, version));
      expect(migrate(file, START_MS)).toEqual({ from: version, to: MIGRATIONS.length });
      expect(readSchemaVersion(file)).toBe(MIGRATIONS.length);
      expect(schemaOf(path)).toEqual(schemaOf(join(directory, 'fresh.db')));
    }
  });

  it('finds out of an event from before the field whether it was planned', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const file = fileAt(path);
    migrate(file, START_MS, MIGRATIONS.slice(0, 5));
    const row = `INSERT INTO events (id, at_ms, from_ms, to_ms, type, severity, summary, evidence, action)
      VALUES (?, 0, 0, 0, 'reload', 'info', '', ?, '')`;
    file.prepare(row).run(['a', JSON.stringify(['uptime 5 minutes'])]);
    file.prepare(row).run(['p', JSON.stringify(['planned: maintenance until 2026-01-01T00:00:00Z: change 4711'])]);
    const store = await openStore(path);
    const { events } = await store.query({ limit: 9, order: 'oldest_first' });
    await store[Symbol.asyncDispose]();
    expect(new Map(events.map(({ id, planned }) => [id, planned]))).toEqual(
      new Map([
        ['a', undefined],
        ['p', true],
      ]),
    );
  });

  it('has steps that are never edited once released', () => {
    const checksums = MIGRATIONS.map((sql) => createHash('sha256').update(sql).digest('hex').slice(0, 16));
    expect(checksums).toEqual([
      '92c8c77c3a0bb335',
      '920121f0efd613a6',
      '3c1dc37edcb2214f',
      '4ab6fab9249b77e6',
      '4bff462b55ced43e',
      'bd1ab6e838e9385d',
    ]);
  });

  it('goes forward in numbered steps, each once, and keeps what is there', () => {
    const file = fileAt(join(temporaryDirectory(), 'store.db'));
    const steps = ['CREATE TABLE a (n INTEGER)', 'INSERT INTO a VALUES (1)', 'ALTER TABLE a ADD COLUMN m INTEGER'];
    expect(migrate(file, START_MS, steps.slice(0, 2))).toEqual({ from: 0, to: 2 });
    expect(migrate(file, START_MS, steps)).toEqual({ from: 2, to: 3 });
    expect(migrate(file, START_MS, steps)).toEqual({ from: 3, to: 3 });
    expect(file.prepare('SELECT n, m FROM a').rows([])).toEqual([[1, null]]);
  });

  it('stays as it was when a step fails', () => {
    const file = fileAt(join(temporaryDirectory(), 'store.db'));
    migrate(file, START_MS, ['CREATE TABLE a (n INTEGER)']);
    const steps = ['CREATE TABLE a (n INTEGER)', 'CREATE TABLE b (n INTEGER)', 'CREATE TABLE b (n INTEGER)'];
    expect(() => migrate(file, START_MS, steps)).toThrow('already exists');
    expect(readSchemaVersion(file)).toBe(1);
    expect(file.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'b'`).rows([])).toEqual([[0]]);
  });

  it('of a newer gdoiwatch is refused, for reading as well', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    await store[Symbol.asyncDispose]();
    bareSqlite(path).exec(`INSERT INTO schema_version VALUES (${MIGRATIONS.length + 1}, 0)`);
    const refusal = new UserError(
      'store_newer',
      `store ${path}: written by a newer gdoiwatch (schema ${MIGRATIONS.length + 1}, this one knows ${MIGRATIONS.length}): run that version, or name another file`,
    );
    await expect(openStore(path)).rejects.toThrow(refusal);
    await expect(openSqliteStoreReadOnly(path, ignoreDamage)).rejects.toThrow(refusal);
  });

  it('finds every filter by an index and sorts at most within one instant', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    await openStore(path);
    const bare = bareSqlite(path);
    const filters = {
      events_device: { device: 'gm1', group: 'G1', type: 'reload' },
      events_group: { group: 'G1', unexpected: true },
      events_cause: { cause: 'legacy_ks', type: 'reregistration' },
      events_unexpected: { unexpected: false },
      events_type: { type: 'reload' },
      events_at: {},
    } as const;
    const positions = [null, { atMs: START_MS, id: 'a' }];
    for (const [index, filter] of Object.entries(filters)) {
      for (const after of positions) {
        for (const order of ['newest_first', 'oldest_first'] as const) {
          const { sql, parameters } = selectEvents({ ...filter, sinceMs: 1, untilMs: 2, limit: 10, order }, after);
          const plan = bare.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters);
          const steps = plan.map((row) => (row as { detail: string }).detail);
          expect(steps[0]).toMatch(new RegExp(`^SEARCH events USING INDEX ${index} \\(.*at_ms`));
          expect(steps.slice(1).join()).toMatch(/^(USE TEMP B-TREE FOR (RIGHT PART|LAST TERM) OF ORDER BY)?$/);
        }
      }
    }
  });
});

describe('a store that does not open says in one line what to do', () => {
  const lineOf = async (work: Promise<unknown>) => {
    const error = await failureOf(work);
    expect(error).toBeInstanceOf(UserError);
    return error instanceof Error ? error.message : '';
  };

  it('a directory that is not there', async () => {
    const directory = temporaryDirectory();
    expect(await lineOf(openStore(join(directory, 'none/store.db')))).toBe(
      `store ${directory}/none/store.db: ${directory}/none is no directory: create it`,
    );
  });

  it('a directory in its place', async () => {
    const directory = temporaryDirectory();
    expect(await lineOf(openStore(directory))).toBe(`store ${directory}: a directory: name a file`);
  });

  it('something that is no database', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    writeFileSync(path, 'listen: 127.0.0.1:9848\n'.repeat(100));
    const line = `store ${path}: damaged, or no SQLite database: restore it from a backup, or move it away with its -wal and -shm files to start an empty one`;
    expect(await lineOf(openStore(path))).toBe(line);
    expect(await lineOf(openSqliteStoreReadOnly(path, ignoreDamage))).toBe(line);
  });

  it.skipIf(!MAY_MOUNT && process.env['CI'] !== 'true')(
    'a file system that is read-only (needs root: mounts a tmpfs)',
    async () => {
      const mountPoint = temporaryDirectory();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'gdoiwatch-test', mountPoint]);
      onTestFinished(() => void execFileSync('umount', ['--lazy', mountPoint]));
      expect(await lineOf(openStore(join(mountPoint, 'store.db')))).toBe(
        `store ${mountPoint}/store.db: ${mountPoint} is on a read-only file system: name a file on another one, or mount it writable`,
      );
    },
  );

  it('the database of another program', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    bareSqlite(path).exec('CREATE TABLE routers (name TEXT)');
    expect(await lineOf(openStore(path))).toBe(
      `store ${path}: a SQLite database, but of another program: name another file`,
    );
  });
});

describe('a damaged row', () => {
  it('costs itself: the page has the others, and the pages go on behind it', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const logger = new MemoryLogger();
    const store = await openStore(path, logger);
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await store.commit(aBatch({ events: ids.map((id, n) => anEvent({ id, atMs: START_MS + n })) }));
    const bare = bareSqlite(path);
    bare.exec(`UPDATE events SET summary = CAST(x'ff61' AS TEXT) WHERE id = 'a'`);
    bare.exec(`UPDATE events SET evidence = '["registr' WHERE id = 'b'`);
    bare.exec(`UPDATE events SET type = 'never_heard_of' WHERE id = 'd'`);

    const found = [];
    let cursor: string | undefined;
    do {
      const page = await store.query({ limit: 1, order: 'oldest_first', cursor });
      found.push(...page.events.map(({ id, summary }) => (id === 'a' ? summary : id)));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(found).toEqual(['\ufffda', 'c', 'e']);
    expect((await store.query(everything)).events.map(({ id }) => id)).toEqual(['a', 'c', 'e']);
    expect(logger.messages('error')).toEqual([
      'a stored row is damaged, left out',
      'a stored row is damaged, left out',
    ]);
    expect(store.damaged).toBe(2);
  });

  it.each(['__proto__', 'constructor', 'toString', 'a\u0000b', `'; DROP TABLE events; --`, '%'])(
    'is no row that names a device, group, state or member %j',
    async (name) => {
      const path = join(temporaryDirectory(), 'store.db');
      const logger = new MemoryLogger();
      const first = await openStore(path, logger);
      const named = new Map([[name, { [name]: 1 }]]);
      const event = anEvent({ id: name, device: name, group: name, summary: name, evidence: [name] });
      const memberStates = [{ group: name, device: name, state: { [name]: name } }];
      await first.commit(aBatch({ events: [event], deviceStates: named, fleetStates: named, memberStates }));
      await first[Symbol.asyncDispose]();
      const store = await openStore(path, logger);
      expect((await store.query({ ...everything, device: name, group: name })).events).toEqual([event]);
      const states = await store.loadStates();
      expect([...states.devices.keys(), ...states.fleets.keys()]).toEqual([name, name]);
      expect(states.members).toMatchObject([{ group: name, device: name }]);
      expect((await store.counts()).map(({ device }) => device)).toEqual([name]);
      expect(store.damaged).toBe(0);
    },
  );
});

describe('the write-ahead log of a store whose agent was killed', () => {
  /** Its files as a kill -9 leaves them, with one event in the main file and three in the log only. */
  async function killed(): Promise<string> {
    const from = join(temporaryDirectory(), 'store.db');
    const first = await openStore(from);
    await first.commit(aBatch({ events: [anEvent({ id: 'a' })] }));
    await first[Symbol.asyncDispose]();
    const store = await openStore(from);
    for (const id of ['b', 'c', 'd']) await store.commit(aBatch({ events: [anEvent({ id })] }));
    const to = join(temporaryDirectory(), 'store.db');
    for (const suffix of ['', '-wal', '.lock']) copyFileSync(`${from}${suffix}`, `${to}${suffix}`);
    return to;
  }
  const found = async (path: string) => {
    const logger = new MemoryLogger();
    const store = await openStore(path, logger);
    const { events } = await store.query(everything);
    await store[Symbol.asyncDispose]();
    return { ids: events.map(({ id }) => id).join(''), said: logger.messages('error'), damaged: store.damaged };
  };

  it('is read back, and nothing is reported', async () => {
    expect(await found(await killed())).toEqual({ ids: 'abcd', said: [], damaged: 0 });
  });

  it.each([
    ['gone', (log: string) => rmSync(log)],
    ['emptied', (log: string) => writeFileSync(log, '')],
  ])('that is %s is missed: the history is not silently shorter', async (_, lose) => {
    const path = await killed();
    lose(`${path}-wal`);
    expect(await found(path)).toEqual({
      ids: 'a',
      said: ['the write-ahead log is missing: what was stored last is lost'],
      damaged: 1,
    });
    expect(await found(path)).toMatchObject({ said: [] });
  });

  it('that is damaged is set aside by name', async () => {
    const path = await killed();
    const log = readFileSync(`${path}-wal`);
    log.fill(0xa5, log.length / 2, log.length / 2 + 40);
    writeFileSync(`${path}-wal`, log);
    const { said, damaged } = await found(path);
    expect(said).toEqual(['the write-ahead log is damaged: what was stored last is lost']);
    expect(damaged).toBe(1);
    const [aside = ''] = readdirSync(dirname(path)).filter((name) => name.includes('.damaged-'));
    expect(readFileSync(join(dirname(path), aside)).equals(log)).toBe(true);
  });

  it('that somebody else moved into the main file is not missed', async () => {
    const path = await killed();
    const shell = new Libsql(path);
    shell.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    shell.close();
    rmSync(`${path}-wal`, { force: true });
    expect(await found(path)).toEqual({ ids: 'abcd', said: [], damaged: 0 });
  });

  it('stays in bounds, and is moved into the main file', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    const states = (round: number) => new Map([['gm1', { text: `${round}`.padEnd(500_000, 'x') }]]);
    for (let round = 0; round < 60; round += 1) await store.commit(aBatch({ deviceStates: states(round) }));
    expect(statSync(`${path}-wal`).size).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('a store that fails in operation', () => {
  const storeError = (kind: string) => expect.objectContaining({ name: 'StoreError', kind });

  it('because another process holds its lock: nothing is stored, and the batch can be tried again', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    const bare = bareSqlite(path);
    bare.exec('BEGIN IMMEDIATE');
    const batch = aBatch({ events: [anEvent({ id: 'a' })], deviceStates: new Map([['gm1', 1]]) });
    expect(await failureOf(store.commit(batch))).toEqual(storeError('locked'));
    expect((await store.query(everything)).events).toEqual([]);
    bare.exec('COMMIT');
    expect(await store.commit(batch)).toEqual(batch.events);
  });

  it('because its file was moved or deleted: nothing is stored until it is back', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    const batch = aBatch({ events: [anEvent({ id: 'a' })] });
    renameSync(path, `${path}.moved`);
    expect(await failureOf(store.commit(batch))).toEqual(storeError('io'));
    expect(await failureOf(store.notes.put('refusal', 'a', 'b'))).toEqual(storeError('io'));
    writeFileSync(path, '');
    expect(await failureOf(store.commit(batch))).toMatchObject({
      message: expect.stringMatching(/^store .*store\.db: another file is in its place: put the agent's own back/),
    });
    renameSync(`${path}.moved`, path);
    expect(await store.commit(batch)).toEqual(batch.events);
  });

  it('because its pages are damaged: an error that another attempt does not fix', async () => {
    const path = join(temporaryDirectory(), 'store.db');
    const store = await openStore(path);
    const events = Array.from({ length: 1000 }, (_, n) => anEvent({ id: `e${n}` }));
    await store.commit(aBatch({ events }));
    await store[Symbol.asyncDispose]();
    const damaged = await openSqliteStoreReadOnly(path, ignoreDamage);
    const file = openSync(path, 'r+');
    for (let page = 20; page < 100; page += 1) writeSync(file, Buffer.alloc(4096, 7), 0, 4096, page * 4096);
    closeSync(file);
    expect(await failureOf(damaged.query(everything))).toEqual(storeError('corrupt'));
  });

  it.skipIf(!MAY_MOUNT && process.env['CI'] !== 'true')(
    'because its disk is full: nothing of the batch is kept, and it goes on when there is room again (needs root: mounts a tmpfs)',
    async () => {
      const mountPoint = join(temporaryDirectory(), 'small');
      mkdirSync(mountPoint);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'gdoiwatch-test', mountPoint]);
      onTestFinished(() => void execFileSync('umount', ['--lazy', mountPoint]));
      const ballast = join(mountPoint, 'ballast');
      writeFileSync(ballast, Buffer.alloc(1_000_000));

      const store = await openStore(join(mountPoint, 'store.db'));
      const batchOf = (number: number) =>
        aBatch({
          events: Array.from({ length: 20 }, (_, n) => anEvent({ id: `${number}/${n}`, summary: 'x'.repeat(1000) })),
          deviceStates: new Map([['gm1', number]]),
        });
      let number = 0;
      let failure: unknown = null;
      while (failure === null && number < 1000) {
        number += 1;
        failure = await failureOf(store.commit(batchOf(number)));
      }
      expect(failure).toEqual(storeError('full'));
      const kept = async () => [
        (await store.query(everything)).events.length,
        (await store.loadStates()).devices.get('gm1'),
        (await store.counts())[0]?.count,
      ];
      expect(number).toBeGreaterThan(1);
      expect(await kept()).toEqual([(number - 1) * 20, number - 1, (number - 1) * 20]);
      expect(await failureOf(store.commit(batchOf(number)))).toBeInstanceOf(StoreError);
      rmSync(ballast);
      expect(await store.commit(batchOf(number))).toHaveLength(20);
      expect(await kept()).toEqual([number * 20, number, number * 20]);
    },
  );
});
