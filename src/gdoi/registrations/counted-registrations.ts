/**
 * The registration counter moved, or only the log tells that a device without answers registered: which registrations
 * those were, with what the answers around them show.
 */
import { completionsSince, decidePending, MAX_DRAFTS, restartCause } from './counter-restart.ts';
import type { Counters } from '../seen/counters.ts';
import type { ComparedAnswer } from '../memory/answer.ts';
import { type GmPlace, peersOf, saidOfGm } from '../memory/gm-answer.ts';
import { type Interval, intersection } from '../seen/interval.ts';
import { cutTekSeconds } from '../keys/kek-window.ts';
import { kekMade, tekMade, teksReplaced } from '../memory/key-changes.ts';
import { intervalOfMark, marksIn, quotedMark } from '../log/log-evidence.ts';
import type { EpochMs } from '../seen/instant.ts';
import { longestLived } from '../keys/tek-identity.ts';
import { registrationsBetween } from './registrations.ts';
import { emitRegistrations } from './emitted-registrations.ts';
import { andThen, type GroupTracked, unchanged } from '../memory/tracked.ts';
import type { Draft, GroupState, Pending } from '../memory/tracker-state.ts';

/** null: the counter is not shown, so it is not known whether any came. */
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

/** `count` of them since the last answer. */
export function registeredAgain(state: GroupState, answer: ComparedAnswer, count: number): GroupTracked {
  const { place, seen, kekAfter } = answer;
  const { epoch, emitted, view } = state;
  const span = narrowedBySnmp(state, answer.span, count, seen.counters);
  const drafts = countedDrafts(state, { ...answer, span }, count);
  const legacy = drafts.at(-1)?.cause === 'legacy_ks' && kekAfter !== 'new' ? (view?.kek?.anchor ?? null) : null;
  const forced = orderedSince(state, answer) ? state.forced : null;
  const next = { ...state, emitted: emitted + count, forced, legacyKek: legacy ?? state.legacyKek };
  const canBeReload =
    count <= MAX_DRAFTS && drafts.some(({ cause }) => cause === 'unknown') && (state.counters.received ?? 0) === 0;
  if (canBeReload) {
    const pending: Pending = { kind: 'perhaps_reload', between: span, drafts, evidence: [], allRestarted: false };
    return unchanged({ ...next, pending });
  }
  return emitRegistrations(place, next, { drafts, causeOfFirst: restartCause(epoch.began) });
}

/** The order came after the registration: the TEK that this had brought was cut, and is about to end. */
function orderedSince({ forced, seen: last, tekLifetimeSeconds }: GroupState, { seen, ks }: ComparedAnswer): boolean {
  const [longest] = seen.teks;
  const lifetimeSeconds = ks.tekLifetimeSeconds ?? tekLifetimeSeconds;
  if (forced === null || longest === undefined || lifetimeSeconds === null) return false;
  const leftMs = longest.expiry.fromMs - seen.at.sentAtMs;
  return forced.atMs > last.receivedAtMs && leftMs <= cutTekSeconds(lifetimeSeconds) * 1000;
}

function countedDrafts(
  state: GroupState,
  { seen, span, kekAfter, ks }: ComparedAnswer,
  count: number,
): readonly Draft[] {
  const { epoch, emitted } = state;
  const rekeys = rekeysBetween(state.counters, seen.counters);
  const tek = longestLived(seen.teks);
  const drafts = registrationsBetween({
    state,
    span,
    count,
    firstNumber: emitted + 1,
    afterRestart: emitted === 0 && epoch.began !== 'first_sight' && epoch.began !== 'unknown',
    kekAfter,
    keyServerAfter: seen.gm.keyServer,
    teksReplaced: teksReplaced(state.view, seen),
    kekMade: kekMade(seen, kekAfter, ks),
    tekMade: tekMade(state.view, seen, ks),
    tekLifetimeSeconds: ks.tekLifetimeSeconds ?? state.tekLifetimeSeconds,
    ...(tek === null ? {} : { tekSecondsAfter: (tek.expiry.fromMs - seen.at.sentAtMs) / 1000 }),
    peers: peersOf(seen.gm),
    groupType: seen.gm.groupType,
    ksSaid: saidOfGm(ks, seen.gm),
    // It was already registering then: a rekey that came later has not renewed what made it begin.
    rekeysBetween: state.unregistered === null && state.trying === undefined ? rekeys : 0,
    lastRekey: (rekeys ?? 0) > 0 || (seen.counters.sinceRegistration ?? 0) > 0 ? seen.lastRekey : null,
    sinceRegistration: seen.counters.sinceRegistration,
    uncounted: null,
    noFailedAttempts: noFailedAttempts(state, seen.counters),
    counterEvidence: counterEvidence(state.counters, seen.counters),
  });
  return drafts.map((draft, index) => (index === 0 ? firstDraft(state, draft, span) : draft));
}

function firstDraft({ everRegistered, marks, epoch }: GroupState, draft: Draft, span: Interval): Draft {
  const counters = draft.evidence[0] ?? '';
  if (!everRegistered) return { ...draft, cause: 'initial', evidence: [counters] };
  const cleared = marksIn(marks, 'clear', span).at(-1);
  // A release whose counters survive the clear: the message decides.
  if (cleared === undefined || draft.cause === null || intervalOfMark(cleared).fromMs <= epoch.since.toMs) return draft;
  return { ...draft, cause: 'operator_clear', evidence: [counters, quotedMark(cleared)] };
}

/** Registrations that only the log tells, of a device that no longer answers: their keys will not be seen. */
export function decideFromLog(place: GmPlace, known: GroupState, atMs: EpochMs): GroupTracked {
  return andThen(decidePending(place, known, null), (state) => loggedRegistrations(place, state, atMs));
}

function loggedRegistrations(place: GmPlace, state: GroupState, atMs: EpochMs): GroupTracked {
  const span = { fromMs: state.seen.receivedAtMs, toMs: atMs };
  const completions = completionsSince(state, span);
  const restarts = [...marksIn(state.marks, 'clear', span), ...marksIn(state.marks, 'restart', span)];
  if (completions.length === 0 || restarts.length > 0) return unchanged(state);
  if (state.emitted > state.counters.succeeded) return unchanged(state);
  const drafts = registrationsBetween({
    state,
    span,
    count: completions.length,
    firstNumber: state.emitted + 1,
    afterRestart: false,
    kekAfter: 'unknown',
    keyServerAfter: null,
    teksReplaced: null,
    kekMade: null,
    tekMade: null,
    tekLifetimeSeconds: state.tekLifetimeSeconds,
    peers: state.view?.keyServer == null ? [] : [state.view.keyServer.toLowerCase()],
    groupType: null,
    ksSaid: [],
    rekeysBetween: 0,
    lastRekey: null,
    sinceRegistration: null,
    uncounted: null,
    noFailedAttempts: false,
    counterEvidence: 'the device does not answer: known from its log only',
  });
  const next = { ...state, emitted: state.emitted + completions.length };
  return emitRegistrations(place, next, { drafts, causeOfFirst: 'unknown' });
}
