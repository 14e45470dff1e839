/**
 * Figures that cannot be true: told once until they have stopped for a while, and nothing is concluded from them.
 */
import type { GdoiEvent } from '../events/event.ts';
import { dataProblemEvent } from '../events/gdoi-events.ts';
import type { GmPlace } from './gm-answer.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { GroupState, Problem } from './tracker-state.ts';

/** After this many whole answers without it a problem is over. */
const CLEAN_ANSWERS = 10;

const MAX_PROBLEMS = 4;

/** Told once until it has stopped for a while. */
export function withProblem(
  place: GmPlace,
  state: GroupState,
  at: ReadAt,
  kind: string,
  detail: string,
  events: GdoiEvent[],
): GroupState {
  const known = state.problems.find((problem) => problem.kind === kind);
  if (known === undefined) {
    events.push(
      dataProblemEvent(place, {
        occurrence: [kind, Math.floor(at.sentAtMs / 1000)],
        between: { fromMs: at.sentAtMs, toMs: at.receivedAtMs },
        evidence: [detail],
      }),
    );
  }
  const others = state.problems.filter((problem) => problem.kind !== kind);
  const problem = { kind, times: Math.min(known?.times ?? 0, 1000) + 1, clean: 0 };
  return { ...state, problems: [...others, problem].slice(-MAX_PROBLEMS) };
}

export function cleanAnswer(before: GroupState, state: GroupState): GroupState {
  if (state.problems.length === 0 || state.problems !== before.problems) return state;
  const problems = state.problems
    .map((problem): Problem => ({ kind: problem.kind, times: 0, clean: problem.clean + 1 }))
    .filter((problem) => problem.clean < CLEAN_ANSWERS);
  return { ...state, problems };
}
