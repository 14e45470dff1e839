/**
 * Which timer of the GM fired: the windows around the expiry of KEK and TEK in which a registration can have begun.
 *
 * The countdown of the last answer decides where it still held, the overlap of intervals otherwise. Where the KEK's and
 * the TEK's windows both fit, it cannot be seen which timer was the earlier one; but a registration that certainly
 * began in the KEK's window had missed the KEK rekey whichever fired, so the KEK's cause is true of it.
 */
import { type Interval, intersection, middleMs, overlaps, widened } from '../seen/interval.ts';
import { instant } from '../events/instant-text.ts';
import { driftMs } from '../keys/kek-identity.ts';
import {
  DEFAULT_TEK_LIFETIME_SECONDS,
  EXPIRY_WINDOW_SECONDS,
  LEAD_FLOOR_SECONDS,
  MISSED_REKEY_WINDOW,
  tekWindowSecondsBeforeExpiry,
} from '../keys/kek-window.ts';
import { isAttempt, marksIn } from '../log/log-evidence.ts';
import type { RegistrationFacts } from '../memory/registration-facts.ts';
import { longestLived } from '../keys/tek-identity.ts';
import { kekExpiryWindow, kekMissedWindow, tekWindow } from '../keys/timer-windows.ts';
import type { HeldView } from '../memory/tracker-state.ts';
import { LONGEST_LEAD_MS } from './odd-key.ts';

export type Window = 'kek_missed' | 'kek_expiry' | 'tek';

export interface TimerChoice {
  readonly windows: readonly Window[];
  /** The start, as narrow as the windows make it. */
  readonly start: Interval;
  /** The device's own countdown chose them. */
  readonly byCountdown: boolean;
  /** It began before the countdown of the last answer had run out: no timer caused it. */
  readonly isEarly: boolean;
  /** The KEK's windows would fit, and a rekey can have brought the next one before: none of all is named. */
  readonly perhapsRenewed: boolean;
  readonly evidence: readonly string[];
}

/** Slack around the device's own countdown, in whole seconds: what it starts may come late, and hardly ever early. */
const EARLY_MS = 1000;
const LATE_MS = 2500;

/** The interval in which a countdown of the GM can have made it register. */
export function timerDue(timer: Interval, driftedMs: number): Interval {
  return { fromMs: timer.fromMs - EARLY_MS - driftedMs, toMs: timer.toMs + LATE_MS + driftedMs };
}

/** Windows the start can lie in, by the device's own countdown where it holds, by overlap otherwise. */
export function possibleWindows(facts: RegistrationFacts, before: HeldView): TimerChoice {
  const { start } = facts;
  const timer = before.timer === null ? null : timerDue(before.timer, driftMs(start.toMs - before.sentMs));
  const outlivesRekeys = before.timerOf === 'kek' && facts.kekAfter !== 'new' && !kekCanHaveCome(facts, before);
  const holds = timer !== null && (facts.rekeysBetween === 0 || outlivesRekeys);
  const countdown = before.timer === null ? [] : [countdownOf(before.timer, before)];
  if (holds && timer.fromMs > start.toMs) {
    // A registration that took long is judged by when it began.
    const when = start.toMs < facts.completed.fromMs ? ' when its registration was lost' : '';
    return {
      windows: [],
      start,
      byCountdown: false,
      isEarly: true,
      perhapsRenewed: false,
      evidence: [...countdown, `that was not due yet${when}`],
    };
  }
  const due = holds ? intersection(start, timer) : null;
  const point = due ?? start;
  const fitting = due === null ? windowsAt(start, facts, before) : windowsOfCountdown(point, facts, before);
  const perhapsRenewed = fitting.some((window) => window !== 'tek') && kekCanHaveCome(facts, before);
  const windows = perhapsRenewed ? [] : fitting;
  return {
    windows,
    start: windows.length === 0 ? start : windows.includes('tek') ? point : (begunByKek(point, facts) ?? point),
    byCountdown: due !== null,
    isEarly: false,
    perhapsRenewed,
    evidence: due === null ? [] : countdown,
  };
}

function countdownOf(timer: Interval, { sentMs, clockSet }: HeldView): string {
  const [end, answered] = [instant(middleMs(timer)), instant(sentMs)];
  return clockSet === true
    ? `Reregisters in pointed at about ${end} (answer of about ${answered}: the agent’s clock was set since)`
    : `Reregisters in pointed at ${end} (answer of ${answered})`;
}

export function tekCanBe(span: Interval, facts: RegistrationFacts, before: HeldView): boolean {
  const tek = longestLived(before.teks);
  // A rekey that left the KEK as it was, or came before the new one was made, brought a TEK: the one held before no longer
  // counts. One that may have brought a KEK alone has left the countdown as it was.
  const rekeyed = (facts.rekeysBetween ?? 0) > 0;
  const pointsThere = before.timer !== null && overlaps(span, timerDue(before.timer, 0));
  const renewed = rekeyed && (facts.kekAfter !== 'new' || !pointsThere || facts.rekeyBroughtTek);
  return tek !== null && !renewed && overlaps(span, widened(tekWindow(tek.expiry, tekLivesSeconds(facts)), 1000));
}

/** Where no KS tells, at least as long as the TEK that the registration brought. */
function tekLivesSeconds({ tekLifetimeSeconds, tekSecondsAfter = 0 }: RegistrationFacts): number {
  return Math.max(tekLifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS, tekSecondsAfter);
}

function begunByKek(point: Interval, facts: RegistrationFacts): Interval | null {
  return facts.begunByKek === null ? point : intersection(point, facts.begunByKek);
}

function windowsAt(point: Interval, facts: RegistrationFacts, before: HeldView): Window[] {
  const windows: Window[] = [];
  const { kek } = before;
  const byKek = begunByKek(point, facts);
  if (kek !== null && byKek !== null) {
    const drift = 1000 + driftMs(point.toMs - before.sentMs);
    const missed = widened(kekMissedWindow(kek.expiry), drift);
    const expired = widened(kekExpiryWindow(kek.expiry), drift);
    if (overlaps(byKek, missed) && canStillMiss(facts, kek)) windows.push('kek_missed');
    // A KEK that was held with time enough ends in the first window; only one that came too late ends in the second.
    // Without counters it may have come again in the first window, and nobody saw it.
    const isCounted = facts.begunByKek === null;
    const cameLate = !isCounted || facts.legacyKek === kek.anchor || before.sentMs >= missed.toMs || !before.kekShown;
    if (overlaps(byKek, expired) && (cameLate || !overlaps(byKek, missed))) windows.push('kek_expiry');
  }
  if (tekCanBe(point, facts, before)) windows.push('tek');
  return secondOfCycle(windows, point, facts, before) ? ['kek_expiry'] : windows;
}

/** A KEK rekey that was sent in time, and again for want of an answer, has come by this long after the last it is due. */
const LATEST_REPEAT_MS = 60_000;

/**
 * One of the rekeys that the GM counted before it registered can have brought the next KEK: then no timer of the old one
 * began anything. Not those that came before a KEK rekey was due, one after all repeats of it and before the expiry, or
 * any where the KEK was overdue at the last answer; nor where the GM says itself that keys of it ran out.
 */
export function kekCanHaveCome(facts: RegistrationFacts, before: HeldView): boolean {
  const { kekAfter, rekeysBetween, lastRekey, marks, start } = facts;
  const { kek, sentMs } = before;
  const isReplaced = kekAfter === 'new' || kekAfter === 'unknown';
  if (kek === null || !isReplaced || (rekeysBetween ?? 0) === 0 || facts.rekeyBroughtTek) return false;
  // Without counters a sequence number of another rekey may have come with the registration.
  if (facts.begunByKek !== null) return false;
  const latestDueMs = kek.expiry.toMs - LEAD_FLOOR_SECONDS * 1000;
  if (sentMs >= latestDueMs || marksIn(marks, 'start', start).some((mark) => !isAttempt(mark))) return false;
  if (lastRekey === null) return true;
  const isTooLate = lastRekey.fromMs > latestDueMs + LATEST_REPEAT_MS && lastRekey.toMs < kek.expiry.fromMs;
  return lastRekey.toMs >= kek.expiry.fromMs - LONGEST_LEAD_MS && !(rekeysBetween === 1 && isTooLate);
}

/** A GM that got its KEK again in the window knows that its KS waits for the expiry, and so does its timer. */
function canStillMiss({ legacyKek }: RegistrationFacts, { anchor }: NonNullable<HeldView['kek']>): boolean {
  return legacyKek !== anchor;
}

/** Both re-registrations of one cycle: whatever came in between, this is the second. */
function secondOfCycle(
  windows: readonly Window[],
  point: Interval,
  { legacyKek }: RegistrationFacts,
  { kek }: HeldView,
): boolean {
  return (
    windows.includes('kek_expiry') && kek !== null && legacyKek === kek.anchor && point.fromMs >= kek.expiry.fromMs
  );
}

/** The countdown beside the lifetimes of the same answer: exact within a second, however long the answer took. */
function windowsOfCountdown(point: Interval, facts: RegistrationFacts, before: HeldView): readonly Window[] {
  const { timerAfterKek, timerBeforeTek, kek } = before;
  if (timerAfterKek === null && kek !== null) return windowsAt(point, facts, before);
  const windows: Window[] = [];
  if (timerAfterKek !== null) {
    const { fromSecondsBeforeExpiry, toSecondsBeforeExpiry } = MISSED_REKEY_WINDOW;
    const canMiss = kek === null || canStillMiss(facts, kek);
    if (within(timerAfterKek, -fromSecondsBeforeExpiry, -toSecondsBeforeExpiry) && canMiss) windows.push('kek_missed');
    if (within(timerAfterKek, 0, EXPIRY_WINDOW_SECONDS)) windows.push('kek_expiry');
  }
  const tek = tekWindowSecondsBeforeExpiry(tekLivesSeconds(facts));
  if (timerBeforeTek === null ? isOfUnseenTek(before) : within(timerBeforeTek, tek.to, tek.from)) windows.push('tek');
  return secondOfCycle(windows, point, facts, before) ? ['kek_expiry'] : windows;
}

/**
 * RESTCONF shows no TEK of a GM. A countdown that ends far from both of the KEK's windows is the TEK's all the same.
 */
function isOfUnseenTek({ teks, kekShown, timerAfterKek, timerOf }: HeldView): boolean {
  const hidden = teks.length === 0 && kekShown && timerOf !== 'kek';
  return hidden && timerAfterKek !== null && timerAfterKek < -MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry - 1;
}

function within(seconds: number, from: number, to: number): boolean {
  return seconds >= from - 1 && seconds <= to + 1;
}

/**
 * The one window to judge by: the only one, the one whose key drives the countdown, or the KEK's where it is certain.
 */
export function decidingWindow(choice: TimerChoice, facts: RegistrationFacts, before: HeldView): Window | undefined {
  const { windows } = choice;
  if (windows.length < 2) return windows[0];
  return byTimerOwner(windows, before) ?? certainKekWindow(choice, facts, before);
}

function byTimerOwner(windows: readonly Window[], before: HeldView): Window | undefined {
  if (before.timerOf === null || windows.length !== 2) return undefined;
  const fitting = windows.filter((window) => (window === 'tek') === (before.timerOf === 'tek'));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Both countdowns are truncated: at the very edge it may lie outside. */
function isWellInside(window: Window, afterKek: number): boolean {
  const { fromSecondsBeforeExpiry, toSecondsBeforeExpiry } = MISSED_REKEY_WINDOW;
  return window === 'kek_missed'
    ? afterKek > -fromSecondsBeforeExpiry && afterKek < -toSecondsBeforeExpiry
    : afterKek > 0 && afterKek < EXPIRY_WINDOW_SECONDS;
}

/** A rekey that came in between may have brought the KEK: then it was not missed, and nothing is certain. */
function certainKekWindow(choice: TimerChoice, facts: RegistrationFacts, before: HeldView): Window | undefined {
  const { kek } = before;
  const ofKek = choice.windows.filter((window) => window !== 'tek');
  const [only] = ofKek;
  if (only === undefined || ofKek.length > 1 || kek === null || facts.rekeysBetween !== 0) return undefined;
  if (choice.byCountdown && before.timerAfterKek !== null)
    return isWellInside(only, before.timerAfterKek) ? only : undefined;
  const { fromMs, toMs } = only === 'kek_missed' ? kekMissedWindow(kek.expiry) : kekExpiryWindow(kek.expiry);
  // What is certain of a window around an instant that is itself an interval.
  const blurMs = kek.expiry.toMs - kek.expiry.fromMs;
  return choice.start.fromMs >= fromMs + blurMs && choice.start.toMs <= toMs - blurMs ? only : undefined;
}
