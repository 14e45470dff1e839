/**
 * Figures that cannot be true: one event until they have stopped for a while, and nothing is concluded from them.
 */
import { dataProblemEvent } from '../events/gdoi-events.ts';
import type { GmPlace } from './gm-answer.ts';
import type { ReadAt } from '../seen/instant.ts';
import { emitting, type GroupTracked, unchanged } from './tracked.ts';
import type { GroupState, DataProblem } from './tracker-state.ts';

/** After this many whole answers without it a problem is over. */
const CLEAN_ANSWERS = 10;

const MAX_PROBLEMS = 4;

export interface Contradiction {
  readonly kind: string;
  /** The figures as the device showed them. */
  readonly detail: string;
  readonly at: ReadAt;
}

export function withProblem(place: GmPlace, state: GroupState, { kind, detail, at }: Contradiction): GroupTracked {
  const known = state.problems.find((problem) => problem.kind === kind);
  const others = state.problems.filter((problem) => problem.kind !== kind);
  const problem = { kind, times: Math.min(known?.times ?? 0, 1000) + 1, clean: 0 };
  const next = { ...state, problems: [...others, problem].slice(-MAX_PROBLEMS) };
  if (known !== undefined) return unchanged(next);
  return emitting(
    next,
    dataProblemEvent(place, {
      occurrence: [kind, Math.floor(at.sentAtMs / 1000)],
      between: { fromMs: at.sentAtMs, toMs: at.receivedAtMs },
      evidence: [detail],
    }),
  );
}

export function cleanAnswer(before: GroupState, state: GroupState): GroupState {
  if (state.problems.length === 0 || state.problems !== before.problems) return state;
  const problems = state.problems
    .map((problem): DataProblem => ({ kind: problem.kind, times: 0, clean: problem.clean + 1 }))
    .filter((problem) => problem.clean < CLEAN_ANSWERS);
  return { ...state, problems };
}
