/** `store copy` from an incomplete store: one line, and the target is unchanged. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openSqliteFile } from '../../src/store/sqlite/sqlite-file.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { aBatch, anEvent } from '../builders/event-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { NAME, startSecuredPostgres } from '../store/secured-postgres.ts';
import { temporaryDirectory } from '../store/temporary-directory.ts';
import { told } from '../cli/told.ts';
import { gdoiwatch } from './gdoiwatch.ts';

const around = () => ({ clock: new FakeClock(), logger: new MemoryLogger(), retentionMs: Number.MAX_SAFE_INTEGER });
const everything = { limit: 1000, order: 'oldest_first' } as const;
const EVENTS = Array.from({ length: 400 }, (_, index) => anEvent({ id: `e${index}`, summary: 'x'.repeat(200) }));

let server: PostgresServer;
let directory = '';
/** With its history. */
let whole = '';
let passwordFile = '';
/** Of this test alone. */
const anew = (name: string) => join(temporaryDirectory(), name);

beforeAll(async () => {
  server = await startPostgres();
  directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-copy-'));
  whole = join(directory, 'whole.db');
  passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  await using store = await openSqliteStore({ path: whole, ...around() });
  await store.commit(aBatch({ events: EVENTS, deviceStates: new Map([['gm1', { boot: 1 }]]) }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** A copy of the whole store, with the lock file beside it that marks it as ours. */
function copied(name: string, change: (path: string) => void): string {
  const path = anew(name);
  copyFileSync(whole, path);
  writeFileSync(`${path}.lock`, '');
  change(path);
  return path;
}

function overwritten(path: string, from: number, bytes: Buffer): void {
  const all = readFileSync(path);
  bytes.copy(all, from);
  writeFileSync(path, all);
}

const SOURCES: Readonly<Record<string, () => string>> = {
  'a file that is not there': () => anew('nowhere.db'),
  'an empty file': () => copied('empty.db', (path) => truncateSync(path, 0)),
  'a text': () => copied('text.db', (path) => writeFileSync(path, 'no store at all\n'.repeat(500))),
  'a directory': () => temporaryDirectory(),
  'a pipe, which nobody writes to': () => {
    const path = anew('pipe.db');
    execFileSync('mkfifo', [path]);
    return path;
  },
  'a store that was cut short': () => copied('cut.db', (path) => truncateSync(path, 40_000)),
  'a store whose middle is noise': () =>
    copied('noise.db', (path) => overwritten(path, 8_192, Buffer.alloc(60_000, 0xa5))),
  'a store that begins with noise': () =>
    copied('begin.db', (path) => overwritten(path, 16, Buffer.alloc(2_000, 0x5a))),
  'a database of another program': () => {
    const path = anew('foreign.db');
    const file = openSqliteFile(path, { readOnly: false, busyTimeoutMs: 1000 });
    file.exec('CREATE TABLE customers (name text)');
    file.close();
    return path;
  },
  'a store of a newer version': () =>
    copied('newer.db', (path) => {
      const file = openSqliteFile(path, { readOnly: false, busyTimeoutMs: 1000 });
      file.exec('INSERT INTO schema_version (version, applied_at_ms) VALUES (999, 0)');
      file.close();
    }),
};

const TARGETS: Readonly<
  Record<string, () => Promise<{ readonly url: string; readonly ids: () => Promise<readonly string[]> }>>
> = {
  SQLite: async () => {
    const path = join(temporaryDirectory(), 'target.db');
    const opened = () => openSqliteStore({ path, ...around() });
    {
      await using store = await opened();
      await store.commit(aBatch({ events: [anEvent({ id: 'known' })] }));
    }
    return {
      url: `sqlite:${path}`,
      async ids() {
        await using store = await opened();
        return (await store.query(everything)).events.map(({ id }) => id);
      },
    };
  },
  PostgreSQL: async () => {
    const address = await server.database();
    await using store = await openPostgresStore({ address, writer: 'unfenced', ...around() });
    await store.commit(aBatch({ events: [anEvent({ id: 'known' })] }));
    return {
      url: `postgres://gdoi@127.0.0.1:${server.port}/${address.database}`,
      async ids() {
        await using again = await openPostgresStore({ address, writer: 'unfenced', ...around() });
        return (await again.query(everything)).events.map(({ id }) => id);
      },
    };
  },
};

function copying(from: string, to: string): readonly string[] {
  return ['store', 'copy', '--from', from, '--to', to, '--password-file', passwordFile];
}

/** What a source is found to be does not depend on the target: all are tried with SQLite. */
const SOURCES_FOR_POSTGRES = [
  'a file that is not there',
  'a store whose middle is noise',
  'a store of a newer version',
];

describe.each(Object.entries(TARGETS))('into a store on %s', (kind, target) => {
  test('each source that is no whole store is refused in one line, stays as it is, and costs the target nothing', async () => {
    const { url, ids } = await target();
    const tried = Object.entries(SOURCES).filter(
      ([what]) => kind !== 'PostgreSQL' || SOURCES_FOR_POSTGRES.includes(what),
    );
    for (const [what, source] of tried) {
      const words = copying(`sqlite:${source()}`, url);
      // This process could wait for a writer for ever.
      const { status, stdout, stderr } = await (what.startsWith('a pipe') ? gdoiwatch(words) : told(words));
      expect({ what, status, stdout, stderr }).toEqual({
        what,
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(/^[^\n]*store [^\n]+\n$/),
      });
    }
    expect(await ids()).toEqual(['known']);
  });

  test('a whole one arrives', async () => {
    const { url, ids } = await target();
    expect(await gdoiwatch(copying(`sqlite:${whole}`, url))).toMatchObject({ status: 0, stderr: '' });
    expect(await ids()).toHaveLength(EVENTS.length + 1);
  });
});

test('a damaged store is no target either: it is refused, and not set aside', async () => {
  const damaged = copied('target-noise.db', (path) => overwritten(path, 8_192, Buffer.alloc(60_000, 0xa5)));
  const size = statSync(damaged).size;
  expect(await told(copying(`sqlite:${whole}`, `sqlite:${damaged}`))).toMatchObject({ status: 2, stdout: '' });
  expect(readdirSync(dirname(damaged)).filter((name) => name.includes('damaged-'))).toEqual([]);
  expect(statSync(damaged).size).toBe(size);
});

test('over TLS, where the server is the one that the authority vouches for', async () => {
  const { server: secured, caFile, strangerFile } = await startSecuredPostgres();
  await using _ = secured;
  const address = await secured.database();
  const url = `postgres://gdoi@127.0.0.1:${secured.port}/${address.database}`;
  const over = (...tls: readonly string[]) => told([...copying(`sqlite:${whole}`, url), ...tls]);
  const refused = { status: 2, stdout: '', stderr: expect.stringContaining("server's certificate is not accepted") };
  expect(await over('--tls')).toMatchObject(refused);
  expect(await over('--tls-ca-file', caFile)).toMatchObject(refused);
  expect(await over('--tls-ca-file', strangerFile, '--tls-server-name', NAME)).toMatchObject(refused);
  expect(await over('--tls-ca-file', caFile, '--tls-server-name', NAME, '--tls-cert-file', caFile)).toMatchObject({
    status: 2,
    stderr: 'gdoiwatch: --tls-cert-file and --tls-key-file go together [usage_invalid]\n',
  });
  expect(await over('--tls-ca-file', `${caFile}.none`)).toMatchObject({
    status: 2,
    stderr: `gdoiwatch: --tls-ca-file: ${caFile}.none cannot be read: no such file [file_unreadable]\n`,
  });
  expect(await over('--tls-ca-file', caFile, '--tls-server-name', NAME)).toMatchObject({ status: 0, stderr: '' });
  await using again = await openPostgresStore({ address, writer: 'unfenced', ...around() });
  expect((await again.query(everything)).events).toHaveLength(EVENTS.length);
});
