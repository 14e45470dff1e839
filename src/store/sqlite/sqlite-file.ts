/**
 * One open SQLite file: the only place that knows libsql, its limits, and its error codes.
 *
 * libsql is native code that aborts the whole process if it meets something unexpected: a boolean as a parameter, or a
 * text cell that is not UTF-8 (a damaged file). And it cuts a text cell at its first NUL when reading. Hence the narrow
 * `Bindable`, and `CAST(... AS BLOB)` around every text that is read.
 */
import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Libsql from 'libsql';
import { StoreError, type StoreErrorKind } from '../store-error.ts';

export type Bindable = string | number | null;

export interface Statement {
  /** Executes, and returns how many rows changed. */
  run(parameters: readonly Bindable[]): number;
  /** All rows, each as its column values. */
  rows(parameters: readonly Bindable[]): readonly (readonly unknown[])[];
}

export class SqliteFile {
  readonly path: string;
  readonly #database: InstanceType<typeof Libsql>;
  readonly #identity: string | null;
  #open = true;

  constructor(path: string, database: InstanceType<typeof Libsql>) {
    this.path = path;
    this.#database = database;
    this.#identity = identityOf(path);
  }

  exec(sql: string): void {
    this.#translated(() => this.#database.exec(sql));
  }

  prepare(sql: string): Statement {
    const statement = this.#translated(() => this.#database.prepare(sql));
    return {
      run: (parameters) => this.#translated(() => statement.run(parameters).changes),
      // raw(): every row is an array of its column values.
      rows: (parameters) => this.#translated(() => statement.raw().all(parameters).filter(Array.isArray)),
    };
  }

  /** The first value of a pragma's answer. */
  pragma(source: string): unknown {
    return this.prepare(`PRAGMA ${source}`).rows([])[0]?.[0];
  }

  /** All of `work` or, if it or the commit throws, nothing. The write lock is taken before `work` begins. */
  transaction<T>(work: () => T): T {
    this.refuseWhereLost();
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      // On a full disk SQLite may already have rolled back.
      if (this.#database.inTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  /** Throws where nobody finds the file any more: what is written to it would be gone at the next start. */
  refuseWhereLost(): void {
    const found = identityOf(this.path);
    if (found === this.#identity) return;
    const what = found === null ? 'the file is gone' : 'another file is in its place';
    throw new StoreError(
      'io',
      `store ${this.path}: ${what}: put the agent's own back, or restart the agent, which goes on from what it finds there`,
    );
  }

  get open(): boolean {
    return this.#open;
  }

  /** libsql keeps the file open while prepared statements live, so no call may follow this one. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#database.close();
  }

  #translated<T>(work: () => T): T {
    if (!this.#open) throw new Error(`store ${this.path} was used after it was closed`);
    try {
      return work();
    } catch (error) {
      const kind = kindOf(error);
      if (kind === null || error instanceof StoreError) throw error;
      throw new StoreError(
        kind,
        `store ${this.path}: ${error instanceof Error ? error.message : String(error)}`,
        error,
      );
    }
  }
}

/**
 * Opens `path`, an absolute path; a missing file is created unless `readOnly`. `busyTimeoutMs`: how long a call, and
 * with it the whole event loop, waits for another process's lock.
 */
export function openSqliteFile(
  path: string,
  options: { readonly readOnly: boolean; readonly busyTimeoutMs: number },
): SqliteFile {
  // libsql ignores better-sqlite3's `readonly`; the URI works.
  const name = options.readOnly ? `${pathToFileURL(path).href}?mode=ro` : path;
  try {
    if (!options.readOnly) keepToOwner(path);
    return new SqliteFile(path, new Libsql(name, { timeout: options.busyTimeoutMs }));
  } catch (error) {
    throw new StoreError('io', `store ${path}: cannot be opened`, error);
  }
}

/** Which file of the system it is; null: there is none. */
function identityOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}

const OWNER_ONLY = 0o600;

/**
 * The history names every router and its keys' timers: for its owner only. SQLite gives -wal and -shm the file's mode.
 */
function keepToOwner(path: string): void {
  closeSync(openSync(path, 'a', OWNER_ONLY));
  if ((statSync(path).mode & 0o077) === 0) return;
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, OWNER_ONLY);
}

/** Primary result codes (sqlite.org/rescode.html); the extended ones have them in the low byte. */
const KINDS: Readonly<Record<number, StoreErrorKind>> = {
  3: 'io', // PERM
  5: 'locked', // BUSY
  6: 'locked', // LOCKED
  8: 'io', // READONLY
  10: 'io', // IOERR
  11: 'corrupt', // CORRUPT
  13: 'full', // FULL
  14: 'io', // CANTOPEN
  15: 'locked', // PROTOCOL: lost the race for the WAL's locks
  26: 'corrupt', // NOTADB
};

/** Null: not the file's fault, but a bug of ours. */
function kindOf(error: unknown): StoreErrorKind | null {
  const code = error instanceof Error && 'rawCode' in error ? error.rawCode : null;
  return typeof code === 'number' ? (KINDS[code & 0xff] ?? null) : null;
}
