import { expect, test } from 'vitest';
import { longestCronGapMs } from '../../../src/agent/schedule/cron-gap.ts';

const MINUTE_MS = 60_000;

test.each([
  ['*/15 * * * *', 15 * MINUTE_MS],
  ['*/10 * * * * *', 10_000],
  ['0 */6 * * *', 360 * MINUTE_MS],
  // The night, and a weekend where the coming week has one.
  ['0 8-18 * * *', 14 * 60 * MINUTE_MS],
])('%s leaves a device alone for at most %i ms', (expression, gapMs) => {
  expect(longestCronGapMs(expression)).toBe(gapMs);
});
