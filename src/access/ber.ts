/**
 * The part of BER that SNMP messages use, for datagrams from anybody: definite lengths only, every read inside its
 * container, numbers and OIDs bounded. Anything else throws `MalformedBer`, and nothing else does.
 */

export const BER = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
} as const;

const MAX_SUB_IDENTIFIERS = 128;
const MAX_SUB_IDENTIFIER = 0xffff_ffff;
const MAX_LENGTH_OCTETS = 4;
/** Counter64 with a leading zero. */
const MAX_INTEGER_OCTETS = 9;

export class MalformedBer extends Error {
  override readonly name = 'MalformedBer';
}

/** The result of `read`; null if it meets malformed BER. Any other error is a bug and is thrown on. */
export function unlessMalformed<Read>(read: () => Read): Read | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedBer) return null;
    throw error;
  }
}

export class BerReader {
  readonly #bytes: Buffer;
  #at = 0;

  /** The contents are views of `bytes`, not copies. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next element with its tag and length, without reading past it. */
  element(): Buffer {
    const from = this.#at;
    this.any();
    return this.#bytes.subarray(from, this.#at);
  }

  take(tag: number): Buffer {
    const element = this.any();
    if (element.tag !== tag) throw new MalformedBer('another tag than expected');
    return element.content;
  }

  any(): { readonly tag: number; readonly content: Buffer } {
    const tag = this.#octet();
    let length = this.#octet();
    if (length > 0x80) {
      const octets = length - 0x80;
      if (octets > MAX_LENGTH_OCTETS) throw new MalformedBer('length of a length');
      length = 0;
      for (let read = 0; read < octets; read += 1) length = length * 256 + this.#octet();
    } else if (length === 0x80) {
      throw new MalformedBer('indefinite length');
    }
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedBer('truncated');
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, content };
  }

  /** An INTEGER within 32 bits, signed. */
  int32(): number {
    const content = this.take(BER.integer);
    if (content.length >= 1 && content.length <= 4) return content.readIntBE(0, content.length);
    const value = berInteger(content);
    if (value < -0x8000_0000n || value > 0x7fff_ffffn) throw new MalformedBer('not within 32 bits');
    return Number(value);
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw new MalformedBer('truncated');
    this.#at += 1;
    return octet;
  }
}

/** Two's complement: the contents of an INTEGER or of one of SNMP's numbers. */
export function berInteger(content: Buffer): bigint {
  if (content.length === 0 || content.length > MAX_INTEGER_OCTETS) throw new MalformedBer('length of an integer');
  return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`));
}

/** `1.3.6.1.2.1.1.3.0` from the contents of an OBJECT IDENTIFIER. */
export function berOid(content: Buffer): string {
  const parts: number[] = [];
  let value = 0;
  let inside = false;
  for (const octet of content) {
    value = value * 128 + (octet & 0x7f);
    if (value > MAX_SUB_IDENTIFIER) throw new MalformedBer('sub-identifier');
    inside = octet >= 0x80;
    if (inside) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - first * 40);
    } else {
      parts.push(value);
    }
    if (parts.length > MAX_SUB_IDENTIFIERS) throw new MalformedBer('OID too long');
    value = 0;
  }
  if (parts.length === 0 || inside) throw new MalformedBer('OID cut short');
  return parts.join('.');
}

/** One element with these contents. */
export function berElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), ...contents]);
}

/** A number from 0 to 2^31 - 1. */
export function berUnsigned(value: number, tag: number = BER.integer): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  let from = 0;
  while (from < 3 && octets[from] === 0 && (octets[from + 1] ?? 0) < 0x80) from += 1;
  return berElement(tag, octets.subarray(from));
}

/** The contents of an OBJECT IDENTIFIER whose sub-identifiers are below 128, as in SNMP's own objects. */
export function shortOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return berElement(BER.oid, Buffer.from([first * 40 + second, ...others]));
}
