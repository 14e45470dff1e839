/** A rate with a burst: so many at once, then so many a second. Instants are monotonic milliseconds. */

export interface Rate {
  readonly perSecond: number;
  /** What may come at once. */
  readonly burst: number;
}

export class TokenBucket {
  #rate: Rate;
  #tokens: number;
  #filledMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledMs = nowMs;
  }

  /** From now on at another rate; what is there stays, up to the new burst. */
  changeRate(rate: Rate, nowMs: number): void {
    this.#tokens = Math.min(rate.burst, this.left(nowMs));
    this.#rate = rate;
  }

  /** Tokens there now; negative: spent ahead. */
  left(nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledMs) / 1000) * perSecond);
    this.#filledMs = nowMs;
    return this.#tokens;
  }

  /** Takes a token where there is one. */
  take(nowMs: number): boolean {
    if (this.left(nowMs) < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes `count` tokens, also where there are not so many. */
  spend(count: number, nowMs: number): void {
    this.#tokens = this.left(nowMs) - count;
  }

  /** Milliseconds until there is a token. */
  waitMs(nowMs: number): number {
    return Math.max(0, ((1 - this.left(nowMs)) / this.#rate.perSecond) * 1000);
  }
}
