/**
 * Connections to the writable server among those configured: a few, each used by one caller at a time, and without any
 * state for the next caller (no SET, no named statement, no session lock), so that PgBouncer may be in between in
 * transaction mode.
 *
 * Connecting, waiting for a connection, and each statement have a time limit. A connection that timed out is closed and
 * not used again, because its answer may still come. A server that became a standby is left, and the others are tried.
 */
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import pg from 'pg';
import type { Secret } from '../../kernel/secret.ts';
import { StoreError } from '../store-error.ts';
import { leavesConnection, storeErrorOf } from './postgres-error.ts';
import { ServerStream } from './server-stream.ts';

export interface PostgresTls {
  /** PEM; null: those that the system trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  /** Name that the certificate must have; null: the host's. */
  readonly serverName: string | null;
}

export interface PostgresAddress {
  /** In this order; the first writable one is used. A host that begins with / is a directory of sockets. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly user: string;
  readonly password: Secret | null;
  readonly database: string;
  readonly tls: PostgresTls | null;
}

export interface PostgresTimes {
  readonly connectMs: number;
  /** Limit for one statement, from sending it to its last row. */
  readonly statementMs: number;
}

export const POSTGRES_TIMES: PostgresTimes = { connectMs: 5_000, statementMs: 10_000 };
const MAX_CONNECTIONS = 4;
/** Most callers that wait for a connection. */
const MAX_WAITING = 256;

export type ResultRow = Readonly<Record<string, unknown>>;

/** One connection, for as long as the work takes. */
export interface Session {
  /** `values` are parameters; JavaScript arrays become SQL arrays. */
  run(sql: string, values?: readonly unknown[]): Promise<readonly ResultRow[]>;
}

/** For people: where the store is, without any secret. */
function placeOf({ hosts, user, database }: PostgresAddress): string {
  const named = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return `postgres://${user}@${named}/${database}`;
}

export class PostgresConnections implements AsyncDisposable {
  readonly place: string;
  readonly #address: PostgresAddress;
  readonly #times: PostgresTimes;
  readonly #most: number;
  readonly #idle: pg.Client[] = [];
  readonly #waiting: (() => void)[] = [];
  #used = 0;
  #closed = false;

  constructor(address: PostgresAddress, times: PostgresTimes = POSTGRES_TIMES, most: number = MAX_CONNECTIONS) {
    this.place = placeOf(address);
    this.#address = address;
    this.#times = times;
    this.#most = most;
  }

  /** A failure of the database is a `StoreError`; what else the work throws is passed on. */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      const client = this.#idle.pop() ?? (await this.#connect());
      const session = new ClientSession(client, this.place);
      try {
        return await work(session);
      } finally {
        if (session.broken || this.#closed) drop(client);
        else this.#idle.push(client);
      }
    } finally {
      this.#used -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** All of the work or nothing. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.use(async (session) => {
      await session.run('BEGIN');
      try {
        // For this transaction only: neither a server that stops answering nor an agent that is gone holds a lock for
        // ever.
        const { statementMs } = this.#times;
        await session.run(`SET LOCAL statement_timeout = ${statementMs}`);
        await session.run(`SET LOCAL idle_in_transaction_session_timeout = ${statementMs}`);
        const result = await work(session);
        await session.run('COMMIT');
        return result;
      } catch (error) {
        await session.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  async #turn(): Promise<void> {
    if (this.#closed) throw new Error(`store ${this.place} was used after it was closed`);
    if (this.#used >= this.#most) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new StoreError('locked', `store ${this.place}: ${MAX_WAITING} callers wait for a connection`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#used += 1;
  }

  async #connect(): Promise<pg.Client> {
    let failure: unknown = new StoreError('io', `store ${this.place}: no server of it can be written`);
    for (const { host, port } of this.#address.hosts) {
      const client = this.#client(host, port);
      try {
        await client.connect();
        const { rows } = await client.query<{ standby: boolean }>(
          `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS standby`,
        );
        if (rows[0]?.standby === false) return client;
        drop(client);
      } catch (error) {
        drop(client);
        failure = error;
      }
    }
    throw storeErrorOf(this.place, failure);
  }

  #client(host: string, port: number): pg.Client {
    const { user, password, database, tls } = this.#address;
    const client = new pg.Client({
      host,
      port,
      user,
      // A function, so that the library reads no environment variable and no file of its own; for each connection, so
      // that a password that was changed where it is kept needs no restart.
      password: async () => (await password?.renewed())?.reveal() ?? '',
      database,
      // The stream does TLS.
      ssl: false,
      connectionTimeoutMillis: this.#times.connectMs,
      query_timeout: this.#times.statementMs,
      keepAlive: true,
      stream: () => new ServerStream(tls === null ? null : tlsOptions(tls, host)),
    });
    // An idle connection that breaks: the next caller makes another.
    client.on('error', () => {
      const at = this.#idle.indexOf(client);
      if (at >= 0) this.#idle.splice(at, 1);
      drop(client);
    });
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    await Promise.all(idle.map((client) => client.end().catch(() => undefined)));
  }
}

class ClientSession implements Session {
  readonly #client: pg.Client;
  readonly #place: string;
  /** The state of the connection is unknown. */
  broken = false;

  constructor(client: pg.Client, place: string) {
    this.#client = client;
    this.#place = place;
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<readonly ResultRow[]> {
    try {
      return (await this.#client.query<ResultRow>(sql, [...values])).rows;
    } catch (error) {
      if (!leavesConnection(error)) this.broken = true;
      throw storeErrorOf(this.#place, error);
    }
  }
}

function tlsOptions({ ca, cert, key, serverName }: PostgresTls, host: string): ConnectionOptions {
  const name = serverName ?? host;
  return {
    rejectUnauthorized: true,
    checkServerIdentity: (_asked: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate),
    // An address is not sent as a server name (RFC 6066).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key: key.reveal() }),
  };
}

/** Nobody waits for it: a server that does not answer will not answer the goodbye either. */
function drop(client: pg.Client): void {
  client.end().catch(() => undefined);
}
