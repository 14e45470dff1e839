/**
 * The write-ahead log beside the store: when it is moved into the main file, and how a start finds that it was lost.
 *
 * SQLite takes a missing log for an empty one, and stops at a damaged frame, both silently: the history since the last
 * checkpoint would be lost without notice. So the main file says that a log belongs to it. Its `user_version` is
 * `LOG_IN_USE` in each of our checkpoints, `IN_THE_LOG` only in the log, and `CLOSED` once nothing is left outside of
 * the main file. A checkpoint made by somebody else, such as SQLite's shell when it closes, leaves `IN_THE_LOG`:
 * nothing is lost.
 */
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Damage } from './damage.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { lockStore } from './store-lock.ts';
import { checkWal } from './wal-check.ts';

const CLOSED = 0;
const LOG_IN_USE = 1;
const IN_THE_LOG = 2;
/** sqlite.org/fileformat2.html#the_database_header */
const USER_VERSION_AT = 60;
/** A larger log is left to SQLite: with our checkpoints it does not grow so far. */
const MAX_CHECKED_LOG_BYTES = 256 * 1024 * 1024;

/** Switches off SQLite's own checkpoints: `checkpoint` replaces them. */
export function beginLog(file: SqliteFile): void {
  file.exec('PRAGMA wal_autocheckpoint = 0');
  checkpoint(file);
}

/** Moves the log's contents into the main file. The log keeps its size, so that it is never empty while in use. */
export function checkpoint(file: SqliteFile): void {
  file.exec(`PRAGMA user_version = ${LOG_IN_USE}`);
  file.pragma('wal_checkpoint(PASSIVE)');
  file.exec(`PRAGMA user_version = ${IN_THE_LOG}`);
}

/** Moves everything into the main file, so that a copy of it is a whole backup. */
export function endLog(file: SqliteFile): void {
  file.exec(`PRAGMA user_version = ${CLOSED}`);
  file.pragma('wal_checkpoint(TRUNCATE)');
}

/** Call before SQLite opens a store of ours and drops the damaged part. `aside`: where a damaged log is copied. */
export function findLostLog(path: string, aside: string, damage: Damage): void {
  const lock = lockStore(path);
  // the agent that holds it uses the log
  if (lock === null) return;
  try {
    const log = `${path}-wal`;
    const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0) {
      if (userVersion(path) === LOG_IN_USE)
        damage.found({ log }, 'the write-ahead log is missing: what was stored last is lost');
      return;
    }
    if (size > MAX_CHECKED_LOG_BYTES) return;
    const check = checkWal(readFileSync(log));
    if (check.kind === 'whole') return;
    copyFileSync(log, aside);
    const lost = check.kind === 'cut' ? { lostCommits: check.lostCommits } : {};
    damage.found({ log, aside, ...lost }, 'the write-ahead log is damaged: what was stored last is lost');
  } finally {
    lock.close();
  }
}

function userVersion(path: string): number {
  if (!existsSync(path)) return CLOSED;
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4);
    return readSync(file, bytes, 0, 4, USER_VERSION_AT) === 4 ? bytes.readUInt32BE(0) : CLOSED;
  } finally {
    closeSync(file);
  }
}
