import { describe, expect, test } from 'vitest';
import { hearEach, SaidInATurn } from '../../src/access/ssh/said-in-a-turn.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('what is said in one turn of the event loop', () => {
  test('is one message, in its order; what is said later is the next one', async () => {
    const sent: (readonly number[])[] = [];
    const said = new SaidInATurn<number>((messages) => sent.push(messages));
    said.say(1);
    await Promise.resolve();
    said.say(2);
    expect(sent).toEqual([]);
    await turn();
    said.say(3);
    await turn();
    await turn();
    expect(sent).toEqual([[1, 2], [3]]);
  });

  test('is sent later where sending brings more to say', async () => {
    const sent: (readonly string[])[] = [];
    const said = new SaidInATurn<string>((messages) => {
      sent.push(messages);
      if (sent.length === 1) said.say('answer');
    });
    said.say('question');
    await turn();
    await turn();
    expect(sent).toEqual([['question'], ['answer']]);
  });
});

test('a fault with one message is thrown apart, and the others are heard', async () => {
  const heard: number[] = [];
  const fault = new Error('our own');
  const thrown = new Promise((resolve) => process.prependOnceListener('uncaughtException', resolve));
  const others = process.listeners('uncaughtException').slice(1);
  for (const listener of others) process.off('uncaughtException', listener);
  hearEach([1, 2, 3], (message) => {
    if (message === 2) throw fault;
    heard.push(message);
  });
  expect(heard).toEqual([1, 3]);
  expect(await thrown).toBe(fault);
  for (const listener of others) process.on('uncaughtException', listener);
});
