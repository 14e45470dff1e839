/** The clock of agents that share a store: the wall time of the store's machine. */
import { expect, test } from 'vitest';
import { FollowingClock } from '../../src/kernel/following-clock.ts';
import { FakeClock } from '../builders/fake-clock.ts';

const MINUTE_MS = 60_000;

/** Ours, which is behind by so much. */
function behindBy(ms: number) {
  const own = new FakeClock();
  const following = new FollowingClock(own);
  const trueMs = () => own.wallMs() + ms;
  const hear = (roundTripMs = 0, offMs = 0) =>
    following.hear({
      atMs: trueMs() + offMs,
      askedMonoMs: own.monoMs() - roundTripMs / 2,
      answeredMonoMs: own.monoMs() + roundTripMs / 2,
    });
  return { own, following, trueMs, hear };
}

test('shows its own time until it hears another', () => {
  const { own, following } = behindBy(MINUTE_MS);
  expect(following.clock.wallMs()).toBe(own.wallMs());
});

test.each([4 * MINUTE_MS, -4 * MINUTE_MS])(
  'takes the other time that is off by %i ms, and goes on with it',
  async (ms) => {
    const { own, following, trueMs, hear } = behindBy(ms);
    expect(hear()).toBe(ms);
    expect(following.clock.wallMs()).toBe(trueMs());
    await own.advance(10_000);
    expect(following.clock.wallMs()).toBe(trueMs());
    expect(hear()).toBe(0);
  },
);

test('does not follow a step of its own wall clock', () => {
  const { own, following, hear } = behindBy(0);
  hear();
  const beforeMs = following.clock.wallMs();
  own.stepWall(-3_600_000);
  expect(following.clock.wallMs()).toBe(beforeMs);
});

test('catches up with a small difference by little at a time, and goes no further', () => {
  const { following, trueMs, hear } = behindBy(0);
  hear();
  const off = () => following.clock.wallMs() - trueMs();
  for (const expected of [5, 10, 12, 12]) {
    expect(hear(0, 12)).toBe(0);
    expect(off()).toBe(expected);
  }
});

test('is not changed by a slow answer', () => {
  const { following, trueMs, hear } = behindBy(0);
  hear();
  hear(3_000, 1_400);
  expect(following.clock.wallMs()).toBe(trueMs());
  expect(hear(3_000, 3_000)).toBe(0);
  expect(hear(3_000, 10_000)).toBe(10_000 - 5);
});
