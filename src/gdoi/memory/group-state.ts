/**
 * The state of a group after an answer: at its first sight, and field by field from one answer to the next.
 */
import { MAX_TEXT, type Shown } from './gm-answer.ts';
import { SAME_TIMER_MS, tekLifetime, viewOf } from './held-view.ts';
import { isCountdownOver } from '../seen/countdown.ts';
import { FASTEST_REKEY_MS } from '../seen/counters.ts';
import { type Interval, overlaps, widened } from '../seen/interval.ts';
import { LEAD_FLOOR_SECONDS } from '../keys/kek-window.ts';
import type { KekAfter } from './registration-facts.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import { kekExpiryWindow } from '../keys/timer-windows.ts';
import { hasNewTek } from '../keys/tek-identity.ts';
import { failedAttempts, type GroupState, type HeldView, NO_EPISODES, type Retries } from './tracker-state.ts';

/** As of its first answer: what was before is a baseline, and no event. */
export function freshState(seen: Shown): GroupState {
  const { at, gm, counters, registered } = seen;
  const view = registered ? viewOf(null, seen, { kekAfter: 'unknown', registrations: 0, marks: [] }) : null;
  // The device's own timer points past the expiry of its KEK: its KS did not rekey ahead.
  const legacyKek =
    view?.kek != null &&
    view.timer !== null &&
    overlaps(view.timer, kekExpiryWindow(view.kek.expiry)) &&
    view.kek.expiry.toMs - at.sentAtMs < LEAD_FLOOR_SECONDS * 1000
      ? view.kek.anchor
      : null;
  return {
    seen: at,
    sameBootMs: null,
    identity: identityOf(gm),
    registered,
    unregistered: registered ? null : { fromMs: at.sentAtMs, toMs: at.receivedAtMs },
    counters,
    epoch: {
      id: Math.floor(at.sentAtMs / 1000),
      began: 'first_sight',
      since: { fromMs: at.sentAtMs, toMs: at.receivedAtMs },
    },
    emitted: counters.succeeded,
    everRegistered: registered || counters.succeeded > 0,
    countsRekeys: (counters.received ?? 0) > 0,
    view,
    tekLifetimeSeconds: null,
    legacyKek,
    forced: null,
    marks: [],
    pending: null,
    episodes: NO_EPISODES,
    withoutTek: withoutTek(null, seen),
    replayErrors: null,
    dataplaneErrors: null,
    failedBefore: counters.attempted === null ? null : counters.attempted - counters.succeeded,
    problems: [],
    counted: true,
    snmp: null,
    tally: { expected: 0, unexpected: 0, last: null, recent: [] },
  };
}

/**
 * Of the fields that may be absent: those that an answer takes away, unless they are set after the others, here or by
 * the step that they belong to.
 */
type SetApart = keyof Pick<
  GroupState,
  'trying' | 'retrying' | 'countsTekRekeys' | 'uncountedTek' | 'failingFor' | 'vanished' | 'multicast'
>;

/** What every answer sets. A new field that may be absent does not compile until it is set, or named above. */
type SetByAnswer = Required<Omit<GroupState, SetApart>>;

export function updated(
  state: GroupState,
  seen: Shown,
  what: { readonly kekAfter: KekAfter; readonly emitted: number; readonly registrations: number },
): GroupState {
  const { at, counters, registered } = seen;
  const lostAt = { fromMs: state.seen.sentAtMs, toMs: at.receivedAtMs };
  const trying = tryingSince(state, seen, what);
  // Field by field, not as a spread of which most is overwritten: every poll comes through here.
  const next: SetByAnswer = {
    seen: at,
    sameBootMs: isSameBoot(state, seen, what.registrations) ? at.sentAtMs : state.sameBootMs,
    identity: state.identity ?? identityOf(seen.gm),
    registered,
    unregistered: registered ? null : what.registrations > 0 ? lostAt : (state.unregistered ?? lostAt),
    counters,
    epoch: state.epoch,
    emitted: what.emitted,
    everRegistered: state.everRegistered || registered,
    countsRekeys: state.countsRekeys || (counters.received ?? 0) > 0,
    // Registered since, and lost again: what that registration brought is held now, and its timers are not known.
    view:
      registered || what.registrations > 0
        ? viewOf(state.view, seen, { marks: state.marks, ...what })
        : viewOfLost(state, seen),
    tekLifetimeSeconds: tekLifetime(state, seen, what.registrations),
    legacyKek: state.legacyKek,
    forced: state.forced,
    marks: state.marks,
    pending: state.pending,
    episodes: state.episodes,
    withoutTek: withoutTek(state, seen),
    replayErrors: state.replayErrors,
    dataplaneErrors: state.dataplaneErrors,
    failedBefore: trying === undefined ? failedBefore(state, seen, what.registrations) : state.failedBefore,
    problems: state.problems,
    counted: true,
    snmp: state.snmp === null || state.snmp.sign === null ? state.snmp : { ...state.snmp, sign: null },
    tally: state.tally,
  };
  const counting = tekCounting(state, seen, what);
  const known = counting === null ? next : { ...next, ...counting };
  if (trying !== undefined) return { ...known, trying, view: viewOfTrying(state.view, next.view) };
  const retrying = retriesOf(state, seen, what);
  return retrying === undefined ? known : { ...known, retrying };
}

/** Attempts further apart belong to different troubles: the alert counts them for so long as well. */
const RETRIES_WITHIN_MS = 900_000;

/**
 * Attempts that fail while it shows a countdown, as for the next of them. A rekey sets a countdown anew as well, and
 * ends them: what failed before it says nothing.
 */
function retriesOf(
  state: GroupState,
  { at, gm, counters, registered, teks }: Shown,
  { kekAfter, registrations }: { readonly kekAfter: KekAfter; readonly registrations: number },
): Retries | undefined {
  const isRekeyed = kekAfter === 'new' || (state.view !== null && hasNewTek(state.view.teks, teks));
  if (registrations > 0 || isRekeyed || !registered || !state.registered) return undefined;
  const { retrying } = state;
  const known = retrying === undefined || at.receivedAtMs - retrying.toMs > RETRIES_WITHIN_MS ? undefined : retrying;
  const more = (counters.attempted ?? 0) - (state.counters.attempted ?? counters.attempted ?? 0);
  if (more <= 0 || isCountdownOver(gm.reregistersInSeconds)) return known;
  return { fromMs: known?.fromMs ?? at.receivedAtMs, toMs: at.receivedAtMs, attempts: (known?.attempts ?? 0) + more };
}

/** What a new TEK shows about whether this GM counts the rekey of a TEK; null: nothing. */
function tekCounting(
  state: GroupState,
  { at, counters, registered, teks }: Shown,
  { kekAfter, registrations }: { readonly kekAfter: KekAfter; readonly registrations: number },
): Pick<GroupState, 'countsTekRekeys' | 'uncountedTek'> | null {
  const known = state.countsTekRekeys === undefined ? null : { countsTekRekeys: state.countsTekRekeys };
  const { view, counters: before } = state;
  if (registrations > 0 || !registered || !state.registered || view === null || kekAfter !== 'same') return known;
  if (before.received === null || counters.received === null || !hasNewTek(view.teks, teks)) return known;
  if (counters.received > before.received) return { countsTekRekeys: true };
  const most = (at.receivedAtMs - state.seen.sentAtMs) / FASTEST_REKEY_MS + 1;
  const canBeAnew = counters.succeeded === 1 && before.succeeded === 1 && counters.received <= most;
  return known === null || !canBeAnew
    ? known
    : { ...known, uncountedTek: { between: { fromMs: state.seen.sentAtMs, toMs: at.receivedAtMs }, uptime: null } };
}

/** A countdown that stands at its end, and attempts that fail: it has begun to register. */
function tryingSince(
  state: GroupState,
  { at, gm, counters, registered, teks }: Shown,
  { kekAfter, registrations }: { readonly kekAfter: KekAfter; readonly registrations: number },
): Interval | undefined {
  if (registrations > 0) return undefined;
  if (!registered) return state.trying;
  if (gm.reregistersInSeconds !== 0 || failedAttempts(state, counters) === 0) return undefined;
  // After a rekey it shows its old registration again, and goes on trying.
  const tried = state.trying ?? state.unregistered;
  if (tried !== null) return tried;
  if (kekAfter === 'new' || (state.view !== null && hasNewTek(state.view.teks, teks))) return undefined;
  return { fromMs: state.seen.sentAtMs, toMs: at.receivedAtMs };
}

/** What it held when it began, and the countdown that made it begin: since then that stands still. */
function viewOfTrying(before: HeldView | null, now: HeldView | null): HeldView | null {
  return before === null || now === null ? now : { ...before, kekShown: now.kekShown };
}

/** What it held when it began to register; a rekey that came before that had set its timers anew. */
function viewOfLost({ view, registered, counters }: GroupState, seen: Shown): GroupState['view'] {
  const rekeyed = registered && (seen.counters.received ?? 0) > (counters.received ?? 0);
  if (view === null || !rekeyed) return view;
  const teks = seen.teks.length === 0 ? view.teks : seen.teks;
  return { ...view, teks, timer: null, timerAfterKek: null, timerBeforeTek: null, timerOf: null };
}

/** Attempts of a registered GM count on until one of them succeeds. */
function failedBefore(state: GroupState, { counters, registered }: Shown, registrations: number): number | null {
  const { attempted, succeeded } = counters;
  if (attempted === null) return state.failedBefore;
  const failed = attempted - succeeded;
  const isFresh = state.failedBefore === null || registrations > 0 || (registered && !state.registered);
  return (registered && isFresh) || failed < (state.failedBefore ?? failed) ? failed : state.failedBefore;
}

function withoutTek(before: GroupState | null, { at, gm, registered, teks }: Shown): Interval | null {
  // A TEK whose lifetime has run out carries no packet.
  const holdsOne = teks.some(({ expiry }) => expiry.fromMs > at.sentAtMs);
  if (!registered || gm.teks === null || holdsOne) return null;
  return before?.withoutTek ?? { fromMs: before?.seen.sentAtMs ?? at.sentAtMs, toMs: at.receivedAtMs };
}

/** Counts that a new boot has no time to reach: a GM registers once at boot, and gets a rekey in an hour or so. */
const TOO_MANY_FOR_A_BOOT = 4;

/**
 * Counters that go on and are too high for a new boot, or a countdown that goes on: each registration draws it anew,
 * and a boot brings one.
 */
function isSameBoot(before: GroupState, { counters, registered, timer }: Shown, registrations: number): boolean {
  const was = before.counters;
  const goesOn =
    counters.succeeded >= was.succeeded &&
    (counters.received ?? 0) >= (was.received ?? 0) &&
    (counters.attempted ?? 0) >= (was.attempted ?? 0);
  if (!goesOn) return false;
  if (was.succeeded + (was.received ?? 0) >= TOO_MANY_FOR_A_BOOT) return true;
  const held = before.view?.timer ?? null;
  return (
    registered &&
    registrations === 0 &&
    held !== null &&
    timer !== null &&
    overlaps(widened(held, SAME_TIMER_MS), timer)
  );
}

function identityOf({ identity }: GmSnapshot): string | null {
  return identity === null ? null : identity.slice(0, MAX_TEXT);
}
