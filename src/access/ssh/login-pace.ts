/**
 * How many logins may begin in a second, over the fleet: what an AAA server feels, however long each of them takes. How
 * many may be under way at once is another bound (`handshake-gate.ts`).
 *
 * No second holds more than the rate: a short burst is paid for by a pace a little below it. It goes by when logins do
 * begin. After a time in which the process had no turn, those that waited do not begin all at once: an agent that is
 * busy becomes slower at logging in, and not at polling.
 */
import type { Clock } from '../../kernel/clock.ts';

/** Of a second's logins these many may begin at once; the rest are spread evenly. */
const BURST_SHARE = 0.1;
/** So that no rounding brings one more into a second. */
const ROUNDING_MS = 0.01;

export class LoginPace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #share: () => number;
  /** Those that wait, the first to begin first. */
  readonly #waiting = new Set<() => void>();
  #issuing = false;
  /** When the budget will be whole again. */
  #wholeMs = Number.NEGATIVE_INFINITY;

  /** `share`: of the logins, those that are this agent's: above 0, up to 1. */
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

  /** Resolves when a login may begin; rejects when `signal` aborts first, and its place is then another's. */
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
      // It never rejects, and ends with the last one that waits.
      void this.#issue();
    });
  }

  /** There was no login after all: nobody answered there. */
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
        // Who waits keeps the process alive, if anybody does.
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
