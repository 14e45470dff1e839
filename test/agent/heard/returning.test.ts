import { expect, test } from 'vitest';
import { Returning } from '../../../src/agent/heard/returning.ts';
import { BackOff } from '../../../src/kernel/back-off.ts';
import { FakeClock } from '../../builders/fake-clock.ts';

function given() {
  const clock = new FakeClock(0);
  const backOff = new BackOff(() => 1, { firstMs: 5_000, longestMs: 600_000 });
  const polls: number[] = [];
  const returning = new Returning({
    waitAtMost: (_device, ms) => backOff.waitAtMost(ms, clock.monoMs()),
    clock,
    poll: () => polls.push(clock.monoMs()),
  });
  return { clock, backOff, polls, returning };
}

function failing(backOff: BackOff, times: number): void {
  for (let n = 0; n < times; n += 1) backOff.failed(0);
}

test('a device that shows it is back is tried at once, and not at the end of its back-off', async () => {
  const { clock, backOff, polls, returning } = given();
  failing(backOff, 8);
  await clock.advance(60_000);
  expect(backOff.waitMs(clock.monoMs())).toBeGreaterThan(500_000);
  const now = clock.monoMs();
  returning.seen('gm1');
  await clock.advance(1);
  expect(polls).toEqual([now]);
  expect(backOff.waitMs(clock.monoMs())).toBe(0);
});

test('many signs in a row cause one try, and not before the first wait after a failure is over', async () => {
  const { clock, backOff, polls, returning } = given();
  failing(backOff, 8);
  await clock.advance(1_000);
  const failedMs = clock.monoMs() - 1_000;
  for (let n = 0; n < 100; n += 1) returning.seen('gm1');
  await clock.advance(3_000);
  expect(polls).toEqual([]);
  await clock.advance(2_000);
  expect(polls).toEqual([failedMs + 5_000]);
});

test('a KS is left alone for a minute at most, a GM for ten', () => {
  const { clock, backOff, returning } = given();
  failing(backOff, 12);
  expect(backOff.waitMs(clock.monoMs())).toBe(600_000);
  returning.serves('ks1');
  expect(backOff.waitMs(clock.monoMs())).toBe(60_000);
});

test('nothing is tried once the agent stops', async () => {
  const { clock, backOff, polls, returning } = given();
  failing(backOff, 3);
  returning.seen('gm1');
  returning[Symbol.dispose]();
  await clock.advance(60_000);
  expect(polls).toEqual([]);
});
