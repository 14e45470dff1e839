/**
 * What became of the keys between two answers without a registration: renewed by a rekey, cut short by the KS, or
 * figures that contradict each other.
 */
import { withProblem } from './data-problems.ts';
import { kekRekeyEvent } from '../events/gdoi-events.ts';
import type { Answer } from './answer.ts';
import { type KsFigures, type Shown, showsNoKek } from './gm-answer.ts';
import { type Interval, intersection, middleMs, shifted } from '../seen/interval.ts';
import { isSameKek } from '../keys/kek-identity.ts';
import { instant } from '../events/instant-text.ts';
import { instantOf, marksIn, quoted } from '../log/log-evidence.ts';
import type { KekAfter } from './registration-facts.ts';
import { commonShiftMs, hasNewTek, longestLivedStays, sharesTek } from '../keys/tek-identity.ts';
import { emitting, type GroupTracked, unchanged } from './tracked.ts';
import type { GroupState, HeldView } from './tracker-state.ts';

/** An order of the KS explains registrations this long: it cuts TEK lifetimes to 5 % of at most this. */
const FORCED_FOR_MS = 3_600_000;

/** A cut of TEK lifetimes is larger than this. */
const TEK_CUT_MS = 10_000;

export function kekRelation(view: HeldView | null, seen: Shown, elapsedMs: number, registered: boolean): KekAfter {
  if (!seen.registered) return 'unknown';
  if (view === null || view.kek === null) return 'unknown';
  if (seen.kek !== null) return isSameKek(view.kek, seen.kek, elapsedMs, registered) ? 'same' : 'new';
  return showsNoKek(seen) ? 'gone' : 'unknown';
}

export function teksReplaced(view: HeldView | null, seen: Shown): boolean | null {
  if (view === null || view.teks.length === 0 || seen.teks.length === 0) return null;
  return !sharesTek(view.teks, seen.teks);
}

/** When the KS made the new KEK: its expiry less the lifetime that the KS shows. */
export function kekMade({ kek }: Shown, kekAfter: KekAfter, { kekLifetimeSeconds }: KsFigures): Interval | null {
  if (kek === null || kekAfter !== 'new' || kekLifetimeSeconds === null) return null;
  return shifted(kek.expiry, -kekLifetimeSeconds * 1000);
}

export function forcedNow(before: GroupState, seen: Shown, elapsedMs: number): GroupState['forced'] {
  const { forced, view } = before;
  if (forced === null && view !== null && longestLivedStays(view.teks, seen.teks, elapsedMs)) return null;
  if (forced !== null && seen.at.sentAtMs < forced.untilMs) return forced;
  if (view === null || seen.counters.received !== before.counters.received || hasNewTek(view.teks, seen.teks))
    return null;
  const shift = commonShiftMs(view.teks, seen.teks, elapsedMs);
  if (shift === null || shift.certain.toMs > -TEK_CUT_MS) return null;
  return {
    atMs: seen.at.sentAtMs,
    untilMs: seen.at.sentAtMs + FORCED_FOR_MS,
    evidence: `TEK lifetime cut by ${Math.round(-shift.byMs / 1000)} s without a rekey: the KS told its members to register again`,
  };
}

/** No registration: a rekey may have come, or the lifetime contradicts itself. */
export function keysOnly(state: GroupState, { place, seen, span, kekAfter }: Answer): GroupTracked {
  if (kekAfter !== 'new' || state.view?.kek == null || seen.kek === null) return unchanged(state);
  const { received } = seen.counters;
  const before = state.counters.received;
  if (received !== null && before !== null && received <= before) {
    const detail = `KEK lifetime ${Math.round((seen.kek.expiry.fromMs - state.view.kek.expiry.fromMs) / 1000)} s off, with neither a rekey nor a registration`;
    return withProblem(place, state, { kind: 'kek_lifetime', detail, at: seen.at });
  }
  const until =
    (seen.lastRekey === null ? null : intersection(span, { fromMs: -Infinity, toMs: seen.lastRekey.toMs })) ?? span;
  // One rekey, and a message that says when it came.
  const message =
    received !== null && received - (before ?? 0) === 1 ? marksIn(state.marks, 'rekey', until).at(-1) : undefined;
  const between = (message === undefined ? null : intersection(until, instantOf(message))) ?? until;
  return emitting(
    state,
    kekRekeyEvent(place, {
      occurrence: [state.epoch.id, received ?? seen.kek.anchor],
      between,
      evidence: [
        `Rekeys received ${before ?? '?'} -> ${received ?? '?'}, Succeeded registration ${seen.counters.succeeded} as before`,
        `KEK expires at ${instant(middleMs(seen.kek.expiry))}, the one before at ${instant(middleMs(state.view.kek.expiry))}`,
        ...(message === undefined ? [] : [quoted(message)]),
      ],
    }),
  );
}
