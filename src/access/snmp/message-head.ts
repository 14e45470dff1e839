/**
 * The outermost fields of an SNMP message: enough to tell whether a datagram can answer what was asked, before a
 * library decodes it and drops the request. Decides nothing about contents and trusts no length.
 */

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
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
  const cursor = new Cursor(datagram);
  const outer = cursor.open(SEQUENCE);
  // A message that is cut short, or has something after it, is not one.
  if (outer !== datagram.length) return null;
  const version = cursor.integer();
  if (version === VERSION_2C) {
    const community = cursor.octets();
    const pdu = cursor.tag();
    if (community === null || pdu < FIRST_PDU || pdu > LAST_PDU || cursor.open(pdu) === null) return null;
    const id = cursor.integer();
    return id === null ? null : { version: 2, id, community, pdu };
  }
  if (version !== VERSION_3 || cursor.open(SEQUENCE) === null) return null;
  const id = cursor.integer();
  const maxSize = cursor.integer();
  const flags = cursor.octets();
  const model = cursor.integer();
  const parameters = cursor.octets();
  if (id === null || maxSize === null || flags?.length !== 1 || model === null || parameters === null) return null;
  const security = (flags[0] ?? 0) & (AUTHENTICATED | ENCRYPTED);
  if ((security & ENCRYPTED) !== 0) return { version: 3, id, security, pdu: null };
  const contextOpen = cursor.open(SEQUENCE) !== null && cursor.octets() !== null && cursor.octets() !== null;
  return contextOpen ? { version: 3, id, security, pdu: cursor.tag() } : null;
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

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  tag(): number {
    return this.#bytes[this.#at] ?? 0;
  }

  /** Steps into a container; returns where it ends, or null. */
  open(tag: number): number | null {
    if (this.#bytes[this.#at] !== tag) return null;
    let at = this.#at + 1;
    let length = this.#bytes[at] ?? 0x80;
    at += 1;
    if (length >= 0x80) {
      const octets = length - 0x80;
      // One datagram has at most 64 KB, so agents write lengths of one to four octets.
      if (octets < 1 || octets > 4 || at + octets > this.#bytes.length) return null;
      length = this.#bytes.readUIntBE(at, octets);
      at += octets;
    }
    this.#at = at;
    return at + length <= this.#bytes.length ? at + length : null;
  }

  integer(): number | null {
    const end = this.open(INTEGER);
    if (end === null) return null;
    const length = end - this.#at;
    const value = length >= 1 && length <= 5 ? this.#bytes.readIntBE(this.#at, length) : null;
    this.#at = end;
    return value;
  }

  octets(): Buffer | null {
    const end = this.open(OCTET_STRING);
    if (end === null) return null;
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }
}
