/**
 * The registration counter moved, or only the log tells that a device without answers registered: which registrations
 * those were, with what the answers around them show.
 */
import { decidePending, MAX_DRAFTS, restartCause } from './counter-restart.ts';
import type { Counters } from '../seen/counters.ts';
import type { GdoiEvent } from '../events/event.ts';
import type { GmPlace, KsFigures, Shown } from '../memory/gm-answer.ts';
import { type Interval, intersection } from '../seen/interval.ts';
import { kekMade, teksReplaced } from '../memory/key-changes.ts';
import { instantOf, isCorroborated, marksIn, quoted } from '../log/log-evidence.ts';
import type { EpochMs } from '../seen/instant.ts';
import { registrationsBetween } from './registrations.ts';
import type { KekAfter } from '../memory/registration-facts.ts';
import { tellDrafts } from './told-registrations.ts';
import type { Draft, GroupState, Pending } from '../memory/tracker-state.ts';

/** null: the counter is not shown, so nothing says that none came. */
function rekeysBetween(before: Counters, now: Counters): number | null {
  if (before.received === null || now.received === null) return null;
  return Math.max(0, now.received - before.received - (now.sinceRegistration ?? 0));
}

/** Since the GM was last registered; attempts that are not shown may have failed. */
function noFailedAttempts({ failedBefore }: GroupState, { attempted, succeeded }: Counters): boolean {
  return attempted !== null && failedBefore !== null && attempted - succeeded === failedBefore;
}

export function counterEvidence(before: Counters, now: Counters): string {
  return `Succeeded registration ${before.succeeded} -> ${now.succeeded}`;
}

/** One registration, and SNMP saw between which two looks the keys changed by it. */
function narrowedBySnmp(state: GroupState, span: Interval, count: number, counters: Counters): Interval {
  const sign = state.snmp?.sign ?? null;
  if (sign === null || count !== 1 || !noFailedAttempts(state, counters)) return span;
  return intersection(span, sign.between) ?? span;
}

export function registeredAgain(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  whole: Interval,
  kekAfter: KekAfter,
  count: number,
  ks: KsFigures,
  events: GdoiEvent[],
): GroupState {
  const { epoch, told, everRegistered } = state;
  const span = narrowedBySnmp(state, whole, count, seen.counters);
  const firstOfEpoch = told === 0 && epoch.began !== 'first_sight' && epoch.began !== 'unknown';
  const rekeys = rekeysBetween(state.counters, seen.counters);
  const drafts = registrationsBetween({
    state,
    span,
    count,
    firstNumber: told + 1,
    afterRestart: firstOfEpoch,
    kekAfter,
    keyServerAfter: seen.gm.keyServer,
    teksReplaced: teksReplaced(state.view, seen),
    kekMade: kekMade(seen, kekAfter, ks),
    tekLifetimeSeconds: ks.tekLifetimeSeconds ?? state.tekLifetimeSeconds,
    rekeysBetween: rekeys,
    lastRekey: (rekeys ?? 0) > 0 || (seen.counters.sinceRegistration ?? 0) > 0 ? seen.lastRekey : null,
    sinceRegistration: seen.counters.sinceRegistration,
    uncounted: null,
    noFailedAttempts: noFailedAttempts(state, seen.counters),
    counterEvidence: counterEvidence(state.counters, seen.counters),
  }).map((draft, index): Draft => {
    if (index > 0) return draft;
    if (!everRegistered) return { ...draft, cause: 'initial', evidence: [draft.evidence[0] ?? ''] };
    const cleared = marksIn(state.marks, 'clear', span).at(-1);
    // A release whose counters survive the clear: the message decides.
    if (cleared !== undefined && draft.cause !== null && instantOf(cleared).fromMs > epoch.since.toMs) {
      return { ...draft, cause: 'operator_clear', evidence: [draft.evidence[0] ?? '', quoted(cleared)] };
    }
    return draft;
  });
  const next = { ...state, told: told + count, forced: null };
  const legacy = drafts.at(-1)?.cause === 'legacy_ks' && kekAfter !== 'new' ? (state.view?.kek?.anchor ?? null) : null;
  const withLegacy = { ...next, legacyKek: legacy ?? next.legacyKek };
  const counters = state.counters;
  const canBeReload =
    count <= MAX_DRAFTS && drafts.some((draft) => draft.cause === 'unknown') && (counters.received ?? 0) === 0;
  if (canBeReload) {
    const pending: Pending = { kind: 'perhaps_reload', between: span, drafts, evidence: [], allRestarted: false };
    return { ...withLegacy, pending };
  }
  return tellDrafts(place, withLegacy, drafts, restartCause(epoch.began), events);
}

/** Registrations that only the log tells, of a device that no longer answers: their keys will not be seen. */
export function decideFromLog(place: GmPlace, known: GroupState, atMs: EpochMs, events: GdoiEvent[]): GroupState {
  const state = decidePending(place, known, null, events);
  const span = { fromMs: state.seen.receivedAtMs, toMs: atMs };
  const completions = marksIn(state.marks, 'complete', span).filter(
    (mark) => mark.fromMs > span.fromMs && isCorroborated(mark, state.marks),
  );
  const restarts = [...marksIn(state.marks, 'clear', span), ...marksIn(state.marks, 'restart', span)];
  if (completions.length === 0 || restarts.length > 0) return state;
  if (state.told > state.counters.succeeded) return state;
  const drafts = registrationsBetween({
    state,
    span,
    count: completions.length,
    firstNumber: state.told + 1,
    afterRestart: false,
    kekAfter: 'unknown',
    keyServerAfter: null,
    teksReplaced: null,
    kekMade: null,
    tekLifetimeSeconds: state.tekLifetimeSeconds,
    rekeysBetween: 0,
    lastRekey: null,
    sinceRegistration: null,
    uncounted: null,
    noFailedAttempts: false,
    counterEvidence: 'the device does not answer: known from its log only',
  });
  return tellDrafts(place, { ...state, told: state.told + completions.length }, drafts, 'unknown', events);
}
