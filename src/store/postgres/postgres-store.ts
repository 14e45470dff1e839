/**
 * The store that several agents share, on PostgreSQL.
 *
 * A batch is one statement, stored whole or not at all, for the cells that its writer owns: what another agent owns by
 * now is skipped, counted and not published; its owner finds it itself. If the answer to a batch was lost, the batch is
 * sent again; events that were stored the first time are recognised by their writer and published then, once.
 */
import { randomUUID } from 'node:crypto';
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { groupKey } from '../../gdoi/seen/cell.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { ToldTime } from '../../kernel/following-clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { UserError } from '../../kernel/user-error.ts';
import { decodeCursor, encodeCursor } from '../event-cursor.ts';
import type { EventPage, EventQuery } from '../../gdoi/events/event-query.ts';
import type { IncidentPage, IncidentQuery } from '../../gdoi/incidents/incident-query.ts';
import {
  type Batch,
  DEFAULT_RETENTION_MS,
  type EventCount,
  type EventStore,
  type StoredStates,
} from '../event-store.ts';
import { incidentPage } from '../incident-page.ts';
import type { LeaseTable, Writer } from '../leases.ts';
import type { Notes } from '../notes.ts';
import { LOAD_STEP_STATES, stateOfText } from '../state-text.ts';
import { StoreError } from '../store-error.ts';
import { cellsOf, COMMIT, COMMIT_UNFENCED, commitValues, SELECT_OWN } from './commit-sql.ts';
import {
  type PostgresAddress,
  PostgresConnections,
  type PostgresTimes,
  POSTGRES_TIMES,
  type ResultRow,
} from './connections.ts';
import {
  countOf,
  eventOf,
  incidentOf,
  incidentValues,
  PRUNE_EVENTS,
  PRUNE_INCIDENTS,
  SELECT_COUNTS,
  SELECT_INCIDENT,
  SELECT_INCIDENTS,
  SELECT_TAIL,
  SELECT_TAIL_END,
  selectEvents,
} from './event-sql.ts';
import { NOW_MS } from './lease-sql.ts';
import { createLeaseTable } from './lease-table.ts';
import { migrate } from './migrations.ts';
import { createNotes } from './postgres-notes.ts';
import { fromText, toText } from './plain-text.ts';
import { connectFailureOf, type ConnectFailure, reasonOf } from './postgres-error.ts';
import { ServerClock } from './server-clock.ts';
import { SELECT_DEVICE_STATES, SELECT_FLEET_STATES, SELECT_MEMBER_STATES } from './state-sql.ts';

const PRUNE_STEP_EVENTS = 1_000;
/** Events that may or may not be stored: further ones are forgotten, and appear only in the history. */
const MAX_UNSURE = 100_000;
const TAIL_EVENTS = 1_000;
/** A busy machine takes this long to log in. */
const LEAST_RENEWAL_MS = 1_000;

export interface PostgresStoreOptions {
  readonly address: PostgresAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs?: number;
  readonly times?: PostgresTimes;
  /**
   * Lease of the agents: no attempt to renew may take so long that there is no time for another. Absent: attempts have
   * `times`.
   */
  readonly leaseMs?: number;
  /**
   * The agent that writes now, and whose cells alone are written; null: there is none, and nothing is stored.
   * `unfenced`: nobody else writes, as into a copy.
   */
  readonly writer: 'unfenced' | (() => Writer | null);
  /** Gets the server's clock: once it is open, and with each renewal of a lease. */
  readonly hearTime?: (told: ToldTime) => void;
  /** Steps of the schema; absent: all. Fewer in tests of an older version. */
  readonly migrations?: readonly string[];
}

export interface PostgresStore extends EventStore {
  readonly leases: LeaseTable;
  /** Batches of which something belonged to another agent by then. */
  readonly fencedWrites: number;
  /** Events that other agents stored since the last call, in the order in which they became visible. */
  others(): Promise<readonly GdoiEvent[]>;
}

/** Opens the store and brings its schema up to date. What a user can fix is a `UserError`. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const connections = new PostgresConnections(options.address, options.times);
  try {
    const { from, to } = await migrate(connections, options.migrations);
    if (from !== to) options.logger.info({ store: connections.place, from, to }, 'store schema brought up to date');
    const time = new ServerClock(options.clock, options.hearTime ?? (() => undefined));
    await connections.use((session) =>
      time.hearIn('now_ms', async () => (await session.run(`SELECT ${NOW_MS} AS now_ms`))[0]),
    );
    return new SharedStore(connections, time, options);
  } catch (error) {
    await connections[Symbol.asyncDispose]();
    throw error instanceof StoreError ? explained(connections.place, error) : error;
  }
}

class SharedStore implements PostgresStore {
  readonly leases: LeaseTable;
  readonly notes: Notes;
  readonly #connections: PostgresConnections;
  readonly #leaseConnections: readonly PostgresConnections[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #retentionMs: number;
  readonly #writer: PostgresStoreOptions['writer'];
  /** The id of this process, which may be several agents in turn. */
  readonly #process = randomUUID();
  readonly #unsure = new Set<string>();
  #fencedWrites = 0;
  #batches = 0;
  /** One batch after the other: a batch that arrives after a later one is skipped. */
  #lastCommit: Promise<unknown> = Promise.resolve();
  #damaged = 0;
  #tail: readonly [tx: string, seq: string] | null = null;

  constructor(connections: PostgresConnections, time: ServerClock, options: PostgresStoreOptions) {
    const { clock, logger, retentionMs = DEFAULT_RETENTION_MS, writer, address, times = POSTGRES_TIMES } = options;
    this.#connections = connections;
    const looks = new PostgresConnections(address, times, 1);
    const renewals = new PostgresConnections(address, timesOfRenewals(times, options.leaseMs), 1);
    this.#leaseConnections = [looks, renewals];
    this.leases = createLeaseTable(looks, renewals, time);
    this.notes = createNotes(connections);
    this.#clock = clock;
    this.#logger = logger;
    this.#retentionMs = retentionMs;
    this.#writer = writer;
  }

  get damaged(): number {
    return this.#damaged;
  }

  /** A damaged row costs only itself. */
  #decoded<T>(rows: readonly ResultRow[], decode: (row: ResultRow) => T): readonly T[] {
    return rows.flatMap((row) => {
      try {
        return [decode(row)];
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        this.#damaged += 1;
        this.#logger.warn({ store: this.#connections.place, id: row['id'] }, 'a stored row is damaged, left out');
        return [];
      }
    });
  }

  get fencedWrites(): number {
    return this.#fencedWrites;
  }

  commit(batch: Batch): Promise<readonly GdoiEvent[]> {
    const committed = this.#lastCommit.then(() => this.#commit(batch));
    this.#lastCommit = committed.catch(() => undefined);
    return committed;
  }

  async #commit(batch: Batch): Promise<readonly GdoiEvent[]> {
    const cells = cellsOf(batch);
    const values = commitValues(batch, this.#process);
    const writer = this.#writer === 'unfenced' ? 'unfenced' : this.#writer();
    if (writer === null) {
      this.#fencedWrites += 1;
      return [];
    }
    this.#batches += 1;
    // Read now, and not when a connection is free: the cell may have come back by then.
    const [sql, given] =
      writer === 'unfenced'
        ? [COMMIT_UNFENCED, [null, ...values]]
        : [COMMIT, [writer.agent, ...values, this.#batches, termsOf(cells, writer)]];
    try {
      const row = await this.#connections.use(async (session) => {
        const [kept] = await session.run(sql, given);
        return { kept: textsOf(kept?.['kept']), fresh: new Set(textsOf(kept?.['fresh'])) };
      });
      if (row.kept.length < cells.length) this.#fencedWrites += 1;
      return await this.#stored(batch.events, row.fresh);
    } catch (error) {
      this.#doubt(batch.events);
      throw error;
    }
  }

  /** Events that are new, and those that were new when the answer was lost. */
  async #stored(events: readonly GdoiEvent[], fresh: ReadonlySet<string>): Promise<readonly GdoiEvent[]> {
    const doubted = events.filter(({ id }) => this.#unsure.has(id) && !fresh.has(id)).map(({ id }) => id);
    const own =
      doubted.length === 0
        ? []
        : await this.#connections.use((session) => session.run(SELECT_OWN, [doubted.map(toText), this.#process]));
    const stored = new Set([...fresh, ...own.map((row) => fromText(String(row['id'])))]);
    for (const { id } of events) this.#unsure.delete(id);
    return events.filter(({ id }) => stored.delete(id));
  }

  #doubt(events: readonly GdoiEvent[]): void {
    for (const { id } of events) if (this.#unsure.size < MAX_UNSURE) this.#unsure.add(id);
  }

  async loadStates(cells: readonly string[] | null = null): Promise<StoredStates> {
    const of = [cells === null ? null : cells.map(toText)];
    const rows = (sql: string) => this.#connections.use((session) => session.run(sql, of));
    const devices = await this.#whole(await rows(SELECT_DEVICE_STATES), (row) => textIn(row, 'name'));
    const group = (row: ResultRow) => groupKey(textIn(row, 'cell'), textIn(row, 'group_name'));
    const fleets = await this.#whole(await rows(SELECT_FLEET_STATES), group);
    const members = await this.#whole(await rows(SELECT_MEMBER_STATES), (row) => ({
      group: group(row),
      device: textIn(row, 'device'),
    }));
    return {
      devices: new Map(devices),
      fleets: new Map(fleets),
      members: members.map(([key, state]) => ({ ...key, state })),
    };
  }

  async #whole<Key>(
    rows: readonly ResultRow[],
    keyOf: (row: ResultRow) => Key,
  ): Promise<readonly (readonly [Key, unknown])[]> {
    const states: (readonly [Key, unknown])[] = [];
    for (const [index, row] of rows.entries()) {
      const stored = stateOfText(textIn(row, 'state'));
      if (stored.kind === 'whole') states.push([keyOf(row), stored.state]);
      else {
        this.#damaged += 1;
        this.#logger.warn({ store: this.#connections.place, of: keyOf(row) }, 'stored state is damaged, dropped');
      }
      if (index % LOAD_STEP_STATES === LOAD_STEP_STATES - 1) await this.#clock.yieldToIo();
    }
    return states;
  }

  async query(query: EventQuery): Promise<EventPage> {
    const { sql, values } = selectEvents(query, query.cursor === undefined ? null : decodeCursor(query.cursor));
    const rows = await this.#connections.use((session) => session.run(sql, values));
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    const more = rows.length > shown.length && last !== undefined;
    return {
      events: this.#decoded(shown, eventOf),
      // By the row, because a damaged one must not end the loop.
      nextCursor: more ? encodeCursor({ atMs: Number(last['at_ms']), id: textIn(last, 'id') }) : null,
    };
  }

  async incidents(query: IncidentQuery): Promise<IncidentPage> {
    const values = incidentValues(query, query.cursor === undefined ? null : decodeCursor(query.cursor));
    const rows = await this.#connections.use((session) => session.run(SELECT_INCIDENTS, values));
    return incidentPage(this.#decoded(rows, incidentOf), query.limit);
  }

  async incident(id: string): Promise<Incident | null> {
    const [row] = await this.#connections.use((session) => session.run(SELECT_INCIDENT, [toText(id)]));
    return row === undefined ? null : (this.#decoded([row], incidentOf)[0] ?? null);
  }

  async counts(cells: readonly string[] | null = null): Promise<readonly EventCount[]> {
    const of = [cells === null ? null : cells.map(toText)];
    const rows = await this.#connections.use((session) => session.run(SELECT_COUNTS, of));
    return this.#decoded(rows, countOf);
  }

  async others(): Promise<readonly GdoiEvent[]> {
    return this.#connections.use(async (session) => {
      if (this.#tail === null) {
        const [end] = await session.run(SELECT_TAIL_END);
        this.#tail = [String(end?.['tx']), '-1'];
        return [];
      }
      const rows = await session.run(SELECT_TAIL, [...this.#tail, this.#process, TAIL_EVENTS]);
      const last = rows.at(-1);
      if (last !== undefined) this.#tail = [String(last['tx']), String(last['seq'])];
      return this.#decoded(rows, eventOf);
    });
  }

  async prune(nowMs: EpochMs): Promise<number> {
    const values = [nowMs - this.#retentionMs, PRUNE_STEP_EVENTS];
    await this.#connections.use((session) => session.run(PRUNE_INCIDENTS, values));
    let pruned = 0;
    for (;;) {
      const step = await this.#connections.use((session) => session.run(PRUNE_EVENTS, values));
      pruned += step.length;
      if (step.length < PRUNE_STEP_EVENTS) return pruned;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#leaseConnections) await each[Symbol.asyncDispose]();
    await this.#connections[Symbol.asyncDispose]();
  }
}

/** A server that vanished is given up, and another host tried, well before the lease ends. */
function timesOfRenewals({ connectMs, statementMs }: PostgresTimes, leaseMs = Infinity): PostgresTimes {
  return {
    connectMs: Math.min(connectMs, Math.max(LEAST_RENEWAL_MS, leaseMs / 8)),
    statementMs: Math.min(statementMs, Math.max(LEAST_RENEWAL_MS, leaseMs / 4)),
  };
}

/** Null: a cell that the writer does not own. */
function termsOf(cells: readonly string[], { terms }: Writer): readonly (number | null)[] {
  return cells.map((cell) => terms.get(cell) ?? null);
}

function textIn(row: ResultRow, column: string): string {
  return fromText(String(row[column]));
}

function textsOf(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.map((value) => fromText(String(value))) : [];
}

/** A failure to open as one line that says what to do. */
function explained(place: string, error: StoreError): UserError {
  const failure = connectFailureOf(error.cause);
  const words = EXPLANATIONS[failure];
  const reason = reasonOf(error.cause instanceof Error ? error.cause : error);
  return new UserError(CODES[failure], `store ${place}: ${words(reason)}`, { cause: error });
}

const CODES = {
  unreachable: 'store_unreachable',
  untrusted: 'store_unreachable',
  refused: 'store_refused',
  no_database: 'store_unreachable',
  forbidden: 'store_refused',
} as const satisfies Readonly<Record<ConnectFailure, string>>;

/** From version 22 on, Node.js adds after a semicolon how the server might be started. */
const withoutAdvice = (reason: string) => reason.split('; ', 1)[0] ?? reason;

const EXPLANATIONS: Readonly<Record<ConnectFailure, (reason: string) => string>> = {
  unreachable: (reason) => `cannot be written now (${reason}): is the server up, reachable, and no standby?`,
  untrusted: (reason) =>
    `the server's certificate is not accepted (${withoutAdvice(reason)}): see store.tls.ca_file and store.tls.server_name`,
  refused: () => 'the user or password is refused: see store.password_file, and pg_hba.conf of the server',
  no_database: () => 'there is no such database: create it (CREATE DATABASE), owned by the user',
  forbidden: () => 'the user may not create tables there: give it a database or schema of its own',
};
