import { describe, expect, it } from 'vitest';
import { HandOver } from '../../src/access/listeners/hand-over.ts';
import { RateLimit } from '../../src/access/listeners/rate-limit.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

const BOUNDS = { source: { perSecond: 2, burst: 3 }, overall: { perSecond: 10, burst: 8 }, sources: 3 };

describe('the rate at which messages are taken', () => {
  it('is a burst of each source, then so many a second', async () => {
    const clock = new FakeClock();
    const rate = new RateLimit(BOUNDS, clock);
    const take = (count: number) => Array.from({ length: count }, () => rate.take('a')).filter((one) => one === 'pass');
    expect(take(5)).toHaveLength(3);
    await clock.advance(500);
    expect(take(5)).toHaveLength(1);
    await clock.advance(3600_000);
    expect(take(5)).toHaveLength(3);
  });

  it('is bounded for all sources together, and a refused source keeps its own allowance', async () => {
    const clock = new FakeClock();
    const rate = new RateLimit(BOUNDS, clock);
    const verdicts = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'].map((host) => rate.take(host));
    expect(verdicts.filter((verdict) => verdict === 'pass')).toHaveLength(8);
    expect(verdicts.at(-1)).toBe('overall_rate');
    await clock.advance(100);
    expect(rate.take('c')).toBe('pass');
  });

  it('forgets the source heard of longest ago, so that made-up addresses cost no memory', () => {
    const rate = new RateLimit({ ...BOUNDS, overall: { perSecond: 1e6, burst: 1e6 } }, new FakeClock());
    for (let index = 0; index < 3; index += 1) rate.take('regular');
    for (let index = 0; index < 10_000; index += 1) {
      rate.take(`made-up-${index}`);
      expect(rate.take('regular')).toBe('source_rate');
    }
    expect(rate.sources).toBe(3);
  });
});

describe('handing over', () => {
  const handOver = (take: (message: number) => void) =>
    new HandOver<number>({ take, clock: createSystemClock(), logger: new MemoryLogger() });

  it('keeps the order and lets the event loop turn in between', async () => {
    const taken: number[] = [];
    let turns = 0;
    const queue = handOver((message) => taken.push(message));
    const count = 1000;
    for (let message = 0; message < count; message += 1) queue.push(message, 100);
    expect(taken).toEqual([]);
    const turning = (async () => {
      for (; taken.length < count; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    })();
    await queue.drained();
    await turning;
    expect(taken).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  it('refuses too many messages or octets until some are taken', async () => {
    let taken = 0;
    const queue = handOver(() => {
      taken += 1;
    });
    const pushed = Array.from({ length: 30_000 }, (_, message) => queue.push(message, 10)).filter(Boolean).length;
    expect(pushed).toBeLessThan(30_000);
    await queue.drained();
    expect(taken).toBe(pushed);
    const large = Array.from({ length: 3000 }, (_, message) => queue.push(message, 8192)).filter(Boolean).length;
    expect(large).toBeLessThan(3000);
    await queue.drained();
    expect(queue.push(1, 8192)).toBe(true);
    await queue.drained();
  });
});
