import { expect, test } from 'vitest';
import { BUSY_ANSWER_MS, nextStretch } from '../../../src/agent/schedule/busy-pace.ts';
import { Scheduler } from '../../../src/agent/schedule/scheduler.ts';
import { FakeClock } from '../../builders/fake-clock.ts';

test('a router that takes seconds for each answer is asked at every second, then every fourth turn, and no less', () => {
  let stretch = 1;
  const seen = [1, 2, 3, 4].map(() => (stretch = nextStretch(stretch, BUSY_ANSWER_MS)));
  expect(seen).toEqual([2, 4, 4, 4]);
});

test('quick answers bring the pace back; no answer says nothing', () => {
  expect(nextStretch(4, null)).toBe(4);
  expect(nextStretch(4, 100)).toBe(2);
  expect(nextStretch(2, 100)).toBe(1);
  expect(nextStretch(1, 100)).toBe(1);
});

test('a busy router keeps its place in the grid, and is polled at once for those who ask', async () => {
  const clock = new FakeClock();
  const polls: number[] = [];
  const scheduler = new Scheduler({
    clock,
    concurrentPolls: 1,
    poll: async () => {
      polls.push(Math.round(clock.monoMs() / 60_000));
    },
  });
  scheduler.start();
  scheduler.set('gm1', { kind: 'every', ms: 60_000 }, 1);
  await clock.advance(60_000);
  expect(scheduler.answered('gm1', BUSY_ANSWER_MS)).toBe(2);
  expect(scheduler.answered('gm1', null)).toBeNull();
  await clock.advance(6 * 60_000 + 1000);
  expect(polls).toEqual([0, 1, 3, 5, 7]);
  await scheduler.now('gm1');
  expect(polls).toHaveLength(6);
  expect(scheduler.answered('gm1', 10)).toBe(1);
  expect(scheduler.answered('nobody', 10)).toBeNull();
  await scheduler[Symbol.asyncDispose]();
});
