/**
 * One ssh2 client whose socket is watched: input is read a slice at a time and counted before it can cost much, a
 * connection that takes more than its share is read more slowly, and one beyond its limits is cut with a reason. ssh2
 * itself limits the size of packets, not their number.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import { makeFinishedHandshakeSmall } from './finished-handshake.ts';
import { boundGroupExchanges } from './group-exchange.ts';
import { LineMeter } from './line-meter.ts';
import type { Allowance, ReadShare } from './read-share.ts';

/**
 * Read at once: 64 KiB may contain 1,200 keepalive requests, each to be decrypted and answered, and nobody else would
 * be served for 50 ms (`npm run bench:siege`). A normal answer is seldom longer.
 */
const SLICE_OCTETS = 8 * 1024;

/**
 * Protocol-level keepalives: they find dead peers, and do not reset the exec-timeout of IOS. For a shell they are
 * counted from the last line that was sent, so that a device polled every minute gets none: its polls find
 * a dead peer as soon. A carrier is asked at its own interval, because all devices behind it
 * wait while it is dead.
 */
const KEEPALIVE_INTERVAL_MS = { shell: 90_000, carrier: 30_000 } as const;
const KEEPALIVE_MISSES = 3;

/** How long a peer may take to close its side. */
const LINGER_MS = 500;

/**
 * Where ssh2 reads octets and counts the packets in them. This is not documented: if a version does it elsewhere, a
 * test of floods fails.
 */
interface PacketReader {
  parse(octets: Buffer, from: number, to: number): unknown;
  readonly _decipher?: { readonly inSeqno?: number };
}

function reads(client: ssh2.Client): client is ssh2.Client & { readonly _protocol: PacketReader } {
  return (
    '_protocol' in client &&
    typeof client._protocol === 'object' &&
    client._protocol !== null &&
    'parse' in client._protocol
  );
}

/**
 * Restarts the time to the next keepalive. If a version of ssh2 does not have it, keepalives come as often as
 * configured.
 */
function keepsAlive(client: ssh2.Client): client is ssh2.Client & { _resetKA(): void } {
  return '_resetKA' in client && typeof client._resetKA === 'function';
}

export interface GuardParts {
  readonly clock: Clock;
  readonly share: ReadShare;
}

export class GuardedClient {
  readonly client = new ssh2.Client();
  readonly #meter: LineMeter;
  readonly #clock: Clock;
  readonly #share: ReadShare;
  #leave: () => void = () => undefined;
  readonly #kind: 'shell' | 'carrier';
  readonly #closed = new AbortController();
  #stream: Duplex | null = null;
  #received = 0;
  #told = { received: 0, sent: 0 };
  /**
   * Something was sent since the last call: the socket adds up its count each time it is read, and packets come one
   * character at a time.
   */
  #hasSent = true;
  #loggedIn = false;
  #flood: string | null = null;
  /** Called once, when the connection was cut because of what it sent. */
  onFlood: (reason: string) => void = () => undefined;

  /** `carrier`: once logged in, it transports other connections, which are watched themselves. */
  constructor({ clock, share }: GuardParts, kind: 'shell' | 'carrier' = 'shell') {
    this.#clock = clock;
    this.#share = share;
    this.#kind = kind;
    this.#meter = new LineMeter(clock.monoMs());
    this.client.on('handshake', () => {
      this.#meter.keysExchanged();
      if (reads(this.client)) makeFinishedHandshakeSmall(this.client._protocol);
    });
    this.client.on('close', () => {
      this.#leave();
      this.#closed.abort();
    });
  }

  /** Why it was cut; null: it was not. */
  get flood(): string | null {
    return this.#flood;
  }

  connect(stream: Duplex, config: ssh2.ConnectConfig): void {
    this.#stream = stream;
    const allowance = this.#share.join();
    this.#leave = () => allowance.gone();
    const keepalives = { keepaliveInterval: KEEPALIVE_INTERVAL_MS[this.#kind], keepaliveCountMax: KEEPALIVE_MISSES };
    this.client.connect({ ...config, ...keepalives, sock: stream });
    if (!reads(this.client)) throw new Error('this version of ssh2 reads elsewhere');
    const { _protocol: reader } = this.client;
    boundGroupExchanges(reader);
    const parse = reader.parse.bind(reader);
    reader.parse = (octets, from, to) => this.#read({ stream, reader, parse, allowance }, octets.subarray(from, to));
  }

  /** Says goodbye; a peer that does not close its side is cut off a moment later. */
  end(): void {
    this.client.end();
    void later(this.#clock, LINGER_MS, this.#closed.signal, () => this.destroy());
  }

  /** ssh2 does not destroy a socket that it has ended: the peer could keep the descriptor as long as it likes. */
  destroy(): void {
    this.client.destroy();
    this.#stream?.destroy();
  }

  /** Octets that went over the stream since the last call. Those of a jump host's channel are not known. */
  newOctets(): { readonly received: number; readonly sent: number } {
    const before = this.#told;
    const sent = this.#hasSent && this.#stream instanceof Socket ? this.#stream.bytesWritten : before.sent;
    this.#hasSent = !this.#loggedIn;
    this.#told = { received: this.#received, sent };
    return { received: this.#received - before.received, sent: sent - before.sent };
  }

  /** The login is over, or a line was sent: a new period begins. */
  begin(): void {
    this.#loggedIn = true;
    this.#hasSent = true;
    this.#meter.begin(this.#clock.monoMs());
    // The answer to a line, or its deadline, tells whether the peer is there.
    if (keepsAlive(this.client)) this.client._resetKA();
  }

  /**
   * Sends what ssh2 writes in `work` at once: it writes a packet in three pieces, and each would be a system call and a
   * segment on the wire.
   */
  inOnePiece(work: () => unknown): void {
    this.#stream?.cork();
    try {
      work();
    } finally {
      this.#stream?.uncork();
    }
  }

  textCame(length: number): void {
    this.#meter.textCame(length);
  }

  /** Gives ssh2 a slice; the rest waits for the next turn, or longer if the connection has had its share. */
  #read(line: ReadLine, octets: Buffer): void {
    const { stream, allowance } = line;
    const rest = octets.subarray(SLICE_OCTETS);
    // Asked before the slice is read: a caller that takes a turn without news for the end of an answer has not seen
    // one.
    const nextTurn = rest.length > 0 ? this.#clock.yieldToIo() : null;
    if (nextTurn !== null) stream.pause();
    const spent = this.#take(line, octets.subarray(0, SLICE_OCTETS));
    if (this.#flood !== null) return;
    const goOn = () => this.#goOn(line, rest);
    if (spent) {
      stream.pause();
      allowance.wait(goOn);
    } else if (nextTurn !== null) {
      // It never rejects; errors in `goOn` go to the client.
      void nextTurn.then(goOn);
    }
  }

  /** True: the connection has had its share. */
  #take({ stream, reader, parse, allowance }: ReadLine, slice: Buffer): boolean {
    this.#received += slice.length;
    this.inOnePiece(() => parse(slice, 0, slice.length));
    const packets = this.#meter.came(slice.length, reader._decipher?.inSeqno ?? 0);
    if (this.#kind === 'carrier' && this.#loggedIn) return false;
    this.#look(stream);
    return allowance.came(slice.length, packets);
  }

  #goOn(line: ReadLine, rest: Buffer): void {
    const { stream } = line;
    if (stream.destroyed) return;
    if (rest.length === 0) {
      stream.resume();
      return;
    }
    try {
      stream.resume();
      this.#read(line, rest);
    } catch (error) {
      // As ssh2 does with errors in octets from the stream.
      this.client.emit('error', error);
      stream.end();
    }
  }

  #look(stream: Duplex): void {
    const problem = this.#flood === null ? this.#meter.problem(this.#clock.monoMs()) : null;
    if (problem === null) return;
    this.#flood = `cut: the device sent ${problem}`;
    this.#leave();
    this.onFlood(this.#flood);
    stream.destroy();
  }
}

/** What reading involves. */
interface ReadLine {
  readonly stream: Duplex;
  readonly reader: PacketReader;
  readonly parse: PacketReader['parse'];
  readonly allowance: Allowance;
}
