/** A new answer about a group, with what was known before it: what every step decides from. */
import type { Interval } from '../seen/interval.ts';
import type { GmPlace, KsFigures, Shown } from './gm-answer.ts';
import type { KekAfter } from './registration-facts.ts';
import type { GroupState } from './tracker-state.ts';

export interface ComparedAnswer {
  readonly place: GmPlace;
  readonly before: GroupState;
  readonly seen: Shown;
  /** From the question of the last answer to the end of this one. */
  readonly span: Interval;
  readonly kekAfter: KekAfter;
  readonly ks: KsFigures;
}
