/**
 * One group of one GM: its last answer and a new one in, what happened in between out.
 *
 * Order of decisions: nonsense first (then nothing else is concluded), a restart of the counters, registrations, rekeys,
 * then the states that are told once. Reload or clear waits for the uptime, which comes in the same poll.
 */
import {
  type Counters,
  type CounterMovement,
  counterMovement,
  countersOf,
  impossibleFigure,
  withKnown,
} from './counters.ts';
import type { Cause, GdoiEvent } from './event.ts';
import {
  countersResetEvent,
  dataProblemEvent,
  kekMissingEvent,
  kekRekeyEvent,
  kekRekeyOverdueEvent,
  registrationFailedEvent,
  registrationLostEvent,
  registrationRestoredEvent,
  reregistrationEvent,
  UNEXPECTED,
} from './gdoi-events.ts';
import {
  beginOfAge,
  endOfCountdown,
  type Interval,
  intersection,
  middleMs,
  overlaps,
  shifted,
  widened,
} from './interval.ts';
import { type HeldKek, isSameKek, sameKekSeenAgain, shownKek } from './kek-identity.ts';
import { EXPIRY_WINDOW_SECONDS, LEAD_FLOOR_SECONDS, MISSED_REKEY_WINDOW } from './kek-window.ts';
import { instantOf, type LogMark, marksIn, quoted } from './log-evidence.ts';
import type { EpochMs, ReadAt } from './observation.ts';
import { registrationsBetween } from './registrations.ts';
import { instant, type KekAfter } from './reregistration-cause.ts';
import type { GmSnapshot } from './snapshot.ts';
import {
  commonShiftMs,
  hasNewTek,
  type HeldTek,
  longestLived,
  longestLivedStays,
  sharesTek,
  shownTeks,
  teksSeenAgain,
} from './tek-identity.ts';
import { kekExpiryWindow } from './timer-windows.ts';
import type { Draft, Epoch, GroupState, HeldView, Pending, Problem, Tally } from './tracker-state.ts';

export interface GmTracked {
  readonly state: GroupState;
  readonly events: readonly GdoiEvent[];
}

/** What is known of the group's KS. */
export interface KsFigures {
  readonly leadSeconds: number | null;
  readonly kekLifetimeSeconds: number | null;
  readonly tekLifetimeSeconds: number | null;
}

export interface GmPlace {
  readonly device: string;
  readonly group: string;
}

/** What an answer shows, in the tracker's terms. */
interface Shown {
  readonly at: ReadAt;
  readonly gm: GmSnapshot;
  readonly registered: boolean;
  readonly counters: Counters;
  readonly kek: HeldKek | null;
  readonly teks: readonly HeldTek[];
  readonly timer: Interval | null;
  readonly lastRekey: Interval | null;
}

/** Two answers whose timers lie closer are the same timer. */
const SAME_TIMER_MS = 2500;
/** An order of the KS explains registrations this long: it cuts TEK lifetimes to 5 % of at most this. */
const FORCED_FOR_MS = 3_600_000;
/** A cut of TEK lifetimes is larger than this. */
const TEK_CUT_MS = 10_000;
/** After this many whole answers without it a problem is over. */
const CLEAN_ANSWERS = 10;
const MAX_PROBLEMS = 4;
/** A contradiction that lasts this many answers is how this device counts from now on. */
const LASTING_CONTRADICTIONS = 4;
/** More registrations than this do not wait for the uptime: they would make the state large. */
const MAX_DRAFTS = 4;
const REPEATED_WITHIN_MS = 3_600_000;
/** Attempts beyond successes that are more than a registration under way. */
const FAILED_ATTEMPTS = 2;
const MAX_TEXT = 64;

/** Null: the answer is not one about registration (a replay or dataplane table). */
function shown(at: ReadAt, gm: GmSnapshot): Shown | null {
  const counters = countersOf(gm);
  if (gm.registered === null || counters === null) return null;
  const { reregistersInSeconds } = gm;
  const { lastAgeSeconds } = gm.rekeys;
  return {
    at,
    gm,
    registered: gm.registered,
    counters,
    kek: shownKek(at, gm),
    teks: shownTeks(at, gm),
    timer: reregistersInSeconds === null || reregistersInSeconds < 0 ? null : endOfCountdown(at, reregistersInSeconds),
    lastRekey: lastAgeSeconds === null || lastAgeSeconds < 0 ? null : beginOfAge(at, lastAgeSeconds),
  };
}

/** By how much the agent's clock was set between the last answer and this one; null: it was not, or nothing tells. */
export function clockStepMs(state: GroupState, at: ReadAt, gm: GmSnapshot): number | null {
  const { view } = state;
  if (view === null || view.teks.length === 0 || gm.teks === null) return null;
  const elapsedMs = at.sentAtMs - view.receivedMs;
  const teks = shownTeks(at, gm);
  if (longestLivedStays(view.teks, teks, elapsedMs)) return null;
  const shift = commonShiftMs(view.teks, teks, elapsedMs);
  if (shift === null) return null;
  const kek = shownKek(at, gm);
  const counters = countersOf(gm);
  const still =
    counters !== null &&
    counters.succeeded === state.counters.succeeded &&
    counters.received === state.counters.received;
  if (kek !== null && view.kek !== null) {
    const moved = {
      fromMs: kek.expiry.fromMs - view.kek.expiry.toMs,
      toMs: kek.expiry.toMs - view.kek.expiry.fromMs,
    };
    // A registration rounds the lifetime once more.
    if (overlaps(widened(moved, still ? 1500 : 3500), shift.certain)) return shift.byMs;
    if (still) return null;
  }
  // Without a KEK to compare with, a cut of the TEKs looks like a clock set back.
  return shift.byMs < 0 ? null : shift.byMs;
}

export function firstSight(place: GmPlace, at: ReadAt, gm: GmSnapshot, ks: KsFigures): GmTracked | null {
  const seen = shown(at, gm);
  if (seen === null || impossibleFigure(seen.counters) !== null) return null;
  const { counters, registered } = seen;
  const view = registered ? viewOf(null, seen, 'unknown', 0) : null;
  // The device's own timer points past the expiry of its KEK: its KS did not rekey ahead.
  const legacyKek =
    view?.kek != null &&
    view.timer !== null &&
    overlaps(view.timer, kekExpiryWindow(view.kek.expiry)) &&
    view.kek.expiry.toMs - at.sentAtMs < LEAD_FLOOR_SECONDS * 1000
      ? view.kek.anchor
      : null;
  const state: GroupState = {
    seen: at,
    registered,
    unregistered: registered ? null : { fromMs: at.sentAtMs, toMs: at.receivedAtMs },
    counters,
    epoch: {
      id: Math.floor(at.sentAtMs / 1000),
      began: 'first_sight',
      since: { fromMs: at.sentAtMs, toMs: at.receivedAtMs },
    },
    told: counters.succeeded,
    everRegistered: registered || counters.succeeded > 0,
    countsRekeys: (counters.received ?? 0) > 0,
    view,
    tekLifetimeSeconds: null,
    legacyKek,
    forced: null,
    marks: [],
    pending: null,
    toldOverdue: null,
    toldMissing: false,
    toldLost: false,
    toldFailed: false,
    failedBefore: counters.attempted === null ? null : counters.attempted - counters.succeeded,
    problems: [],
    tally: { expected: 0, unexpected: 0, last: null, recent: [] },
  };
  const events: GdoiEvent[] = [];
  return { state: tellOverdue(place, state, seen, ks, events), events };
}

export function trackGm(place: GmPlace, known: GroupState, at: ReadAt, gm: GmSnapshot, ks: KsFigures): GmTracked {
  const seen = shown(at, gm);
  if (seen === null) return { state: known, events: [] };
  const impossible = impossibleFigure(seen.counters);
  const events: GdoiEvent[] = [];
  if (impossible !== null) return { state: withProblem(place, known, at, 'counters', impossible, events), events };
  const decided = known.pending === null ? known : decidePending(place, known, null, events);
  const counters = withKnown(decided.counters, seen.counters);
  const state = continued(place, decided, seen.counters === counters ? seen : { ...seen, counters }, ks, events);
  return { state, events };
}

function continued(place: GmPlace, before: GroupState, seen: Shown, ks: KsFigures, events: GdoiEvent[]): GroupState {
  const { at, counters } = seen;
  const { view } = before;
  const elapsedMs = at.sentAtMs - before.seen.receivedAtMs;
  const kekElapsedMs = view === null ? 0 : at.sentAtMs - view.receivedMs;
  const span = { fromMs: Math.min(before.seen.sentAtMs, at.receivedAtMs), toMs: at.receivedAtMs };
  const movement = movementOf(before, seen, elapsedMs, kekElapsedMs, span);

  if (movement.kind === 'contradiction') {
    return contradicted(withProblem(place, before, at, 'counters', movement.detail, events), seen);
  }

  const registrations = movement.kind === 'restarted' || movement.registrations > 0;
  const kekAfter = kekRelation(view, seen, kekElapsedMs, registrations);
  const forced = forcedNow(before, seen, kekElapsedMs);
  let state = forced === before.forced ? before : { ...before, forced };
  if (movement.kind === 'restarted') {
    state = restarted(place, state, seen, span, kekAfter, movement, ks, events);
  } else if (movement.registrations > 0) {
    state = registeredAgain(place, state, seen, span, kekAfter, movement.registrations, ks, events);
  } else {
    state = keysOnly(place, state, seen, span, kekAfter, events);
  }
  state = updated(state, seen, {
    kekAfter,
    told: Math.max(state.told, counters.succeeded),
    registrations: movement.registrations,
  });
  state = tellRegistration(place, before, state, seen, span, movement, events);
  state = tellMissing(place, before, state, seen, span, events);
  state = tellOverdue(place, state, seen, ks, events);
  return cleanAnswer(before, state);
}

/**
 * One such answer changes nothing: the next one is compared with the last good one. When it stays so, the figures are a
 * new baseline under a new epoch, and what lies between is not told.
 */
function contradicted(state: GroupState, seen: Shown): GroupState {
  const times = state.problems.find(({ kind }) => kind === 'counters')?.times ?? 0;
  if (times < LASTING_CONTRADICTIONS) return state;
  const { at, counters } = seen;
  const since = { fromMs: at.sentAtMs, toMs: at.receivedAtMs };
  const epoch: Epoch = { id: Math.floor(at.sentAtMs / 1000), began: 'first_sight', since };
  return updated({ ...state, epoch, told: counters.succeeded, forced: null }, seen, {
    kekAfter: 'unknown',
    told: counters.succeeded,
    registrations: 0,
  });
}

function movementOf(
  before: GroupState,
  seen: Shown,
  elapsedMs: number,
  kekElapsedMs: number,
  span: Interval,
): CounterMovement {
  const { view } = before;
  const keysChanged =
    view !== null &&
    seen.registered &&
    before.registered &&
    ((view.kek !== null && seen.kek !== null && !isSameKek(view.kek, seen.kek, kekElapsedMs, true)) ||
      (view.teks.length > 0 && seen.teks.length > 0 && !sharesTek(view.teks, seen.teks)));
  const movement = counterMovement({
    before: before.counters,
    told: before.told,
    now: seen.counters,
    elapsedMs,
    keysChanged,
    countsRekeys: before.countsRekeys,
  });
  if (movement.kind !== 'registered' || movement.registrations > 0) return movement;
  if (before.marks.length === 0) return movement;
  // The counters came back to what they were: only the log tells of the restart.
  const restart = [...marksIn(before.marks, 'clear', span), ...marksIn(before.marks, 'restart', span)].findLast(
    (mark) => mark.atMs - 2000 > before.epoch.since.toMs && mark.atMs <= seen.at.sentAtMs,
  );
  const { succeeded, received } = seen.counters;
  if (restart === undefined || succeeded !== before.counters.succeeded || succeeded > 1 || (received ?? 0) > 1) {
    return movement;
  }
  return { kind: 'restarted', registrations: succeeded, evidence: [quoted(restart)] };
}

function kekRelation(view: HeldView | null, seen: Shown, elapsedMs: number, registered: boolean): KekAfter {
  if (!seen.registered) return 'unknown';
  if (view === null || view.kek === null) return 'unknown';
  if (seen.kek !== null) return isSameKek(view.kek, seen.kek, elapsedMs, registered) ? 'same' : 'new';
  return showsNoKek(seen) ? 'gone' : 'unknown';
}

/** A KEK block without a lifetime is a release that shows none, not a missing KEK. */
function showsNoKek({ gm }: Shown): boolean {
  return gm.kek === null ? gm.teks !== null : (gm.kek.remainingSeconds ?? -1) === 0;
}

function forcedNow(before: GroupState, seen: Shown, elapsedMs: number): GroupState['forced'] {
  const { forced, view } = before;
  if (forced === null && view !== null && longestLivedStays(view.teks, seen.teks, elapsedMs)) return null;
  if (forced !== null && seen.at.sentAtMs - forced.atMs < FORCED_FOR_MS) return forced;
  if (view === null || seen.counters.received !== before.counters.received || hasNewTek(view.teks, seen.teks))
    return null;
  const shift = commonShiftMs(view.teks, seen.teks, elapsedMs);
  if (shift === null || shift.certain.toMs > -TEK_CUT_MS) return null;
  return {
    atMs: seen.at.sentAtMs,
    evidence: `TEK lifetime cut by ${Math.round(-shift.byMs / 1000)} s without a rekey: the KS told its members to register again`,
  };
}

function rekeysBetween(before: Counters, now: Counters): number {
  if (before.received === null || now.received === null) return 0;
  return Math.max(0, now.received - before.received - (now.sinceRegistration ?? 0));
}

/** Since the GM was last registered; attempts that are not shown may have failed. */
function noFailedAttempts({ failedBefore }: GroupState, { attempted, succeeded }: Counters): boolean {
  return attempted !== null && failedBefore !== null && attempted - succeeded === failedBefore;
}

function counterEvidence(before: Counters, now: Counters): string {
  return `Succeeded registration ${before.succeeded} -> ${now.succeeded}`;
}

function teksReplaced(view: HeldView | null, seen: Shown): boolean | null {
  if (view === null || view.teks.length === 0 || seen.teks.length === 0) return null;
  return !sharesTek(view.teks, seen.teks);
}

/** When the KS made the new KEK: its expiry less the lifetime that the KS shows. */
function kekMade({ kek }: Shown, kekAfter: KekAfter, { kekLifetimeSeconds }: KsFigures): Interval | null {
  if (kek === null || kekAfter !== 'new' || kekLifetimeSeconds === null) return null;
  return shifted(kek.expiry, -kekLifetimeSeconds * 1000);
}

function registeredAgain(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  span: Interval,
  kekAfter: KekAfter,
  count: number,
  ks: KsFigures,
  events: GdoiEvent[],
): GroupState {
  const { epoch, told, everRegistered } = state;
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
    lastRekey: rekeys > 0 || (seen.counters.sinceRegistration ?? 0) > 0 ? seen.lastRekey : null,
    sinceRegistration: seen.counters.sinceRegistration,
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

function restartCause(began: Epoch['began']): Cause {
  return began === 'first_sight' ? 'unknown' : began;
}

function restarted(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  span: Interval,
  kekAfter: KekAfter,
  movement: Extract<CounterMovement, { kind: 'restarted' }>,
  ks: KsFigures,
  events: GdoiEvent[],
): GroupState {
  const clear = marksIn(state.marks, 'clear', span).findLast((mark) => mark.atMs > state.epoch.since.toMs);
  const reload = marksIn(state.marks, 'restart', span).findLast((mark) => mark.atMs > state.epoch.since.toMs);
  const mark = reload ?? clear;
  const since = (mark === undefined ? null : intersection(span, instantOf(mark))) ?? span;
  const first = Math.floor(state.seen.sentAtMs / 1000);
  const epoch: Epoch = { id: first === state.epoch.id ? first + 1 : first, began: 'unknown', since };
  const hidden = hiddenRegistrations(state, span, mark, movement.registrations);
  const told = tellDrafts(place, state, hidden.drafts, 'operator_clear', events, hidden.occurrence);
  const begun: GroupState = {
    ...told,
    epoch,
    told: 0,
    unregistered: null,
    legacyKek: null,
    forced: null,
    failedBefore: 0,
    toldFailed: false,
    marks: mark === undefined ? told.marks : told.marks.filter(({ atMs }) => atMs >= mark.atMs),
  };
  const drafts = registrationsBetween({
    state: begun,
    span: { fromMs: Math.min(since.fromMs, span.toMs), toMs: span.toMs },
    count: movement.registrations,
    firstNumber: 1,
    afterRestart: true,
    kekAfter,
    keyServerAfter: seen.gm.keyServer,
    teksReplaced: null,
    kekMade: null,
    tekLifetimeSeconds: ks.tekLifetimeSeconds ?? state.tekLifetimeSeconds,
    rekeysBetween: 0,
    lastRekey: null,
    sinceRegistration: null,
    noFailedAttempts: false,
    counterEvidence: `counters restarted: ${movement.evidence.join(', ')}`,
  });
  const pending: Pending = {
    kind: 'restart',
    between: since,
    drafts: drafts.slice(0, MAX_DRAFTS),
    evidence: mark === undefined ? movement.evidence : [...movement.evidence, quoted(mark)],
    allRestarted: allRestarted(state.counters, seen.counters),
  };
  const waiting = { ...begun, told: movement.registrations, pending };
  const late = drafts.slice(MAX_DRAFTS);
  if (mark === undefined && late.length === 0) return waiting;
  const verdict = reload !== undefined ? 'reload' : clear !== undefined ? 'operator_clear' : null;
  const decided = decidePending(place, waiting, verdict, events);
  return tellDrafts(place, decided, late, 'unknown', events);
}

/** Registrations of epochs that no answer saw: cleared, registered, and cleared again. Only the log tells of them. */
function hiddenRegistrations(
  state: GroupState,
  span: Interval,
  lastRestart: LogMark | undefined,
  registrations: number,
): { readonly drafts: readonly Draft[]; readonly occurrence: readonly (string | number)[] } {
  const none = { drafts: [], occurrence: [] };
  if (lastRestart === undefined) return none;
  const completions = marksIn(state.marks, 'complete', span).filter(
    (mark) => mark.atMs > state.seen.receivedAtMs && mark.atMs <= lastRestart.atMs,
  );
  const clears = marksIn(state.marks, 'clear', span);
  const hidden = completions.filter((mark) => clears.some((clear) => clear.atMs <= mark.atMs));
  if (hidden.length === 0 || registrations === 0) return none;
  return {
    occurrence: ['log'],
    drafts: hidden.slice(0, MAX_DRAFTS).map((mark) => ({
      number: Math.floor(mark.atMs / 1000),
      between: intersection(span, instantOf(mark)) ?? span,
      atMs: mark.atMs,
      cause: 'operator_clear',
      evidence: [quoted(mark), ...clears.filter((clear) => clear.atMs <= mark.atMs).map(quoted)],
    })),
  };
}

function allRestarted(before: Counters, now: Counters): boolean {
  const pairs = [
    [before.succeeded, now.succeeded],
    [before.attempted, now.attempted],
    [before.received, now.received],
  ] as const;
  return pairs.every(([was, is]) => was === null || is === null || is < was || was <= 1);
}

/**
 * The cause of a restart is known, or never will be (null): tell what waited for it. Without an uptime, counters that
 * all restarted are a reload (GETVPN facts, table of causes).
 */
export function decidePending(
  place: GmPlace,
  state: GroupState,
  verdict:
    | { readonly evidence: string; readonly cause: 'reload' | 'operator_clear' }
    | 'reload'
    | 'operator_clear'
    | null,
  events: GdoiEvent[],
): GroupState {
  const { pending } = state;
  if (pending === null) return state;
  const decided = { ...state, pending: null };
  const known = typeof verdict === 'object' ? (verdict?.cause ?? null) : verdict;
  const proof = typeof verdict === 'object' && verdict !== null ? [verdict.evidence] : [];
  if (pending.kind === 'perhaps_reload') {
    if (known !== 'reload') return tellDrafts(place, decided, pending.drafts, 'unknown', events);
    const epoch: Epoch = {
      id: Math.max(state.epoch.id + 1, Math.floor(pending.between.fromMs / 1000)),
      began: 'reload',
      since: pending.between,
    };
    const drafts = Array.from(
      { length: Math.min(state.counters.succeeded, MAX_DRAFTS) },
      (_, index): Draft => ({
        number: index + 1,
        between: pending.between,
        atMs: middleMs(pending.between),
        cause: index === 0 ? 'reload' : 'unknown',
        evidence: [`Succeeded registration: ${state.counters.succeeded} since the reload`, ...proof],
      }),
    );
    return tellDrafts(place, { ...decided, epoch, legacyKek: null }, drafts, 'reload', events);
  }
  const withoutUptime = ['the uptime was not seen'];
  const began: 'reload' | 'operator_clear' | 'unknown' = known ?? (pending.allRestarted ? 'reload' : 'unknown');
  const evidence = [...pending.evidence, ...(known === null ? withoutUptime : proof)];
  const epoch: Epoch = { ...decided.epoch, began };
  if (began !== 'reload') {
    events.push(countersResetEvent(place, { occurrence: [epoch.id], between: pending.between, evidence }));
  }
  const drafts = pending.drafts.map((draft) =>
    draft.cause === null
      ? { ...draft, evidence: [...draft.evidence, ...(known === null ? withoutUptime : proof)] }
      : draft,
  );
  return tellDrafts(place, { ...decided, epoch }, drafts, began, events);
}

function tellDrafts(
  place: GmPlace,
  state: GroupState,
  drafts: readonly Draft[],
  causeOfFirst: Cause,
  events: GdoiEvent[],
  occurrence: readonly (string | number)[] = [],
): GroupState {
  let { tally, everRegistered } = state;
  for (const draft of drafts) {
    const cause = everRegistered ? (draft.cause ?? causeOfFirst) : 'initial';
    const repeated = cause !== 'initial' && UNEXPECTED[cause] && isRepeated(tally, draft.atMs);
    events.push(
      reregistrationEvent(place, {
        occurrence: [state.epoch.id, ...occurrence, draft.number],
        between: draft.between,
        atMs: draft.atMs,
        cause,
        evidence: draft.evidence,
        repeated,
      }),
    );
    tally = cause === 'initial' ? tally : counted(tally, draft.atMs, cause);
    everRegistered = true;
  }
  return { ...state, tally, everRegistered };
}

function counted(tally: Tally, atMs: EpochMs, cause: Cause): Tally {
  const unexpected = UNEXPECTED[cause];
  return {
    expected: tally.expected + (unexpected ? 0 : 1),
    unexpected: tally.unexpected + (unexpected ? 1 : 0),
    last: { atMs: Math.round(atMs), cause, unexpected },
    recent: unexpected ? [...tally.recent, Math.round(atMs)].slice(-2) : tally.recent,
  };
}

function isRepeated(tally: Tally, atMs: EpochMs): boolean {
  const [earlier] = tally.recent;
  return tally.recent.length === 2 && earlier !== undefined && atMs - earlier < REPEATED_WITHIN_MS;
}

/** Registrations that only the log tells, of a device that no longer answers: their keys will not be seen. */
export function decideFromLog(place: GmPlace, known: GroupState, atMs: EpochMs, events: GdoiEvent[]): GroupState {
  const state = decidePending(place, known, null, events);
  const span = { fromMs: state.seen.receivedAtMs, toMs: atMs };
  const completions = marksIn(state.marks, 'complete', span).filter((mark) => mark.atMs > span.fromMs);
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
    noFailedAttempts: false,
    counterEvidence: 'the device does not answer: known from its log only',
  });
  return tellDrafts(place, { ...state, told: state.told + completions.length }, drafts, 'unknown', events);
}

/** No registration: a rekey may have come, or the lifetime contradicts itself. */
function keysOnly(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  span: Interval,
  kekAfter: KekAfter,
  events: GdoiEvent[],
): GroupState {
  if (kekAfter !== 'new' || state.view?.kek == null || seen.kek === null) return state;
  const { received } = seen.counters;
  const before = state.counters.received;
  if (received !== null && before !== null && received <= before) {
    const detail = `KEK lifetime ${Math.round((seen.kek.expiry.fromMs - state.view.kek.expiry.fromMs) / 1000)} s off, with neither a rekey nor a registration`;
    return withProblem(place, state, seen.at, 'kek_lifetime', detail, events);
  }
  const between =
    (seen.lastRekey === null ? null : intersection(span, { fromMs: -Infinity, toMs: seen.lastRekey.toMs })) ?? span;
  events.push(
    kekRekeyEvent(place, {
      occurrence: [state.epoch.id, received ?? seen.kek.anchor],
      between,
      evidence: [
        `Rekeys received ${before ?? '?'} -> ${received ?? '?'}, Succeeded registration ${seen.counters.succeeded} as before`,
        `KEK expires at ${instant(middleMs(seen.kek.expiry))}, the one before at ${instant(middleMs(state.view.kek.expiry))}`,
      ],
    }),
  );
  return state;
}

function viewOf(before: HeldView | null, seen: Shown, kekAfter: KekAfter, registrations: number): HeldView {
  const { at } = seen;
  const elapsedMs = before === null ? 0 : at.sentAtMs - before.receivedMs;
  const same = kekAfter === 'same' && before?.kek != null && seen.kek !== null;
  const kek =
    seen.kek === null
      ? (before?.kek ?? null)
      : same
        ? kekAgain(before.kek, seen.kek, elapsedMs, registrations)
        : seen.kek;
  const countdown = seen.gm.reregistersInSeconds;
  const remaining = seen.gm.kek?.remainingSeconds ?? null;
  const tek = longestLived(seen.teks);
  const tekSeconds = tek === null ? null : Math.round((tek.expiry.fromMs - at.sentAtMs) / 1000);
  return {
    sentMs: at.sentAtMs,
    receivedMs: at.receivedAtMs,
    keyServer: seen.gm.keyServer?.slice(0, MAX_TEXT) ?? null,
    kek,
    kekShown: seen.kek !== null,
    teks: before === null || registrations > 0 ? seen.teks : teksSeenAgain(before.teks, seen.teks, elapsedMs),
    timer: seen.timer,
    timerAfterKek: countdown === null || remaining === null || seen.kek === null ? null : countdown - remaining,
    timerBeforeTek: countdown === null || tekSeconds === null ? null : tekSeconds - countdown,
    timerOf: registrations > 0 || before === null ? null : timerOwner(before, seen, kekAfter),
  };
}

/** A registration hands the lifetime over anew: the same KEK, read afresh. */
function kekAgain(held: HeldKek, shown: HeldKek, elapsedMs: number, registrations: number): HeldKek {
  return registrations > 0 ? { ...shown, anchor: held.anchor } : sameKekSeenAgain(held, shown, elapsedMs);
}

/** A timer that stayed while one key changed belongs to the other. */
function timerOwner(before: HeldView, seen: Shown, kekAfter: KekAfter): HeldView['timerOf'] {
  if (before.timer === null || seen.timer === null) return null;
  if (!overlaps(widened(before.timer, SAME_TIMER_MS), seen.timer)) return null;
  const tekChanged = hasNewTek(before.teks, seen.teks);
  const kekChanged = kekAfter === 'new';
  if (tekChanged && !kekChanged) return 'kek';
  if (kekChanged && !tekChanged) return 'tek';
  return before.timerOf;
}

function updated(
  state: GroupState,
  seen: Shown,
  what: { readonly kekAfter: KekAfter; readonly told: number; readonly registrations: number },
): GroupState {
  const { at, counters, registered } = seen;
  const lostAt = { fromMs: state.seen.sentAtMs, toMs: at.receivedAtMs };
  // Field by field: on the way of every poll, and a spread that is overwritten costs three times as much.
  return {
    seen: at,
    registered,
    unregistered: registered ? null : (state.unregistered ?? lostAt),
    counters,
    epoch: state.epoch,
    told: what.told,
    everRegistered: state.everRegistered || registered,
    countsRekeys: state.countsRekeys || (counters.received ?? 0) > 0,
    view: registered ? viewOf(state.view, seen, what.kekAfter, what.registrations) : state.view,
    tekLifetimeSeconds: tekLifetime(state, seen, what.registrations),
    legacyKek: state.legacyKek,
    forced: state.forced,
    marks: state.marks,
    pending: state.pending,
    toldOverdue: state.toldOverdue,
    toldMissing: state.toldMissing,
    toldLost: state.toldLost,
    toldFailed: state.toldFailed,
    failedBefore:
      registered && counters.attempted !== null ? counters.attempted - counters.succeeded : state.failedBefore,
    problems: state.problems,
    tally: state.tally,
  };
}

/** A TEK that a rekey brought is fresh: what it shows, and the time it can have been held, is its lifetime. */
function tekLifetime(state: GroupState, seen: Shown, registrations: number): number | null {
  const known = state.tekLifetimeSeconds;
  const tek = longestLived(seen.teks);
  if (tek === null || state.view === null || !hasNewTek(state.view.teks, [tek])) return known;
  const remaining = Math.round((tek.expiry.fromMs - seen.at.sentAtMs) / 1000);
  if (registrations > 0) return Math.max(known ?? remaining, remaining);
  const held = Math.round((seen.at.receivedAtMs - state.seen.sentAtMs) / 1000);
  return known !== null && known >= remaining && known <= remaining + held ? known : remaining;
}

function tellRegistration(
  place: GmPlace,
  before: GroupState,
  state: GroupState,
  seen: Shown,
  span: Interval,
  movement: CounterMovement,
  events: GdoiEvent[],
): GroupState {
  const { at, registered, counters } = seen;
  const status = `Registration status: ${(seen.gm.status ?? 'not registered').slice(0, MAX_TEXT)}`;
  if (registered) {
    if (state.toldLost) {
      const between = span;
      events.push(
        registrationRestoredEvent(place, {
          occurrence: [state.epoch.id, counters.succeeded],
          between,
          evidence: [status, counterEvidence(before.counters, counters)],
        }),
      );
    }
    return state.toldLost || state.toldFailed ? { ...state, toldLost: false, toldFailed: false } : state;
  }
  let next = state;
  const noTeks = seen.gm.teks !== null && seen.teks.length === 0;
  const justRestarted = movement.kind === 'restarted';
  // One answer may fall into a registration that is under way; the second one, or lost TEKs, are no accident.
  if (
    state.everRegistered &&
    !state.toldLost &&
    before.view !== null &&
    (!before.registered || (noTeks && !justRestarted))
  ) {
    const attempted = counters.attempted === null ? [] : [`Attempted registration: ${counters.attempted}`];
    events.push(
      registrationLostEvent(place, {
        occurrence: [state.epoch.id, counters.succeeded],
        between: state.unregistered ?? span,
        noTeks,
        evidence: [status, ...attempted],
      }),
    );
    next = { ...next, toldLost: true };
  }
  const failed = counters.attempted === null ? 0 : counters.attempted - counters.succeeded - (state.failedBefore ?? 0);
  if (!next.toldFailed && failed >= FAILED_ATTEMPTS) {
    events.push(
      registrationFailedEvent(place, {
        occurrence: [state.epoch.id, counters.succeeded],
        between: { fromMs: (state.unregistered ?? span).fromMs, toMs: at.receivedAtMs },
        atMs: at.receivedAtMs,
        evidence: [
          status,
          `Attempted registration: ${counters.attempted ?? '?'}, Succeeded registration: ${counters.succeeded}`,
        ],
      }),
    );
    next = { ...next, toldFailed: true };
  }
  return next;
}

function tellMissing(
  place: GmPlace,
  before: GroupState,
  state: GroupState,
  seen: Shown,
  span: Interval,
  events: GdoiEvent[],
): GroupState {
  const kek = state.view?.kek ?? null;
  if (seen.kek !== null) return state.toldMissing ? { ...state, toldMissing: false } : state;
  if (!seen.registered || kek === null || state.toldMissing || !showsNoKek(seen)) return state;
  const expired = intersection(span, widened(kek.expiry, 1000));
  const deleted = marksIn(before.marks, 'kek_deleted', span).at(-1);
  const line = seen.gm.kek === null ? 'no KEK POLICY' : 'KEK lifetime: 0';
  events.push(
    kekMissingEvent(place, {
      occurrence: [state.epoch.id, kek.anchor],
      between: expired ?? span,
      evidence: [
        line,
        `the KEK held before expired at ${instant(middleMs(kek.expiry))}`,
        ...(deleted === undefined ? [] : [quoted(deleted)]),
      ],
    }),
  );
  return { ...state, toldMissing: true };
}

function tellOverdue(place: GmPlace, state: GroupState, seen: Shown, ks: KsFigures, events: GdoiEvent[]): GroupState {
  const kek = state.view?.kek ?? null;
  const remaining = seen.gm.kek?.remainingSeconds ?? null;
  if (kek === null || seen.kek === null || remaining === null || !seen.registered) return state;
  const leadSeconds = Math.max(LEAD_FLOOR_SECONDS, ks.leadSeconds ?? LEAD_FLOOR_SECONDS);
  if (remaining + 1 > leadSeconds || state.toldOverdue === kek.anchor) return state;
  const { gm, at } = seen;
  const dueAtMs = kek.expiry.fromMs - leadSeconds * 1000;
  events.push(
    kekRekeyOverdueEvent(place, {
      occurrence: [kek.anchor],
      between: { fromMs: Math.min(dueAtMs, at.receivedAtMs), toMs: at.receivedAtMs },
      atMs: at.receivedAtMs,
      timeLeft: timeLeft(remaining, gm.reregistersInSeconds),
      evidence: [
        `KEK lifetime: ${remaining} s; the KS sends the KEK rekey ${leadSeconds} s before expiry`,
        ...(gm.reregistersInSeconds === null ? [] : [`Reregisters in: ${gm.reregistersInSeconds} s`]),
        `Rekeys received: ${seen.counters.received ?? 'not shown'}`,
      ],
    }),
  );
  return { ...state, toldOverdue: kek.anchor };
}

function timeLeft(kekSeconds: number, countdownSeconds: number | null): string {
  const { fromSecondsBeforeExpiry, toSecondsBeforeExpiry } = MISSED_REKEY_WINDOW;
  const from = Math.max(0, kekSeconds - fromSecondsBeforeExpiry);
  const to = kekSeconds - toSecondsBeforeExpiry;
  if (countdownSeconds !== null && countdownSeconds <= kekSeconds + EXPIRY_WINDOW_SECONDS) {
    return `it re-registers by itself in ${countdownSeconds} s`;
  }
  return to > 0 ? `it re-registers by itself in ${from} to ${to} s` : `its KEK expires in ${kekSeconds} s`;
}

/** Told once until it has stopped for a while. */
function withProblem(
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

function cleanAnswer(before: GroupState, state: GroupState): GroupState {
  if (state.problems.length === 0 || state.problems !== before.problems) return state;
  const problems = state.problems
    .map((problem): Problem => ({ kind: problem.kind, times: 0, clean: problem.clean + 1 }))
    .filter((problem) => problem.clean < CLEAN_ANSWERS);
  return { ...state, problems };
}
