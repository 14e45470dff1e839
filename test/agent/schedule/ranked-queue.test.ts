import fc from 'fast-check';
import { PriorityQueue } from 'p-queue';
import { describe, expect, test } from 'vitest';
import { RankedQueue } from '../../../src/agent/schedule/ranked-queue.ts';

/** A rank: it comes; null: the next one is taken. */
const aStep = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(-1, 0, 1, 2, 3) },
  { weight: 2, arbitrary: fc.constant(null) },
);

describe('polls that wait for a slot', () => {
  test('are taken as from p-queue’s own queue: the highest rank first, and of a rank the first that came', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 200 }), (steps) => {
        const [ranked, plain] = [new RankedQueue(), new PriorityQueue()];
        const taken = (queue: RankedQueue | PriorityQueue, priority: number | null, run: () => Promise<void>) => {
          if (priority === null) return queue.dequeue();
          queue.enqueue(run, { priority });
          return undefined;
        };
        for (const priority of steps) {
          const run = () => Promise.resolve();
          expect(taken(ranked, priority, run)).toBe(taken(plain, priority, run));
          expect(ranked.size).toBe(plain.size);
        }
        for (const priority of [-1, 0, 1, 2, 3, 4]) {
          expect(ranked.filter({ priority })).toEqual(plain.filter({ priority }));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('without a rank are of rank 0', () => {
    const queue = new RankedQueue();
    const run = () => Promise.resolve();
    queue.enqueue(run);
    expect(queue.filter({})).toEqual([run]);
    expect(queue.filter({ priority: 0 })).toEqual([run]);
  });
});
