/**
 * How often a busy router is asked. If its CPU is nearly used up, or its prompt takes seconds, it has other things to
 * do: each poll that shows this doubles the time between regular polls, up to four times, and each poll that shows it
 * at rest halves it again. Polls at the instants that decide a cause, and those that somebody asks for, are not left
 * out: they are few.
 */

import { BUSY_CPU_PERCENT, RESTING_CPU_PERCENT } from '../../gdoi/seen/beside-facts.ts';

/** A router at rest answers in less than a tenth of this. */
export const BUSY_ANSWER_MS = 5_000;
const LONGEST_STRETCH = 4;

/** What a poll showed of how busy the router is. */
export interface SignsOfLoad {
  /** For one answer; null: there was none, or it includes waiting for a login. */
  readonly answerMs: number | null;
  /** CPU of the last minute when it was last asked; null: not asked yet, or not shown. */
  readonly cpuPercent: number | null;
}

/** The number of schedule turns for one poll; 1: every turn. A poll that shows nothing changes nothing. */
export function nextStretch(stretch: number, { answerMs, cpuPercent }: SignsOfLoad): number {
  const isBusy = (answerMs ?? 0) >= BUSY_ANSWER_MS || (cpuPercent ?? 0) >= BUSY_CPU_PERCENT;
  if (isBusy) return Math.min(LONGEST_STRETCH, stretch * 2);
  if (answerMs === null && cpuPercent === null) return stretch;
  return (cpuPercent ?? 0) >= RESTING_CPU_PERCENT ? stretch : Math.max(1, stretch / 2);
}
