/**
 * A clock that stands still until a test moves it. Wall time can step either way without monotonic time; real I/O is
 * not affected.
 */
import type { Clock } from '../../src/kernel/clock.ts';

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #wallMs: number;
  #monoMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(wallMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#wallMs = wallMs;
  }

  wallMs = (): number => this.#wallMs;
  monoMs = (): number => this.#monoMs;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakeMs: this.#monoMs + ms,
        wake: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
    });

  yieldToIo = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  /** A correction of the wall clock: no monotonic time passes. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }

  /** Lets time pass; every sleeper wakes at its time, in order, and what it then does is done before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monoMs + ms;
    for (;;) {
      await this.yieldToIo();
      const next = this.#earliest();
      if (next === null || next.wakeMs > endMs) break;
      const stepMs = Math.max(0, next.wakeMs - this.#monoMs);
      this.#monoMs += stepMs;
      this.#wallMs += stepMs;
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#wallMs += endMs - this.#monoMs;
    this.#monoMs = endMs;
    await this.yieldToIo();
  }

  /** Of those that wake together, the one that began to sleep first. */
  #earliest(): Sleeper | null {
    let earliest: Sleeper | null = null;
    for (const sleeper of this.#sleepers) if (earliest === null || sleeper.wakeMs < earliest.wakeMs) earliest = sleeper;
    return earliest;
  }
}
