/**
 * A PostgreSQL server of a test's own: a new cluster in a temporary directory, on a free port of loopback. PostgreSQL
 * refuses root, so it runs as another user there.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { Secret } from '../../src/kernel/secret.ts';
import type { PostgresAddress } from '../../src/store/postgres/connections.ts';
import { RUN_DIRECTORY } from '../builders/run-directory.ts';
import { freePort } from '../builders/ports.ts';
import { waitUntil } from '../builders/patience.ts';

export const PASSWORD = 'pg-s3cret';
const SUPERUSER = 'gdoi';

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  /** Of the superuser, with its password. */
  address(database?: string): PostgresAddress;
  /** A new, empty database. */
  database(): Promise<PostgresAddress>;
  /** Always the same database, emptied: quicker than a new one, whose 300 files are made and removed again. */
  emptied(): Promise<PostgresAddress>;
  /** As an operator at psql. */
  sql(text: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** `immediate`: as a crash. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT of the server and all that serve a connection. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

function postgresBinaries(): string {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(base, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (found === undefined) throw new Error(`PostgreSQL is not installed: ${base} has no initdb`);
  return found;
}

let servant: { readonly uid?: number; readonly gid?: number } | null = null;

/** Whom a program that refuses root runs as. */
export function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  servant ??= { uid: id('-u'), gid: id('-g') };
  return servant;
}

/** A directory that the user of the server may write, and nobody else. */
export function directoryOfServer(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'gdoiwatch-pg-'));
  const { uid, gid } = unprivileged();
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
  chmodSync(directory, 0o700);
  return directory;
}

function run(program: string, cwd: string, args: readonly string[]): void {
  const env = { ...process.env, PGPASSWORD: PASSWORD };
  execFileSync(join(postgresBinaries(), program), args, { ...unprivileged(), cwd, stdio: 'pipe', env });
}

/**
 * A cluster that nobody has started yet. To make one takes ten times the work of a copy: one does for the whole run.
 */
function freshCluster(): string {
  const runDirectory = process.env[RUN_DIRECTORY];
  const made = runDirectory === undefined ? null : join(runDirectory, 'postgres');
  if (made !== null && existsSync(made)) return join(made, 'data');
  const directory = directoryOfServer(runDirectory);
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o644 });
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`];
  run('initdb', directory, ['-D', data, '-U', SUPERUSER, ...auth, '--no-sync', '--locale=C.UTF-8', '-E', 'UTF8']);
  if (made === null) return data;
  try {
    renameSync(directory, made);
  } catch (error) {
    // Another process was quicker; this one's goes with the directory of the run.
    if (!existsSync(made)) throw error;
  }
  return join(made, 'data');
}

/** `settings` of postgresql.conf. `copyOf`: a standby of that server. */
export async function startPostgres(
  settings: readonly string[] = [],
  copyOf: PostgresServer | null = null,
): Promise<PostgresServer> {
  const server = new Server(directoryOfServer(), await freePort(), settings);
  server.create(copyOf);
  await server.start();
  return server;
}

class Server implements PostgresServer {
  readonly directory: string;
  readonly port: number;
  readonly #settings: readonly string[];
  #process: ChildProcess | null = null;
  #databases = 0;
  #emptied: Promise<PostgresAddress> | null = null;

  constructor(directory: string, port: number, settings: readonly string[]) {
    this.directory = directory;
    this.port = port;
    this.#settings = settings;
  }

  get #data(): string {
    return join(this.directory, 'data');
  }

  create(copyOf: PostgresServer | null): void {
    if (copyOf !== null) {
      const from = ['-h', '127.0.0.1', '-p', String(copyOf.port), '-U', SUPERUSER];
      run('pg_basebackup', this.directory, [
        ...from,
        '-D',
        this.#data,
        '-R',
        '-X',
        'stream',
        '--checkpoint=fast',
        '--no-sync',
      ]);
      return;
    }
    const fresh = freshCluster();
    execFileSync('cp', ['-a', fresh, this.#data], { ...unprivileged(), stdio: 'pipe' });
    if (process.env[RUN_DIRECTORY] === undefined) rmSync(dirname(fresh), { recursive: true });
  }

  address(database = 'postgres'): PostgresAddress {
    const password = new Secret(PASSWORD);
    return { hosts: [{ host: '127.0.0.1', port: this.port }], user: SUPERUSER, password, database, tls: null };
  }

  async database(): Promise<PostgresAddress> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    await this.sql(`CREATE DATABASE ${name}`);
    return this.address(name);
  }

  async emptied(): Promise<PostgresAddress> {
    this.#emptied ??= this.database();
    const { database } = await this.#emptied;
    await this.sql(
      'DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC',
      database,
    );
    return this.address(database);
  }

  async sql(text: string, database = 'postgres'): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: SUPERUSER,
      password: PASSWORD,
      database,
    });
    await client.connect();
    try {
      const result: pg.QueryResult<Record<string, unknown>> = await client.query(text);
      return result.rows;
    } finally {
      await client.end();
    }
  }

  async start(): Promise<void> {
    const settings = [
      `port=${this.port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.directory}`,
      'fsync=off',
      'max_connections=60',
      'log_min_messages=fatal',
      ...this.#settings,
    ];
    this.#process = spawn(
      join(postgresBinaries(), 'postgres'),
      ['-D', this.#data, ...settings.flatMap((setting) => ['-c', setting])],
      { ...unprivileged(), cwd: this.directory, stdio: 'ignore' },
    );
    const server = this.#process;
    await waitUntil('postgres answers', () => {
      if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`);
      return this.sql('SELECT 1').then(
        () => true,
        () => false,
      );
    });
  }

  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const running = this.#process;
    this.#process = null;
    if (running === null || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    // SIGINT: fast; SIGQUIT: immediate.
    running.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    for (const each of [pid, ...children.map(Number)]) process.kill(each, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
