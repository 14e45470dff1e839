/**
 * SNMP values in a recorded timeline (`{"snmp": {"<oid>": value}}`): numbers as they are, octets as `0x` and hex digits,
 * object identifiers as `.1.3.6...` with the leading dot that tells them from text, 64-bit numbers as `{"u64": "..."}`.
 * Text that is none of these is taken as octets: whoever writes a timeline by hand may write a name.
 */
import type { SnmpValue, Varbind } from '../../gdoi/seen/varbind.ts';

/** snmpTrapOID.0: a line that holds it is a notification. */
export const TRAP_OID_INSTANCE = '1.3.6.1.6.3.1.1.4.1.0';

const MAX_VARBINDS = 100_000;
const OID = /^\d{1,10}(?:\.\d{1,10}){1,127}$/;
const DOTTED = /^\.\d{1,10}(?:\.\d{1,10}){1,127}$/;
const HEX = /^0x(?:[0-9A-Fa-f]{2})*$/;
const U64 = /^\d{1,20}$/;

export function recordedValues(varbinds: readonly Varbind[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(varbinds.map(({ oid, value }) => [oid, recordedValue(value)]));
}

function recordedValue(value: SnmpValue): unknown {
  if (typeof value === 'bigint') return { u64: value.toString() };
  if (typeof value === 'string') return `.${value}`;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  return value;
}

/** The varbinds of a line in its order; null where it is not an object of values. */
export function varbindsOf(recorded: object): readonly Varbind[] | null {
  const entries = Object.entries(recorded);
  if (entries.length > MAX_VARBINDS) return null;
  const varbinds: Varbind[] = [];
  for (const [oid, recordedAs] of entries) {
    const value = valueOf(recordedAs);
    if (!OID.test(oid) || value === undefined) return null;
    varbinds.push({ oid, value });
  }
  return varbinds;
}

function valueOf(recorded: unknown): SnmpValue | undefined {
  if (recorded === null || typeof recorded === 'number') return recorded;
  if (typeof recorded === 'string') {
    if (DOTTED.test(recorded)) return recorded.slice(1);
    return HEX.test(recorded) ? Buffer.from(recorded.slice(2), 'hex') : Buffer.from(recorded);
  }
  const u64: unknown = typeof recorded === 'object' ? Reflect.get(recorded, 'u64') : undefined;
  return typeof u64 === 'string' && U64.test(u64) ? BigInt(u64) : undefined;
}
