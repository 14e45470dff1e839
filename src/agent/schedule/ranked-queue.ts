/**
 * Polls that wait for a slot, ordered by rank: there are a handful of ranks, while tens of thousands of polls may wait
 * when a large fleet starts. p-queue's own queue is one array and moves all waiting entries for each one that is
 * inserted before them, so that inserting many took time in proportion to their square.
 */
import type { Queue, QueueAddOptions } from 'p-queue';

type Run = () => Promise<unknown>;

/** First come, first served. */
class Line {
  readonly #runs: Run[] = [];
  #head = 0;

  get size(): number {
    return this.#runs.length - this.#head;
  }

  add(run: Run): void {
    this.#runs.push(run);
  }

  take(): Run | undefined {
    const run = this.#runs[this.#head];
    if (run === undefined) return undefined;
    this.#head += 1;
    if (2 * this.#head >= this.#runs.length) {
      this.#runs.splice(0, this.#head);
      this.#head = 0;
    }
    return run;
  }

  waiting(): Run[] {
    return this.#runs.slice(this.#head);
  }
}

export class RankedQueue implements Queue<Run, QueueAddOptions> {
  /** By rank, the highest first. */
  readonly #lines = new Map<number, Line>();
  #ranks: readonly number[] = [];
  size = 0;

  enqueue(run: Run, { priority = 0 }: Partial<QueueAddOptions> = {}): void {
    let line = this.#lines.get(priority);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(priority, line);
      this.#ranks = [...this.#lines.keys()].toSorted((a, b) => b - a);
    }
    line.add(run);
    this.size += 1;
  }

  dequeue(): Run | undefined {
    for (const rank of this.#ranks) {
      const run = this.#lines.get(rank)?.take();
      if (run === undefined) continue;
      this.size -= 1;
      return run;
    }
    return undefined;
  }

  filter({ priority = 0 }: Readonly<Partial<QueueAddOptions>>): Run[] {
    return this.#lines.get(priority)?.waiting() ?? [];
  }

  /** Polls have no names. */
  setPriority(): never {
    throw new Error('a poll that waits keeps its rank');
  }
}
