/**
 * The schema as a list of forward steps. The version of a store is the number of steps it has taken; a released step is
 * never edited (a test knows their checksums): a further step corrects it.
 */
import { UserError } from '../../kernel/user-error.ts';
import { incidents } from './migrations/0002-incidents.ts';
import { eventsAndStates } from './migrations/0001-events-and-states.ts';
import { groupMemberStates } from './migrations/0003-group-member-states.ts';
import { cells } from './migrations/0004-cells.ts';
import { notes } from './migrations/0005-notes.ts';
import { plannedEvents } from './migrations/0006-planned-events.ts';
import type { SqliteFile } from './sqlite-file.ts';

export const MIGRATIONS: readonly string[] = [
  eventsAndStates,
  incidents,
  groupMemberStates,
  cells,
  notes,
  plannedEvents,
];

/** 0: an empty file. A file with another program's tables is a `UserError`. */
export function readSchemaVersion(file: SqliteFile): number {
  const tables = file
    .prepare(`SELECT count(*), count(*) FILTER (WHERE name = 'schema_version') FROM sqlite_schema WHERE type = 'table'`)
    .rows([])[0];
  if (tables?.[0] === 0) return 0;
  if (tables?.[1] !== 1) {
    throw new UserError(
      'store_foreign',
      `store ${file.path}: a SQLite database, but of another program: name another file`,
    );
  }
  return Number(file.prepare('SELECT ifnull(max(version), 0) FROM schema_version').rows([])[0]?.[0]);
}

/** Refuses a store of a newer gdoiwatch: this one would not keep what it does not know. */
export function refuseNewerSchema(path: string, version: number, known: number): void {
  if (version > known) {
    throw new UserError(
      'store_newer',
      `store ${path}: written by a newer gdoiwatch (schema ${version}, this one knows ${known}): run that version, or name another file`,
    );
  }
}

/** Takes every missing step, all or none. Returns the versions before and after. */
export function migrate(
  file: SqliteFile,
  appliedAtMs: number,
  migrations: readonly string[] = MIGRATIONS,
): { readonly from: number; readonly to: number } {
  const before = readSchemaVersion(file);
  refuseNewerSchema(file.path, before, migrations.length);
  if (before === migrations.length) return { from: before, to: before };
  return file.transaction(() => {
    // Read again: another process may have taken the steps before this one got the lock.
    const from = readSchemaVersion(file);
    refuseNewerSchema(file.path, from, migrations.length);
    if (from === 0) {
      file.exec(
        'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at_ms REAL NOT NULL) STRICT',
      );
    }
    const record = file.prepare('INSERT INTO schema_version (version, applied_at_ms) VALUES (?, ?)');
    for (const [index, sql] of migrations.entries()) {
      if (index < from) continue;
      file.exec(sql);
      record.run([index + 1, appliedAtMs]);
    }
    return { from, to: migrations.length };
  });
}
