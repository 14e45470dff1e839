/**
 * Varbinds to rows: the cells of each table joined by index, in an order that does not depend on the order of arrival.
 *
 * The columns of a row are read at different instants. A cell that came twice with two values contradicts itself,
 * unless it only counted down: it is unknown, and counted. An object that the device does not have (null) is no cell.
 * Nothing here throws.
 */
import type { SnmpValue, Varbind } from '../gdoi/seen/varbind.ts';
import { columnAt, type GdoiColumn, type GdoiTable, isBelow } from './gdoi-column.ts';
import { GDOI_TABLES } from './gdoi-oids.ts';
import { sameOctets } from './octets.ts';
import type { Problems } from '../gdoi/seen/problems.ts';
import { Row } from './row.ts';
import { decodeIndex } from './row-index.ts';

export interface GdoiRows {
  /** Rows of one table, in the order of their instances as text. */
  readonly of: (table: GdoiTable) => readonly Row[];
  /** Columns with at least one value, and their tables. */
  readonly answered: ReadonlySet<GdoiColumn>;
  readonly tables: readonly GdoiTable[];
}

export function readRows(varbinds: readonly Varbind[], root: string, problems: Problems): GdoiRows {
  const sketches = new Map<GdoiTable, Map<string, RowCells>>();
  const answered = new Set<GdoiColumn>();
  const foreign = new Set<string>();
  for (const { oid, value } of varbinds) {
    if (value === null || !isBelow(root, oid)) continue;
    const place = columnAt(root, oid);
    if (place === null) {
      if (!isScalar(root, oid)) foreign.add(oid);
      continue;
    }
    const { column, table, instance } = place;
    answered.add(column);
    const rows = sketches.get(table) ?? new Map<string, RowCells>();
    sketches.set(table, rows);
    const cells: RowCells = rows.get(instance) ?? new Map();
    rows.set(instance, cells);
    const known = cells.get(column);
    cells.set(column, known === undefined ? value : sameReading(column, known, value));
  }
  for (const oid of foreign) problems.note(`${oid} is no object of this MIB`);
  const tables = new Map([...sketches].map(([table, rows]) => [table, finished(table, rows, problems)]));
  return { of: (table) => tables.get(table) ?? [], answered, tables: [...tables.keys()].toSorted() };
}

/** Null: the cell contradicts itself. */
type RowCells = Map<GdoiColumn, SnmpValue>;

function finished(table: GdoiTable, sketches: ReadonlyMap<string, RowCells>, problems: Problems): Row[] {
  const rows: Row[] = [];
  const inOrder = [...sketches].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [instance, cells] of inOrder) {
    const index = decodeIndex(instance, GDOI_TABLES[table]);
    if (index === null) {
      problems.note(`${table}: ${instance} is no index`);
      continue;
    }
    for (const [column, value] of cells) {
      if (value !== null) continue;
      problems.note(`${column}.${instance} came with different values`);
      cells.delete(column);
    }
    rows.push(new Row(index, instance, cells, problems));
  }
  return rows;
}

/** Notification switches, and variables of notifications. */
function isScalar(root: string, oid: string): boolean {
  return oid.startsWith('.1.4.', root.length) || oid.startsWith('.1.5.', root.length);
}

/** One cell read twice: a countdown may have gone on (the later reading counts), anything else must be the same. */
function sameReading(column: GdoiColumn, a: SnmpValue, b: SnmpValue): SnmpValue {
  if (a === null) return null;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return sameOctets(a, b) ? a : null;
  // A value that is no number is the same as itself, too.
  if (a === b || Object.is(a, b)) return a;
  const countsDown = column.endsWith('RemainingLifetime') && typeof a === 'number' && typeof b === 'number';
  return countsDown ? Math.min(a, b) : null;
}
