/**
 * One deadline at a time, cheap to set again and again: all watchdogs of a clock share one sleep, until the next of
 * their deadlines. A timer of its own would take memory for each session.
 */
import type { Clock } from './clock.ts';
import { later } from './later.ts';

export class Watchdog {
  readonly #clock: Clock;
  #dueMs: number | null = null;
  #onDue: () => void = nothing;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call `onDue` once when `ms` have passed, unless disarmed or armed again before. */
  arm(ms: number, onDue: () => void): void {
    if (this.#stopped) return;
    this.#dueMs = this.#clock.monoMs() + ms;
    this.#onDue = onDue;
    guardOf(this.#clock).watch(this, this.#dueMs);
  }

  disarm(): void {
    if (this.#dueMs === null) return;
    this.#dueMs = null;
    this.#onDue = nothing;
    guardOf(this.#clock).leave(this);
  }

  /** The watchdog cannot be set again after this. */
  stop(): void {
    this.disarm();
    this.#stopped = true;
  }

  /** Node runs timers before sockets: after work that held the thread, what arrived in time has yet to be read. */
  async dueAfterReading(dueMs: number): Promise<void> {
    await this.#clock.yieldToIo();
    if (this.#dueMs !== dueMs) return;
    const onDue = this.#onDue;
    this.disarm();
    onDue();
  }
}

function nothing(): void {
  // Nobody waits for the deadline.
}

const GUARDS = new WeakMap<Clock, Guard>();

function guardOf(clock: Clock): Guard {
  let guard = GUARDS.get(clock);
  if (guard === undefined) {
    guard = new Guard(clock);
    GUARDS.set(clock, guard);
  }
  return guard;
}

/** Sleeps for all watchdogs of a clock that are set. */
class Guard {
  readonly #clock: Clock;
  readonly #deadlines = new Map<Watchdog, number>();
  #nap: { readonly untilMs: number; readonly over: AbortController } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(watchdog: Watchdog, dueMs: number): void {
    this.#deadlines.set(watchdog, dueMs);
    if (dueMs < (this.#nap?.untilMs ?? Number.POSITIVE_INFINITY)) this.#sleep(dueMs);
  }

  leave(watchdog: Watchdog): void {
    this.#deadlines.delete(watchdog);
  }

  #sleep(untilMs: number): void {
    this.#nap?.over.abort();
    const over = new AbortController();
    this.#nap = { untilMs, over };
    void later(this.#clock, Math.max(0, untilMs - this.#clock.monoMs()), over.signal, () => this.#wake());
  }

  #wake(): void {
    this.#nap = null;
    const nowMs = this.#clock.monoMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [watchdog, dueMs] of this.#deadlines) {
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
      else {
        this.#deadlines.delete(watchdog);
        void watchdog.dueAfterReading(dueMs);
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#sleep(nextMs);
  }
}
