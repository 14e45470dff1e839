import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { RenewableSecret } from '../../src/config/secret-origin.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { ToldTime } from '../../src/kernel/following-clock.ts';
import { UserError } from '../../src/kernel/user-error.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { commitSql, commitValues, FENCE } from '../../src/store/postgres/commit-sql.ts';
import { type PostgresAddress, PostgresConnections } from '../../src/store/postgres/connections.ts';
import { FENCE_DEAD } from '../../src/store/postgres/lease-sql.ts';
import { MIGRATIONS } from '../../src/store/postgres/migrations.ts';
import { openPostgresStore, type PostgresStore } from '../../src/store/postgres/postgres-store.ts';
import type { Writer } from '../../src/store/leases.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { aBatch, anEvent, START_MS } from '../builders/event-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE, PATIENCE_WITH_PROCESSES, waitUntil } from '../builders/patience.ts';
import { rewritingWayTo } from '../builders/cuttable-way.ts';
import { freePort } from '../builders/ports.ts';
import { eventStoreContract } from './event-store-contract.ts';
import { directoryOfServer, PASSWORD, type PostgresServer, startPostgres, unprivileged } from './postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  // The stores of all runs of a property stay open until its end.
  server = await startPostgres(['max_connections=200']);
});
afterAll(() => server[Symbol.asyncDispose]());

const LEASE_MS = 20_000;
const everything = { limit: 1000, order: 'oldest_first' } as const;
const TIMES = { connectMs: 2000, statementMs: 2000 };

async function open(
  address: PostgresAddress,
  writer: 'unfenced' | (() => Writer) = 'unfenced',
  retentionMs = 3_600_000,
): Promise<PostgresStore> {
  const logger = new MemoryLogger();
  const store = await openPostgresStore({ address, clock: new FakeClock(), logger, retentionMs, writer, times: TIMES });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

/** An agent that knows which cells it got, and when. */
function anAgent(id: string = randomUUID()) {
  const terms = new Map<string, number>();
  return {
    id,
    terms,
    writer: (): Writer => ({ agent: id, terms }),
    async takes({ leases }: PostgresStore, ...cells: readonly string[]): Promise<readonly string[]> {
      const got = await leases.take(id, cells);
      for (const [cell, term] of got) terms.set(cell, term);
      return [...got.keys()];
    },
  };
}

/** A store whose agent is live and owns the cells. */
async function owning(address: PostgresAddress, ...cells: readonly string[]) {
  const agent = anAgent();
  const store = await open(address, agent.writer);
  await store.leases.join({ id: agent.id, name: 'a', url: '', version: '1', process: '' }, LEASE_MS);
  await store.leases.announce(agent.id, { weights: new Map(cells.map((cell) => [cell, 1])), digest: 'd' });
  await agent.takes(store, ...cells);
  return { ...agent, store };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

/** The databases of one contract are emptied, not made anew, and for the runs of a property the store stays open. */
function contractOn(addressOf: () => PostgresAddress, database: string, drawn: { everyCase?: number } = {}): void {
  const stored = ['events', 'incidents', 'event_counts', 'device_states', 'fleet_states', 'group_member_states'];
  // Few rows each: to make the files of tables and indexes anew, as TRUNCATE does, takes longer.
  const emptied = (tables: readonly string[]) => tables.map((table) => `DELETE FROM ${table}`).join(';');
  // A session of its own for each time took the server as much as the store's.
  let operator: PostgresConnections | null = null;
  afterAll(() => operator?.[Symbol.asyncDispose]());
  const empty = async () => void (await operator?.use((session) => session.run(emptied(stored))));
  eventStoreContract(
    async ({ retentionMs }) => {
      if (operator === null) {
        await server.sql(`CREATE DATABASE ${database}`);
        operator = new PostgresConnections(server.address(database), TIMES);
      }
      const agent = anAgent();
      const { id } = agent;
      const store = await openPostgresStore({
        address: { ...addressOf(), database },
        clock: new FakeClock(),
        logger: new MemoryLogger(),
        retentionMs,
        writer: agent.writer,
      });
      await operator.use((session) => session.run(emptied([...stored, 'cells', 'agents'])));
      await store.leases.join({ id, name: 'a', url: '', version: '1', process: '' }, LEASE_MS);
      const cells = ['default', 'acme'];
      await store.leases.announce(id, { weights: new Map(cells.map((cell) => [cell, 1])), digest: 'd' });
      await agent.takes(store, ...cells);
      return store;
    },
    { ...drawn, empty },
  );
}

describe('the store on PostgreSQL', () => {
  contractOn(() => server.address(), 'contract');
});

describe('the store on PostgreSQL behind PgBouncer in transaction mode', () => {
  let port = 0;
  const ended = new AbortController();
  beforeAll(async () => {
    port = await freePort();
    const directory = directoryOfServer();
    const file = join(directory, 'pgbouncer.ini');
    writeFileSync(join(directory, 'users'), `"gdoi" "${PASSWORD}"\n`, { mode: 0o644 });
    writeFileSync(
      file,
      `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = scram-sha-256
auth_file = ${join(directory, 'users')}
pool_mode = transaction
default_pool_size = 2
unix_socket_dir =
`,
      { mode: 0o644 },
    );
    const bouncer = spawn('/usr/sbin/pgbouncer', [file], { ...unprivileged(), stdio: 'ignore', signal: ended.signal });
    bouncer.on('error', () => undefined);
    const probe = new PostgresConnections(addressOfBouncer(), TIMES);
    await waitUntil('pgbouncer answers', async () => {
      if (bouncer.exitCode !== null) throw new Error('pgbouncer ended');
      return (await failureOf(probe.use((session) => session.run('SELECT 1')))) === null;
    });
    await probe[Symbol.asyncDispose]();
  });
  afterAll(() => ended.abort());
  const addressOfBouncer = () => ({ ...server.address(), hosts: [{ host: '127.0.0.1', port }] });

  // The statements are those above with whatever they hold: here it matters to which session each of them comes.
  contractOn(addressOfBouncer, 'bounced', { everyCase: 5 });
});

describe('the fence', () => {
  it('stores what is of the own cells, ignores the rest, and does not send it out', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'north');
    const b = await owning(address, 'south');
    const events = [anEvent({ id: 'n', cell: 'north' }), anEvent({ id: 's', cell: 'south' })];
    expect(await a.store.commit(aBatch({ events }))).toEqual([events[0]]);
    expect(a.store.fencedWrites).toBe(1);
    expect(await a.store.commit(aBatch({ events }))).toEqual([]);
    expect(await b.store.commit(aBatch({ events }))).toEqual([events[1]]);
    expect((await a.store.query(everything)).events).toEqual(events);
  });

  it('keeps nothing of an agent that was taken over from, and its lease is over for ever', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    await server.sql(`UPDATE agents SET expires_at = clock_timestamp() - interval '1 s'`, address.database);
    const b = await owning(address, 'default');
    expect(await b.store.leases.fenceDead()).toEqual(['default']);
    expect(await b.takes(b.store, 'default')).toEqual(['default']);
    expect(await a.store.leases.renew(a.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 0 })).toBeNull();
    expect(
      await a.store.commit(aBatch({ events: [anEvent({ id: 'late' })], deviceStates: new Map([['gm1', 1]]) })),
    ).toEqual([]);
    expect(await a.takes(a.store, 'default')).toEqual([]);
    expect((await b.store.loadStates()).devices.size).toBe(0);
    expect((await b.store.leases.view()).cells).toEqual([
      { cell: 'default', agent: b.id, term: 3, weight: 1, wantedBy: null },
    ]);
  });

  /**
   * An agent is paused in the middle of a takeover of its cell: its write was sent before, and is let run when the
   * takeover has changed the row and not yet committed. What stands in the end: the late event, or nothing.
   */
  async function lateWrite(fence: string): Promise<readonly unknown[]> {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    await server.sql(`UPDATE agents SET expires_at = clock_timestamp() - interval '1 s'`, address.database);
    const connections = new PostgresConnections(address, TIMES);
    onTestFinished(() => connections[Symbol.asyncDispose]());
    const values = commitValues(aBatch({ events: [anEvent({ id: 'late' })] }), randomUUID());
    const write = connections.transaction(async (takeover) => {
      await takeover.run(FENCE_DEAD);
      const late = connections.use((session) => session.run(commitSql(fence), [a.id, ...values, 1, [1]]));
      // It ends at once where it does not wait for the takeover; else the database says that it waits.
      const waits = async () =>
        (await server.sql('SELECT FROM pg_locks WHERE NOT granted', address.database)).length > 0;
      const ended = new AbortController();
      const end = late.finally(() => ended.abort());
      while (!ended.signal.aborted && !(await waits()));
      return { end };
    });
    await (await write).end;
    return server.sql('SELECT id FROM events', address.database);
  }

  it('makes a write wait for a takeover under way, and then finds the cell another’s', async () => {
    expect(await lateWrite(FENCE)).toEqual([]);
  });

  it('would let the write through with a plain look at the row: the test above can fail', async () => {
    const mutated = FENCE.replace(' ORDER BY cells.cell FOR NO KEY UPDATE OF cells', '');
    expect(mutated).not.toBe(FENCE);
    expect(await lateWrite(mutated)).toEqual([{ id: 'late' }]);
  });
});

describe('an agent that may be alone', () => {
  const lapsed = async (address: PostgresAddress) =>
    server.sql(`UPDATE agents SET expires_at = clock_timestamp() - interval '1 s'`, address.database);

  it('is not taken over from when its lease is over, until that time is over too', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    expect(await a.store.leases.renew(a.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 60_000 })).toBe(0);
    const b = await owning(address);
    await lapsed(address);
    expect(await b.store.leases.fenceDead()).toEqual([]);
    await server.sql(`UPDATE agents SET expires_at = expires_at - interval '61 s'`, address.database);
    expect(await b.store.leases.fenceDead()).toEqual(['default']);
  });

  it('hears of another one with its next renewal, and gives the time up by the one after it', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    await a.store.leases.renew(a.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 60_000 });
    const b = await owning(address);
    expect(await a.store.leases.renew(a.id, { number: 2, leaseMs: LEASE_MS, aloneMs: 60_000 })).toBe(1);
    await a.store.leases.renew(a.id, { number: 3, leaseMs: LEASE_MS, aloneMs: 0 });
    await lapsed(address);
    expect(await b.store.leases.fenceDead()).toEqual(['default']);
  });

  it('keeps its time if an older message that gives it up arrives after a later one', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    await a.store.leases.renew(a.id, { number: 2, leaseMs: LEASE_MS, aloneMs: 60_000 });
    await a.store.leases.renew(a.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 0 });
    await lapsed(address);
    const b = await owning(address);
    expect(await b.store.leases.fenceDead()).toEqual([]);
  });

  it('is not waited for if its process is known to be gone', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    await a.store.leases.renew(a.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 60_000 });
    const b = await owning(address);
    await b.store.leases.bury(a.id);
    expect(await b.takes(b.store, 'default')).toEqual(['default']);
    expect(await a.store.leases.renew(a.id, { number: 2, leaseMs: LEASE_MS, aloneMs: 0 })).toBeNull();
  });
});

describe('a batch that arrives after a later one of its agent', () => {
  it('puts no older state over the later one', async () => {
    const address = await server.emptied();
    const { id } = await owning(address, 'default');
    const connections = new PostgresConnections(address, TIMES);
    onTestFinished(() => connections[Symbol.asyncDispose]());
    const write = (number: number, state: number) =>
      connections.use((session) =>
        session.run(commitSql(FENCE), [
          id,
          ...commitValues(aBatch({ deviceStates: new Map([['gm1', state]]) }), randomUUID()),
          number,
          [1],
        ]),
      );
    await write(2, 22);
    expect(await write(1, 11)).toEqual([{ kept: [], fresh: [] }]);
    expect(await write(2, 22)).toEqual([{ kept: [], fresh: [] }]);
    await expect(server.sql('SELECT state FROM device_states', address.database)).resolves.toEqual([
      { state: expect.stringMatching(/ 22$/) },
    ]);
    expect(await write(3, 33)).toEqual([{ kept: ['default'], fresh: [] }]);
  });

  it('is ignored if the cell went to another agent meanwhile and came back', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    const b = await owning(address);
    const kept = aBatch({ events: [anEvent({ id: 'of b' })], deviceStates: new Map([['gm1', 2]]) });
    const late = aBatch({ events: [anEvent({ id: 'late' })], deviceStates: new Map([['gm1', 1]]) });
    const sentEarlier = new Map(a.terms);
    await a.store.leases.release(a.id, ['default']);
    await b.takes(b.store, 'default');
    await b.store.commit(kept);
    await b.store.leases.release(b.id, ['default']);
    const sentNow = await a.store.leases.take(a.id, ['default']);
    a.terms.clear();
    for (const [cell, term] of sentEarlier) a.terms.set(cell, term);
    expect(await a.store.commit(late)).toEqual([]);
    expect(a.store.fencedWrites).toBe(1);
    expect((await a.store.loadStates()).devices.get('gm1')).toBe(2);
    for (const [cell, term] of sentNow) a.terms.set(cell, term);
    expect(await a.store.commit(late)).toEqual(late.events);
  });

  it('counts from the start for another agent', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    for (const at of [1, 2, 3]) await a.store.commit(aBatch({ deviceStates: new Map([['gm1', at]]) }));
    await a.store.leases.leave(a.id);
    const b = await owning(address, 'default');
    await b.store.commit(aBatch({ deviceStates: new Map([['gm1', 44]]) }));
    expect((await b.store.loadStates()).devices.get('gm1')).toBe(44);
  });
});

describe('a batch whose answer was lost', () => {
  it('comes again, and its events go out once, then', async () => {
    const address = await server.emptied();
    const { store } = await owning(address, 'default');
    const batch = aBatch({ events: [anEvent({ id: 'a' })] });
    // The row's commit waits until the statement has timed out for the writer.
    const locker = new PostgresConnections(address, { connectMs: 2000, statementMs: 20_000 });
    onTestFinished(() => locker[Symbol.asyncDispose]());
    await locker.transaction(async (session) => {
      await session.run('LOCK TABLE event_counts IN ACCESS EXCLUSIVE MODE');
      await expect(store.commit(batch)).rejects.toThrow(StoreError);
    });
    await expect.poll(async () => (await store.query(everything)).events, PATIENCE).not.toEqual([]);
    expect(await store.commit(batch)).toEqual(batch.events);
    expect(await store.commit(batch)).toEqual([]);
    expect((await store.counts()).map(({ count }) => count)).toEqual([1]);
  });
});

describe('a damaged row', () => {
  it('costs itself: the others come, and pages go on after it', async () => {
    const address = await server.emptied();
    const { store } = await owning(address, 'default');
    const events = ['a', 'b', 'c'].map((id, index) => anEvent({ id, atMs: START_MS + index }));
    await store.commit(aBatch({ events, deviceStates: new Map([['gm1', 1]]) }));
    await server.sql(`UPDATE events SET evidence = '["' WHERE id = 'b'`, address.database);
    await server.sql(`UPDATE device_states SET state = 'nonsense'`, address.database);
    expect((await store.query(everything)).events.map(({ id }) => id)).toEqual(['a', 'c']);
    const first = await store.query({ limit: 2, order: 'oldest_first' });
    const second = await store.query({ limit: 2, order: 'oldest_first', cursor: first.nextCursor ?? '' });
    expect([...first.events, ...second.events].map(({ id }) => id)).toEqual(['a', 'c']);
    expect((await store.loadStates()).devices.size).toBe(0);
    expect(store.damaged).toBe(3);
  });
});

describe('events of other agents', () => {
  it('come in the order in which they became visible; what commits late is not passed over', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'north');
    const b = await owning(address, 'south', 'west');
    expect(await a.store.others()).toEqual([]);
    const slow = new PostgresConnections(address, TIMES);
    onTestFinished(() => slow[Symbol.asyncDispose]());
    const north = commitValues(
      aBatch({ events: [anEvent({ id: 'slow', type: 'reload', cell: 'south' })] }),
      randomUUID(),
    );
    await slow.transaction(async (session) => {
      await session.run(commitSql(FENCE), [b.id, ...north, 1, [1]]);
      await b.store.commit(aBatch({ events: [anEvent({ id: 'quick', cell: 'west' })] }));
      expect(await a.store.others()).toEqual([]);
    });
    await a.store.commit(aBatch({ events: [anEvent({ id: 'own', cell: 'north' })] }));
    const ids: string[] = [];
    while (ids.length < 2) ids.push(...(await a.store.others()).map(({ id }) => id));
    expect(ids).toEqual(['slow', 'quick']);
  });
});

describe('the time of the server', () => {
  it('is reported when the store is open, and with each renewal of a lease', async () => {
    const told: ToldTime[] = [];
    const clock = createSystemClock();
    const address = await server.emptied();
    await using store = await openPostgresStore({
      address,
      clock,
      logger: new MemoryLogger(),
      writer: YOUNG.writer,
      hearTime: (time) => told.push(time),
    });
    expect(told).toHaveLength(1);
    await store.leases.join({ id: YOUNG.id, name: 'a', url: '', version: '1', process: '' }, LEASE_MS);
    await store.leases.renew(YOUNG.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 0 });
    expect(told).toHaveLength(2);
    // Server and test are on one machine: what it showed lies between the question and the answer.
    const aheadMs = clock.wallMs() - clock.monoMs();
    for (const { atMs, askedMonoMs, answeredMonoMs } of told) {
      expect(atMs).toBeGreaterThan(askedMonoMs + aheadMs - 1_000);
      expect(atMs).toBeLessThan(answeredMonoMs + aheadMs + 1_000);
    }
  });
});

describe('opening', () => {
  const PLACE = (address: PostgresAddress) =>
    `store postgres://gdoi@127.0.0.1:${address.hosts[0]?.port}/${address.database}: `;

  it('takes the steps of the schema once, however many agents start at once', async () => {
    const address = await server.emptied();
    await Promise.all(Array.from({ length: 6 }, () => open(address)));
    expect(await server.sql('SELECT version FROM gdoiwatch_schema', address.database)).toEqual(
      MIGRATIONS.map((_step, index) => ({ version: index + 1 })),
    );
  });

  it('has steps that are never edited once released', () => {
    const checksums = MIGRATIONS.map((sql) => createHash('sha256').update(sql).digest('hex').slice(0, 16));
    expect(checksums).toEqual([
      '817bbfcc2f088def',
      'd40614d554146661',
      '4c6c89f794ed24f1',
      'a08208d6f20bbbb9',
      'df4f1175f9f71f06',
    ]);
  });

  const told = async (address: PostgresAddress) => {
    const failure = await failureOf(open(address));
    if (!(failure instanceof UserError)) throw new Error('no UserError', { cause: failure });
    return { code: failure.code, message: failure.message };
  };

  it('reports a wrong password in one line, without its value', async () => {
    const address = { ...server.address(), password: new Secret('wr0ng') };
    expect(await told(address)).toEqual({
      code: 'store_refused',
      message: `${PLACE(address)}the user or password is refused: see store.password_file, and pg_hba.conf of the server`,
    });
  });

  it('reports a missing server, and a missing database', async () => {
    const nowhere = { ...server.address(), hosts: [{ host: '127.0.0.1', port: await freePort() }] };
    expect(await told(nowhere)).toEqual({
      code: 'store_unreachable',
      message: expect.stringMatching(
        /^store postgres:.*: cannot be written now \(connect ECONNREFUSED .*\): is the server up/,
      ),
    });
    const address = server.address('nobody_made_it');
    expect(await told(address)).toMatchObject({
      code: 'store_unreachable',
      message: `${PLACE(address)}there is no such database: create it (CREATE DATABASE), owned by the user`,
    });
  });

  it('refuses a database of another program, and one that a newer gdoiwatch wrote', async () => {
    const foreign = await server.emptied();
    await server.sql('CREATE TABLE events (id int)', foreign.database);
    expect(await told(foreign)).toEqual({
      code: 'store_foreign',
      message: `${PLACE(foreign)}a database of another program: name an empty one, or give the user a schema of its own`,
    });
    const newer = await server.emptied();
    await open(newer);
    await server.sql('INSERT INTO gdoiwatch_schema VALUES (99, now())', newer.database);
    expect(await told(newer)).toMatchObject({
      code: 'store_newer',
      message: `${PLACE(newer)}written by a newer gdoiwatch (schema 99, this one knows ${MIGRATIONS.length}): run that version, or name another database`,
    });
  });

  it('refuses a PostgreSQL that is too old, in one line', async () => {
    // Of the installed server, asked in a way that makes its version a third smaller.
    await using old = await rewritingWayTo(server.port, '/ 10000', '/ 15000');
    const address = { ...server.address(), hosts: [{ host: '127.0.0.1', port: old.port }] };
    const { code, message } = await told(address);
    expect(code).toBe('store_unsuitable');
    expect(message).toMatch(/^store postgres:\S+: PostgreSQL 1[0-2] is too old: it needs 13 or newer$/);
  });

  it('refuses a user that may create nothing', async () => {
    const address = await server.database();
    await server.sql(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`, address.database);
    expect(await told({ ...address, user: 'reader' })).toMatchObject({ code: 'store_refused' });
  });

  it('refuses a server that cannot be written', async () => {
    const address = await server.database();
    await server.sql(`ALTER DATABASE ${address.database} SET default_transaction_read_only = on`);
    expect(await told(address)).toMatchObject({
      code: 'store_unreachable',
      message: expect.stringMatching(/no server of it can be written/),
    });
  });
});

describe('leases beside a connection that holds rows and says nothing more', () => {
  /** As an agent whose machine is gone: the server does not know yet. */
  async function holding(address: PostgresAddress, sql: string) {
    const connections = new PostgresConnections(address, TIMES);
    const held = connections.use(async (session) => {
      await session.run('BEGIN');
      await session.run(sql);
      holds();
      await released;
      await session.run('ROLLBACK');
    });
    let holds = (): void => undefined;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await new Promise<void>((resolve) => (holds = resolve));
    onTestFinished(async () => {
      release();
      await held;
      await connections[Symbol.asyncDispose]();
    });
  }

  it('announces the cells all the same: those that are new, and the weights of the others', async () => {
    const address = await server.emptied();
    const { id, store } = await owning(address, 'north', 'south');
    await holding(address, `UPDATE cells SET agent = NULL WHERE cell = 'north'`);
    const weights = new Map([
      ['north', 5],
      ['south', 6],
      ['west', 7],
    ]);
    await store.leases.announce(id, { weights, digest: 'new' });
    expect((await store.leases.view()).agents).toMatchObject([{ inventory: 'new' }]);
    const { cells } = await store.leases.view();
    expect(cells.map(({ cell, weight }) => [cell, weight])).toEqual([
      ['north', 1],
      ['south', 6],
      ['west', 7],
    ]);
  });

  it('ends the transaction of an agent that is gone', async () => {
    const connections = new PostgresConnections(await server.emptied(), { ...TIMES, statementMs: 300 });
    onTestFinished(() => connections[Symbol.asyncDispose]());
    const failure = await failureOf(
      connections.transaction(async (session) => {
        const [own] = await session.run('SELECT pg_backend_pid() AS pid');
        const alive = `SELECT FROM pg_stat_activity WHERE pid = ${String(own?.['pid'])}`;
        await expect.poll(() => server.sql(alive), PATIENCE_WITH_PROCESSES).toEqual([]);
        await session.run('SELECT 1');
      }),
    );
    expect(failure).toBeInstanceOf(StoreError);
  });

  it('forgets an agent that asked for a cell and is gone', async () => {
    const address = await server.emptied();
    const a = await owning(address, 'default');
    const b = await owning(address);
    await b.store.leases.want(b.id, 'default');
    expect((await a.store.leases.view()).cells).toMatchObject([{ agent: a.id, wantedBy: b.id }]);
    await b.store.leases.leave(b.id);
    await a.store.leases.fenceDead();
    expect((await a.store.leases.view()).cells).toMatchObject([{ agent: a.id, wantedBy: null }]);
  });
});

describe('beside an agent of an older schema', () => {
  /** Before inventories, which are noted with each agent. */
  const before = MIGRATIONS.slice(0, 3);
  const stored = (id: string, evidence: readonly string[]) =>
    `INSERT INTO events (id, cell, cell_shown, writer, at_ms, from_ms, to_ms, type, device, severity, summary, evidence, action)
     VALUES ('${id}', 'default', false, gen_random_uuid(), ${START_MS}, ${START_MS}, ${START_MS}, 'reload', 'gm1', 'info', '', '${JSON.stringify(evidence)}', '')`;

  async function older(address: PostgresAddress) {
    const agent = anAgent();
    const { id } = agent;
    const clock = new FakeClock();
    const around = { address, clock, logger: new MemoryLogger(), times: TIMES, migrations: before };
    const store = await openPostgresStore({ ...around, writer: agent.writer });
    onTestFinished(() => store[Symbol.asyncDispose]());
    await store.leases.join({ id, name: 'older', url: '', version: '0', process: '' }, LEASE_MS);
    await server.sql(`INSERT INTO cells (cell, weight) VALUES ('default', 1)`, address.database);
    await agent.takes(store, 'default');
    return { id, store };
  }

  it('the newer one updates the schema, and the older one goes on polling and storing, and gets the events of the other', async () => {
    const address = await server.emptied();
    const old = await older(address);
    await server.sql(stored('a', ['uptime 5 minutes']), address.database);
    await server.sql(stored('p', ['planned: maintenance until 2026-01-01T00:00:00Z']), address.database);
    const young = await open(address, YOUNG.writer);
    const { events } = await young.query({ limit: 9, order: 'oldest_first' });
    expect(new Map(events.map(({ id, planned }) => [id, planned]))).toEqual(
      new Map([
        ['a', undefined],
        ['p', true],
      ]),
    );
    expect(await server.sql('SELECT max(version) AS version FROM gdoiwatch_schema', address.database)).toEqual([
      { version: MIGRATIONS.length },
    ]);
    await young.leases.join({ id: YOUNG.id, name: 'newer', url: '', version: '1', process: '' }, LEASE_MS);
    expect(await old.store.leases.renew(old.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 0 })).toBe(1);
    const kept = await old.store.commit(
      aBatch({ events: [anEvent({ id: 'b' })], deviceStates: new Map([['gm1', { boot: 2 }]]) }),
    );
    expect(kept.map(({ id }) => id)).toEqual(['b']);
    // It stops: the newer one goes on from what it left.
    await old.store.leases.leave(old.id);
    expect(await YOUNG.takes(young, 'default')).toEqual(['default']);
    expect((await young.loadStates(['default'])).devices).toEqual(new Map([['gm1', { boot: 2 }]]));
    expect(
      (await young.commit(aBatch({ events: [anEvent({ id: 'b' }), anEvent({ id: 'c' })] }))).map(({ id }) => id),
    ).toEqual(['c']);
    // A write of the older one that comes late changes nothing.
    expect(await old.store.commit(aBatch({ events: [anEvent({ id: 'd' })] }))).toEqual([]);
  });

  it('the newer one gives up if somebody reads the tables, before the lease of the older one is over', async () => {
    const address = await server.emptied();
    const old = await older(address);
    const reader = new PostgresConnections(address, { connectMs: 2_000, statementMs: 20_000 });
    onTestFinished(() => reader[Symbol.asyncDispose]());
    await reader.transaction(async (session) => {
      await session.run('SELECT FROM agents');
      const opened = failureOf(
        openPostgresStore({ address, clock: new FakeClock(), logger: new MemoryLogger(), writer: 'unfenced' }),
      );
      const waiting = `SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`;
      await expect.poll(() => server.sql(waiting, address.database), PATIENCE).not.toEqual([]);
      // Behind the newer one, for less than the time of its statement.
      expect(await old.store.leases.renew(old.id, { number: 1, leaseMs: LEASE_MS, aloneMs: 0 })).toBe(0);
      expect(await opened).toMatchObject({ code: 'store_unreachable', message: expect.stringMatching(/lock timeout/) });
    });
    await open(address);
  });

  it('the older one does not start again: it says which version it needs', async () => {
    const address = await server.emptied();
    await open(address);
    const failure = await failureOf(older(address));
    expect(failure).toMatchObject({ code: 'store_newer' });
  });
});

const YOUNG = anAgent();

describe('a server in trouble', () => {
  it('that restarts is an error of the store for as long, and then goes on', async () => {
    await using own = await startPostgres();
    const { store } = await owning(own.address(), 'default');
    const batch = aBatch({ events: [anEvent({ id: 'a' })] });
    await own.stop('immediate');
    await expect(store.commit(batch)).rejects.toThrow(StoreError);
    await own.start();
    expect(await store.commit(batch)).toEqual(batch.events);
  });

  it('that answers nothing is an error after the time of a statement, and its connection is not used again', async () => {
    await using own = await startPostgres();
    const { store } = await owning(own.address(), 'default');
    const batch = aBatch({ events: [anEvent({ id: 'a' })] });
    own.signal('SIGSTOP');
    await expect(store.commit(batch)).rejects.toMatchObject({ name: 'StoreError', kind: 'io' });
    own.signal('SIGCONT');
    expect(await store.commit(batch)).toEqual(batch.events);
  });

  it('that hands over to its standby is followed there: of several hosts the writable one is used', async () => {
    await using first = await startPostgres(['wal_level=replica', 'max_wal_senders=4', 'hot_standby=on']);
    const { hosts } = first.address();
    await using second = await startPostgres([], first);
    const address = { ...first.address(), hosts: [...second.address().hosts, ...hosts] };
    const { store } = await owning(address, 'default');
    await store.commit(aBatch({ events: [anEvent({ id: 'before' })] }));
    // Until then it has no such table, or no row in it.
    await expect.poll(() => second.sql('SELECT FROM events').catch(() => []), PATIENCE).toHaveLength(1);
    await first.stop('immediate');
    await second.sql('SELECT pg_promote()');
    const batch = aBatch({ events: [anEvent({ id: 'after' })] });
    await expect.poll(() => failureOf(store.commit(batch)), PATIENCE).toBeNull();
    expect((await store.query(everything)).events.map(({ id }) => id)).toEqual(['after', 'before']);
  });
});

describe('a password that changes where it is kept', () => {
  it('is used at the next connection', async () => {
    await server.sql(`CREATE ROLE rotating LOGIN SUPERUSER PASSWORD 'before'`);
    let file = 'before';
    const password = new RenewableSecret(file, {
      read: async () => ({ kind: 'right', value: file }),
      renewal: 'each login',
      clock: new FakeClock(),
      report: () => undefined,
    }).latest;
    const store = await open({ ...(await server.database()), user: 'rotating', password });
    expect(await store.counts()).toEqual([]);
    await server.sql(`ALTER ROLE rotating PASSWORD 'after'`);
    file = 'after';
    await server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotating'`);
    await expect.poll(() => store.counts().catch(String), PATIENCE).toEqual([]);
  });
});
