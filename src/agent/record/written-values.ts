/**
 * SNMP values that a person or another program wrote as text into a timeline. The column tells what the text must be:
 * `192.0.2.1` is an address where an identity stands, and a name where a name does. What the tools of Net-SNMP print
 * (`INTEGER: 1`, `Hex-STRING: C0 00 02 01`) tells it by itself.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { SnmpValue } from '../../gdoi/seen/varbind.ts';
import { columnAt, isBelow } from '../../mib/gdoi-column.ts';
import { GDOI_NOTIFICATION_VARIABLES, GDOI_ROOT } from '../../mib/gdoi-oids.ts';
import { type ValueKind, valueKind } from '../../mib/value-kind.ts';
import { ENGINE_BOOTS, ENGINE_TIME, SYS_UP_TIME } from '../../mib/system-group.ts';

const DIGITS = /^\d{1,10}$/;
// C0 00 02 01
const HEX_WITH_BLANKS = /^(?:[0-9A-Fa-f]{2} ){3,}[0-9A-Fa-f]{2}$/;
// INTEGER: alive(1) / Gauge32: 5 / Timeticks: (4711) 0:00:47.11 / STRING: "WAN" / Hex-STRING: C0 00 / IpAddress: 192.0.2.1
const TYPED =
  /^(INTEGER|Integer32|Unsigned32|UInteger32|Gauge32|Counter32|Timeticks|Hex-STRING|STRING|IpAddress|OID): ?(.{0,65535})$/s;
const NUMBER_INSIDE = /^(?:[A-Za-z][\w-]{0,63})?\(?(\d{1,10})\)?(?: .{0,80})?$/;
const NUMBERS: ReadonlySet<string> = new Set([SYS_UP_TIME, ENGINE_BOOTS, ENGINE_TIME]);
const VARIABLES: ReadonlyMap<string, string> = new Map(
  Object.entries(GDOI_NOTIFICATION_VARIABLES).map(([name, oid]) => [oid, name]),
);

/** Undefined: nothing but its octets is known of the text. */
export function writtenValue(oid: string, text: string): SnmpValue | undefined {
  const [, type, value = ''] = TYPED.exec(text) ?? [];
  if (type !== undefined) return typedValue(type, value.trim());
  const kind = kindAt(oid);
  if (kind === 'number') return DIGITS.test(text) ? Number(text) : undefined;
  if (kind === 'name') return undefined;
  if (HEX_WITH_BLANKS.test(text)) return hexOctets(text);
  return kind === 'identity' ? identity(text) : undefined;
}

function typedValue(type: string, value: string): SnmpValue | undefined {
  switch (type) {
    case 'Hex-STRING':
      return hexOctets(value);
    case 'STRING':
      return Buffer.from(value.replace(/^"(.*)"$/s, '$1'));
    case 'IpAddress':
      return addressOctets(value);
    case 'OID':
      return value.replace(/^\./, '');
    default: {
      const number = NUMBER_INSIDE.exec(value)?.[1];
      return number === undefined ? undefined : Number(number);
    }
  }
}

/** Null: it is of a MIB that is not read here. */
function kindAt(oid: string): ValueKind | null {
  if (NUMBERS.has(oid)) return 'number';
  const name = nameAt(oid);
  return name === null ? null : valueKind(name);
}

/** The column or variable of CISCO-GDOI-MIB; null: it is of another MIB. */
function nameAt(oid: string): string | null {
  if (!isBelow(GDOI_ROOT, oid)) return null;
  const column = columnAt(GDOI_ROOT, oid)?.column;
  return column ?? VARIABLES.get(oid.slice(GDOI_ROOT.length + 1).replace(/\.0$/, '')) ?? null;
}

/** A group by its number, anybody else by the address. */
function identity(text: string): Uint8Array | undefined {
  if (!DIGITS.test(text)) return addressOctets(text);
  const octets = Buffer.alloc(4);
  if (Number(text) > 0xffffffff) return undefined;
  octets.writeUInt32BE(Number(text));
  return octets;
}

const IPV6_GROUPS = 8;

function addressOctets(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number));
  if (!isIPv6(text) || /[.%]/.test(text)) return undefined;
  const [head = '', tail] = text.split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: IPV6_GROUPS - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0');
  const words = [...(first ?? []), ...zeros, ...(last ?? [])].map((word) => Number.parseInt(word, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

function hexOctets(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s/g, '');
  return /^(?:[0-9A-Fa-f]{2})*$/.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
