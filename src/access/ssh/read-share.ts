/**
 * How much of a thread all SSH connections together may take for reading: a connection that sends more than an
 * allowance is read in turn with the others that do, so many units a second for all of them. What keeps within its
 * allowance is never held up. Held up is the socket: the sender's TCP window closes, and at most one chunk of it is
 * kept here.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import { TokenBucket } from '../../kernel/token-bucket.ts';

/**
 * A unit is about 10 us of a slow core: this many octets, of text as of anything else, or a quarter of a packet, which
 * is decrypted, looked at and mostly answered (`npm run bench:siege`).
 */
const OCTETS_A_UNIT = 512;
const UNITS_A_PACKET = 4;
/** Of one connection: a megabyte, or five hundred small packets; then a tenth of it a second. */
const ALLOWANCE = { burst: 2_000, perSecond: 200 };
/** Of all that exceed theirs: about a tenth of a slow core. */
const SHARE = { burst: 1_000, perSecond: 10_000 };

/** One connection's. */
export interface Allowance {
  /** It sent this much; true: that is more than it may, and it has to `wait`. */
  came(octets: number, packets: number): boolean;
  /** `goOn` is called when it is its turn. */
  wait(goOn: () => void): void;
  /** The connection is closed. */
  gone(): void;
}

export class ReadShare implements Disposable {
  readonly #clock: Clock;
  readonly #share: TokenBucket;
  /** What goes on when its connection has its turn; the one that waits longest first. */
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

  /** Read one held connection after the other, as the share allows. */
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
