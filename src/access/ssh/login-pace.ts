/**
 * How many logins may begin in a second over the fleet, whatever time each of them takes: what an AAA server feels. How
 * many may be under way at once is another limit (`handshake-gate.ts`).
 *
 * No second has more than the rate: a short burst is paid for by a pace a little below it. The pace counts when logins
 * really begin. If the process had no turn for a while, those that waited do not begin all at once: a busy agent
 * becomes slower at logging in, not at polling.
 */
import type { Clock } from '../../kernel/clock.ts';

/** This share of a second's logins may begin at once; the rest are spread evenly. */
const BURST_SHARE = 0.1;
/** So that no rounding brings one more into a second. */
const ROUNDING_MS = 0.01;

export class LoginPace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #share: () => number;
  /** Those that wait, the next one first. */
  readonly #waiting = new Set<() => void>();
  #issuing = false;
  /** When the budget will be whole again. */
  #wholeMs = Number.NEGATIVE_INFINITY;

  /** `share`: this agent's share of the logins, above 0 and at most 1. */
  constructor(clock: Clock, perSecond: number, share: () => number = () => 1) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#share = share;
  }

  get #burst(): number {
    return Math.floor(this.#perSecond * this.#share() * BURST_SHARE);
  }

  get #everyMs(): number {
    const rate = this.#perSecond * this.#share();
    return 1000 / Math.max(Math.min(1, rate), rate - this.#burst) + ROUNDING_MS;
  }

  get #burstMs(): number {
    return Math.max(0, this.#burst - 1) * this.#everyMs;
  }

  /** Resolves when a login may begin; if `signal` aborts first, rejects and gives up its place. */
  take(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      if (signal.aborted) {
        giveUp();
        return;
      }
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(begin);
      // It never rejects, and ends with the last waiting login.
      void this.#issue();
    });
  }

  /** There was no login after all: nobody answered. */
  giveBack(): void {
    this.#wholeMs -= this.#everyMs;
  }

  async #issue(): Promise<void> {
    if (this.#issuing) return;
    this.#issuing = true;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const nowMs = this.#clock.monoMs();
      const waitMs = this.#wholeMs - this.#burstMs - nowMs;
      if (waitMs > 0) {
        // A waiting login keeps the process alive by itself, if at all.
        await this.#clock.sleep(waitMs, undefined, { unref: true });
        continue;
      }
      this.#waiting.delete(next);
      this.#wholeMs = Math.max(nowMs, this.#wholeMs) + this.#everyMs;
      next();
    }
    this.#issuing = false;
  }
}
