/**
 * The KEK and the TEKs of one member or key server, out of their rows.
 *
 * Three states stay apart: a row with remaining 0 is a key that has expired and is still listed, no row is no key, and
 * no table is nothing known. A row without the SPI or the countdown that was asked came or went between two readings:
 * it is dropped and counted, and where that leaves no row, nothing is known.
 */
import { GDOI_ENUMS } from './gdoi-oids.ts';
import type { GdoiRows } from './gdoi-rows.ts';
import type { KeyTable } from './key-facts.ts';
import type { Problems } from '../gdoi/seen/problems.ts';
import { MOST_TEKS } from '../gdoi/seen/row-bounds.ts';
import type { Row } from './row.ts';

export interface ShownKek {
  readonly spi: string | null;
  readonly remainingSeconds: number | null;
  readonly status: 'inUse' | 'new' | 'old' | null;
}

export interface ShownTek {
  readonly spi: string | null;
  readonly remainingSeconds: number | null;
  /** An inbound or outbound SA by its status column; false also where that column was not asked. */
  readonly inUse: boolean;
}

const STATUS_ORDER = ['inUse', 'new', null, 'old'] as const;

/**
 * KEKs, the one that counts first: in use before new before old; then the active one, then the longest-lived. Null:
 * there are rows, but none is whole.
 */
export function readKeks(
  table: KeyTable,
  rows: readonly Row[],
  all: GdoiRows,
  activeSpi: string | null,
): readonly ShownKek[] | null {
  const whole = wholeRows(table, rows, all);
  if (whole === null) return null;
  const keks = whole.map((row) => ({
    spi: row.spi(table.spi, table.spiOctets),
    remainingSeconds: row.number(table.remaining),
    status: row.label(table.status, GDOI_ENUMS.CgmGdoiKekStatus),
  }));
  return keks.toSorted(
    (a, b) =>
      STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) ||
      Number(isActive(b, activeSpi)) - Number(isActive(a, activeSpi)) ||
      (b.remainingSeconds ?? -1) - (a.remainingSeconds ?? -1) ||
      bySpi(a, b),
  );
}

function isActive({ spi }: ShownKek, activeSpi: string | null): boolean {
  return spi !== null && spi === activeSpi;
}

/**
 * TEKs, each SPI once, the longest-lived first: rows are selectors x TEKs x directions. Of one SPI's rows, read one
 * after the other, the first reading counts: any lies between question and answer. Null: there are rows, but none is
 * whole.
 */
export function readTeks(
  table: KeyTable,
  rows: readonly Row[],
  all: GdoiRows,
  problems: Problems,
): readonly ShownTek[] | null {
  const whole = wholeRows(table, rows, all);
  if (whole === null) return null;
  const merged = new Map<string | null, ShownTek>();
  for (const row of whole) {
    const status = row.label(table.status, GDOI_ENUMS.CgmGdoiTekStatus);
    if (status === 'notInUse') continue;
    const spi = row.spi(table.spi, table.spiOctets);
    const remaining = row.number(table.remaining);
    const known = merged.get(spi);
    merged.set(spi, {
      spi,
      remainingSeconds: longer(known?.remainingSeconds ?? null, remaining),
      inUse: known?.inUse === true || status !== null,
    });
  }
  const teks = [...merged.values()].toSorted(
    (a, b) => (b.remainingSeconds ?? -1) - (a.remainingSeconds ?? -1) || bySpi(a, b),
  );
  for (const { spi } of teks.slice(MOST_TEKS)) problems.note(`TEK ${spi ?? ''}: more than ${String(MOST_TEKS)}`);
  return teks.slice(0, MOST_TEKS);
}

function longer(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function wholeRows(table: KeyTable, rows: readonly Row[], all: GdoiRows): readonly Row[] | null {
  const expected = [table.spi, table.remaining].filter((column) => all.answered.has(column));
  const whole = rows.filter((row) => {
    const missing = expected.find((column) => !row.has(column));
    if (missing !== undefined) row.drop(`no ${missing}, which other rows have`);
    return missing === undefined;
  });
  return whole.length === 0 && rows.length > 0 ? null : whole;
}

/** Any order that does not depend on the order of arrival. */
function bySpi(a: { readonly spi: string | null }, b: { readonly spi: string | null }): number {
  const [left, right] = [a.spi ?? '', b.spi ?? ''];
  return left === right ? 0 : left < right ? -1 : 1;
}
