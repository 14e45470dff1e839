/**
 * One agent for each store: two would each write the states that they know, over those of the other. The lock is one of
 * SQLite's own on an empty file beside the store, so it ends with the process, however that ends; the store itself
 * stays open to readers.
 */
import { StoreError } from '../store-error.ts';
import { openSqliteFile } from './sqlite-file.ts';

export interface StoreLock {
  close(): void;
}

/** Stays when the store is closed: a file beside it says whose store it is. */
export function lockPath(path: string): string {
  return `${path}.lock`;
}

/** null: another agent holds it. */
export function lockStore(path: string): StoreLock | null {
  const file = openSqliteFile(lockPath(path), { readOnly: false, busyTimeoutMs: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
    return {
      close() {
        file.exec('ROLLBACK');
        file.close();
      },
    };
  } catch (error) {
    file.close();
    if (error instanceof StoreError && error.kind === 'locked') return null;
    throw error;
  }
}
