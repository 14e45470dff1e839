/**
 * How much of a thread all SSH connections together may take for reading: a connection that sends more than an allowance
 * is read in turn with the others that do, so many units a second for all of them. What keeps within its allowance is
 * never held up. Held up is the socket: the sender's TCP window closes, nothing is buffered here.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import { TokenBucket } from '../../kernel/token-bucket.ts';

/** One unit is a packet, or this many octets: about 10 us either way. */
const OCTETS_A_UNIT = 512;
/** Of one connection: a megabyte, or two thousand small packets; then a tenth of it a second. */
const ALLOWANCE = { burst: 2_000, perSecond: 200 };
/** Of all that exceed theirs: about a quarter of a slow core. */
const SHARE = { burst: 2_000, perSecond: 20_000 };

export interface HeldStream {
  pause(): unknown;
  resume(): unknown;
}

export class ReadShare implements Disposable {
  readonly #clock: Clock;
  readonly #share: TokenBucket;
  readonly #held = new Set<HeldStream>();
  readonly #stopped = new AbortController();
  #turning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#share = new TokenBucket(SHARE, clock.monoMs());
  }

  /** A connection's allowance: call `came` for what it sent, `gone` when it is closed. */
  join(stream: HeldStream): { came(octets: number, packets: number): void; gone(): void } {
    const own = new TokenBucket(ALLOWANCE, this.#clock.monoMs());
    return {
      came: (octets, packets) => {
        const units = packets + octets / OCTETS_A_UNIT;
        const nowMs = this.#clock.monoMs();
        own.spend(units, nowMs);
        if (own.left(nowMs) > 0) return;
        this.#share.spend(units, nowMs);
        stream.pause();
        this.#held.add(stream);
        this.#turn();
      },
      gone: () => this.#held.delete(stream),
    };
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    this.#held.clear();
  }

  /** Read one held stream after the other, as the share allows. */
  #turn(): void {
    if (this.#turning || this.#held.size === 0 || this.#stopped.signal.aborted) return;
    this.#turning = true;
    void later(this.#clock, Math.max(1, this.#share.waitMs(this.#clock.monoMs())), this.#stopped.signal, () => {
      this.#turning = false;
      const [next] = this.#held;
      if (next === undefined) return;
      this.#held.delete(next);
      next.resume();
      this.#turn();
    });
  }
}
