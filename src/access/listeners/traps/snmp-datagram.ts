/**
 * The envelope of an SNMP message: version, claimed sender, and the PDU inside, not yet read. Views into the datagram
 * stay views, because a digest covers the whole and an inform is answered by changing a copy of it.
 *
 * net-snmp's own receiver is not used: for every engine ID in a forged message it derives a key from a megabyte's hash
 * and keeps it for ever; it decrypts before it authenticates, accepts recorded messages, and exports no codec.
 */
import { BER, BerReader, unlessMalformed } from '../../ber.ts';

export type SnmpDatagram = CommunityDatagram | UsmDatagram;

interface CommunityDatagram {
  readonly version: '1' | '2c';
  readonly community: Buffer;
  /** The PDU with its tag and length. */
  readonly pdu: Buffer;
}

export interface UsmDatagram {
  readonly version: '3';
  readonly bytes: Buffer;
  readonly messageId: number;
  /** One octet of `bytes`. */
  readonly flags: Buffer;
  readonly authenticated: boolean;
  readonly encrypted: boolean;
  /** The sender wants a report if something is wrong. */
  readonly reportable: boolean;
  readonly engineId: Buffer;
  readonly engineBoots: number;
  readonly engineTimeSeconds: number;
  readonly username: string;
  readonly digest: Buffer;
  readonly salt: Buffer;
  /** The scoped PDU with its tag and length, or encrypted. */
  readonly scoped: Buffer;
}

export const USM_FLAGS = { authenticated: 1, encrypted: 2, reportable: 4 } as const;
/** RFC 3411: an SnmpEngineID has 5 to 32 octets; an empty one asks for the receiver's. */
const MAX_ENGINE_ID_OCTETS = 32;
/** RFC 3414: msgUserName. */
const MAX_USERNAME_OCTETS = 32;
const USER_SECURITY_MODEL = 3;

/** The message in a datagram; null: it is none, or has an unsupported version or security model. */
export function readSnmpDatagram(bytes: Buffer): SnmpDatagram | null {
  return unlessMalformed(() => {
    const message = new BerReader(new BerReader(bytes).take(BER.sequence));
    const version = message.int32();
    if (version === 0 || version === 1) {
      const community = message.take(BER.octetString);
      return { version: version === 0 ? '1' : '2c', community, pdu: message.element() };
    }
    return version === 3 ? readUsm(bytes, message) : null;
  });
}

function readUsm(bytes: Buffer, message: BerReader): UsmDatagram | null {
  const header = new BerReader(message.take(BER.sequence));
  const messageId = header.int32();
  header.int32();
  const flags = header.take(BER.octetString);
  if (header.int32() !== USER_SECURITY_MODEL || flags.length !== 1) return null;
  const bits = flags.readUInt8(0);
  const security = new BerReader(new BerReader(message.take(BER.octetString)).take(BER.sequence));
  const engineId = security.take(BER.octetString);
  const engineBoots = security.int32();
  const engineTimeSeconds = security.int32();
  const username = security.take(BER.octetString);
  const digest = security.take(BER.octetString);
  const salt = security.take(BER.octetString);
  const encrypted = (bits & USM_FLAGS.encrypted) !== 0;
  if (engineId.length > MAX_ENGINE_ID_OCTETS || username.length > MAX_USERNAME_OCTETS) return null;
  if (messageId < 0 || engineBoots < 0 || engineTimeSeconds < 0) return null;
  return {
    version: '3',
    bytes,
    messageId,
    flags,
    authenticated: (bits & USM_FLAGS.authenticated) !== 0,
    encrypted,
    reportable: (bits & USM_FLAGS.reportable) !== 0,
    engineId,
    engineBoots,
    engineTimeSeconds,
    username: username.toString('utf8'),
    digest,
    salt,
    scoped: encrypted ? message.take(BER.octetString) : message.element(),
  };
}

/** The PDU inside a scoped PDU, with its tag. Octets after it are padding. */
export function pduOfScoped(scoped: Buffer): Buffer {
  const reader = new BerReader(new BerReader(scoped).take(BER.sequence));
  reader.take(BER.octetString);
  reader.take(BER.octetString);
  return reader.element();
}
