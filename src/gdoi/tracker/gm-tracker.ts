/**
 * One group of one GM: its last answer and a new one in, what happened in between out.
 *
 * Order of decisions: nonsense first (then nothing else is concluded), a restart of the counters, registrations,
 * rekeys, then the states that make one event. Reload or clear waits for the uptime, which comes in the same poll.
 */
import { registeredAgain } from '../registrations/counted-registrations.ts';
import {
  FASTEST_REKEY_MS,
  type CounterMovement,
  counterMovement,
  type Counters,
  countersOf,
  impossibleFigure,
  withKnown,
} from '../seen/counters.ts';
import { decidePending, restarted } from '../registrations/counter-restart.ts';
import { cleanAnswer, withProblem } from '../memory/data-problems.ts';
import type { ComparedAnswer } from '../memory/answer.ts';
import {
  emitKekMissing,
  emitKekRekeyOverdue,
  emitRegistrationState,
  emitTekMissing,
  emitTekRekeyOverdue,
} from './gm-alarms.ts';
import { trackDropMessages } from './packet-errors.ts';
import { type GmPlace, type KsFigures, seenTimer, shown, type Shown } from '../memory/gm-answer.ts';
import { freshState, updated } from '../memory/group-state.ts';
import { andThen, type GroupTracked, unchanged } from '../memory/tracked.ts';
import { type Interval, movedBy, overlaps, widened } from '../seen/interval.ts';
import { HANDOVER_MS, isSameKek, ROUNDING_MS, sameInstantToleranceMs, shownKek } from '../keys/kek-identity.ts';
import { forcedNow, kekAgeMs, kekRelation, keysOnly, leavesMore } from '../memory/key-changes.ts';
import { type LogMark, marksIn, quotedMark } from '../log/log-evidence.ts';
import { instant } from '../events/instant-text.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import { type ClockStep, commonShiftMs, longestLivedStays, sharesTek, shownTeks } from '../keys/tek-identity.ts';
import type { Epoch, GroupState } from '../memory/tracker-state.ts';

/** After this many contradicting answers the device is taken to count like this from now on. */
const LASTING_CONTRADICTIONS = 4;

/** By how much the agent's clock was set between the last answer and this one; null: it was not, or nothing tells. */
export function clockStepOf(state: GroupState, at: ReadAt, gm: GmSnapshot): ClockStep | null {
  const shift = commonShift(state, at, gm);
  return shift !== null && isClockStep(state, { at, gm, shift }) ? shift : null;
}

/**
 * TEKs that are held on moved by something else, or not at all: a clock that is set moves those of all groups alike.
 */
export function contradictsStep(
  { view, counters }: GroupState,
  { certain }: ClockStep,
  at: ReadAt,
  gm: GmSnapshot,
): boolean {
  if (view === null || countersOf(gm)?.succeeded !== counters.succeeded) return false;
  const elapsedMs = at.sentAtMs - view.receivedMs;
  const blurMs = sameInstantToleranceMs(elapsedMs);
  return shownTeks(at, gm).some(({ spi, expiry }) => {
    const held = view.teks.find((tek) => tek.spi === spi);
    if (held === undefined) return false;
    return !overlaps(widened(movedBy(held.expiry, expiry), blurMs), certain);
  });
}

function commonShift({ view, counters }: GroupState, at: ReadAt, gm: GmSnapshot): ClockStep | null {
  if (view === null || view.teks.length === 0 || gm.teks === null) return null;
  const elapsedMs = at.sentAtMs - view.receivedMs;
  const teks = shownTeks(at, gm);
  if (longestLivedStays(view.teks, teks, elapsedMs)) return null;
  const registered = countersOf(gm)?.succeeded !== counters.succeeded;
  return commonShiftMs(view.teks, teks, { elapsedMs, registered });
}

function isClockStep(
  state: GroupState,
  { at, gm, shift }: { readonly at: ReadAt; readonly gm: GmSnapshot; readonly shift: ClockStep },
): boolean {
  const { view } = state;
  if (view === null) return false;
  const elapsedMs = at.sentAtMs - view.receivedMs;
  const kek = shownKek(at, gm);
  const counters = countersOf(gm);
  const noRegistration = counters !== null && counters.succeeded === state.counters.succeeded;
  const still = noRegistration && counters.received === state.counters.received;
  if (kek !== null && view.kek !== null) {
    const moved = movedBy(view.kek.expiry, kek.expiry);
    const stays = { fromMs: 0, toMs: 0 };
    // The KEK stays where it was and the TEKs do not: they were cut. So they may have been where a rekey came, or where
    // the countdown did not move with them, as it does when a clock is set.
    if (overlaps(moved, stays)) {
      const together = gm.reregistersInSeconds !== 0 && countdownMoved(state, seenTimer(at, gm), shownTeks(at, gm));
      return still && overlaps(moved, shift.certain) && together;
    }
    // A registration rounds the lifetime once more.
    const kekMoved = widened(moved, ROUNDING_MS + (noRegistration ? 0 : HANDOVER_MS));
    if (overlaps(kekMoved, shift.certain)) return true;
    if (still || overlaps(kekMoved, stays)) return false;
  }
  // TEKs that an order had cut are given their whole lifetime back by the registration.
  if (shift.byMs >= 0) return state.forced === null || noRegistration;
  // Nothing but a clock that is set back shortens a TEK and leaves it more than an order would.
  if (leavesMore({ teks: shownTeks(at, gm), at }, state.tekLifetimeSeconds)) return true;
  // Without a KEK to compare with, a cut of the TEKs looks like a clock set back; but a cut draws the countdown anew.
  // A message has told of the order that cuts them.
  if (state.forced !== null) return false;
  const isStep = still && countdownMoved(state, seenTimer(at, gm), shownTeks(at, gm));
  return isStep && lastRekeyIsOlder(at, gm, elapsedMs - shift.byMs);
}

/** No rekey was counted since the last answer: the last one is as old as that is by the device's own time, at least. */
function lastRekeyIsOlder(
  { sentAtMs, receivedAtMs }: ReadAt,
  { rekeys }: GmSnapshot,
  deviceElapsedMs: number,
): boolean {
  const { lastAgeSeconds } = rekeys;
  return lastAgeSeconds === null || (lastAgeSeconds + 1) * 1000 + (receivedAtMs - sentAtMs) >= deviceElapsedMs;
}

/** Both countdowns went on together: as far apart as before, up to their truncation. */
function countdownMoved({ view }: GroupState, timer: Interval | null, teks: Shown['teks']): boolean {
  const [longest] = teks;
  if (timer === null || longest === undefined || view?.timerBeforeTek == null) return false;
  const beforeTek = Math.round((longest.expiry.fromMs - timer.fromMs) / 1000);
  return Math.abs(beforeTek - view.timerBeforeTek) <= 1;
}

/** What is asked of the tracker of one group: an answer about it, and what is known of its KS. */
export interface GroupAnswer {
  readonly place: GmPlace;
  readonly at: ReadAt;
  readonly gm: GmSnapshot;
  readonly ks: KsFigures;
}

/**
 * `known`: what SNMP alone had shown of it so far; its KEK keeps its name, and what has its event gets no second one.
 */
export function firstSight(known: GroupState | undefined, { place, at, gm, ks }: GroupAnswer): GroupTracked | null {
  const seen = shown(at, gm);
  if (seen === null || impossibleFigure(seen.counters) !== null) return null;
  const fresh = freshState(seen);
  const before = known === undefined ? unchanged(fresh) : decidePending(place, known, null);
  const first = andThen(before, (state) => unchanged(known === undefined ? state : counted(fresh, state)));
  return andThen(first, (state) => emitKekRekeyOverdue(state, { place, seen, ks }));
}

function counted(fresh: GroupState, known: GroupState): GroupState {
  const kek = fresh.view?.kek ?? null;
  const held = known.view?.kek ?? null;
  const isSame =
    kek !== null && held !== null && isSameKek(held, kek, fresh.seen.sentAtMs - known.seen.receivedAtMs, true);
  return {
    ...fresh,
    view: fresh.view === null || !isSame ? fresh.view : { ...fresh.view, kek: { ...kek, anchor: held.anchor } },
    legacyKek: fresh.legacyKek ?? known.legacyKek,
    everRegistered: fresh.everRegistered || known.everRegistered,
    tekLifetimeSeconds: known.tekLifetimeSeconds,
    marks: known.marks,
    episodes: { ...fresh.episodes, overdueKek: known.episodes.overdueKek },
    tally: known.tally,
    snmp: known.snmp,
  };
}

export function trackGm(known: GroupState, { place, at, gm, ks }: GroupAnswer): GroupTracked {
  const seen = shown(at, gm);
  if (seen === null) return unchanged(known);
  const impossible = impossibleFigure(seen.counters);
  if (impossible !== null) return withProblem(place, known, { kind: 'counters', detail: impossible, at });
  return andThen(decidePending(place, known, null), (before) => {
    const counters = withKnown(before.counters, seen.counters);
    return continued(before, { place, ks, seen: seen.counters === counters ? seen : { ...seen, counters } });
  });
}

function continued(
  before: GroupState,
  { place, ks, seen }: Pick<ComparedAnswer, 'place' | 'ks' | 'seen'>,
): GroupTracked {
  const { at, counters } = seen;
  const { view } = before;
  const kekElapsedMs = view === null ? 0 : at.sentAtMs - view.receivedMs;
  const span = { fromMs: Math.min(before.seen.sentAtMs, at.receivedAtMs), toMs: at.receivedAtMs };
  const movement = movementOf(before, seen, kekElapsedMs, span);
  if (movement.kind === 'contradiction') {
    const problem = withProblem(place, before, { kind: 'counters', detail: movement.detail, at });
    return andThen(problem, (state) => unchanged(contradicted(state, seen)));
  }
  const registrations = movement.kind === 'restarted' || movement.registrations > 0;
  const countedMs = registrations ? Math.max(kekElapsedMs, kekAgeMs(seen, ks)) : kekElapsedMs;
  const kekAfter = kekRelation(view, seen, countedMs, registrations);
  const answer: ComparedAnswer = { place, before, seen, span, kekAfter, ks };
  const forced = forcedNow(before, { seen, ks }, kekElapsedMs);
  // TEKs that are held on and were cut: what was counted came before the order, which explains the next registration.
  const orderedSince = forced !== before.forced && movement.kind === 'registered' && movement.registrations > 0;
  const ordered = forced === before.forced ? before : { ...before, forced };
  const happened = orderedSince
    ? andThen(happenedBetween(before, answer, movement), (state) => unchanged({ ...state, forced }))
    : happenedBetween(ordered, answer, movement);
  const asOfNow = andThen(happened, (state) =>
    unchanged(
      updated(state, seen, {
        kekAfter,
        emitted: Math.max(state.emitted, counters.succeeded),
        registrations: movement.registrations,
      }),
    ),
  );
  const registration = andThen(asOfNow, (state) => emitRegistrationState(state, answer, movement.kind));
  const missing = andThen(registration, (state) => emitKekMissing(state, answer));
  const overdue = andThen(missing, (state) => emitKekRekeyOverdue(state, answer));
  const ofTek = andThen(
    andThen(overdue, (state) => emitTekMissing(state, answer)),
    (state) => emitTekRekeyOverdue(state, answer),
  );
  const dropping = andThen(ofTek, (state) => trackDropMessages(place, state, at));
  return andThen(dropping, (state) => unchanged(cleanAnswer(before, state)));
}

function happenedBetween(
  state: GroupState,
  answer: ComparedAnswer,
  movement: Exclude<CounterMovement, { kind: 'contradiction' }>,
): GroupTracked {
  if (movement.kind === 'restarted') return restartedBetween(state, answer, movement);
  return movement.registrations > 0 ? registeredAgain(state, answer, movement.registrations) : keysOnly(state, answer);
}

/** Where the answer before had shown it already, the uptime that was read since decides at once. */
function restartedBetween(
  state: GroupState,
  answer: ComparedAnswer,
  movement: Extract<CounterMovement, { kind: 'restarted' }>,
): GroupTracked {
  const { before } = movement;
  if (before === undefined) return restarted(state, answer, movement);
  const { between, uptime } = before;
  const tracked = restarted(state, { ...answer, span: between }, movement);
  if (uptime === null) return tracked;
  return andThen(tracked, (next) => decidePending(answer.place, next, { cause: 'operator_clear', evidence: [uptime] }));
}

/**
 * One such answer changes nothing: the next one is compared with the last good one. When it persists, the figures
 * become a new baseline under a new epoch, and what lies between makes no event.
 */
function contradicted(state: GroupState, seen: Shown): GroupState {
  const times = state.problems.find(({ kind }) => kind === 'counters')?.times ?? 0;
  if (times < LASTING_CONTRADICTIONS) return state;
  const { at, counters } = seen;
  const since = { fromMs: at.sentAtMs, toMs: at.receivedAtMs };
  const epoch: Epoch = { id: Math.floor(at.sentAtMs / 1000), began: 'first_sight', since };
  return updated({ ...state, epoch, emitted: counters.succeeded, forced: null, failedBefore: null }, seen, {
    kekAfter: 'unknown',
    emitted: counters.succeeded,
    registrations: 0,
  });
}

/**
 * A device may print figures that it made up to so long before. A rekey just before an answer would seem to have come
 * after it, and its GM to have registered again.
 */
const PRINTED_WITHIN_MS = 1000;

function movementOf(before: GroupState, seen: Shown, kekElapsedMs: number, span: Interval): CounterMovement {
  const movement = counterMovement({
    before: before.counters,
    emitted: before.emitted,
    now: seen.counters,
    elapsedMs: seen.at.sentAtMs - before.seen.receivedAtMs,
    keysChanged: haveKeysChanged(before, seen, kekElapsedMs),
    rekeyedSince: seen.lastRekey !== null && seen.lastRekey.fromMs > before.seen.receivedAtMs + PRINTED_WITHIN_MS,
    countsRekeys: before.countsRekeys,
  });
  if (movement.kind !== 'registered') return movement;
  const { succeeded, received } = seen.counters;
  if (movement.registrations === 0 && before.uncountedTek !== undefined && isAsBefore(before.counters, seen)) {
    const detail = `another TEK came, with Succeeded registration ${succeeded}, Rekeys received ${received ?? '?'} as before in two answers`;
    return { kind: 'restarted', registrations: 1, evidence: [detail], fell: false, before: before.uncountedTek };
  }
  const { vanished } = before;
  if (vanished !== undefined && registeredSince(vanished.between.fromMs, seen)) {
    const evidence = [`the group was not shown at ${instant(vanished.between.toMs)}`];
    return { kind: 'restarted', registrations: succeeded, evidence, fell: false };
  }
  if (before.marks.length === 0) return movement;
  const proof = movement.registrations > 0 ? proofOfBoot(before, seen, span) : proofOfSameCounters(before, seen, span);
  if (proof === null) return movement;
  return { kind: 'restarted', registrations: succeeded, evidence: [quotedMark(proof)], fell: false };
}

/** The GM held other keys at its last answer, by the KEK or by all TEKs. */
function haveKeysChanged({ view, registered }: GroupState, seen: Shown, kekElapsedMs: number): boolean {
  if (view === null || !seen.registered || !registered) return false;
  if (view.kek !== null && seen.kek !== null && !isSameKek(view.kek, seen.kek, kekElapsedMs, true)) return true;
  return view.teks.length > 0 && seen.teks.length > 0 && !sharesTek(view.teks, seen.teks);
}

/** The counters are higher than before, and may have begun anew. */
function proofOfBoot(before: GroupState, seen: Shown, span: Interval): LogMark | null {
  const boot = bootBetween(before, seen, span);
  return boot !== null && registeredSince(boot.fromMs, seen) ? boot : null;
}

/** The counters came back to what they were: only the log tells of the restart. */
function proofOfSameCounters(before: GroupState, seen: Shown, span: Interval): LogMark | null {
  const { succeeded, received } = seen.counters;
  if (succeeded !== before.counters.succeeded || succeeded > 1) return null;
  const restart = [...marksIn(before.marks, 'clear', span), ...marksIn(before.marks, 'restart', span)].findLast(
    (mark) => mark.fromMs > before.epoch.since.toMs && mark.atMs <= seen.at.sentAtMs,
  );
  return restart !== undefined && (received ?? 0) <= 1 ? restart : uncountedRegistration(before, seen, span);
}

/** A rekey of which the answer before showed the TEK alone would be counted by now. */
function isAsBefore(before: Counters, { registered, counters }: Shown): boolean {
  return registered && counters.succeeded === before.succeeded && counters.received === before.received;
}

/**
 * A boot that certainly lies between the two answers, by the uptime: a message alone may be forged. Null: nothing tells
 * of one.
 */
function bootBetween({ marks, epoch, seen: last }: GroupState, { at }: Shown, span: Interval): LogMark | null {
  const boots = marksIn(marks, 'restart', span).filter(
    ({ fromMs, atMs, sources }) =>
      sources.includes('uptime') && fromMs > Math.max(epoch.since.toMs, last.receivedAtMs) && atMs <= at.sentAtMs,
  );
  return boots.at(-1) ?? null;
}

/** A GM registers once or twice in the minutes between a boot and the next answer, and gets a rekey or two. */
const MOST_SINCE_BOOT = 3;

/** The counters can have begun anew then, with a boot or a new configuration, though they are as high as they were. */
function registeredSince(fromMs: EpochMs, { at, counters: { succeeded, received } }: Shown): boolean {
  const sinceMs = at.receivedAtMs - fromMs;
  return succeeded <= MOST_SINCE_BOOT && (received ?? 0) <= sinceMs / FASTEST_REKEY_MS + 1;
}

/** The device shows that it registered since the last answer, and counts no more than then; null: it does not. */
function uncountedRegistration({ marks, seen: last }: GroupState, { at }: Shown, span: Interval): LogMark | null {
  const shown = marksIn(marks, 'complete', span).findLast(({ sources }) => sources.includes('restconf'));
  return shown !== undefined && shown.fromMs > last.receivedAtMs && shown.fromMs <= at.sentAtMs ? shown : null;
}
