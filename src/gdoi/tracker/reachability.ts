/**
 * Failures in a row: after some of them the device is unreachable, and what its log told of registrations is decided
 * without an answer.
 */
import { decideFromLog } from '../registrations/counted-registrations.ts';
import { decidePending } from '../registrations/counter-restart.ts';
import type { GdoiEvent } from '../events/event.ts';
import { unreachableEvent } from '../events/gdoi-events.ts';
import type { Observation } from '../seen/observation.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { ignored, mapGroups, type Tracked } from '../memory/tracked.ts';
import type { TrackerState } from '../memory/tracker-state.ts';

/** Failures in a row after which a device is unreachable. */
const UNREACHABLE_FAILURES = 3;

const MAX_NAME_CHARS = 128;

export function trackFailure(
  state: TrackerState,
  at: ReadAt,
  observation: Extract<Observation, { kind: 'failure' }>,
): Tracked {
  if (state.latestSentMs !== null && at.sentAtMs <= state.latestSentMs) return ignored(state);
  const events: GdoiEvent[] = [];
  const result = observation.result.slice(0, MAX_NAME_CHARS);
  const inARow = (state.failures?.inARow ?? 0) + 1;
  const firstMs: EpochMs = state.failures?.firstMs ?? at.sentAtMs;
  const unreachable = inARow === UNREACHABLE_FAILURES && state.failures?.told !== true;
  if (unreachable) {
    events.push(
      unreachableEvent(
        { device: state.device, group: null },
        {
          occurrence: [Math.floor(firstMs / 1000)],
          between: { fromMs: Math.min(state.answered?.sentAtMs ?? firstMs, firstMs), toMs: at.receivedAtMs },
          atMs: firstMs,
          isKs: state.isKs,
          inARow,
          evidence: [`last failure: ${result}`],
        },
      ),
    );
  }
  const groups = mapGroups(state, (group, known) => {
    const place = { device: state.device, group };
    if (unreachable) return decideFromLog(place, known, at.receivedAtMs, events);
    return known.pending === null ? known : decidePending(place, known, null, events);
  });
  return {
    state: {
      ...state,
      latestSentMs: at.sentAtMs,
      failures: { inARow, firstMs, told: state.failures?.told === true || unreachable, result },
      groups,
    },
    events,
  };
}
