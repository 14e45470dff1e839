/**
 * How often a busy router is asked: one that takes seconds for its prompt has other things to do. Each poll that shows it
 * doubles the time between regular polls, up to four times; each quick one halves it again. Polls at the instants that
 * decide, and those for which somebody asks, are not left out: they are few.
 */

/** A router at rest answers in less than a tenth of it. */
export const BUSY_ANSWER_MS = 5_000;
const LONGEST_STRETCH = 4;

/** How many schedule turns there are for one poll: 1 where all are taken. `answerMs` null: no answer, which says nothing. */
export function nextStretch(stretch: number, answerMs: number | null): number {
  if (answerMs === null) return stretch;
  return answerMs >= BUSY_ANSWER_MS ? Math.min(LONGEST_STRETCH, stretch * 2) : Math.max(1, stretch / 2);
}
