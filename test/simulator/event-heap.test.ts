import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap } from '../../src/simulator/world/event-heap.ts';

test('events come in the order of their instants, equal ones in the order they were added, cancelled ones never', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ at: fc.nat(50), cancel: fc.boolean() })), (events) => {
      const heap = new EventHeap();
      const timers = events.map(({ at }) => heap.add(at, () => undefined));
      for (const [index, { cancel }] of events.entries()) timers[index]!.cancelled = cancel;
      const taken: number[] = [];
      for (let timer = heap.take(100); timer !== null; timer = heap.take(100)) taken.push(timer.order);
      const expected = timers
        .filter((timer) => !timer.cancelled)
        .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)
        .map((timer) => timer.order);
      expect(taken).toEqual(expected);
    }),
  );
});

test('an event later than the asked instant stays', () => {
  const heap = new EventHeap();
  heap.add(10, () => undefined);
  expect(heap.take(9)).toBeNull();
  expect(heap.take(10)?.atMs).toBe(10);
});
