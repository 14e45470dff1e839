/**
 * Splits a TCP stream into messages. RFC 6587 leaves the framing to the sender, so it is decided for each frame: octets
 * counted (`115 <187>1 ...`), or up to a line feed or NUL. IOS sends one message after the other with nothing in
 * between, each in a segment of its own; so a line also ends where the next `<189>46: ` begins, and where the sender
 * goes quiet (`rest`).
 *
 * It does not matter how the stream is cut into chunks. A frame longer than the limit is skipped without being kept,
 * counted ones by their count, lines up to their end; the connection goes on.
 */

export interface FramesRead {
  /** Parts of the chunk given: read them before the next one comes. */
  readonly frames: readonly Buffer[];
  readonly tooLong: number;
}

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;
const SPACE = 0x20;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;

/** `9999999 <`: a longer number is not a count. */
const MAX_COUNT_DIGITS = 7;
const MAX_PRIORITY_DIGITS = 3;
const MAX_SEQUENCE_DIGITS = 10;
/** `<189>4294967295: ` */
const MAX_START_OCTETS = 1 + MAX_PRIORITY_DIGITS + 1 + MAX_SEQUENCE_DIGITS + 2;
const NOTHING = Buffer.alloc(0);

export class SyslogFrames {
  readonly #maxOctets: number;
  #held: Buffer = NOTHING;
  /** What is being skipped: the rest of a line, or this many octets. */
  #skipping: 'nothing' | 'line' | number = 'nothing';
  /** This sender has marked the end of a frame, by a count or a delimiter: IOS never does. */
  #tellsEnds = false;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  /** An unfinished message is held. */
  get holding(): boolean {
    return this.#held.length > 0 || this.#skipping !== 'nothing';
  }

  push(chunk: Buffer): FramesRead {
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: Buffer[] = [];
    let tooLong = 0;
    let at = 0;
    // Looked for once a chunk: most senders never send one.
    let nulAt = indexOrEnd(data, NUL, 0);
    for (;;) {
      at = this.#skip(data, at);
      while (isFiller(data[at])) at += 1;
      if (at >= data.length) break;
      const count = readCount(data, at);
      if (count === 'undecided') break;
      if (count !== null && count.octets > this.#maxOctets) {
        this.#skipping = count.octets;
        tooLong += 1;
        at = count.bodyAt;
        continue;
      }
      if (nulAt < at) nulAt = indexOrEnd(data, NUL, at);
      const end = count === null ? this.#lineEnd(data, at, nulAt) : count.bodyAt + count.octets;
      if (end === 'too_long') {
        this.#skipping = 'line';
        tooLong += 1;
        continue;
      }
      if (end === 'undecided' || end > data.length) break;
      if (count !== null || data[end] === LF || data[end] === NUL) this.#tellsEnds = true;
      frames.push(data.subarray(count?.bodyAt ?? at, end));
      at = end;
    }
    // A copy, so that these octets do not keep the chunk alive.
    this.#held = at >= data.length ? NOTHING : Buffer.from(data.subarray(at));
    return { frames, tooLong };
  }

  /**
   * The sender has left or gone quiet: a line without an end is a message. But a sender that ended one frame will end
   * this one too and is only slow; and a counted frame lacks octets.
   */
  rest(why: 'left' | 'quiet'): FramesRead {
    if (why === 'quiet' && this.#tellsEnds) return { frames: [], tooLong: 0 };
    if (this.#skipping === 'line') this.#skipping = 'nothing';
    if (this.#held.length === 0 || readCount(this.#held, 0) !== null) return { frames: [], tooLong: 0 };
    const frame = this.#held;
    this.#held = NOTHING;
    return frame.length > this.#maxOctets ? { frames: [], tooLong: 1 } : { frames: [frame], tooLong: 0 };
  }

  #skip(data: Buffer, at: number): number {
    if (this.#skipping === 'nothing') return at;
    if (this.#skipping === 'line') {
      const end = Math.min(indexOrEnd(data, LF, at), indexOrEnd(data, NUL, at));
      if (end < data.length) this.#skipping = 'nothing';
      return end;
    }
    const octets = Math.min(this.#skipping, data.length - at);
    this.#skipping = this.#skipping === octets ? 'nothing' : this.#skipping - octets;
    return at + octets;
  }

  #lineEnd(data: Buffer, at: number, nulAt: number): number | 'undecided' | 'too_long' {
    const window = at + this.#maxOctets;
    const delimiter = Math.min(indexOrEnd(data, LF, at, window + MAX_START_OCTETS), nulAt);
    const start = nextStart(data, at + 1, Math.min(delimiter, window + 1));
    if (start !== 'undecided' && start < delimiter) return start;
    if (delimiter < data.length) return delimiter <= window ? delimiter : 'too_long';
    return data.length > window + MAX_START_OCTETS ? 'too_long' : 'undecided';
  }
}

function indexOrEnd(data: Buffer, octet: number, from: number, before = data.length): number {
  const index = (before < data.length ? data.subarray(0, before) : data).indexOf(octet, from);
  return index === -1 ? data.length : index;
}

function isFiller(octet: number | undefined): boolean {
  return octet === LF || octet === CR || octet === NUL || octet === SPACE;
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 0x30 && octet <= 0x39;
}

/** `115 <`: a count and the first octet of the message. Null: none; undecided: more octets will tell. */
function readCount(data: Buffer, at: number): { octets: number; bodyAt: number } | 'undecided' | null {
  let end = at;
  while (end - at < MAX_COUNT_DIGITS && isDigit(data[end])) end += 1;
  if (end === at || data[at] === 0x30) return null;
  if (end >= data.length) return 'undecided';
  if (data[end] !== SPACE) return null;
  if (end + 1 >= data.length) return 'undecided';
  if (data[end + 1] !== LESS) return null;
  return { octets: Number(data.toString('latin1', at, end)), bodyAt: end + 1 };
}

/** Where the next `<189>46: ` begins before `before`; undecided: what is there may be the beginning of one. */
function nextStart(data: Buffer, from: number, before: number): number | 'undecided' {
  for (let at = indexOrEnd(data, LESS, from, before); at < before; at = indexOrEnd(data, LESS, at + 1, before)) {
    const verdict = isStart(data, at);
    if (verdict === 'undecided') return 'undecided';
    if (verdict) return at;
  }
  return data.length;
}

function isStart(data: Buffer, at: number): boolean | 'undecided' {
  const priorityEnd = digitsEnd(data, at + 1, MAX_PRIORITY_DIGITS);
  if (priorityEnd >= data.length) return 'undecided';
  if (priorityEnd === at + 1 || data[priorityEnd] !== GREATER) return false;
  const sequenceEnd = digitsEnd(data, priorityEnd + 1, MAX_SEQUENCE_DIGITS);
  if (sequenceEnd >= data.length) return 'undecided';
  if (sequenceEnd === priorityEnd + 1 || data[sequenceEnd] !== COLON) return false;
  if (sequenceEnd + 1 >= data.length) return 'undecided';
  return data[sequenceEnd + 1] === SPACE;
}

function digitsEnd(data: Buffer, from: number, most: number): number {
  let end = from;
  while (end - from < most && isDigit(data[end])) end += 1;
  return end;
}
