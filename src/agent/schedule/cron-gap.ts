/** The longest time that a cron expression leaves a device alone: data older than a few such gaps are old. */
import { createTask } from 'node-cron';

/** A week of hourly runs. */
const RUNS = 168;
const MAX_KNOWN = 1000;
const DAY_MS = 86_400_000;

const gaps = new Map<string, number>();

/** Longest time between two of the coming runs, ms; a day for an expression that hardly ever runs. */
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

/** More than an hourly expression has in a day: for one that runs more rarely, a thousand more are years. */
const FEW_RUNS = 25;
/** Most runs that are counted: one a minute. */
const RUNS_A_DAY = 1441;

/** Polls in the busiest way that the next day can go; a six-field expression may have one each second. */
export function cronRunsPerDay(expression: string): number {
  const task = createTask(expression, () => undefined);
  const few = task.getNextRuns(FEW_RUNS);
  const areMore = few.length === FEW_RUNS && spanMs(few) < DAY_MS;
  const runs = areMore ? task.getNextRuns(RUNS_A_DAY) : few;
  if (runs.length === RUNS_A_DAY && spanMs(runs) < DAY_MS) {
    return Math.ceil(((RUNS_A_DAY - 1) * DAY_MS) / Math.max(1, spanMs(runs)));
  }
  const first = runs[0]?.getTime() ?? 0;
  return Math.max(1, runs.filter((run) => run.getTime() - first < DAY_MS).length);
}

function spanMs(runs: readonly Date[]): number {
  return (runs.at(-1)?.getTime() ?? 0) - (runs[0]?.getTime() ?? 0);
}
