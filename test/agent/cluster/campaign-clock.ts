/**
 * Simulated time for many agents: a heap of sleepers, woken one after the other, each with what it then does done
 * first.
 */
import type { Clock } from '../../../src/kernel/clock.ts';

interface Sleeper {
  readonly wakeMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export class SimulatedTime {
  nowMs = 0;
  #order = 0;
  readonly #heap: Sleeper[] = [];

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.wake(ms, resolve));
  }

  /** Calls `wake` after so long. */
  wake(ms: number, wake: () => void): void {
    this.#push({ wakeMs: this.nowMs + ms, order: (this.#order += 1), wake });
  }

  async runUntil(endMs: number): Promise<void> {
    await drained();
    for (let next = this.#heap[0]; next !== undefined && next.wakeMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      this.nowMs = Math.max(this.nowMs, next.wakeMs);
      next.wake();
      await drained();
    }
    this.nowMs = endMs;
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#heap;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at], heap[parent])) break;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return;
    heap[0] = last;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && before(heap[left], heap[least])) least = left;
      if (right < heap.length && before(heap[right], heap[least])) least = right;
      if (least === at) return;
      swap(heap, at, least);
      at = least;
    }
  }
}

function before(a: Sleeper | undefined, b: Sleeper | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.wakeMs < b.wakeMs || (a.wakeMs === b.wakeMs && a.order < b.order);
}

function swap(heap: Sleeper[], a: number, b: number): void {
  const [x, y] = [heap[a], heap[b]];
  if (x === undefined || y === undefined) return;
  heap[a] = y;
  heap[b] = x;
}

/** Every promise that can go on has gone on: Node.js empties the queue of promises before the next tick. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** Of one process: it can be paused, and then nothing of it goes on; killed, and then nothing of it ever does. */
export class ProcessClock implements Clock {
  readonly #time: SimulatedTime;
  /** The machine's clock is wrong by this much. */
  skewMs: number;
  #resume: (() => void)[] = [];
  paused = false;
  killed = false;

  constructor(time: SimulatedTime, skewMs: number) {
    this.#time = time;
    this.skewMs = skewMs;
  }

  wallMs = (): number => this.#time.nowMs + this.skewMs;
  monoMs = (): number => this.#time.nowMs;

  /** One promise, whether it is over or aborted: campaigns sleep some ten thousand times a second. */
  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      let over = false;
      const end = (): void => {
        if (signal?.aborted === true) reject(signal.reason);
        else resolve();
      };
      const wake = (): void => {
        if (over) return;
        over = true;
        signal?.removeEventListener('abort', wake);
        this.#whenRun(end);
      };
      signal?.addEventListener('abort', wake);
      this.#time.wake(ms, wake);
    });

  yieldToIo = (): Promise<void> => Promise.resolve();

  /** Resolves when the process is let run. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#whenRun(resolve));
  }

  #whenRun(goOn: () => void): void {
    if (this.paused || this.killed) this.#resume.push(goOn);
    else goOn();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (this.killed) return;
    const waiting = this.#resume;
    this.#resume = [];
    for (const each of waiting) each();
  }
}
