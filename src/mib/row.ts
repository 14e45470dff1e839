/**
 * One row of a table, and how its cells are read: nothing of what a device sent is trusted to have its type or size.
 */
import type { SnmpValue } from '../gdoi/seen/varbind.ts';
import type { GdoiColumn } from './gdoi-column.ts';
import { hexOf, printableText } from './octets.ts';
import type { Problems } from '../gdoi/seen/problems.ts';
import type { RowIndex } from './row-index.ts';

const MAX_UNSIGNED32 = 0xffffffff;

/** Each reader gives null for a cell that is absent, and for an odd one, which it counts. */
export class Row {
  readonly index: RowIndex;
  readonly #instance: string;
  readonly #cells: ReadonlyMap<GdoiColumn, SnmpValue>;
  readonly #problems: Problems;

  constructor(index: RowIndex, instance: string, cells: ReadonlyMap<GdoiColumn, SnmpValue>, problems: Problems) {
    this.index = index;
    this.#instance = instance;
    this.#cells = cells;
    this.#problems = problems;
  }

  has(column: GdoiColumn): boolean {
    return this.#cells.has(column);
  }

  /** Unsigned32, Gauge, Counter32 or INTEGER. */
  number(column: GdoiColumn): number | null {
    const value = this.#cells.get(column);
    if (value === undefined) return null;
    const number = Number(value);
    const plain = typeof value === 'number' || typeof value === 'bigint';
    if (plain && Number.isInteger(number) && number >= 0 && number <= MAX_UNSIGNED32) return number;
    return this.#odd(column, value, 'an unsigned number of 32 bits');
  }

  octets(column: GdoiColumn): Uint8Array | null {
    const value = this.#cells.get(column);
    if (value === undefined) return null;
    return value instanceof Uint8Array ? value : this.#odd(column, value, 'octets');
  }

  /** 16 octets of a KEK or 4 of a TEK, as `0x` and upper-case hex; null also for all zeros, which is no key. */
  spi(column: GdoiColumn, length: 4 | 16): string | null {
    const octets = this.octets(column);
    if (octets === null) return null;
    if (octets.length !== length) return this.#odd(column, octets, `${String(length)} octets`);
    return octets.every((octet) => octet === 0) ? null : hexOf(octets);
  }

  text(column: GdoiColumn, maxLength: number): string | null {
    const octets = this.octets(column);
    if (octets === null || octets.length === 0) return null;
    const text = octets.length <= maxLength ? printableText(octets) : null;
    return text ?? this.#odd(column, octets, 'a name');
  }

  /** The label of an enumerated value. */
  label<Label extends string>(column: GdoiColumn, labels: Readonly<Record<number, Label>>): Label | null {
    const number = this.number(column);
    if (number === null) return null;
    return labels[number] ?? this.#odd(column, number, 'a known value');
  }

  drop(why: string): void {
    this.#problems.note(`row ${this.#instance}: ${why}`);
  }

  #odd(column: GdoiColumn, value: SnmpValue, expected: string): null {
    this.#problems.note(`${column}.${this.#instance}: ${describe(value)} is not ${expected}`);
    return null;
  }
}

function describe(value: SnmpValue): string {
  if (value instanceof Uint8Array) return `${String(value.length)} octets (${hexOf(value.subarray(0, 16))})`;
  return typeof value === 'string' ? `the OID ${value}` : String(value);
}
