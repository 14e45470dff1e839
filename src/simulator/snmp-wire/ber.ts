/**
 * BER as SNMP uses it: definite lengths, single-octet tags, 32-bit numbers. The simulator has its own codec, so that
 * the library with which the agent polls is tested against another implementation.
 */
import type { Oid } from './oid.ts';

export const TAG = { integer: 0x02, octets: 0x04, null: 0x05, oid: 0x06, sequence: 0x30 } as const;

/** The octets are wrong; the reader of a datagram then drops it. */
export class BerError extends Error {
  override readonly name = 'BerError';
}

export function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const head = length <= 0xff ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

export function sequence(parts: readonly Buffer[], tag: number = TAG.sequence): Buffer {
  return tlv(tag, Buffer.concat(parts));
}

export function octets(value: Buffer): Buffer {
  return tlv(TAG.octets, value);
}

/** A signed number, or an unsigned one of 32 bits under an application tag: the shortest two's complement. */
export function integer(value: number, tag: number = TAG.integer): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(rest & 0xff);
    rest = Math.floor(rest / 256);
  } while (rest !== 0 && rest !== -1);
  const first = bytes[0] ?? 0;
  if (value >= 0 && first >= 0x80) bytes.unshift(0);
  if (value < 0 && first < 0x80) bytes.unshift(0xff);
  return tlv(tag, Buffer.from(bytes));
}

export function objectIdentifier(oid: Oid): Buffer {
  const bytes: number[] = [(oid[0] ?? 0) * 40 + (oid[1] ?? 0)];
  for (let index = 2; index < oid.length; index += 1) {
    const part = oid[index] ?? 0;
    if (part >= 0x1000_0000) bytes.push((part >>> 28) | 0x80);
    if (part >= 0x20_0000) bytes.push(((part >>> 21) & 0x7f) | 0x80);
    if (part >= 0x4000) bytes.push(((part >>> 14) & 0x7f) | 0x80);
    if (part >= 0x80) bytes.push(((part >>> 7) & 0x7f) | 0x80);
    bytes.push(part & 0x7f);
  }
  return tlv(TAG.oid, Buffer.from(bytes));
}

/** Reads one level of a message; `enter` goes a level down. */
export class BerReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #offset: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#offset = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#end;
  }

  peekTag(): number {
    const tag = this.#buffer[this.#offset];
    if (tag === undefined || this.atEnd) throw new BerError('the message ends early');
    return tag;
  }

  /** The content of the next element, which must have this tag. */
  enter(tag: number = TAG.sequence): BerReader {
    const { start, end } = this.#next(tag);
    return new BerReader(this.#buffer, start, end);
  }

  octets(tag: number = TAG.octets): Buffer {
    return this.octetsInPlace(tag).value;
  }

  /** With the offset of the first octet in the whole message: a digest is computed with its own field zeroed. */
  octetsInPlace(tag: number = TAG.octets): { readonly value: Buffer; readonly offset: number } {
    const { start, end } = this.#next(tag);
    return { value: this.#buffer.subarray(start, end), offset: start };
  }

  integer(tag: number = TAG.integer): number {
    const { start, end } = this.#next(tag);
    if (end === start || end - start > 5) throw new BerError('a number of no or too many octets');
    let value = tag === TAG.integer && (this.#buffer[start] ?? 0) >= 0x80 ? -1 : 0;
    for (let index = start; index < end; index += 1) value = value * 256 + (this.#buffer[index] ?? 0);
    return value;
  }

  oid(): Oid {
    const { start, end } = this.#next(TAG.oid);
    const parts: number[] = [];
    let part = 0;
    for (let index = start; index < end; index += 1) {
      const byte = this.#buffer[index] ?? 0;
      part = part * 128 + (byte & 0x7f);
      if (part > 0xff_ff_ff_ff) throw new BerError('a sub-identifier beyond 32 bits');
      if (byte >= 0x80) continue;
      if (parts.length === 0)
        parts.push(Math.min(2, Math.floor(part / 40)), part - 40 * Math.min(2, Math.floor(part / 40)));
      else parts.push(part);
      part = 0;
    }
    return parts;
  }

  #next(tag: number): { readonly start: number; readonly end: number } {
    if (this.peekTag() !== tag) throw new BerError(`tag ${this.peekTag()} where ${tag} is due`);
    let start = this.#offset + 2;
    let length = this.#buffer[this.#offset + 1] ?? 0;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4) throw new BerError('a length of that form');
      length = 0;
      for (let index = 0; index < count; index += 1) length = length * 256 + (this.#buffer[start + index] ?? 0);
      start += count;
    }
    const end = start + length;
    if (end > this.#end) throw new BerError('an element longer than what holds it');
    this.#offset = end;
    return { start, end };
  }
}
