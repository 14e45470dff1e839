/**
 * Splits what a server sends into messages of PostgreSQL's protocol 3.0
 * (postgresql.org/docs/current/protocol-message-formats.html), and passes on only whole ones of the right shape. The
 * library that reads them relies on that: it would search for ever for the end of an unterminated text, and collect
 * whatever length a message claims.
 *
 * Refused is what no server sends to a client like this one: an unknown type, a length above the limit, a wrong shape.
 * The contents are not judged.
 */

export type Fed =
  /** One or more whole messages, to be read at once; null: none is whole yet. */
  { readonly kind: 'whole'; readonly messages: Buffer | null } | { readonly kind: 'refused'; readonly why: string };

/** Type and length. */
const HEADER_BYTES = 5;
/**
 * libpq accepts no longer message (fe-protocol3.c; except of types that carry rows or texts), and none of these before
 * a session is authenticated.
 */
const SHORT_BYTES = 30_000;
const TEXT_BYTES = 1024 * 1024;
/** One row: a state of one device has at most some hundred kilobytes. */
const ROW_BYTES = 64 * 1024 * 1024;
/** Between two ends of an answer: texts beside rows, and rows (the states of ten thousand devices have 200 MB). */
const MOST_TEXT_BYTES = 4 * TEXT_BYTES;
const MOST_ROW_BYTES = 512 * 1024 * 1024;
/** What a row costs its reader beyond its bytes. */
const ROW_COST_BYTES = 100;

/**
 * The bytes after the header, from which parts are taken in order; `whole`: nothing was missing and nothing is left.
 */
class Body {
  readonly #bytes: Buffer;
  #at = 0;
  #short = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get whole(): boolean {
    return !this.#short && this.#at === this.#bytes.length;
  }

  get #left(): number {
    return this.#short ? 0 : this.#bytes.length - this.#at;
  }

  skip(bytes: number): void {
    if (bytes > this.#left) this.#short = true;
    else this.#at += bytes;
  }

  /** It has no known shape. */
  refuse(): void {
    this.#short = true;
  }

  rest(): void {
    this.#at = this.#bytes.length;
  }

  int16(): number {
    const at = this.#at;
    this.skip(2);
    return this.#short ? 0 : this.#bytes.readInt16BE(at);
  }

  int32(): number {
    const at = this.#at;
    this.skip(4);
    return this.#short ? 0 : this.#bytes.readInt32BE(at);
  }

  /** A text with its end; returns its length without that. */
  text(): number {
    const end = this.#short ? -1 : this.#bytes.indexOf(0, this.#at);
    if (end < 0) {
      this.#short = true;
      return 0;
    }
    const length = end - this.#at;
    this.#at = end + 1;
    return length;
  }

  /** As many as the number before them says. */
  counted(part: () => void): void {
    const count = this.int16();
    if (count < 0) this.#short = true;
    for (let index = 0; index < count && !this.#short; index += 1) part();
  }

  /** Texts up to an empty one. */
  texts(): void {
    while (this.text() > 0);
  }
}

interface MessageType {
  readonly maxBytes: number;
  readonly rows?: true;
  /** Takes everything that belongs to it. */
  readonly shape: (body: Body) => void;
}

type Shape = MessageType['shape'];

const refuse: Shape = (body) => body.refuse();
const nothing: Shape = () => undefined;
/** Fields of a letter and a text each, up to an empty one: errors and notices. */
const fields: Shape = (body) => body.texts();
/** Its length, and as many bytes. NULL has the length -1 and no bytes. */
const value: Shape = (body) => {
  const length = body.int32();
  if (length < -1) body.refuse();
  else body.skip(Math.max(0, length));
};

/** AuthenticationOk, CleartextPassword, MD5Password, SASL, SASLContinue, SASLFinal; no other is answered. */
const AUTHENTICATION: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [0, nothing],
  [3, nothing],
  [5, (body) => body.skip(4)],
  [10, (body) => body.texts()],
  [11, (body) => body.rest()],
  [12, (body) => body.rest()],
]);

const TYPES: ReadonlyMap<string, MessageType> = new Map<string, MessageType>([
  ['R', { maxBytes: SHORT_BYTES, shape: (body) => (AUTHENTICATION.get(body.int32()) ?? refuse)(body) }],
  ['K', { maxBytes: SHORT_BYTES, shape: (body) => (body.skip(8), body.rest()) }],
  ['S', { maxBytes: SHORT_BYTES, shape: (body) => (body.text(), body.text()) }],
  ['Z', { maxBytes: SHORT_BYTES, shape: (body) => body.skip(1) }],
  ['E', { maxBytes: TEXT_BYTES, shape: fields }],
  ['N', { maxBytes: TEXT_BYTES, shape: fields }],
  ['A', { maxBytes: TEXT_BYTES, shape: (body) => (body.skip(4), body.text(), body.text()) }],
  ['1', { maxBytes: SHORT_BYTES, shape: nothing }],
  ['2', { maxBytes: SHORT_BYTES, shape: nothing }],
  ['3', { maxBytes: SHORT_BYTES, shape: nothing }],
  ['n', { maxBytes: SHORT_BYTES, shape: nothing }],
  ['s', { maxBytes: SHORT_BYTES, shape: nothing }],
  ['I', { maxBytes: SHORT_BYTES, shape: nothing }],
  ['C', { maxBytes: SHORT_BYTES, shape: (body) => body.text() }],
  ['t', { maxBytes: SHORT_BYTES, shape: (body) => body.counted(() => body.skip(4)) }],
  // For a column: its name, and 18 bytes about its origin and type.
  ['T', { maxBytes: TEXT_BYTES, rows: true, shape: (body) => body.counted(() => (body.text(), body.skip(18))) }],
  ['D', { maxBytes: ROW_BYTES, rows: true, shape: (body) => body.counted(() => value(body)) }],
]);

export class ServerFrames {
  /** Parts of a message that is not whole yet; everything before it has been checked. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** With fewer bytes there is nothing to check. */
  #neededBytes = HEADER_BYTES;
  /** An answer has ended: the session is authenticated. */
  #ready = false;
  #textBytes = 0;
  #rowBytes = 0;

  feed(bytes: Buffer): Fed {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes < this.#neededBytes) return { kind: 'whole', messages: null };
    const all = this.#waiting.length === 1 ? bytes : Buffer.concat(this.#waiting);
    let at = 0;
    while (at + HEADER_BYTES <= all.length) {
      const end = at + 1 + all.readUInt32BE(at + 1);
      const why = this.#refusal(all, at, end);
      if (why !== null) return { kind: 'refused', why };
      if (end > all.length) {
        this.#keep(all.subarray(at), end - at);
        return { kind: 'whole', messages: at === 0 ? null : all.subarray(0, at) };
      }
      at = end;
    }
    this.#keep(all.subarray(at), HEADER_BYTES);
    return { kind: 'whole', messages: at === 0 ? null : all.subarray(0, at) };
  }

  #keep(rest: Buffer, neededBytes: number): void {
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    this.#neededBytes = neededBytes;
  }

  /** Why the message from `at` to `end`, which may be incomplete, is refused; null: nothing wrong so far. */
  #refusal(all: Buffer, at: number, end: number): string | null {
    const letter = String.fromCharCode(all[at] ?? 0);
    const type = TYPES.get(letter);
    const length = end - at;
    if (type === undefined || length < HEADER_BYTES) return NOT_POSTGRESQL;
    if (length > (this.#ready ? type.maxBytes : SHORT_BYTES)) return this.#ready ? TOO_MUCH : NOT_POSTGRESQL;
    if (end > all.length) return null;
    const body = new Body(all.subarray(at + HEADER_BYTES, end));
    type.shape(body);
    if (!body.whole) return NOT_POSTGRESQL;
    return this.#count(letter, type, length) ? null : TOO_MUCH;
  }

  /** False: more than an answer may have. */
  #count(letter: string, { rows }: MessageType, length: number): boolean {
    if (letter === 'Z') {
      this.#ready = true;
      this.#textBytes = 0;
      this.#rowBytes = 0;
    } else if (rows) this.#rowBytes += length + ROW_COST_BYTES;
    else this.#textBytes += length;
    return this.#textBytes <= MOST_TEXT_BYTES && this.#rowBytes <= MOST_ROW_BYTES;
  }
}

const NOT_POSTGRESQL = 'the server does not talk like PostgreSQL';
const TOO_MUCH = 'the server answers with more than was asked for';
