/**
 * Failures in a row of the transport that decides: after some of them the device is unreachable, and registrations that
 * only its log shows are decided without an answer. A look beside it that is answered ends none of that: it is kept as
 * what answers meanwhile.
 */
import { decideFromLog } from '../registrations/counted-registrations.ts';
import { decidePending } from '../registrations/counter-restart.ts';
import { unreachableEvent } from '../events/gdoi-events.ts';
import type { Observation } from '../seen/observation.ts';
import type { ReadAt } from '../seen/instant.ts';
import { isMuteResult, isNoShellResult, isRefusalResult } from '../seen/result-signs.ts';
import { ignoring, trackEach, type Tracked } from '../memory/tracked.ts';
import type { AnsweredBeside, Failures, TrackerState } from '../memory/tracker-state.ts';

/** Failures in a row after which a device is unreachable. */
const UNREACHABLE_FAILURES = 3;

const MAX_RESULT_CHARS = 128;

type Failed = Extract<Observation, { kind: 'failure' }>;

export function trackFailure(state: TrackerState, at: ReadAt, observation: Failed): Tracked {
  if (state.latestSentMs !== null && at.sentAtMs <= state.latestSentMs) return olderFailure(state, at, observation);
  const failures = withOneMore(state.failures, at, observation);
  const isNew = failures.unreachable && state.failures?.unreachable !== true;
  // Time went on: what was older were late copies.
  const counted = { ...state, latestSentMs: at.sentAtMs, backInTime: null, failures };
  const tracked = trackEach(counted, (known, place) => {
    return isNew ? decideFromLog(place, known, at.receivedAtMs) : decidePending(place, known, null);
  });
  return isNew ? { ...tracked, events: [unreachable(state, failures, at), ...tracked.events] } : tracked;
}

function withOneMore(known: Failures | null, at: ReadAt, { result }: Pick<Failed, 'result'>): Failures {
  // A device that answered, and showed nothing, and gives no answer now is another matter; and the other way round.
  const isSame = known === null || isMuteResult(known.result) === isMuteResult(result);
  const before = isSame ? known : null;
  const inARow = (before?.inARow ?? 0) + 1;
  const look = before?.answeredBeside;
  return {
    inARow,
    firstMs: before?.firstMs ?? at.sentAtMs,
    unreachable: before?.unreachable === true || inARow === UNREACHABLE_FAILURES,
    result: realResult(before?.result ?? null, result).slice(0, MAX_RESULT_CHARS),
    ...(look === undefined ? {} : { answeredBeside: notSince(look, at) }),
  };
}

/**
 * Older than what was seen last: a late copy, or the agent's clock was set back. As many in a row, in order and with
 * nothing newer between them, as make a device unreachable are failures on the clock that was set.
 */
function olderFailure(state: TrackerState, at: ReadAt, observation: Failed): Tracked {
  const { backInTime, failures } = state;
  if (backInTime !== null && at.sentAtMs <= backInTime.sentMs) return ignoring(state);
  const failed = backInTime?.failed ?? null;
  if (failed === null || failed.inARow < UNREACHABLE_FAILURES - 1) {
    const [sentMs, count] = [at.sentAtMs, (backInTime?.count ?? 0) + 1];
    return ignoring({ ...state, backInTime: { sentMs, count, failed: withOneMore(failed, at, observation) } });
  }
  const before = failures?.unreachable === true ? failures : failed;
  return trackFailure({ ...state, latestSentMs: null, failures: before }, at, observation);
}

/**
 * Failures have shown already that the agent's clock was set back, to before that answer of the transport that decides.
 */
export function wasSetBack({ latestSentMs }: TrackerState, answered: ReadAt): boolean {
  return latestSentMs !== null && latestSentMs < answered.sentAtMs;
}

/** A device that is waited for is not tried: its last real result stays. */
function realResult(before: string | null, now: string): string {
  return before !== null && (now === 'backoff' || (now === 'quarantined' && before === 'auth')) ? before : now;
}

/** A look by another transport was answered while the one that decides fails. */
export function answeredBeside(failures: Failures, origin: 'cli' | 'snmp' | 'restconf'): Failures {
  const by = origin === 'restconf' ? 'RESTCONF' : 'SNMP';
  return { ...failures, answeredBeside: { by, failuresSince: 0, failedMs: null } };
}

function notSince({ by, failuresSince, failedMs }: AnsweredBeside, { sentAtMs }: ReadAt): AnsweredBeside {
  return { by, failuresSince: failuresSince + 1, failedMs: failedMs ?? sentAtMs };
}

/** How long nothing has answered, by any transport; null: a look was answered since the last failure. */
export function silenceOf(failures: Failures): Pick<Failures, 'inARow' | 'firstMs' | 'unreachable'> | null {
  const { answeredBeside: look } = failures;
  if (look === undefined) return failures;
  if (look.failedMs === null) return null;
  return {
    inARow: look.failuresSince,
    firstMs: look.failedMs,
    unreachable: look.failuresSince >= UNREACHABLE_FAILURES,
  };
}

function howItFails(result: string): Parameters<typeof unreachableEvent>[1]['how'] {
  if (isNoShellResult(result)) return 'shut';
  if (isMuteResult(result)) return 'mute';
  if (result === 'host_key') return 'other_key';
  return isRefusalResult(result) ? 'refusing' : 'silent';
}

function unreachable(state: TrackerState, { inARow, firstMs, result, answeredBeside: look }: Failures, at: ReadAt) {
  return unreachableEvent(
    { device: state.device, group: null },
    {
      occurrence: [Math.floor(firstMs / 1000)],
      between: { fromMs: Math.min(state.answered?.sentAtMs ?? firstMs, firstMs), toMs: at.receivedAtMs },
      atMs: firstMs,
      isKs: state.isKs,
      inARow,
      how: howItFails(result),
      answersBeside: look !== undefined,
      evidence: [`last failure: ${result}`, ...(look === undefined ? [] : [`${look.by} answers`])],
    },
  );
}
