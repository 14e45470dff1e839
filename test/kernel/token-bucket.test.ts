import { expect, test } from 'vitest';
import { TokenBucket } from '../../src/kernel/token-bucket.ts';

test('so many come at once, then so many a second', () => {
  const bucket = new TokenBucket({ perSecond: 2, burst: 3 }, 0);
  const taken = [0, 0, 0, 0, 499, 500, 501].map((ms) => bucket.take(ms));
  expect(taken).toEqual([true, true, true, false, false, true, false]);
});

test('another rate counts from its beginning, and keeps what is there up to its burst', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 10 }, 0);
  bucket.spend(10, 0);
  bucket.changeRate({ perSecond: 100, burst: 10 }, 2000);
  expect(bucket.left(2000)).toBe(2);
  expect(bucket.left(2010)).toBe(3);
  bucket.changeRate({ perSecond: 100, burst: 1 }, 2010);
  expect(bucket.left(2010)).toBe(1);
});
