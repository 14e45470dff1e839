/** One operation at a time on a device, in the order in which they asked. */
import { expect, test } from 'vitest';
import { DeviceTurns } from '../../src/access/device-turns.ts';

/** What happened, in its order; each turn is taken at once and used when it comes. */
async function used(turns: DeviceTurns, names: readonly string[], order: string[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const turn = turns.take();
      await turn.before;
      order.push(`${name} in`);
      await Promise.resolve();
      order.push(`${name} out`);
      turn.done();
    }),
  );
}

test('the first one need not wait, the others follow one another', async () => {
  const order: string[] = [];
  await used(new DeviceTurns(), ['a', 'b', 'c'], order);
  expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

test('the next one also waits for what the last one left behind', async () => {
  const turns = new DeviceTurns();
  const order: string[] = [];
  let goodbye: () => void = () => undefined;
  const first = turns.take();
  first.keepUntil(
    new Promise((resolve) => {
      goodbye = resolve;
    }),
  );
  first.done();
  const next = used(turns, ['b'], order);
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual([]);
  goodbye();
  await next;
  expect(order).toEqual(['b in', 'b out']);
});

test('it counts who has a turn or waits for one, and says when all are over', async () => {
  const turns = new DeviceTurns();
  const [first, second] = [turns.take(), turns.take()];
  expect(turns.users).toBe(2);
  first.done();
  expect(turns.users).toBe(1);
  second.done();
  await turns.over();
  expect(turns.users).toBe(0);
});
