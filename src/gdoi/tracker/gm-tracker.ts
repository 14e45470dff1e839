/**
 * One group of one GM: its last answer and a new one in, what happened in between out.
 *
 * Order of decisions: nonsense first (then nothing else is concluded), a restart of the counters, registrations, rekeys,
 * then the states that are told once. Reload or clear waits for the uptime, which comes in the same poll.
 */
import { registeredAgain } from '../registrations/counted-registrations.ts';
import { type CounterMovement, counterMovement, countersOf, impossibleFigure, withKnown } from '../seen/counters.ts';
import { decidePending, restarted } from '../registrations/counter-restart.ts';
import { cleanAnswer, withProblem } from '../memory/data-problems.ts';
import type { GdoiEvent } from '../events/event.ts';
import { tellMissing, tellOverdue, tellRegistration } from './gm-alarms.ts';
import { type GmPlace, type KsFigures, shown, type Shown } from '../memory/gm-answer.ts';
import { freshState, type GmTracked, updated } from '../memory/group-state.ts';
import { type Interval, overlaps, widened } from '../seen/interval.ts';
import { isSameKek, shownKek } from '../keys/kek-identity.ts';
import { forcedNow, kekRelation, keysOnly } from '../memory/key-changes.ts';
import { marksIn, quoted } from '../log/log-evidence.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import { commonShiftMs, longestLivedStays, sharesTek, shownTeks } from '../keys/tek-identity.ts';
import type { Epoch, GroupState } from '../memory/tracker-state.ts';

/** A contradiction that lasts this many answers is how this device counts from now on. */
const LASTING_CONTRADICTIONS = 4;

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

/** `known`: what SNMP alone had shown of it so far; its KEK keeps its name, and what was told stays told. */
export function firstSight(
  place: GmPlace,
  known: GroupState | undefined,
  at: ReadAt,
  gm: GmSnapshot,
  ks: KsFigures,
): GmTracked | null {
  const seen = shown(at, gm);
  if (seen === null || impossibleFigure(seen.counters) !== null) return null;
  const events: GdoiEvent[] = [];
  const fresh = freshState(seen);
  const state = known === undefined ? fresh : counted(fresh, decidePending(place, known, null, events));
  return { state: tellOverdue(place, state, seen, ks, events), events };
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
    toldOverdue: known.toldOverdue,
    tally: known.tally,
    snmp: known.snmp,
  };
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
    (mark) => mark.fromMs > before.epoch.since.toMs && mark.atMs <= seen.at.sentAtMs,
  );
  const { succeeded, received } = seen.counters;
  if (restart === undefined || succeeded !== before.counters.succeeded || succeeded > 1 || (received ?? 0) > 1) {
    return movement;
  }
  return { kind: 'restarted', registrations: succeeded, evidence: [quoted(restart)] };
}
