/**
 * How long to wait after a failure, or after a try that brought nothing: the wait doubles from the first to the
 * longest, less a random part so that a fleet does not come back in step. Monotonic instants only.
 */
import type { Random } from './random.ts';

export interface BackOffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** For a device that cannot be reached. */
export const BACK_OFF: BackOffTimes = { firstMs: 5_000, longestMs: 600_000 };

export class BackOff {
  #failures = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #failedMs = Number.NEGATIVE_INFINITY;
  readonly #random: Random;
  readonly #times: BackOffTimes;

  constructor(random: Random, times: BackOffTimes = BACK_OFF) {
    this.#random = random;
    this.#times = times;
  }

  /** It has failed since its last success. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Milliseconds still to wait at `nowMs`; 0: it may be tried. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /** There is a reason to try sooner: at most `ms` after the last failure. Returns the milliseconds left to wait. */
  waitAtMost(ms: number, nowMs: number): number {
    this.#untilMs = Math.min(this.#untilMs, this.#failedMs + ms);
    return this.waitMs(nowMs);
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    this.#failedMs = nowMs;
    const full = Math.min(this.#times.longestMs, this.#times.firstMs * 2 ** Math.min(this.#failures - 1, 30));
    this.#untilMs = nowMs + full * (0.5 + this.#random() / 2);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }
}
