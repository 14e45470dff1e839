/** Values as CISCO-GDOI-MIB writes them: identities, instances, roles, and the numbers of its textual conventions. */
import type { Oid } from './oid.ts';
import type { SnmpValue } from './pdu.ts';

/** `CgmGdoiIdentificationType`. */
const ID_TYPE = { ipv4Address: 1, ipv4Subnet: 4, groupNumber: 11 } as const;
/** `CgmGdoiKsRole`. */
const KS_ROLE = { primary: 1, secondary: 2, none: 3 } as const;

export interface MibIdentity {
  readonly type: number;
  readonly value: Buffer;
}

export function integerValue(value: number): SnmpValue {
  return { type: 'integer', value };
}

export function unsignedValue(value: number): SnmpValue {
  return { type: 'unsigned32', value: Math.max(0, Math.round(value)) };
}

export function counterValue(value: number): SnmpValue {
  return { type: 'counter32', value };
}

export function octetsValue(value: Buffer): SnmpValue {
  return { type: 'octets', value };
}

export function textValue(text: string): SnmpValue {
  return octetsValue(Buffer.from(text, 'latin1'));
}

/**
 * Four octets, big endian, from Node's pool of small buffers: an own buffer for each word would keep the garbage
 * collector busy.
 */
export function word(value: number): Buffer {
  return Buffer.from([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);
}

export function addressIdentity(address: string): MibIdentity {
  return { type: ID_TYPE.ipv4Address, value: Buffer.from(address.split('.').map(Number)) };
}

/** `permit ip any any` of the policy: 0.0.0.0 with mask 0.0.0.0. */
export const ANY_IDENTITY: MibIdentity = { type: ID_TYPE.ipv4Subnet, value: Buffer.alloc(8) };

/** A group number, or the address that a group may have instead. */
export function groupIdentity(identity: string): MibIdentity {
  if (identity.includes('.')) return addressIdentity(identity);
  return { type: ID_TYPE.groupNumber, value: word(Number(identity)) };
}

/** Sub-identifiers of an identity in an index: type, length, octets. */
export function identityIndex({ type, value }: MibIdentity): Oid {
  return [type, value.length, ...value];
}

export function roleValue(role: keyof typeof KS_ROLE): SnmpValue {
  return integerValue(KS_ROLE[role]);
}
