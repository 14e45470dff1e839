/** A cause that is over, while GMs still show what it did. */
import { CHECK_REGISTRATION } from '../events/first-steps.ts';
import type { Candidate } from './candidate.ts';
import type { Explanation } from './explanation.ts';
import type { Symptom } from './symptom.ts';

/** A GM that lost its registration tries again within about a minute; it takes a look to see that it succeeded. */
export const REGISTERS_AGAIN_MS = 180_000;
/** What follows from a cause can be seen for about this long after its end: a KEK window and a poll. */
export const TRACES_MS = 900_000;

/** The same cause after its end, with what it still explains. */
export function over(
  said: Explanation,
  traces: readonly Symptom[],
  now: Pick<Candidate, 'summary' | 'status'> & Partial<Pick<Candidate, 'firstStep'>>,
): Candidate {
  return {
    ...said,
    // What was to be done about the cause is done.
    firstStep: now.status === 'ok' ? null : CHECK_REGISTRATION,
    ...now,
    phase: 'over',
    consequence: null,
    deadlineMs: null,
    confidence: 'likely',
    knownAtMs: null,
    claims: traces,
  };
}
