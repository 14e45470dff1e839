/**
 * The schema as a list of forward steps. Several agents may start at once: one takes the steps, under a lock that ends
 * with its transaction, and the others find them done. A database of another program or a newer gdoiwatch is refused.
 */
import { UserError } from '../../kernel/user-error.ts';
import type { PostgresConnections, Session } from './connections.ts';
import { cellsAndEvents } from './migrations/0001-cells-and-events.ts';
import { aloneAndLate } from './migrations/0002-alone-and-late.ts';
import { notes } from './migrations/0003-notes.ts';
import { inventories } from './migrations/0004-inventories.ts';
import { plannedEvents } from './migrations/0005-planned-events.ts';

export const MIGRATIONS: readonly string[] = [cellsAndEvents, aloneAndLate, notes, inventories, plannedEvents];

/** pg_current_xact_id and xid8 are from PostgreSQL 13. */
const OLDEST_VERSION = 13;
/** Of the advisory lock: "gdoi". */
const LOCK = 0x67_64_6f_69;
/**
 * All agents wait behind a step that waits for a table (because a backup or somebody at psql reads it), and their
 * leases must not run out meanwhile. So the start fails then, and can be tried again.
 */
const TABLE_WAIT_MS = 1_000;

export interface Migrated {
  readonly from: number;
  readonly to: number;
}

export function migrate(connections: PostgresConnections, migrations = MIGRATIONS): Promise<Migrated> {
  const { place } = connections;
  return connections.transaction(async (session) => {
    await refuseOld(session, place);
    await session.run('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const from = await readVersion(session, place);
    if (from > migrations.length) {
      throw new UserError(
        'store_newer',
        `store ${place}: written by a newer gdoiwatch (schema ${from}, this one knows ${migrations.length}): run that version, or name another database`,
      );
    }
    if (from === 0) {
      await session.run(
        'CREATE TABLE IF NOT EXISTS gdoiwatch_schema (version integer PRIMARY KEY, applied_at timestamptz NOT NULL)',
      );
    }
    await session.run(`SET LOCAL lock_timeout = ${TABLE_WAIT_MS}`);
    for (const [index, sql] of migrations.entries()) {
      if (index < from) continue;
      await session.run(sql);
      await session.run('INSERT INTO gdoiwatch_schema (version, applied_at) VALUES ($1, clock_timestamp())', [
        index + 1,
      ]);
    }
    return { from, to: migrations.length };
  });
}

async function refuseOld(session: Session, place: string): Promise<void> {
  const [row] = await session.run(`SELECT current_setting('server_version_num')::int / 10000 AS major`);
  const major = Number(row?.['major']);
  if (major >= OLDEST_VERSION) return;
  throw new UserError(
    'store_unsuitable',
    `store ${place}: PostgreSQL ${major} is too old: it needs ${OLDEST_VERSION} or newer`,
  );
}

/** 0: an empty database. */
async function readVersion(session: Session, place: string): Promise<number> {
  const [found] = await session.run(
    `SELECT count(*)::int AS tables, count(*) FILTER (WHERE tablename = 'gdoiwatch_schema')::int AS ours
     FROM pg_tables WHERE schemaname = current_schema()`,
  );
  if (found?.['tables'] === 0) return 0;
  if (found?.['ours'] !== 1) {
    throw new UserError(
      'store_foreign',
      `store ${place}: a database of another program: name an empty one, or give the user a schema of its own`,
    );
  }
  const [row] = await session.run('SELECT coalesce(max(version), 0) AS version FROM gdoiwatch_schema');
  return Number(row?.['version']);
}
