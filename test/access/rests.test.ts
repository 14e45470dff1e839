import { describe, expect, test } from 'vitest';
import { MANY_QUESTIONS, REST_MS, Rests, TOO_MANY_QUESTIONS } from '../../src/access/ssh/rests.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { restThread } from '../../src/kernel/rest-thread.ts';

const clock = createSystemClock();
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await clock.yieldToIo();
};

function resting() {
  const rested: number[] = [];
  return { rested, rests: new Rests(clock, (ms) => rested.push(ms)) };
}

/** So many devices are asked. `answered` ends the next question; then, `meanwhile`, and some turns pass. */
function asking(rests: Rests, count: number) {
  const open: (() => void)[] = [];
  const ask = () => rests.during(() => new Promise<void>((resolve) => open.push(resolve)));
  const outcomes = Array.from({ length: count }, ask);
  return async function answered(meanwhile: () => void = () => undefined): Promise<void> {
    open.shift()?.();
    await outcomes.shift();
    meanwhile();
    await turns(4);
  };
}

describe('the thread with sessions rests', () => {
  test('once after a turn in which many devices were asked, so that their answers are read together', async () => {
    const { rested, rests } = resting();
    asking(rests, MANY_QUESTIONS + 20);
    expect(rested).toEqual([]);
    await turns(4);
    expect(rested).toEqual([REST_MS]);
  });

  test('not where few are asked: somebody may wait for one of them', async () => {
    const { rested, rests } = resting();
    const answered = asking(rests, MANY_QUESTIONS - 1);
    await turns(4);
    await answered();
    expect(rested).toEqual([]);
  });

  test('not while so many are asked that it would fall behind, and again when it has caught up', async () => {
    const { rested, rests } = resting();
    const answered = asking(rests, TOO_MANY_QUESTIONS + 1);
    await turns(4);
    await answered();
    expect(rested).toEqual([]);
    await answered();
    expect(rested).toEqual([REST_MS]);
  });

  test('after each answer as long as many others are to come', async () => {
    const { rested, rests } = resting();
    const answered = asking(rests, MANY_QUESTIONS + 1);
    await turns(4);
    await answered();
    expect(rested).toEqual([REST_MS, REST_MS]);
    await answered();
    expect(rested).toHaveLength(2);
  });

  test('only when what was said in that turn is sent', async () => {
    const happened: string[] = [];
    const rests = new Rests(clock, () => happened.push('rested'));
    const answered = asking(rests, MANY_QUESTIONS + 1);
    await turns(4);
    await answered(() => void clock.yieldToIo().then(() => happened.push('sent')));
    expect(happened).toEqual(['rested', 'sent', 'rested']);
  });

  test('also where a question meets a fault', async () => {
    const { rested, rests } = resting();
    asking(rests, MANY_QUESTIONS);
    await turns(4);
    await expect(rests.during(() => Promise.reject(new Error('our own')))).rejects.toThrow('our own');
    await turns(4);
    expect(rested).toEqual([REST_MS, REST_MS]);
    await rests.during(() => Promise.resolve());
    await turns(4);
    expect(rested).toHaveLength(3);
  });
});

test('a thread that rests runs nothing meanwhile', () => {
  const from = performance.now();
  restThread(20);
  expect(performance.now() - from).toBeGreaterThan(19);
});
