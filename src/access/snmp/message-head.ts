/**
 * The outermost fields of an SNMP message: enough to tell whether a datagram can answer what was asked, before a
 * library decodes it and drops the request. Decides nothing about contents and trusts no length.
 */

import { BER, BerReader, unlessMalformed } from '../ber.ts';

const REPORT = 0xa8;
const RESPONSE = 0xa2;
const FIRST_PDU = 0xa0;
const LAST_PDU = 0xa8;

const VERSION_2C = 1;
const VERSION_3 = 3;

/** Bits of msgFlags (RFC 3412, 6.4). */
const AUTHENTICATED = 1;
const ENCRYPTED = 2;

export type MessageHead =
  | { readonly version: 2; readonly id: number; readonly community: Buffer; readonly pdu: number }
  | {
      readonly version: 3;
      /** msgID. */
      readonly id: number;
      /** 0 neither, 1 authenticated, 3 authenticated and encrypted. */
      readonly security: number;
      /** Null: encrypted. */
      readonly pdu: number | null;
    };

/** Null: not a whole SNMP message of version 2c or 3. */
export function messageHead(datagram: Buffer): MessageHead | null {
  return unlessMalformed(() => {
    const whole = new BerReader(datagram);
    const message = new BerReader(whole.take(BER.sequence));
    // A message that has something after it is not one.
    if (!whole.atEnd) return null;
    const version = message.int32();
    if (version === VERSION_2C) return communityHead(message);
    return version === VERSION_3 ? userHead(message) : null;
  });
}

function communityHead(message: BerReader): MessageHead | null {
  const community = message.take(BER.octetString);
  const { tag: pdu, content } = message.any();
  if (pdu < FIRST_PDU || pdu > LAST_PDU) return null;
  return { version: 2, id: new BerReader(content).int32(), community, pdu };
}

function userHead(message: BerReader): MessageHead | null {
  const header = new BerReader(message.take(BER.sequence));
  const id = header.int32();
  // msgMaxSize
  header.take(BER.integer);
  const flags = header.take(BER.octetString);
  // msgSecurityModel
  header.take(BER.integer);
  message.take(BER.octetString);
  if (flags.length !== 1) return null;
  const security = flags.readUInt8(0) & (AUTHENTICATED | ENCRYPTED);
  if ((security & ENCRYPTED) !== 0) return { version: 3, id, security, pdu: null };
  const scoped = new BerReader(message.take(BER.sequence));
  scoped.take(BER.octetString);
  scoped.take(BER.octetString);
  return { version: 3, id, security, pdu: scoped.any().tag };
}

/**
 * Whether `answer` can answer `request`, for a user whose messages are secured as `security` says. A less secured
 * message is accepted only as a Report, by which an agent says why it cannot answer (RFC 3414, 3.2); otherwise a forger
 * could answer without the key.
 */
export function canAnswer(request: MessageHead, answer: MessageHead, security: number): boolean {
  if (request.id !== answer.id) return false;
  if (request.version === 2) {
    return answer.version === 2 && answer.pdu === RESPONSE && answer.community.equals(request.community);
  }
  if (answer.version !== 3) return false;
  return answer.pdu === REPORT || (answer.security === security && (answer.pdu === null || answer.pdu === RESPONSE));
}
