import { expect, test } from 'vitest';
import { Gate } from '../../src/access/gate.ts';

const never = new AbortController().signal;

/** Enters and notes its name when it is in. */
function entering(gate: Gate, entered: string[]) {
  return async (name: string, urgent = false) => {
    await gate.enter(never, urgent);
    entered.push(name);
  };
}

test('those that wait come in as they came, urgent ones first', async () => {
  const gate = new Gate(() => 1);
  const entered: string[] = [];
  const enter = entering(gate, entered);
  const all = [enter('first'), enter('second'), enter('third'), enter('urgent', true)];
  for (const each of all) void each.then(() => gate.leave());
  await Promise.all(all);
  expect(entered).toEqual(['first', 'urgent', 'second', 'third']);
  expect([gate.active, gate.waiting]).toEqual([0, 0]);
});

test('a higher limit lets in those that wait before whoever comes next, a lower one nobody until there is room', async () => {
  let limit = 1;
  const gate = new Gate(() => limit);
  const entered: string[] = [];
  const enter = entering(gate, entered);
  const two = [enter('first'), enter('second')];
  limit = 2;
  expect(gate.tryEnter()).toBe(false);
  await Promise.all(two);
  limit = 1;
  const third = enter('third');
  gate.leave();
  expect([gate.active, gate.waiting]).toEqual([1, 1]);
  gate.leave();
  await third;
  expect([gate.active, gate.waiting, ...entered]).toEqual([1, 0, 'first', 'second', 'third']);
});

test('who gives up waits no longer', async () => {
  const gate = new Gate(() => 1);
  expect(gate.tryEnter()).toBe(true);
  const caller = new AbortController();
  const waiting = gate.enter(caller.signal);
  caller.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  expect(gate.waiting).toBe(0);
  gate.leave();
  expect(gate.tryEnter()).toBe(true);
});
