/**
 * Limits what one SSH connection may send: the terminal limits its text, this limits what the terminal never sees
 * (keepalive requests, ignored and tiny packets, key exchanges), which costs more to decrypt than to send.
 *
 * Counted at the socket, one period at a time: the login, then from one line that we send to the next, so an answer
 * with the idle time after it. Text pays for packets; time pays for a few, so that a quiet line may live for months.
 */

/** What may come in one period of the line. */
export interface LineBounds {
  /** Octets of the socket beyond those that the text pays for. */
  readonly octets: number;
  /** Packets beyond those that the text pays for. */
  readonly packets: number;
}

/** Key exchange, banner and authentication take some 5 KB and 20 packets. */
const LOGIN_BOUNDS: LineBounds = { octets: 256 * 1024, packets: 300 };
const SESSION_BOUNDS: LineBounds = { octets: 1024 * 1024, packets: 512 };

/** Octets of the socket for one of text: a packet with one character takes 36 to 64. */
const OCTETS_FOR_TEXT = 64;
/** Text of this many characters pays for one more packet: routers send lines, or at least words. */
const TEXT_FOR_PACKET = 4;
/** Packets for each second of a period: keepalives of both sides. */
const PACKETS_A_SECOND = 1;
/** Key exchanges: the first ones, then one a minute or for every 64 KiB (`ip ssh rekey volume`: 100 KB at least). */
const KEY_EXCHANGES = 4;
const KEY_EXCHANGE_MS = 60_000;
const KEY_EXCHANGE_OCTETS = 64 * 1024;

export class LineMeter {
  #bounds: LineBounds = LOGIN_BOUNDS;
  #sinceMs: number;
  readonly #openedMs: number;
  #octets = 0;
  #packets = 0;
  #text = 0;
  #octetsInAll = 0;
  #keyExchanges = 0;
  #lastSequence = 0;

  constructor(nowMs: number) {
    this.#openedMs = nowMs;
    this.#sinceMs = nowMs;
  }

  /** A new period: the login is over, or a line was sent. */
  begin(nowMs: number): void {
    this.#bounds = SESSION_BOUNDS;
    this.#sinceMs = nowMs;
    this.#octets = 0;
    this.#packets = 0;
    this.#text = 0;
  }

  /** Characters that the terminal received. */
  textCame(length: number): void {
    this.#text += length;
  }

  /**
   * Octets came from the socket; `sequence`: the packets read since the connection began, or since the key exchange
   * that restarts the count. Returns how many packets came.
   */
  came(octets: number, sequence: number): number {
    const packets = sequence >= this.#lastSequence ? sequence - this.#lastSequence : sequence;
    this.#lastSequence = sequence;
    this.#octets += octets;
    this.#octetsInAll += octets;
    this.#packets += packets;
    return packets;
  }

  keysExchanged(): void {
    this.#keyExchanges += 1;
  }

  /** Which limit is reached, in words; null: none. */
  problem(nowMs: number): string | null {
    const where = this.#bounds === LOGIN_BOUNDS ? 'before the login was over' : 'since the last command was sent';
    const { octets, packets } = this.#bounds;
    if (this.#octets > octets + this.#text * OCTETS_FOR_TEXT) return `more octets than any text needs, ${where}`;
    const seconds = (nowMs - this.#sinceMs) / 1000;
    if (this.#packets > packets + this.#text / TEXT_FOR_PACKET + seconds * PACKETS_A_SECOND) {
      return `more than ${packets} packets beside the text, ${where}`;
    }
    const allowed =
      KEY_EXCHANGES + (nowMs - this.#openedMs) / KEY_EXCHANGE_MS + this.#octetsInAll / KEY_EXCHANGE_OCTETS;
    return this.#keyExchanges > allowed ? 'one key exchange after the other' : null;
  }
}
