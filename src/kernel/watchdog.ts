/**
 * One deadline at a time, cheap to set again and again: a single sleep covers many short operations, instead of a timer
 * and two abort controllers for each.
 */
import type { Clock } from './clock.ts';
import { later } from './later.ts';

export class Watchdog {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #dueMs: number | null = null;
  #onDue: () => void = () => undefined;
  #asleepUntilMs = Number.POSITIVE_INFINITY;
  #nap: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call `onDue` once when `ms` have passed, unless disarmed or armed again before. */
  arm(ms: number, onDue: () => void): void {
    this.#dueMs = this.#clock.monoMs() + ms;
    this.#onDue = onDue;
    if (this.#dueMs < this.#asleepUntilMs) this.#sleep(ms);
  }

  disarm(): void {
    this.#dueMs = null;
  }

  /** Ends the sleep. The watchdog cannot be set again after this. */
  stop(): void {
    this.#dueMs = null;
    this.#stopped.abort();
    this.#nap?.abort();
  }

  #sleep(ms: number): void {
    if (this.#stopped.signal.aborted) return;
    this.#nap?.abort();
    const nap = new AbortController();
    this.#nap = nap;
    this.#asleepUntilMs = this.#clock.monoMs() + ms;
    void later(this.#clock, ms, nap.signal, () => {
      this.#nap = null;
      this.#asleepUntilMs = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#dueMs === null) return;
    const leftMs = this.#dueMs - this.#clock.monoMs();
    if (leftMs > 0) {
      this.#sleep(leftMs);
      return;
    }
    void this.#dueAfterReading(this.#dueMs);
  }

  /** Timers go before sockets: after work that held the thread, what came in time has still to be read. */
  async #dueAfterReading(dueMs: number): Promise<void> {
    await this.#clock.yieldToIo();
    if (this.#dueMs !== dueMs) return;
    this.#dueMs = null;
    this.#onDue();
  }
}
