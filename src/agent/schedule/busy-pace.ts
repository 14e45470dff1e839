/**
 * How often a busy router is asked: one whose processor is nearly used up, or that takes seconds for its prompt, has
 * other things to do. Each poll that shows it doubles the time between regular polls, up to four times; each one that
 * shows it at rest halves it again. Polls at the instants that decide, and those for which somebody asks, are not left
 * out: they are few.
 */

import { BUSY_CPU_PERCENT, RESTING_CPU_PERCENT } from '../../gdoi/seen/beside-facts.ts';

/** A router at rest answers in less than a tenth of it. */
export const BUSY_ANSWER_MS = 5_000;
const LONGEST_STRETCH = 4;

/** What a poll showed of how busy the router is. */
export interface SignsOfLoad {
  /** For one answer; null: there was none, or waiting for a login is part of it. */
  readonly answerMs: number | null;
  /** Its CPU in the last minute when that was last asked; null: not asked yet, or not shown. */
  readonly cpuPercent: number | null;
}

/** How many schedule turns there are for one poll: 1 where all are taken. What shows nothing changes nothing. */
export function nextStretch(stretch: number, { answerMs, cpuPercent }: SignsOfLoad): number {
  const isBusy = (answerMs ?? 0) >= BUSY_ANSWER_MS || (cpuPercent ?? 0) >= BUSY_CPU_PERCENT;
  if (isBusy) return Math.min(LONGEST_STRETCH, stretch * 2);
  if (answerMs === null && cpuPercent === null) return stretch;
  return (cpuPercent ?? 0) >= RESTING_CPU_PERCENT ? stretch : Math.max(1, stretch / 2);
}
