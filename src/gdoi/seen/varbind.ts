/**
 * One object's value as SNMP delivered it, in plain values: what a walk or a trap hands to the MIB decoder, and what a
 * recording keeps. Nothing here knows a library or an object.
 */

/**
 * - `number`: INTEGER, Unsigned32, Gauge32, Counter32, TimeTicks; `bigint`: Counter64.
 * - `Uint8Array`: OCTET STRING, IpAddress (four octets), Opaque.
 * - `string`: OBJECT IDENTIFIER, dotted without a leading dot.
 * - `null`: noSuchObject, noSuchInstance or NULL: the device has no value there, which is never 0.
 */
export type SnmpValue = number | bigint | Uint8Array | string | null;

export interface Varbind {
  /** Dotted decimal without a leading dot. */
  readonly oid: string;
  readonly value: SnmpValue;
}
