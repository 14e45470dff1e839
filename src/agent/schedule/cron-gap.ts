/** How long a cron expression lets a device be: what is older than some such gaps is old. */
import { createTask } from 'node-cron';

/** A week of hourly runs. */
const RUNS = 168;
const MAX_KNOWN = 1000;
const DAY_MS = 86_400_000;

const gaps = new Map<string, number>();

/** Longest time between two of the coming runs, ms; a day for an expression that hardly ever comes. */
export function longestCronGapMs(expression: string): number {
  const known = gaps.get(expression);
  if (known !== undefined) return known;
  const runs = createTask(expression, () => undefined).getNextRuns(RUNS);
  let longest = runs.length < 2 ? DAY_MS : 0;
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (before !== undefined) longest = Math.max(longest, run.getTime() - before.getTime());
  }
  if (gaps.size < MAX_KNOWN) gaps.set(expression, longest);
  return longest;
}
