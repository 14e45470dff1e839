/**
 * Reads scalars and columns by GETBULK in as few requests as fit: decides what to ask next from what has come so far.
 *
 * Scalars are asked as non-repeaters, by their parent, so that the instance `.0` is the next one. Each column goes on
 * from its own last row, because an agent may cut an answer anywhere; a column that has ended drops out. Knows no
 * network. What agents do wrong ends the walk as a problem: no progress, rows that go back or repeat, more than the
 * limits.
 */
import type { Varbind } from '../../gdoi/seen/varbind.ts';
import type { SnmpRequest } from '../device-snmp.ts';
import { comesAfter, liesBelow } from './oid.ts';

/** Largest answer that is not cut into fragments, which tunnels and firewalls lose. */
const ANSWER_OCTETS = 1_400;
/**
 * A varbind of CISCO-GDOI-MIB with an IPv4 identity takes 36 to 56 octets: this many fit, until answers show better.
 */
const USUAL_VARBINDS = 25;
const MOST_VARBINDS = 50;
/** What is asked at once if the agent cannot answer more (`tooBig`, `genErr`). */
const FEWEST_VARBINDS = 5;
/** An answer with fewer is mostly header and does not show how many would fit. */
const TELLING_VARBINDS = 10;

export interface WalkBounds {
  readonly varbinds: number;
  readonly requests: number;
  readonly octets: number;
}

/** A key server with 8,000 rows of 10 columns is beyond what a poll reads; the rest is two or three times that. */
export const WALK_BOUNDS: WalkBounds = { varbinds: 50_000, requests: 2_000, octets: 8_000_000 };

export interface BulkRequest {
  readonly oids: string[];
  /** How many of `oids`, from the first, are asked once. */
  readonly nonRepeaters: number;
  readonly maxRepetitions: number;
}

/** What came for each OID, in the order of the request; null: the end of what the agent shows. */
export interface BulkAnswer {
  readonly single: ReadonlyArray<Varbind | null>;
  readonly repeated: ReadonlyArray<ReadonlyArray<Varbind | null>>;
}

export type WalkProblem =
  | { readonly kind: 'backwards'; readonly column: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'bound'; readonly what: keyof WalkBounds };

interface Column {
  readonly oid: string;
  readonly rows: Varbind[];
  last: string;
  ended: boolean;
}

/** What a read showed of a device, so that the next one asks no more than there is and no more than fits. */
export interface WalkMemory {
  /** By column. */
  readonly rows: ReadonlyMap<string, number>;
  readonly varbindsARequest: number;
  /** The agent could not answer requests of the usual size. */
  readonly shrunk: boolean;
}

export const NOTHING_WALKED: WalkMemory = { rows: new Map(), varbindsARequest: USUAL_VARBINDS, shrunk: false };

export class ColumnWalk {
  readonly #scalars: readonly string[];
  readonly #scalarValues: Varbind[] = [];
  readonly #columns: readonly Column[];
  readonly #expected: ReadonlyMap<string, number>;
  readonly #bounds: WalkBounds;
  #size: number;
  #shrunk: boolean;
  #asked: { readonly scalars: number; readonly columns: readonly Column[] } = { scalars: 0, columns: [] };
  #requests = 0;
  #varbinds = 0;
  #octets = 0;

  constructor(request: SnmpRequest, memory: WalkMemory, bounds: WalkBounds = WALK_BOUNDS) {
    this.#scalars = request.scalars;
    this.#columns = request.columns.map((oid) => ({ oid, rows: [], last: oid, ended: false }));
    this.#expected = memory.rows;
    this.#size = memory.varbindsARequest;
    this.#shrunk = memory.shrunk;
    this.#bounds = bounds;
  }

  /** The next request; null: everything is read. */
  next(): BulkRequest | null {
    const open = this.#columns.filter((column) => !column.ended);
    const scalars = this.#scalars.slice(this.#scalarValues.length, this.#scalarValues.length + this.#size);
    const columns = open.slice(0, this.#size - scalars.length);
    if (scalars.length + columns.length === 0) return null;
    this.#asked = { scalars: scalars.length, columns };
    this.#requests += 1;
    return {
      oids: [...scalars.map(parentOf), ...columns.map(({ last }) => last)],
      nonRepeaters: scalars.length,
      maxRepetitions: columns.length === 0 ? 0 : this.#repetitions(columns, this.#size - scalars.length),
    };
  }

  /** Takes what came for the last request; a problem ends the walk. */
  take(answer: BulkAnswer, octets: number): WalkProblem | null {
    const { scalars, columns } = this.#asked;
    const before = this.#varbinds;
    for (let index = 0; index < scalars; index += 1) {
      const found = answer.single[index];
      if (found === undefined) break;
      const oid = this.#scalars[this.#scalarValues.length] ?? '';
      this.#scalarValues.push(found?.oid === oid ? found : { oid, value: null });
      this.#varbinds += 1;
    }
    for (const [index, column] of columns.entries()) {
      for (const found of answer.repeated[index] ?? []) {
        this.#varbinds += 1;
        if (found === null || !liesBelow(column.oid, found.oid)) {
          // Past the end of the column: another object, or nothing more. Going back is not an end.
          if (found !== null && !comesAfter(column.last, found.oid)) return { kind: 'backwards', column: column.oid };
          column.ended = true;
          break;
        }
        if (!comesAfter(column.last, found.oid)) return { kind: 'backwards', column: column.oid };
        column.last = found.oid;
        column.rows.push(found);
      }
    }
    this.#fit(answer, octets);
    if (this.#varbinds === before) return { kind: 'empty' };
    if (this.#varbinds > this.#bounds.varbinds) return { kind: 'bound', what: 'varbinds' };
    if (this.#octets > this.#bounds.octets) return { kind: 'bound', what: 'octets' };
    return this.#requests >= this.#bounds.requests ? { kind: 'bound', what: 'requests' } : null;
  }

  /** The agent could not answer a request of this size: ask for less from now on. False: it was small already. */
  shrink(): boolean {
    if (this.#shrunk) return false;
    this.#shrunk = true;
    this.#size = FEWEST_VARBINDS;
    return true;
  }

  get memory(): WalkMemory {
    return {
      rows: new Map(this.#columns.map(({ oid, rows }) => [oid, rows.length])),
      varbindsARequest: this.#size,
      shrunk: this.#shrunk,
    };
  }

  /** Scalars in the order asked for, then the columns' rows. */
  get varbinds(): readonly Varbind[] {
    return [...this.#scalarValues, ...this.#columns.flatMap(({ rows }) => rows)];
  }

  get emptyColumns(): readonly string[] {
    return this.#columns.filter(({ rows }) => rows.length === 0).map(({ oid }) => oid);
  }

  /** Updates how many varbinds of this device fill an answer. */
  #fit({ single, repeated }: BulkAnswer, octets: number): void {
    this.#octets += octets;
    const varbinds = repeated.reduce((sum, { length }) => sum + length, single.length);
    if (this.#shrunk || varbinds < TELLING_VARBINDS) return;
    const fitting = Math.floor((ANSWER_OCTETS * varbinds) / octets);
    this.#size = Math.min(MOST_VARBINDS, Math.max(FEWEST_VARBINDS, fitting));
  }

  /** As many as fit, but not more than expected: last time's rows and the one that shows the end. */
  #repetitions(columns: readonly Column[], room: number): number {
    const fit = Math.max(1, Math.floor(room / columns.length));
    let wanted = 1;
    for (const { oid, rows } of columns) {
      const expected = this.#expected.get(oid);
      if (expected === undefined) return fit;
      wanted = Math.max(wanted, expected + 1 - rows.length);
    }
    return Math.min(fit, wanted);
  }
}

/** The object of a scalar's instance. */
function parentOf(scalar: string): string {
  if (!scalar.endsWith('.0')) throw new Error(`"${scalar}" is no instance of a scalar`);
  return scalar.slice(0, -2);
}
