/**
 * The embedded store: one SQLite file beside the agent, in WAL mode, so that `gdoiwatch events` can read while it
 * writes.
 *
 * `synchronous=NORMAL`: a committed batch is with the operating system and survives kill -9 at any moment. A power
 * failure may lose the last commits, always whole ones from the end: states go back together with their events, and
 * what is found again has the same id. FULL would save these seconds at the cost of an fsync per batch on the event
 * loop. Just as important: no fsync can fail after the commit, so a batch that was refused is not stored.
 */
import { accessSync, constants, existsSync, renameSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeOf } from '../../kernel/error-code.ts';
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { type Clock, createSystemClock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { UserError, type UserErrorCode } from '../../kernel/user-error.ts';
import { EventCounts } from '../event-counts.ts';
import { decodeCursor, encodeCursor } from '../event-cursor.ts';
import type { EventPage, EventQuery } from '../../gdoi/events/event-query.ts';
import type { IncidentPage, IncidentQuery } from '../../gdoi/incidents/incident-query.ts';
import {
  type Batch,
  DEFAULT_RETENTION_MS,
  type EventCount,
  type EventStore,
  type MemberState,
  type StoredMemory,
  type StoredStates,
} from '../event-store.ts';
import { incidentPage } from '../incident-page.ts';
import type { Notes } from '../notes.ts';
import { LOAD_STEP_STATES, stateOfText, stateText } from '../state-text.ts';
import { StoreError, type StoreErrorKind } from '../store-error.ts';
import {
  ADD_TO_COUNT,
  countOf,
  countRow,
  eventOf,
  positionOf,
  eventRow,
  INSERT_EVENT,
  PRUNE_EVENTS,
  SELECT_COUNTS,
  selectEvents,
} from './event-sql.ts';
import {
  incidentOf,
  incidentParameters,
  incidentRow,
  PRUNE_INCIDENTS,
  PUT_INCIDENT,
  SELECT_INCIDENT,
  SELECT_INCIDENTS,
} from './incident-sql.ts';
import { MIGRATIONS, migrate, readSchemaVersion, refuseNewerSchema } from './migrations.ts';
import { Damage, type ReportDamage } from './damage.ts';
import { openSqliteFile, type SqliteFile, type Statement } from './sqlite-file.ts';
import { SqliteNotes } from './sqlite-notes.ts';
import { lockPath, lockStore, type StoreLock } from './store-lock.ts';
import { beginLog, checkpoint, endLog, findLostLog } from './write-ahead-log.ts';
import {
  DELETE_MEMBER_STATE,
  DELETE_MEMBER_STATES,
  deleteState,
  PUT_MEMBER_STATE,
  putState,
  SELECT_MEMBER_STATES,
  type StateTable,
  selectStates,
} from './state-sql.ts';

/** Before anything runs there is time to wait for another process's lock. */
const OPEN_BUSY_TIMEOUT_MS = 5_000;
/** Waiting stops the event loop, so in operation it is short and the caller tries again. */
const BUSY_TIMEOUT_MS = 50;
const PRUNE_STEP_EVENTS = 200;
/** What keeps a log from being moved into the main file, but not from being read there. */
const KEEPS_ITS_LOG: ReadonlySet<StoreErrorKind> = new Set(['locked', 'full']);
/** Pages given back to the file system after a pruning step: at most 4 MiB are moved. */
const VACUUM_STEP_PAGES = 1_000;
/** SQLite's default is a checkpoint every 1,000 pages. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** About what an event's row and its index entries take, and what any commit takes. */
const EVENT_BYTES = 4096;
const COMMIT_BYTES = 16_384;
/** Characters of a damaged row that are logged. */
const MAX_QUOTED_ROW = 200;

export interface SqliteStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs?: number;
  /** `refuse`: a damaged store stays where it is and is not opened. Absent: it is set aside. */
  readonly whenDamaged?: 'set_aside' | 'refuse';
}

/**
 * Opens or creates the store and brings its schema up to date. What a user can fix is a `UserError`. A damaged store of
 * ours is renamed, which is logged, and an empty one begins: a process that does not start watches no routers.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<EventStore> {
  const path = resolve(options.path);
  const { clock, logger } = options;
  const damage = new Damage(path, (fields, message) => logger.error(fields, message));
  const aside = `${path}.damaged-${new Date(clock.wallMs()).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  // No other file is moved out of the way, whatever a configuration names as its store.
  const ours = options.whenDamaged !== 'refuse' && existsSync(lockPath(path));
  if (ours) explained(path, () => findLostLog(path, `${aside}-wal`, damage));
  try {
    return new SqliteStore(openLocked(path, options), damage, options);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'store_damaged' || !ours) throw error;
    setAside(path, aside);
    damage.found({ aside }, 'the store is damaged: it was set aside, and an empty one begins');
    return new SqliteStore(openLocked(path, options), damage, options);
  }
}

function openLocked(
  path: string,
  options: SqliteStoreOptions,
): { readonly file: SqliteFile; readonly lock: StoreLock } {
  return explained(path, () => {
    const opened = openSqliteFile(path, { readOnly: false, busyTimeoutMs: OPEN_BUSY_TIMEOUT_MS });
    return closingOnError(opened, () => {
      const taken = lockStore(path);
      if (taken === null) {
        throw new UserError(
          'store_locked',
          `store ${path}: another gdoiwatch uses it: stop that one, or name another file`,
        );
      }
      return closingOnError(taken, () => {
        bringUpToDate(opened, options);
        refuseDamaged(opened);
        beginLog(opened);
        return { file: opened, lock: taken };
      });
    });
  });
}

/** Read whole in about a second; damage in a larger one is found when that part is read. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;

function refuseDamaged(file: SqliteFile): void {
  if (statSync(file.path).size > MAX_CHECKED_BYTES) return;
  const found = file.pragma('quick_check(1)');
  if (found !== 'ok') throw new StoreError('corrupt', `store ${file.path}: ${String(found)}`);
}

/** With the files that SQLite keeps beside it. */
function setAside(path: string, aside: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
  }
}

function bringUpToDate(file: SqliteFile, { clock, logger }: SqliteStoreOptions): void {
  prepareFile(file);
  const { from, to } = migrate(file, clock.wallMs());
  if (from !== to) logger.info({ path: file.path, from, to }, 'store schema brought up to date');
  file.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

/**
 * Opens a store to read its history, even while an agent writes it. Nothing is created or changed. Damaged rows are
 * left out and reported.
 */
export async function openSqliteStoreReadOnly(storePath: string, report: ReportDamage): Promise<StoredMemory> {
  const path = resolve(storePath);
  const file = explained(path, () => {
    const opened = openSqliteFile(path, { readOnly: true, busyTimeoutMs: OPEN_BUSY_TIMEOUT_MS });
    return closingOnError(opened, () => {
      const version = readSchemaVersion(opened);
      refuseNewerSchema(path, version, MIGRATIONS.length);
      if (version < MIGRATIONS.length) {
        throw new UserError(
          'store_outdated',
          `store ${path}: ${version === 0 ? 'nothing was stored in it yet' : 'written by an older gdoiwatch'}: start the agent with it once`,
        );
      }
      return opened;
    });
  });
  return new SqliteHistory(file, new Damage(path, report), () => createSystemClock().yieldToIo());
}

class SqliteHistory implements StoredMemory {
  protected readonly file: SqliteFile;
  protected readonly damage: Damage;
  protected readonly yieldToIo: Clock['yieldToIo'];
  /** One statement for each combination of filters: at most 2^9. */
  readonly #pages = new Map<string, Statement>();

  constructor(file: SqliteFile, damage: Damage, yieldToIo: Clock['yieldToIo']) {
    this.file = file;
    this.damage = damage;
    this.yieldToIo = yieldToIo;
  }

  async query(query: EventQuery): Promise<EventPage> {
    const { sql, parameters } = selectEvents(query, query.cursor === undefined ? null : decodeCursor(query.cursor));
    const statement = this.#pages.get(sql) ?? this.file.prepare(sql);
    this.#pages.set(sql, statement);
    const rows = statement.rows(parameters);
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      events: this.#decoded(page, eventOf),
      nextCursor: rows.length > page.length && last !== undefined ? encodeCursor(positionOf(last)) : null,
    };
  }

  async incidents(query: IncidentQuery): Promise<IncidentPage> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const rows = this.file.prepare(SELECT_INCIDENTS).rows(incidentParameters(query, after));
    // a damaged one must not end the loop
    return incidentPage(this.#decoded(rows, incidentOf), query.limit, rows.length > query.limit);
  }

  async incident(id: string): Promise<Incident | null> {
    return this.#decoded(this.file.prepare(SELECT_INCIDENT).rows([id]), incidentOf)[0] ?? null;
  }

  async counts(): Promise<readonly EventCount[]> {
    return this.#decoded(this.file.prepare(SELECT_COUNTS).rows([]), countOf);
  }

  async loadStates(): Promise<StoredStates> {
    const devices = await this.#load('device_states', selectStates('device_states'));
    const fleets = await this.#load('fleet_states', selectStates('fleet_states'));
    const members = await this.#load('group_member_states', SELECT_MEMBER_STATES);
    return {
      devices: new Map(devices.map(({ name: [name = ''], state }) => [name, state])),
      fleets: new Map(fleets.map(({ name: [name = ''], state }) => [name, state])),
      members: members.map(({ name: [group = '', device = ''], state }): MemberState => ({ group, device, state })),
    };
  }

  /** `sql` selects what names a state, and the state last. */
  async #load(
    table: string,
    sql: string,
  ): Promise<readonly { readonly name: readonly string[]; readonly state: unknown }[]> {
    const states: { name: readonly string[]; state: unknown }[] = [];
    for (const [index, row] of this.file.prepare(sql).rows([]).entries()) {
      const name = row.slice(0, -1).map(String);
      const stored = stateOfText(String(row.at(-1)));
      if (stored.kind === 'whole') states.push({ name, state: stored.state });
      else {
        this.damage.found({ table, name: name.join(' ') }, 'stored state is damaged, dropped');
      }
      if (index % LOAD_STEP_STATES === LOAD_STEP_STATES - 1) await this.yieldToIo();
    }
    return states;
  }

  /** A damaged row costs only itself. */
  #decoded<T>(rows: readonly (readonly unknown[])[], decode: (row: readonly unknown[]) => T): T[] {
    return rows.flatMap((row) => {
      try {
        return [decode(row)];
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        this.damage.found(
          { row: row.map(String).join(' ').slice(0, MAX_QUOTED_ROW) },
          'a stored row is damaged, left out',
        );
        return [];
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.file.close();
  }
}

class SqliteStore extends SqliteHistory implements EventStore {
  readonly notes: Notes;
  readonly #lock: StoreLock;
  readonly #logger: Logger;
  readonly #retentionMs: number;
  readonly #insertEvent: Statement;
  readonly #putIncident: Statement;
  readonly #pruneIncidents: Statement;
  readonly #addToCount: Statement;
  readonly #putState: Readonly<Record<StateTable, Statement>>;
  readonly #deleteState: Readonly<Record<StateTable, Statement>>;
  readonly #putMember: Statement;
  readonly #deleteMember: Statement;
  readonly #deleteMembers: Statement;
  readonly #pruneEvents: Statement;
  /** Since the last checkpoint, approximately. */
  #writtenBytes = 0;

  constructor(
    { file, lock }: { readonly file: SqliteFile; readonly lock: StoreLock },
    damage: Damage,
    { clock, logger, retentionMs = DEFAULT_RETENTION_MS }: SqliteStoreOptions,
  ) {
    super(file, damage, () => clock.yieldToIo());
    this.#lock = lock;
    this.#logger = logger;
    this.#retentionMs = retentionMs;
    this.notes = new SqliteNotes(file, clock);
    const ofBothTables = (sql: (table: StateTable) => string) => ({
      device_states: file.prepare(sql('device_states')),
      fleet_states: file.prepare(sql('fleet_states')),
    });
    this.#insertEvent = file.prepare(INSERT_EVENT);
    this.#putIncident = file.prepare(PUT_INCIDENT);
    this.#pruneIncidents = file.prepare(PRUNE_INCIDENTS);
    this.#addToCount = file.prepare(ADD_TO_COUNT);
    this.#putState = ofBothTables(putState);
    this.#deleteState = ofBothTables(deleteState);
    this.#putMember = file.prepare(PUT_MEMBER_STATE);
    this.#deleteMember = file.prepare(DELETE_MEMBER_STATE);
    this.#deleteMembers = file.prepare(DELETE_MEMBER_STATES);
    this.#pruneEvents = file.prepare(PRUNE_EVENTS);
  }

  get damaged(): number {
    return this.damage.count;
  }

  async commit(batch: Batch): Promise<readonly GdoiEvent[]> {
    const states = [...stateRows('device_states', batch.deviceStates), ...stateRows('fleet_states', batch.fleetStates)];
    const members = (batch.memberStates ?? []).map(({ group, device, state }) => [group, device, stateText(state)]);
    const kept = this.file.transaction(() => {
      const fresh = batch.events.filter((event) => this.#insertEvent.run(eventRow(event)) === 1);
      for (const incident of batch.incidents ?? []) this.#putIncident.run(incidentRow(incident));
      const counts = new EventCounts();
      for (const event of fresh) counts.add(event);
      for (const count of counts.all()) this.#addToCount.run(countRow(count));
      for (const name of batch.removedDevices ?? []) this.#deleteState.device_states.run([name]);
      for (const name of batch.removedFleets ?? []) {
        this.#deleteState.fleet_states.run([name]);
        this.#deleteMembers.run([name]);
      }
      for (const { group, device } of batch.removedMembers ?? []) this.#deleteMember.run([group, device]);
      for (const { table, name, text } of states) this.#putState[table].run([name, text]);
      for (const member of members) this.#putMember.run(member);
      return fresh;
    });
    const stateTexts = [...states.map(({ text }) => text), ...members.map(([, , text]) => text)];
    this.#checkpointAfter(
      stateTexts.reduce((sum, text) => sum + (text?.length ?? 0), batch.events.length * EVENT_BYTES),
    );
    return kept;
  }

  /** Bounds the log as SQLite's own checkpoints would. If a lock is held, the next one does it. */
  #checkpointAfter(writtenBytes: number): void {
    this.#writtenBytes += writtenBytes + COMMIT_BYTES;
    if (this.#writtenBytes < CHECKPOINT_BYTES) return;
    try {
      checkpoint(this.file);
      this.#writtenBytes = 0;
    } catch (error) {
      this.#logger.debug({ path: this.file.path, reason: String(error) }, 'checkpoint put off');
    }
  }

  async prune(nowMs: EpochMs): Promise<number> {
    let pruned = 0;
    this.#pruneIncidents.run([nowMs - this.#retentionMs, PRUNE_STEP_EVENTS]);
    while (this.file.open) {
      const step = this.file.transaction(() => this.#pruneEvents.run([nowMs - this.#retentionMs, PRUNE_STEP_EVENTS]));
      pruned += step;
      this.#checkpointAfter(step * EVENT_BYTES);
      this.file.exec(`PRAGMA incremental_vacuum(${VACUUM_STEP_PAGES})`);
      if (step < PRUNE_STEP_EVENTS) break;
      await this.yieldToIo();
    }
    return pruned;
  }

  /** Rejects, closed all the same, where the next start will not find what was stored. */
  override async [Symbol.asyncDispose](): Promise<void> {
    if (!this.file.open) return;
    try {
      this.file.refuseWhereLost();
      endLog(this.file);
    } catch (error) {
      if (!(error instanceof StoreError) || !KEEPS_ITS_LOG.has(error.kind)) throw error;
      // Nothing is lost: the next start reads the -wal file.
      this.#logger.warn({ path: this.file.path, reason: String(error) }, 'store closed with a write-ahead log');
    } finally {
      await super[Symbol.asyncDispose]();
      this.#lock.close();
    }
  }
}

function stateRows(table: StateTable, states: ReadonlyMap<string, unknown>) {
  return Array.from(states, ([name, state]) => ({ table, name, text: stateText(state) }));
}

function prepareFile(file: SqliteFile): void {
  // Only an empty file takes it, before anything is written.
  file.exec('PRAGMA auto_vacuum = INCREMENTAL');
  if (file.pragma('journal_mode = WAL') !== 'wal') {
    throw new UserError(
      'store_unsuitable',
      `store ${file.path}: its file system bears no SQLite write-ahead log: put it on a local disk`,
    );
  }
  file.exec('PRAGMA synchronous = NORMAL');
  file.exec('PRAGMA foreign_keys = ON');
  // 16 MiB: the inner index pages of a million events.
  file.exec('PRAGMA cache_size = -16384');
  // A burst does not leave a large -wal file for good.
  file.exec('PRAGMA journal_size_limit = 67108864');
}

function closingOnError<T>(opened: { close(): void }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** A failure to open as one line that says what to do. */
function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new UserError(CODES[error.kind], `store ${path}: ${EXPLANATIONS[error.kind](path)}`, { cause: error });
  }
}

const CODES = {
  corrupt: 'store_damaged',
  full: 'store_full',
  locked: 'store_locked',
  io: 'store_inaccessible',
  unexpected: 'store_inaccessible',
} as const satisfies Readonly<Record<StoreErrorKind, UserErrorCode>>;

/** What the user can do about a store that does not open. */
const EXPLANATIONS: Readonly<Record<StoreErrorKind, (path: string) => string>> = {
  corrupt: () =>
    'damaged, or no SQLite database: restore it from a backup, or move it away with its -wal and -shm files to start an empty one',
  full: () => 'no space left on its file system: make room',
  locked: () => `locked by another process for ${OPEN_BUSY_TIMEOUT_MS / 1000} s: stop that one, or name another file`,
  io: whyInaccessible,
  unexpected: whyInaccessible,
};

function whyInaccessible(path: string): string {
  const directory = dirname(path);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return `${directory} is no directory: create it`;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return 'a directory: name a file';
  if (found !== undefined && refused(path, constants.R_OK) !== null) return 'not readable by this user';
  // SQLite creates its -wal and -shm files there, even to read.
  for (const [what, shown] of [
    [directory, `${directory} is `],
    [path, ''],
  ] as const) {
    const code = refused(what, constants.W_OK);
    if (code === 'ENOENT') return 'no such file';
    if (code === 'EROFS') return `${shown}on a read-only file system: name a file on another one, or mount it writable`;
    if (code !== null) return `${shown}not writable by this user`;
  }
  return 'SQLite cannot open it, or its -wal and -shm files: check their owner and permissions, and the limit on open files';
}

/** The system's word for why not; null: it may be. */
function refused(path: string, mode: number): string | null {
  try {
    accessSync(path, mode);
    return null;
  } catch (error) {
    return codeOf(error) || 'unknown';
  }
}
