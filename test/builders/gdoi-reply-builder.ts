/** Answers of a device as the SNMP access returns them, built from the names in the MIB. */
import { readFileSync } from 'node:fs';
import type { SnmpValue, Varbind } from '../../src/gdoi/seen/varbind.ts';
import { GDOI_COLUMNS, GDOI_ROOT } from '../../src/mib/gdoi-oids.ts';
import type { GdoiReply } from '../../src/mib/gdoi-reply.ts';
import type { GdoiRequest } from '../../src/mib/gdoi-request.ts';
import type { GdoiColumn } from '../../src/mib/gdoi-column.ts';
import { parseWalk } from '../mib/walk-text.ts';

export const READ_AT_MS = Date.UTC(2026, 10, 24, 12);

export function replyOf(varbinds: readonly Varbind[], rest: Partial<GdoiReply> = {}): GdoiReply {
  return { sentAtMs: READ_AT_MS, receivedAtMs: READ_AT_MS + 40, varbinds, emptyColumns: [], engine: null, ...rest };
}

export function columnOid(column: GdoiColumn): string {
  return `${GDOI_ROOT}.${GDOI_COLUMNS[column]}`;
}

/** The cells of one row. */
export function rowOf(index: string, cells: Partial<Record<GdoiColumn, SnmpValue>>): Varbind[] {
  // the keys of a partial record of columns are columns
  return (Object.entries(cells) as Array<[GdoiColumn, SnmpValue]>).map(([column, value]) => ({
    oid: `${columnOid(column)}.${index}`,
    value,
  }));
}

/** (type, value) as sub-identifiers: the type, the length, the octets. */
export function encodeIdentity(type: number, octets: Iterable<number>): string {
  const list = [...octets];
  return [type, list.length, ...list].join('.');
}

export function octets(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** What a device with these objects answers to a request. */
export function answer(objects: readonly Varbind[], request: GdoiRequest, rest: Partial<GdoiReply> = {}): GdoiReply {
  const rows = request.columns.map((column) => objects.filter(({ oid }) => oid.startsWith(`${column}.`)));
  const scalars = request.scalars.map((oid) => objects.find((object) => object.oid === oid) ?? { oid, value: null });
  const emptyColumns = request.columns.filter((_, i) => rows[i]?.length === 0);
  return replyOf([...scalars, ...rows.flat()], { emptyColumns, ...rest });
}

export function walkOf(name: string): Varbind[] {
  return parseWalk(readFileSync(new URL(`../mib/goldens/${name}.txt`, import.meta.url), 'utf8'));
}
