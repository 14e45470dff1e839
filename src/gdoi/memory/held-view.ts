/**
 * The keys and timers a GM is known to hold, carried from one answer to the next: what a later re-registration is
 * judged by. Readings of one key add up to a narrower expiry; a timer that outlives a key belongs to the other one.
 */
import { MAX_TEXT, type Shown } from './gm-answer.ts';
import { type Interval, intersection, overlaps, widened } from '../seen/interval.ts';
import { intervalOfMark, type LogMark, marksIn } from '../log/log-evidence.ts';
import { type HeldKek, sameKekSeenAgain } from '../keys/kek-identity.ts';
import type { KekAfter } from './registration-facts.ts';
import { hasNewTek, longestLived, teksSeenAgain } from '../keys/tek-identity.ts';
import type { GroupState, HeldView } from './tracker-state.ts';

/** Two answers whose timers lie closer are the same timer. */
export const SAME_TIMER_MS = 2500;

/** A group is on a few interfaces. */
const MAX_INTERFACES = 4;

/** Since the answer before: how many registrations, and what is known of when. */
interface Since {
  readonly kekAfter: KekAfter;
  readonly registrations: number;
  readonly marks: readonly LogMark[];
}

export function viewOf(before: HeldView | null, seen: Shown, since: Since): HeldView {
  const { at } = seen;
  const { kekAfter, registrations } = since;
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
  const timer = standsAtItsEnd(before, seen) ? null : seen.timer;
  return {
    sentMs: at.sentAtMs,
    receivedMs: at.receivedAtMs,
    keyServer: seen.gm.keyServer?.slice(0, MAX_TEXT) ?? null,
    kek,
    kekShown: seen.kek !== null,
    teks: heldTeks(before, seen, elapsedMs, registrations),
    interfaces: interfacesOf(before, seen),
    keysCame: keysCame(before, seen, since),
    timer,
    timerAfterKek:
      timer === null || countdown === null || remaining === null || seen.kek === null ? null : countdown - remaining,
    timerBeforeTek: timer === null || countdown === null || tekSeconds === null ? null : tekSeconds - countdown,
    timerOf: registrations > 0 || before === null ? null : timerOwner(before, seen, kekAfter),
  };
}

/** It ran out before, or nobody saw when: it does not tell when the GM began to register. */
function standsAtItsEnd(before: HeldView | null, { gm, timer, counters }: Shown): boolean {
  if (gm.reregistersInSeconds !== 0 || timer === null) return false;
  if (before === null) return counters.attempted === null || counters.attempted > counters.succeeded;
  return before.timer === null || !overlaps(widened(before.timer, SAME_TIMER_MS), timer);
}

function interfacesOf(before: HeldView | null, { gm }: Shown): readonly string[] {
  const shown = new Set((gm.teks ?? []).flatMap((tek) => (tek.interface === null ? [] : [tek.interface])));
  if (shown.size === 0) return before?.interfaces ?? [];
  const isSame =
    before !== null && shown.size === before.interfaces.length && before.interfaces.every((name) => shown.has(name));
  return isSame ? before.interfaces : [...shown].slice(0, MAX_INTERFACES).map((name) => name.slice(0, MAX_TEXT));
}

/**
 * A registration, or a rekey that was used, brought keys. Keys that are the same as before came when they did before.
 */
function keysCame(
  before: HeldView | null,
  seen: Shown,
  { kekAfter, registrations, marks }: Since,
): HeldView['keysCame'] {
  if (before === null) return null;
  const isNew = registrations > 0 || kekAfter === 'new' || hasNewTek(before.teks, seen.teks);
  if (!isNew) return before.keysCame;
  const since = { fromMs: before.sentMs, toMs: seen.at.receivedAtMs };
  const rekey = seen.lastRekey === null ? null : intersection(since, seen.lastRekey);
  const isByRekey = registrations === 0 || (seen.counters.sinceRegistration ?? 0) > 0;
  return isByRekey ? (rekey ?? since) : registeredIn(since, marks, registrations);
}

/** When the last of them was complete, where a message tells of each. */
function registeredIn(since: Interval, marks: readonly LogMark[], registrations: number): Interval {
  const completions = marksIn(marks, 'complete', since);
  const last = completions.length < registrations ? undefined : completions.at(-1);
  return (last === undefined ? null : intersection(since, intervalOfMark(last))) ?? since;
}

function heldTeks(
  before: HeldView | null,
  { teks }: Shown,
  elapsedMs: number,
  registrations: number,
): HeldView['teks'] {
  if (before === null || registrations > 0) return teks;
  return teks.length === 0 ? before.teks : teksSeenAgain(before.teks, teks, elapsedMs);
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

/** A TEK that a rekey brought is fresh: what it shows, and the time it can have been held, is its lifetime. */
export function tekLifetime(state: GroupState, seen: Shown, registrations: number): number | null {
  const known = state.tekLifetimeSeconds;
  const tek = longestLived(seen.teks);
  if (tek === null || state.view === null || !hasNewTek(state.view.teks, [tek])) return known;
  const remaining = Math.round((tek.expiry.fromMs - seen.at.sentAtMs) / 1000);
  if (registrations > 0) return Math.max(known ?? remaining, remaining);
  const held = Math.round((seen.at.receivedAtMs - state.seen.sentAtMs) / 1000);
  return known !== null && known >= remaining && known <= remaining + held ? known : remaining;
}
