/**
 * Events in simulated time: by instant, first come first served within one instant. Cancelled events stay
 * in the heap until their instant and are skipped there: timers are re-armed far more often than they fire.
 */
import TinyQueue from 'tinyqueue';
import type { EpochMs } from '../../kernel/clock.ts';

export interface SimTimer {
  readonly atMs: EpochMs;
  readonly order: number;
  cancelled: boolean;
  readonly run: () => void;
}

export class EventHeap {
  readonly #heap = new TinyQueue<SimTimer>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  #order = 0;

  add(atMs: EpochMs, run: () => void): SimTimer {
    const timer: SimTimer = { atMs, order: this.#order++, cancelled: false, run };
    this.#heap.push(timer);
    return timer;
  }

  /** Takes the earliest event at or before `untilMs` that is not cancelled; null if there is none. */
  take(untilMs: EpochMs): SimTimer | null {
    for (;;) {
      const first = this.#heap.peek();
      if (first === undefined || first.atMs > untilMs) return null;
      this.#heap.pop();
      if (!first.cancelled) return first;
    }
  }
}
