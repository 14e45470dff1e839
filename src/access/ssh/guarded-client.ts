/**
 * One ssh2 client whose socket is watched: what comes is counted before it can cost much, a connection that takes more
 * than its share is read more slowly, and one beyond its bounds is cut with a reason. ssh2 itself bounds packets, not how
 * many there are.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { Clock } from '../../kernel/clock.ts';
import { LineMeter } from './line-meter.ts';
import type { ReadShare } from './read-share.ts';

/** Where ssh2 counts the packets it has read. It tells nobody: a test of floods fails with a version that counts elsewhere. */
interface PacketCounter {
  readonly _protocol?: { readonly _decipher?: { readonly inSeqno?: number } };
}

function countsPackets(client: ssh2.Client): client is ssh2.Client & PacketCounter {
  return '_protocol' in client;
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
  readonly #carrier: boolean;
  #stream: Duplex | null = null;
  #received = 0;
  #told = { received: 0, sent: 0 };
  /** Sent since it was told: the socket adds it up anew each time it is asked, and packets come one character at a time. */
  #hasSent = true;
  #loggedIn = false;
  #flood: string | null = null;
  /** Called once, when the connection was cut for what it sent. */
  onFlood: (reason: string) => void = () => undefined;

  /** `carrier`: once logged in, its text is other connections', which are watched themselves. */
  constructor({ clock, share }: GuardParts, kind: 'shell' | 'carrier' = 'shell') {
    this.#clock = clock;
    this.#share = share;
    this.#carrier = kind === 'carrier';
    this.#meter = new LineMeter(clock.monoMs());
    this.client.on('handshake', () => this.#meter.keysExchanged());
    this.client.on('close', () => this.#leave());
  }

  /** Why it was cut; null: it was not. */
  get flood(): string | null {
    return this.#flood;
  }

  connect(stream: Duplex, config: ssh2.ConnectConfig): void {
    this.#stream = stream;
    const allowance = this.#share.join(stream);
    this.#leave = () => allowance.gone();
    this.client.connect({ ...config, sock: stream });
    stream.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      const packets = this.#meter.came(chunk.length, this.#packetsRead());
      if (this.#carrier && this.#loggedIn) return;
      allowance.came(chunk.length, packets);
      this.#look(stream);
    });
  }

  /** Octets that went over the stream since this was asked last. What a jump host's channel took is not known. */
  newOctets(): { readonly received: number; readonly sent: number } {
    const before = this.#told;
    const sent = this.#hasSent && this.#stream instanceof Socket ? this.#stream.bytesWritten : before.sent;
    this.#hasSent = !this.#loggedIn;
    this.#told = { received: this.#received, sent };
    return { received: this.#received - before.received, sent: sent - before.sent };
  }

  /** The login is over, or a line was sent: what follows is counted anew. */
  begin(): void {
    this.#loggedIn = true;
    this.#hasSent = true;
    this.#meter.begin(this.#clock.monoMs());
  }

  textCame(length: number): void {
    this.#meter.textCame(length);
  }

  #look(stream: Duplex): void {
    const problem = this.#flood === null ? this.#meter.problem(this.#clock.monoMs()) : null;
    if (problem === null) return;
    this.#flood = `cut: the device sent ${problem}`;
    this.#leave();
    this.onFlood(this.#flood);
    stream.destroy();
  }

  /** 0 before the identification lines are exchanged. */
  #packetsRead(): number {
    return (countsPackets(this.client) ? this.client._protocol?._decipher?.inSeqno : undefined) ?? 0;
  }
}
