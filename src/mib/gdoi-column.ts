/** Which column of which table an OID is an instance of. */
import { CODE_DOT, digitOf } from './digits.ts';
import { GDOI_COLUMNS, GDOI_TABLES } from './gdoi-oids.ts';

export type GdoiTable = keyof typeof GDOI_TABLES;
export type GdoiColumn = keyof typeof GDOI_COLUMNS;

export interface ColumnInstance {
  readonly column: GdoiColumn;
  readonly table: GdoiTable;
  /** The index of the row, as text; may be anything. */
  readonly instance: string;
}

/** The table of groups has columns of four arcs below the root, all others of five; all arcs are smaller than this. */
const ARC_BASE = 64;
const MAX_ARCS = 5;

/** By the arcs below the root, folded into one number: looked up once for every varbind of every answer. */
const COLUMNS: ReadonlyMap<number, { readonly column: GdoiColumn; readonly table: GdoiTable }> = foldedColumns();

function foldedColumns(): Map<number, { readonly column: GdoiColumn; readonly table: GdoiTable }> {
  const tableAt = new Map<string, GdoiTable>();
  for (const table of keysOf(GDOI_TABLES)) tableAt.set(GDOI_TABLES[table].entry, table);
  const columns = new Map<number, { readonly column: GdoiColumn; readonly table: GdoiTable }>();
  for (const column of keysOf(GDOI_COLUMNS)) {
    const oid: string = GDOI_COLUMNS[column];
    const table = tableAt.get(oid.slice(0, oid.lastIndexOf('.')));
    const folded = oid.split('.').reduce((key, arc) => key * ARC_BASE + Number(arc), 0);
    if (table !== undefined) columns.set(folded, { column, table });
  }
  return columns;
}

function keysOf<T extends object>(record: T): ReadonlyArray<keyof T> {
  return Object.keys(record).filter((key): key is keyof T & string => Object.hasOwn(record, key));
}

/** True for an OID below `root`, not for `root` itself. */
export function isBelow(root: string, oid: string): boolean {
  return oid.startsWith(root) && oid.charCodeAt(root.length) === CODE_DOT;
}

/** Null: no column is at that OID, which must be below `root`. */
export function columnAt(root: string, oid: string): ColumnInstance | null {
  let folded = 0;
  let arc = 0;
  let arcs = 0;
  for (let i = root.length + 1; i <= oid.length; i++) {
    const code = i === oid.length ? CODE_DOT : oid.charCodeAt(i);
    const digit = digitOf(code);
    if (digit !== null) {
      arc = arc * 10 + digit;
      continue;
    }
    if (code !== CODE_DOT || arc >= ARC_BASE) return null;
    folded = folded * ARC_BASE + arc;
    arc = 0;
    arcs += 1;
    const found = arcs < MAX_ARCS - 1 ? undefined : COLUMNS.get(folded);
    if (found !== undefined) return { column: found.column, table: found.table, instance: oid.slice(i + 1) };
    if (arcs === MAX_ARCS) return null;
  }
  return null;
}
