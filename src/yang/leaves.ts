/**
 * One entry of a RESTCONF document (RFC 7951 JSON) read defensively: a leaf that is missing is null, one that is odd is
 * null and counted, one that the model's table does not know is counted and ignored. Names are looked up in a Map,
 * never in the device's own object.
 */
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { Problems } from '../gdoi/seen/problems.ts';
import type { NodeShape } from './gdoi-nodes.ts';
import { parseDateAndTime } from './date-and-time.ts';

/** `uint32` is the widest number that the model has. */
const MAX_COUNT = 2 ** 32 - 1;
const MAX_TEXT = 256;
/** A KS has some thousand members; the bytes of a document are bounded before this. */
const MAX_ENTRIES = 100_000;
/** `0.0.0.0` and `::` mean "none". */
const NOBODY = /^(?:0\.0\.0\.0|0*:[0:]*)$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:.]{2,45})(?:%[\w.-]{1,40})?$/i;

export class Leaves {
  readonly where: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #shape: NodeShape;
  readonly #problems: Problems;
  /** Read once: what is odd in them is counted once. */
  readonly #inner = new Map<string, readonly Leaves[]>();
  readonly #noted = new Set<string>();

  private constructor(
    where: string,
    values: ReadonlyMap<string, unknown>,
    of: { readonly shape: NodeShape; readonly problems: Problems },
  ) {
    this.where = where;
    this.#values = values;
    this.#shape = of.shape;
    this.#problems = of.problems;
  }

  /** Null: `value` is no object; counted. */
  static read(
    value: unknown,
    where: string,
    of: { readonly shape: NodeShape; readonly problems: Problems },
  ): Leaves | null {
    const { shape, problems } = of;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      problems.note(`${where}: not an entry`);
      return null;
    }
    const values = new Map<string, unknown>();
    for (const [name, content] of Object.entries(value)) {
      const leaf = withoutModule(name);
      // what another module adds under the same name is not this leaf
      if (values.has(leaf)) problems.note(`${where}: ${leaf}: there twice`);
      if (!values.has(leaf) || name === leaf) values.set(leaf, content);
    }
    for (const name of values.keys()) {
      if (!shape.leaves.includes(name) && shape.inner?.has(name) !== true)
        problems.note(`${where}: ${name}: not known`);
    }
    return new Leaves(where, values, of);
  }

  text(name: string, most = MAX_TEXT): string | null {
    const value = this.#values.get(name);
    if (isAbsent(value) || value === '') return null;
    if (typeof value === 'string' && value.length <= most && isPrintable(value)) return value;
    return this.#odd(name);
  }

  /** A text of several lines. */
  lines(name: string, most: number): readonly string[] {
    const value = this.#values.get(name);
    if (isAbsent(value)) return [];
    if (typeof value === 'string' && value.length <= most) return value.split(/\r?\n/);
    this.#odd(name);
    return [];
  }

  /** RFC 7951 has numbers of up to 32 bits as numbers; text that is one is taken as well. */
  count(name: string): number | null {
    const value = this.#values.get(name);
    if (isAbsent(value)) return null;
    const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_COUNT) return number;
    return this.#odd(name);
  }

  flag(name: string): boolean | null {
    const value = this.#values.get(name);
    if (isAbsent(value)) return null;
    if (value === true || value === 'true') return true;
    return value === false || value === 'false' ? false : this.#odd(name);
  }

  /** An enumeration's word; a word that `words` does not have proves nothing. */
  choice<T>(name: string, words: ReadonlyMap<string, T>): T | null {
    const value = this.#values.get(name);
    if (isAbsent(value)) return null;
    const meant = typeof value === 'string' ? words.get(value) : undefined;
    return meant === undefined ? this.#odd(name) : meant;
  }

  /** On the device's clock; null also for what never happened. */
  instant(name: string): EpochMs | null {
    const value = this.#values.get(name);
    if (isAbsent(value)) return null;
    const atMs = typeof value === 'string' ? parseDateAndTime(value) : null;
    return atMs === 'never' ? null : (atMs ?? this.#odd(name));
  }

  /** Null also for 0.0.0.0 and `::`. In upper case, as the CLI and SNMP show it, and without its zone. */
  address(name: string): string | null {
    const value = this.text(name, 64);
    if (value === null || NOBODY.test(value)) return null;
    const [address = ''] = value.split('%', 1);
    return ADDRESS.test(value) ? address.toUpperCase() : this.#odd(name);
  }

  /** `octets` in hex, however the device sets them off: 0x and upper-case digits. All zeros are none. */
  spi(name: string, octets: number): string | null {
    const value = this.text(name, 128);
    if (value === null) return null;
    const digits = value.replace(/^0x/i, '').replaceAll(/[\s:.-]/g, '');
    if (!/^[0-9a-f]+$/i.test(digits) || digits.length > 2 * octets) return this.#odd(name);
    // A TEK's SPI may come without its leading zeros; both cookies of a KEK are whole or of no use.
    if (octets > 4 && digits.length !== 2 * octets) return this.#odd(name);
    return /^0*$/.test(digits) ? null : `0x${digits.toUpperCase().padStart(2 * octets, '0')}`;
  }

  /** Entries of an inner list; a container is a list of one. */
  entries(name: string): readonly Leaves[] {
    const known = this.#inner.get(name);
    if (known !== undefined) return known;
    const shape = this.#shape.inner?.get(name);
    if (shape === undefined) throw new Error(`${this.where} has no ${name} in the table of nodes`);
    const value = this.#values.get(name);
    const read = isAbsent(value)
      ? []
      : readEntries(value, `${this.where}/${name}`, { shape, problems: this.#problems });
    this.#inner.set(name, read);
    return read;
  }

  /** Its inner list holds more than could be read: what is not among `entries` may be there all the same. */
  losesEntries(name: string): boolean {
    const value = this.#values.get(name);
    return !isAbsent(value) && this.entries(name).length < itemsOf(value).length;
  }

  has(name: string): boolean {
    return !isAbsent(this.#values.get(name));
  }

  /** A leaf that can be read and cannot be true. */
  contradicts(name: string, why: string): null {
    if (!this.#noted.has(name)) this.#problems.note(`${this.where}: ${name}: ${why}`);
    this.#noted.add(name);
    return null;
  }

  #odd(name: string): null {
    return this.contradicts(name, 'not what the model says');
  }
}

/** The entries of a list, or of the one that stands for it. */
export function readEntries(
  value: unknown,
  where: string,
  of: { readonly shape: NodeShape; readonly problems: Problems },
): readonly Leaves[] {
  const items = itemsOf(value);
  if (items.length > MAX_ENTRIES) of.problems.note(`${where}: more than ${MAX_ENTRIES} entries`);
  return items.slice(0, MAX_ENTRIES).flatMap((item) => Leaves.read(item, where, of) ?? []);
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** RFC 7951 puts the module's name before a name from another module. */
export function withoutModule(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isPrintable(value: string): boolean {
  return !/\p{Cc}/u.test(value);
}
