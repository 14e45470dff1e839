/**
 * A copy of a store as one file: whole, and as of one instant, even while the agent writes. SQLite makes it in one read
 * transaction; the copy gets its name only once it is complete.
 */
import { existsSync, linkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeOf } from '../../kernel/error-code.ts';
import { UserError } from '../../kernel/user-error.ts';
import { StoreError } from '../store-error.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { openSqliteStoreReadOnly } from './sqlite-store.ts';

const BUSY_TIMEOUT_MS = 5_000;

/** Rejects with a `UserError` if `storePath` is not a store of this version, or `target` cannot be created. */
export async function backupSqliteStore(
  storePath: string,
  target: string,
): Promise<{ readonly events: number; readonly bytes: number }> {
  const copy = resolve(target);
  if (existsSync(copy)) throw new UserError('usage_invalid', `${target}: exists already; a backup is a new file`);
  // Reports what is wrong with the store, if anything is.
  await (await openSqliteStoreReadOnly(storePath, () => undefined))[Symbol.asyncDispose]();
  const partial = `${copy}.partial`;
  try {
    // For its owner only, like the store.
    writeFileSync(partial, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UserError('store_inaccessible', `${target}: cannot be made: ${reasonOf(error, copy)}`, { cause: error });
  }
  try {
    const source = openSqliteFile(resolve(storePath), { readOnly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      source.prepare('VACUUM INTO ?').run([partial]);
    } finally {
      source.close();
    }
    const events = countEvents(partial);
    // Never over a file that somebody created meanwhile.
    linkSync(partial, copy);
    return { events, bytes: statSync(copy).size };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const code =
      error.kind === 'full' ? 'store_full' : error.kind === 'corrupt' ? 'store_damaged' : 'store_inaccessible';
    throw new UserError(code, `${target}: the copy failed: ${error.message}`, { cause: error });
  } finally {
    rmSync(partial, { force: true });
  }
}

function countEvents(path: string): number {
  const copy = openSqliteFile(path, { readOnly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    const counted = copy.prepare('SELECT count(*) FROM events').rows([])[0]?.[0];
    return typeof counted === 'number' ? counted : 0;
  } finally {
    copy.close();
  }
}

function reasonOf(error: unknown, path: string): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return `${dirname(path)} is no directory`;
  if (code === 'EEXIST') return `${path}.partial is there: another backup is under way, or was cut off; delete it`;
  return code || 'unknown reason';
}
