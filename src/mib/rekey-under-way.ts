/**
 * A rekey that came while an answer was read.
 *
 * Rows are read at different instants: the sequence number of the last rekey before it came, and the key that it
 * brought after. That would look like a registration, which brings keys and no number. So where keys of a GM are new,
 * the number is read once more after them, and the later reading counts.
 */
import type { Varbind } from '../gdoi/seen/varbind.ts';
import type { GdoiColumn } from './gdoi-column.ts';
import { GDOI_COLUMNS, GDOI_ROOT } from './gdoi-oids.ts';
import type { GdoiRows } from './gdoi-rows.ts';
import { GM_KEK, GM_TEK } from './key-facts.ts';

/** By its description the sequence number of the last rekey. */
export const REKEY_SEQUENCE: GdoiColumn = 'cgmGdoiGmRekeysReceived';

/** Keys that are kept; a GM has a few in each group. */
const MAX_KEPT = 256;

/** SPIs of a GM's KEKs and TEKs, in an order of their own. */
export function keysOfGm(rows: GdoiRows): readonly string[] {
  const spis = [GM_KEK, GM_TEK].flatMap(({ table, spi, spiOctets }) =>
    rows.of(table).map((row) => row.spi(spi, spiOctets)),
  );
  return [...new Set(spis.filter((spi) => spi !== null))].toSorted().slice(0, MAX_KEPT);
}

/** Is a key in `after` that was not known before? The very first keys are no change. */
export function hasNewKeys(before: readonly string[], after: readonly string[]): boolean {
  const known = new Set(before);
  return before.length > 0 && after.some((spi) => !known.has(spi));
}

/** The answer with each sequence number as it was read last, and what else came with the later reading. */
export function withLaterSequence(
  first: readonly Varbind[],
  later: readonly Varbind[],
  root: string = GDOI_ROOT,
): { readonly first: readonly Varbind[]; readonly others: readonly Varbind[] } {
  const column = `${root}.${GDOI_COLUMNS[REKEY_SEQUENCE]}.`;
  const again = new Map(later.filter(({ oid }) => oid.startsWith(column)).map((varbind) => [varbind.oid, varbind]));
  return {
    first: first.map((varbind) => again.get(varbind.oid) ?? varbind),
    others: later.filter(({ oid }) => !again.has(oid)),
  };
}
