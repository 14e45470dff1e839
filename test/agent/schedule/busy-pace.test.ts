import { expect, test } from 'vitest';
import { BUSY_ANSWER_MS, nextStretch } from '../../../src/agent/schedule/busy-pace.ts';
import { Scheduler } from '../../../src/agent/schedule/scheduler.ts';
import { FakeClock } from '../../builders/fake-clock.ts';

const answer = (answerMs: number | null, cpuPercent: number | null = null) => ({ answerMs, cpuPercent });

test('a router that takes seconds for each answer is asked at every second, then every fourth turn, and no less', () => {
  let stretch = 1;
  const seen = [1, 2, 3, 4].map(() => (stretch = nextStretch(stretch, answer(BUSY_ANSWER_MS))));
  expect(seen).toEqual([2, 4, 4, 4]);
});

test('quick answers restore the pace; a missing answer changes nothing', () => {
  expect(nextStretch(4, answer(null))).toBe(4);
  expect(nextStretch(4, answer(100))).toBe(2);
  expect(nextStretch(2, answer(100))).toBe(1);
  expect(nextStretch(1, answer(100))).toBe(1);
});

test.each([
  ['a busy CPU is asked at every second turn, however quick it answers', 1, answer(10, 80), 2],
  ['... and without a time at all', 1, answer(null, 99), 2],
  ['... and then at every fourth, and no less', 4, answer(10, 95), 4],
  ['one at rest brings the pace back', 4, answer(10, 59), 2],
  ['... also where the time says nothing, as with a login', 2, answer(null, 3), 1],
  ['between busy and at rest nothing changes', 2, answer(10, 60), 2],
  ['... and nothing begins', 1, answer(10, 79), 1],
  ['slow answers count whatever the CPU is', 1, answer(BUSY_ANSWER_MS, 3), 2],
])('%s', (_what, stretch, signs, expected) => {
  expect(nextStretch(stretch, signs)).toBe(expected);
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
  expect(scheduler.answered('gm1', answer(BUSY_ANSWER_MS))).toBe(2);
  expect(scheduler.answered('gm1', answer(null))).toBeNull();
  await clock.advance(6 * 60_000 + 1000);
  expect(polls).toEqual([0, 1, 3, 5, 7]);
  await scheduler.now('gm1');
  expect(polls).toHaveLength(6);
  expect(scheduler.answered('gm1', answer(10))).toBe(1);
  expect(scheduler.answered('nobody', answer(10))).toBeNull();
  await scheduler[Symbol.asyncDispose]();
});
