/**
 * The index of a row: (type, value) pairs, then plain numbers.
 *
 * No index of this MIB is IMPLIED and no value has a fixed size, so each value is its length and then one
 * sub-identifier an octet (RFC 2578, 7.7): `11.4.0.0.4.199.1.4.198.51.100.21.1` is group number
 * 1223, member 198.51.100.21, KEK 1.
 * An index that is too short, too long or holds no octets where octets belong is no index. Rows are joined by these
 * keys as text; what a key names is printed once a group or member, not once a row.
 */
import { CODE_DOT, digitOf } from './digits.ts';
import { MAX_IDENTITY_OCTETS, printIdentity } from './identity.ts';

export interface RowIndex {
  /** Type, length and octets of the group, as in the OID. */
  readonly group: string;
  /** The same of the key server, member or peer; null in the table of groups. */
  readonly party: string | null;
}

export interface IndexShape {
  readonly identities: number;
  readonly numbers: number;
}

const MAX_DIGITS = 10;
const MAX_SUB_IDENTIFIER = 0xffffffff;

/** Null: not an index of that shape. */
export function decodeIndex(instance: string, shape: IndexShape): RowIndex | null {
  const arcs = parseArcs(instance);
  if (arcs === null) return null;
  const { numbers, ends } = arcs;
  let group: string | null = null;
  let party: string | null = null;
  let at = 0;
  for (let i = 0; i < shape.identities; i++) {
    const length = numbers[at + 1];
    if (length === undefined || length > MAX_IDENTITY_OCTETS) return null;
    const last = at + 1 + length;
    for (let octet = at + 2; octet <= last; octet++) {
      const value = numbers[octet];
      if (value === undefined || value > 0xff) return null;
    }
    const key = instance.slice(at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, ends[last]);
    if (group === null) group = key;
    else party = key;
    at = last + 1;
  }
  return group === null || numbers.length - at !== shape.numbers ? null : { group, party };
}

/** The sub-identifiers and, for each, where its text ends. */
function parseArcs(text: string): { readonly numbers: readonly number[]; readonly ends: readonly number[] } | null {
  const numbers: number[] = [];
  const ends: number[] = [];
  let number = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? CODE_DOT : text.charCodeAt(i);
    const digit = digitOf(code);
    if (digit !== null) {
      number = number * 10 + digit;
      digits += 1;
      continue;
    }
    if (code !== CODE_DOT || digits === 0 || digits > MAX_DIGITS || number > MAX_SUB_IDENTIFIER) return null;
    numbers.push(number);
    ends.push(i);
    number = 0;
    digits = 0;
  }
  return { numbers, ends };
}

/** What a key of an index names, as printed; the key itself where it has no octets. */
export function printKey(key: string): string {
  const [type = 0, , ...octets] = key.split('.').map(Number);
  return printIdentity(type, Uint8Array.from(octets)) ?? key;
}
