/**
 * How many logins may begin in a second, over the fleet: what an AAA server feels, however long each of them takes. How
 * many may be under way at once is another bound (`handshake-gate.ts`).
 *
 * Each caller gets the next instant that is free. No second holds more than the rate: a short burst is paid for by a pace
 * a little below it.
 */
import type { Clock } from '../../kernel/clock.ts';

/** Of a second's logins these many may begin at once; the rest are spread evenly. */
const BURST_SHARE = 0.1;

/** So that no rounding brings one more into a second. */
const ROUNDING_MS = 0.01;

export class LoginPace {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #burstMs: number;
  /** When the budget will be whole again. */
  #wholeMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    const burst = Math.floor(perSecond * BURST_SHARE);
    this.#everyMs = 1000 / Math.max(1, perSecond - burst) + ROUNDING_MS;
    this.#burstMs = Math.max(0, burst - 1) * this.#everyMs;
  }

  /** Resolves when a login may begin; rejects when `signal` aborts first, and its place is then another's. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const nowMs = this.#clock.monoMs();
    this.#wholeMs = Math.max(nowMs, this.#wholeMs) + this.#everyMs;
    const waitMs = this.#wholeMs - this.#everyMs - this.#burstMs - nowMs;
    if (waitMs <= 0) return;
    try {
      await this.#clock.sleep(waitMs, signal);
    } catch (error) {
      this.giveBack();
      throw error;
    }
  }

  /** There was no login after all: nobody answered there. */
  giveBack(): void {
    this.#wholeMs -= this.#everyMs;
  }
}
