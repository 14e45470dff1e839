/**
 * Events in simulated time: a binary heap by instant, first come first served within one instant. Cancelled events stay
 * in the heap until their instant and are skipped there: timers are re-armed far more often than they fire.
 */
import type { EpochMs } from '../../kernel/clock.ts';

export interface SimTimer {
  readonly atMs: EpochMs;
  readonly order: number;
  cancelled: boolean;
  readonly run: () => void;
}

export class EventHeap {
  readonly #heap: SimTimer[] = [];
  #order = 0;

  add(atMs: EpochMs, run: () => void): SimTimer {
    const timer: SimTimer = { atMs, order: this.#order++, cancelled: false, run };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || before(parent, timer)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = timer;
    return timer;
  }

  /** Takes the earliest event at or before `untilMs` that is not cancelled; null if there is none. */
  take(untilMs: EpochMs): SimTimer | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.atMs > untilMs) return null;
      this.#removeFirst();
      if (!first.cancelled) return first;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      if (left === undefined) break;
      const right = heap[leftIndex + 1];
      const takeRight = right !== undefined && before(right, left);
      const child = takeRight ? right : left;
      if (before(last, child)) break;
      heap[index] = child;
      index = takeRight ? leftIndex + 1 : leftIndex;
    }
    heap[index] = last;
  }
}

function before(a: SimTimer, b: SimTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
