/**
 * SNMP messages around a PDU: SNMPv2c with its community (RFC 1901), SNMPv3 with the header of RFC 3412 and RFC 3414.
 */
import { BerError, BerReader, integer, octets, sequence } from './ber.ts';
import { type Pdu, decodePdu, encodePdu } from './pdu.ts';
import { type EngineInstant, type LocalizedUser, SALT_OCTETS } from './usm.ts';

const VERSION = { v2c: 1, v3: 3 } as const;
const USM = 3;
/** The default of IOS (`snmp-server packetsize`). */
export const PACKET_OCTETS = 1500;
const FLAG = { auth: 1, privacy: 2, reportable: 4 } as const;

export type SnmpMessage =
  | { readonly version: '2c'; readonly community: string; readonly pdu: Pdu }
  | ({ readonly version: 3 } & V3Message);

/** As received: nothing is verified, the PDU may still be encrypted. */
export interface V3Message {
  readonly messageId: number;
  readonly auth: boolean;
  readonly privacy: boolean;
  readonly reportable: boolean;
  readonly engineId: Buffer;
  readonly at: EngineInstant;
  readonly user: string;
  readonly digest: Buffer;
  readonly digestOffset: number;
  readonly salt: Buffer;
  /** The scoped PDU, or its encrypted octets. */
  readonly body: Buffer;
}

/** Throws `BerError` for anything but an SNMPv2c or SNMPv3 message. */
export function decodeMessage(buffer: Buffer): SnmpMessage {
  const message = new BerReader(buffer).enter();
  const version = message.integer();
  if (version === VERSION.v2c) {
    return { version: '2c', community: message.octets().toString('latin1'), pdu: decodePdu(message) };
  }
  if (version !== VERSION.v3) throw new BerError(`SNMP version ${version}`);
  const header = message.enter();
  const messageId = header.integer();
  header.integer();
  const flags = header.octets()[0] ?? 0;
  if (header.integer() !== USM) throw new BerError('another security model');
  const parameters = message.octetsInPlace();
  const security = new BerReader(buffer, parameters.offset, parameters.offset + parameters.value.length).enter();
  const engineId = security.octets();
  const at = { boots: security.integer(), timeSeconds: security.integer() };
  const user = security.octets().toString('latin1');
  const digest = security.octetsInPlace();
  const salt = security.octets();
  const privacy = (flags & FLAG.privacy) !== 0;
  return {
    version: 3,
    messageId,
    auth: (flags & FLAG.auth) !== 0,
    privacy,
    reportable: (flags & FLAG.reportable) !== 0,
    engineId,
    at,
    user,
    digest: Buffer.from(digest.value),
    digestOffset: digest.offset,
    salt,
    body: privacy ? message.octets() : sequence([message.octets(0x30)]),
  };
}

/** The PDU of an unencrypted scoped PDU. */
export function decodeScopedPdu(body: Buffer): Pdu {
  const scoped = new BerReader(body).enter();
  scoped.octets();
  scoped.octets();
  return decodePdu(scoped);
}

export function encodeV2c(community: string, pdu: Pdu): Buffer {
  return sequence([integer(VERSION.v2c), octets(Buffer.from(community, 'latin1')), encodePdu(pdu)]);
}

export interface V3Envelope {
  readonly messageId: number;
  readonly reportable: boolean;
  /** Of the authoritative engine, for which the user's keys are made. */
  readonly engineId: Buffer;
  readonly at: EngineInstant;
  /** Engine the PDU is about: the sender's own in notifications. */
  readonly contextEngineId: Buffer;
  readonly userName: string;
  /** Null: neither authenticated nor encrypted (discovery, most reports); without a salt it is not encrypted. */
  readonly security: { readonly user: LocalizedUser; readonly salt: Buffer | null } | null;
}

export function encodeV3(pdu: Pdu, envelope: V3Envelope): Buffer {
  const { at, security } = envelope;
  const user = security?.user ?? null;
  const salt = user?.user.privacy === undefined ? null : (security?.salt ?? null);
  const auth = user?.user.auth !== undefined;
  const scoped = sequence([octets(envelope.contextEngineId), octets(NOTHING), encodePdu(pdu)]);
  const body = user === null || salt === null ? scoped : octets(user.encrypt(scoped, at, salt));
  const flags =
    (auth ? FLAG.auth : 0) | (salt === null ? 0 : FLAG.privacy) | (envelope.reportable ? FLAG.reportable : 0);
  const parameters = sequence([
    octets(envelope.engineId),
    integer(at.boots),
    integer(at.timeSeconds),
    octets(Buffer.from(envelope.userName, 'latin1')),
    octets(Buffer.alloc(user?.digestOctets ?? 0)),
    octets(salt ?? NOTHING),
  ]);
  const message = sequence([
    integer(VERSION.v3),
    sequence([integer(envelope.messageId), integer(PACKET_OCTETS), octets(Buffer.from([flags])), integer(USM)]),
    octets(parameters),
    body,
  ]);
  if (user !== null && auth) {
    const decoded = decodeMessage(message);
    if (decoded.version === 3) user.digest(message).copy(message, decoded.digestOffset);
  }
  return message;
}

const NOTHING = Buffer.alloc(0);

/** The `number`th salt of a sender: each is used once. */
export function saltOf(number: number): Buffer {
  const salt = Buffer.alloc(SALT_OCTETS);
  salt.writeUInt32BE(number >>> 0, 4);
  return salt;
}
