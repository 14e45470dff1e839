/**
 * Limits how much of a thread all SSH connections together may take for reading. A connection that sends more than its
 * allowance is read in turn with the others that do, so many units a second for all of them. A connection within its
 * allowance is never delayed. Delayed means that the socket is not read: the sender's TCP window closes, and at most
 * one chunk is kept here.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import { TokenBucket } from '../../kernel/token-bucket.ts';

/**
 * A unit is about 10 us of a slow core: this many octets, of text or anything else, or a quarter of a packet, which is
 * decrypted, looked at and mostly answered (`npm run bench:siege`).
 */
const OCTETS_A_UNIT = 512;
const UNITS_A_PACKET = 4;
/** For one connection: a megabyte, or five hundred small packets; then a tenth of that a second. */
const ALLOWANCE = { burst: 2_000, perSecond: 200 };
/** For all that exceed their allowance: about a tenth of a slow core. */
const SHARE = { burst: 1_000, perSecond: 10_000 };

/** The allowance of one connection. */
export interface Allowance {
  /** It sent this much; true: more than it may, so it has to `wait`. */
  came(octets: number, packets: number): boolean;
  /** Calls `goOn` when it is its turn. */
  wait(goOn: () => void): void;
  /** The connection is closed. */
  gone(): void;
}

export class ReadShare implements Disposable {
  readonly #clock: Clock;
  readonly #share: TokenBucket;
  /** What goes on when its connection gets its turn; the longest waiting first. */
  readonly #held = new Map<Allowance, () => void>();
  readonly #stopped = new AbortController();
  #turning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#share = new TokenBucket(SHARE, clock.monoMs());
  }

  join(): Allowance {
    const own = new TokenBucket(ALLOWANCE, this.#clock.monoMs());
    const allowance: Allowance = {
      came: (octets, packets) => {
        const units = packets * UNITS_A_PACKET + octets / OCTETS_A_UNIT;
        const nowMs = this.#clock.monoMs();
        own.spend(units, nowMs);
        if (own.left(nowMs) > 0) return false;
        this.#share.spend(units, nowMs);
        return true;
      },
      wait: (goOn) => {
        this.#held.set(allowance, goOn);
        this.#turn();
      },
      gone: () => this.#held.delete(allowance),
    };
    return allowance;
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    this.#held.clear();
  }

  /** Reads one delayed connection after the other, as the share allows. */
  #turn(): void {
    if (this.#turning || this.#held.size === 0 || this.#stopped.signal.aborted) return;
    this.#turning = true;
    void later(this.#clock, Math.max(1, this.#share.waitMs(this.#clock.monoMs())), this.#stopped.signal, () => {
      this.#turning = false;
      const [next] = this.#held;
      if (next === undefined) return;
      const [allowance, goOn] = next;
      this.#held.delete(allowance);
      goOn();
      this.#turn();
    });
  }
}
