/**
 * One agent for each store: two would overwrite each other's states. The lock is one of SQLite's own, on an empty file
 * beside the store, so it ends with the process, however that ends; the store itself stays open to readers.
 */
import { StoreError } from '../store-error.ts';
import { openSqliteFile } from './sqlite-file.ts';

export interface StoreLock {
  close(): void;
}

/** The file stays when the store is closed; its name says whose store it is. */
export function lockPath(path: string): string {
  return `${path}.lock`;
}

/** Null: another agent holds it. */
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
