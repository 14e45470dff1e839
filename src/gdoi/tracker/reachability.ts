/**
 * Failures in a row: after some of them the device is unreachable, and what its log told of registrations is decided
 * without an answer.
 */
import { decideFromLog } from '../registrations/counted-registrations.ts';
import { decidePending } from '../registrations/counter-restart.ts';
import { unreachableEvent } from '../events/gdoi-events.ts';
import type { Observation } from '../seen/observation.ts';
import type { ReadAt } from '../seen/instant.ts';
import { isMuteResult } from '../seen/poll-result.ts';
import { ignored, trackEach, type Tracked } from '../memory/tracked.ts';
import type { Failures, TrackerState } from '../memory/tracker-state.ts';

/** Failures in a row after which a device is unreachable. */
const UNREACHABLE_FAILURES = 3;

const MAX_RESULT_CHARS = 128;

export function trackFailure(
  state: TrackerState,
  at: ReadAt,
  observation: Extract<Observation, { kind: 'failure' }>,
): Tracked {
  if (state.latestSentMs !== null && at.sentAtMs <= state.latestSentMs) return ignored(state);
  // A device that answered, and showed nothing, and gives no answer now is another matter; and the other way round.
  const isSame = state.failures === null || isMuteResult(state.failures.result) === isMuteResult(observation.result);
  const before = isSame ? state.failures : null;
  const inARow = (before?.inARow ?? 0) + 1;
  const isNew = inARow === UNREACHABLE_FAILURES && before?.unreachable !== true;
  const failures: Failures = {
    inARow,
    firstMs: before?.firstMs ?? at.sentAtMs,
    unreachable: before?.unreachable === true || isNew,
    result: observation.result.slice(0, MAX_RESULT_CHARS),
  };
  const tracked = trackEach({ ...state, latestSentMs: at.sentAtMs, failures }, (known, place) => {
    return isNew ? decideFromLog(place, known, at.receivedAtMs) : decidePending(place, known, null);
  });
  return isNew ? { ...tracked, events: [unreachable(state, failures, at), ...tracked.events] } : tracked;
}

function unreachable(state: TrackerState, { inARow, firstMs, result }: Failures, at: ReadAt) {
  return unreachableEvent(
    { device: state.device, group: null },
    {
      occurrence: [Math.floor(firstMs / 1000)],
      between: { fromMs: Math.min(state.answered?.sentAtMs ?? firstMs, firstMs), toMs: at.receivedAtMs },
      atMs: firstMs,
      isKs: state.isKs,
      inARow,
      isMute: isMuteResult(result),
      evidence: [`last failure: ${result}`],
    },
  );
}
