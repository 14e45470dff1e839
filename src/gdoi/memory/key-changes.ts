/**
 * What became of the keys between two answers without a registration: renewed by a rekey, cut short by the KS, or
 * figures that contradict each other.
 */
import { withProblem } from './data-problems.ts';
import { kekRekeyEvent } from '../events/gdoi-events.ts';
import type { ComparedAnswer } from './answer.ts';
import { type KsFigures, type Shown, showsNoKek } from './gm-answer.ts';
import { type Interval, intersection, middleMs, shifted } from '../seen/interval.ts';
import { isSameKek } from '../keys/kek-identity.ts';
import { cutTekSeconds } from '../keys/kek-window.ts';
import { instant } from '../events/instant-text.ts';
import { intervalOfMark, marksIn, quotedMark } from '../log/log-evidence.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { KekAfter } from './registration-facts.ts';
import { hasNewTek, longestLivedStays, sharesTek, tekCutMs } from '../keys/tek-identity.ts';
import { emitting, type GroupTracked, unchanged } from './tracked.ts';
import type { GroupState, HeldView } from './tracker-state.ts';

/** An order of the KS makes the GM register before the cut TEKs end; that may take some attempts. */
export const AFTER_CUT_MS = 60_000;

export function kekRelation(view: HeldView | null, seen: Shown, elapsedMs: number, registered: boolean): KekAfter {
  if (!seen.registered) return 'unknown';
  if (view === null || view.kek === null) return 'unknown';
  if (seen.kek !== null) return isSameKek(view.kek, seen.kek, elapsedMs, registered) ? 'same' : 'new';
  return showsNoKek(seen) ? 'gone' : 'unknown';
}

/** How long GM and KS have counted the KEK that an answer shows; 0: no KS shows its lifetime. */
export function kekAgeMs({ kek, at }: Pick<Shown, 'kek' | 'at'>, { kekLifetimeSeconds }: KsFigures): number {
  if (kek === null || kekLifetimeSeconds === null) return 0;
  return Math.max(0, kekLifetimeSeconds * 1000 - (kek.expiry.fromMs - at.sentAtMs));
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

/** The same of the longest-lived TEK held after; null: it was held before, or the KS does not show its lifetime. */
export function tekMade(view: HeldView | null, { teks }: Shown, { tekLifetimeSeconds }: KsFigures): Interval | null {
  const [longest] = teks;
  if (view === null || longest === undefined || tekLifetimeSeconds === null) return null;
  return hasNewTek(view.teks, [longest]) ? shifted(longest.expiry, -tekLifetimeSeconds * 1000) : null;
}

export function forcedNow(
  before: GroupState,
  { seen, ks }: Pick<ComparedAnswer, 'seen' | 'ks'>,
  elapsedMs: number,
): GroupState['forced'] {
  const { forced, view } = before;
  if (forced === null && view !== null && longestLivedStays(view.teks, seen.teks, elapsedMs)) return null;
  if (forced !== null && canStillFollow(before, forced.untilMs)) return forced;
  const lifetimeSeconds = ks.tekLifetimeSeconds ?? before.tekLifetimeSeconds;
  const evidence = view === null ? null : orderOf(before, view.teks, seen, { elapsedMs, lifetimeSeconds });
  return evidence === null
    ? null
    : {
        atMs: seen.at.sentAtMs,
        untilMs: Math.max(seen.at.sentAtMs, ...seen.teks.map(({ expiry }) => expiry.toMs)) + AFTER_CUT_MS,
        evidence: `${evidence}: ${TOLD_TO_REGISTER}`,
      };
}

/** A registration began, or can have begun, before that: it may have been complete long after. */
function canStillFollow({ seen, unregistered }: GroupState, untilMs: EpochMs): boolean {
  return seen.sentAtMs < untilMs || (unregistered !== null && unregistered.fromMs < untilMs);
}

const TOLD_TO_REGISTER = 'the KS told its members to register again';

/** The TEK has more left than an order of the KS leaves any; false as well where no lifetime is known. */
export function leavesMore({ teks, at }: Pick<Shown, 'teks' | 'at'>, lifetimeSeconds: number | null): boolean {
  const [longest] = teks;
  if (longest === undefined || lifetimeSeconds === null) return false;
  return longest.expiry.fromMs - at.sentAtMs > (cutTekSeconds(lifetimeSeconds) + LIFETIME_LOST_SECONDS) * 1000;
}

/** A rekey may cut the TEK that it replaces; the one that it brought is cut only by an order. */
function orderOf(
  before: GroupState,
  held: HeldView['teks'],
  seen: Shown,
  { elapsedMs, lifetimeSeconds }: { readonly elapsedMs: number; readonly lifetimeSeconds: number | null },
): string | null {
  const { teks, counters } = seen;
  if (counters.received === before.counters.received && !hasNewTek(held, teks)) {
    const cutMs = leavesMore(seen, lifetimeSeconds) ? null : tekCutMs(held, teks, elapsedMs);
    return cutMs === null ? null : `TEK lifetime cut by ${Math.round(cutMs / 1000)} s without a rekey`;
  }
  const [longest] = teks;
  if (longest === undefined || lifetimeSeconds === null || !hasNewTek(held, [longest])) return null;
  if (counters.succeeded !== before.counters.succeeded) return null;
  const leftSeconds = Math.round((longest.expiry.fromMs - seen.at.sentAtMs) / 1000);
  const heldSeconds = Math.min(elapsedMs, ageOfOneRekey(before, seen) ?? elapsedMs) / 1000;
  const isWhole = leftSeconds + heldSeconds + LIFETIME_LOST_SECONDS > lifetimeSeconds;
  if (isWhole || leftSeconds > cutTekSeconds(lifetimeSeconds)) return null;
  return `the TEK that a rekey has just brought ends in ${leftSeconds} s`;
}

/** The one rekey since the last answer brought the TEK: it is as old as that; null: there were others. */
function ageOfOneRekey({ counters: before }: GroupState, { counters, lastRekey, at }: Shown): number | null {
  const isOne = before.received !== null && counters.received === before.received + 1;
  return isOne && lastRekey !== null ? Math.max(0, at.receivedAtMs - lastRekey.fromMs) : null;
}

/** A TEK that a rekey has just brought never lacks this much of its lifetime. */
const LIFETIME_LOST_SECONDS = 60;

/** No registration: a rekey may have come, or the lifetime contradicts itself. */
export function keysOnly(state: GroupState, { place, seen, span, kekAfter }: ComparedAnswer): GroupTracked {
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
  const between = (message === undefined ? null : intersection(until, intervalOfMark(message))) ?? until;
  return emitting(
    state,
    kekRekeyEvent(place, {
      occurrence: [state.epoch.id, received ?? seen.kek.anchor],
      between,
      evidence: [
        `Rekeys received ${before ?? '?'} -> ${received ?? '?'}, Succeeded registration ${seen.counters.succeeded} as before`,
        `KEK expires at ${instant(middleMs(seen.kek.expiry))}, the one before at ${instant(middleMs(state.view.kek.expiry))}`,
        ...(message === undefined ? [] : [quotedMark(message)]),
      ],
    }),
  );
}
