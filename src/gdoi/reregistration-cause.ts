/**
 * Why did this GM register again?
 *
 * Decides from the interval in which the registration certainly began, the keys and the countdown of the last answer
 * before it, the keys after it, and log messages. A cause is named when its window, and no other one's, fits; otherwise
 * the answer is `unknown` with what there is. Reload and clear are decided before (counters, uptime): not here.
 */
import type { Cause } from './event.ts';
import { type Interval, intersection, middleMs, overlaps, widened } from './interval.ts';
import { driftMs } from './kek-identity.ts';
import { type LogMark, instantOf, marksIn, quoted } from './log-evidence.ts';
import {
  DEFAULT_TEK_LIFETIME_SECONDS,
  EXPIRY_WINDOW_SECONDS,
  MISSED_REKEY_WINDOW,
  tekWindowSecondsBeforeExpiry,
} from './kek-window.ts';
import { longestLived } from './tek-identity.ts';
import { kekExpiryWindow, kekMissedWindow, tekWindow } from './timer-windows.ts';
import type { GroupState, HeldView } from './tracker-state.ts';

/** The KEK after the registration, against the one held before. `gone`: registered and without one. */
export type KekAfter = 'same' | 'new' | 'gone' | 'unknown';

export interface RegistrationFacts {
  /** In which the registration began. */
  readonly start: Interval;
  /** In which it was completed. */
  readonly completed: Interval;
  readonly before: HeldView | null;
  readonly kekAfter: KekAfter;
  readonly keyServerAfter: string | null;
  /** No TEK held before is held after; null: not known. */
  readonly teksReplaced: boolean | null;
  /** When the KS made the KEK held after, where the lifetime is known. */
  readonly kekMade: Interval | null;
  /** Rekeys received after `before` and before the registration. */
  readonly rekeysBetween: number;
  readonly marks: readonly LogMark[];
  readonly forced: GroupState['forced'];
  readonly legacyKek: number | null;
  readonly tekLifetimeSeconds: number | null;
}

export interface CauseDecision {
  readonly cause: Cause;
  readonly evidence: readonly string[];
  /** The start, as narrow as the decision makes it. */
  readonly start: Interval;
}

type Window = 'kek_missed' | 'kek_expiry' | 'tek';

/** Whole seconds and answer latency around the device's own countdown. */
const TIMER_SLACK_MS = 2500;
/** Whole seconds of lifetimes, twice handed over. */
const KEK_MADE_SLACK_MS = 20_000;
/** A KEK is deleted at its expiry; its message may take a little longer. */
const DELETION_SLACK_MS = 5000;
/** A KS renews a KEK this long before its expiry at most (lead with a full unicast batch), a TEK too. */
const LONGEST_LEAD_MS = 300_000;

export function causeOfReregistration(facts: RegistrationFacts): CauseDecision {
  const { before, start } = facts;
  if (facts.forced !== null) return { cause: 'ks_forced', evidence: [facts.forced.evidence], start };
  if (before === null) return failoverOr(facts, []);

  const deleted = deletionOf(before, facts.marks);
  if (deleted !== null && instantOf(deleted).fromMs <= start.toMs) {
    // One registration, a KEK deleted at its expiry and a new one now: it came after. A KEK that is gone came before.
    const afterIt = intersection(start, { fromMs: instantOf(deleted).fromMs, toMs: Infinity });
    if (afterIt !== null && (facts.kekAfter === 'new' || instantOf(deleted).toMs <= start.fromMs)) {
      return expiredKek(facts, before, afterIt, [quoted(deleted)]);
    }
  }

  const { windows, start: narrowed, evidence } = possibleWindows(facts, before);
  const only = windows.length === 1 ? windows[0] : byTimerOwner(windows, before);
  switch (only) {
    case 'kek_missed':
      return missedKek(facts, before, narrowed, [...evidence, ...quotedIf(deletedAfter(deleted, facts))], deleted);
    case 'kek_expiry':
      return expiredKek(facts, before, narrowed, evidence);
    case 'tek':
      return withFailover(facts, { cause: 'tek_expired', start: narrowed, evidence: [...evidence, noTekRekey(facts)] });
    case undefined:
      return windows.length > 1
        ? { cause: 'unknown', start, evidence: [...evidence, 'more than one timer can have made it: not decided'] }
        : replacedOr(facts, before, evidence);
    default:
      return only satisfies never;
  }
}

/**
 * Two registrations of one interval that covers the whole of a KEK's end: both re-registrations of a cycle with a KS that
 * waits for the expiry. Null: not that.
 */
export function legacyPair(
  facts: RegistrationFacts,
): { readonly first: CauseDecision; readonly second: CauseDecision } | null {
  const { before, start, kekAfter } = facts;
  if (before === null || before.kek === null || kekAfter === 'same' || facts.forced !== null) return null;
  const missed = intersection(start, kekMissedWindow(before.kek.expiry));
  const expired = intersection(start, kekExpiryWindow(before.kek.expiry));
  if (missed === null || expired === null) return null;
  // A KS that waits for the expiry makes the new KEK then. Without its lifetime a TEK must not explain the second one.
  if (facts.kekMade !== null) {
    if (facts.kekMade.toMs < before.kek.expiry.fromMs - KEK_MADE_SLACK_MS) return null;
  } else if (tekCanBe(start, facts, before)) {
    return null;
  }
  const timer = before.timer === null || facts.rekeysBetween > 0 ? null : widened(before.timer, TIMER_SLACK_MS);
  if (timer !== null && !overlaps(timer, missed)) return null;
  const evidence = [
    'two registrations in one KEK cycle',
    `KEK expired at ${instant(middleMs(before.kek.expiry))}: one fits [expiry - 190 s, expiry - 40 s], one [expiry, expiry + 80 s]`,
  ];
  const narrowed = timer === null ? null : intersection(missed, timer);
  return {
    first: { cause: 'legacy_ks', evidence, start: narrowed ?? missed },
    second: { cause: 'legacy_ks', evidence, start: expired },
  };
}

function tekCanBe(span: Interval, facts: RegistrationFacts, before: HeldView): boolean {
  const tek = longestLived(before.teks);
  // A rekey that left the KEK as it was brought a TEK: the one held before no longer counts.
  const renewed = facts.rekeysBetween > 0 && facts.kekAfter !== 'new';
  return tek !== null && !renewed && overlaps(span, widened(tekWindow(tek.expiry, facts.tekLifetimeSeconds), 1000));
}

/** Windows the start can lie in, by the device's own countdown where it holds, by overlap otherwise. */
function possibleWindows(
  facts: RegistrationFacts,
  before: HeldView,
): { readonly windows: readonly Window[]; readonly start: Interval; readonly evidence: readonly string[] } {
  const { start } = facts;
  const slack = TIMER_SLACK_MS + driftMs(start.toMs - before.sentMs);
  const timer = before.timer === null ? null : widened(before.timer, slack);
  const holds = timer !== null && (facts.rekeysBetween === 0 || (before.timerOf === 'kek' && facts.kekAfter !== 'new'));
  const countdown =
    before.timer === null
      ? []
      : [`Reregisters in pointed at ${instant(middleMs(before.timer))} (answer of ${instant(before.sentMs)})`];
  if (holds && timer.fromMs > start.toMs) {
    return { windows: [], start, evidence: [...countdown, 'that was not due yet'] };
  }
  const due = holds ? intersection(start, timer) : null;
  const point = due ?? start;
  const windows = due === null ? windowsAt(start, facts, before) : windowsOfCountdown(point, facts, before);
  return { windows, start: windows.length > 0 ? point : start, evidence: due === null ? [] : countdown };
}

function windowsAt(point: Interval, facts: RegistrationFacts, before: HeldView): Window[] {
  const windows: Window[] = [];
  const { kek } = before;
  if (kek !== null) {
    const drift = 1000 + driftMs(point.toMs - before.sentMs);
    const missed = widened(kekMissedWindow(kek.expiry), drift);
    const expired = widened(kekExpiryWindow(kek.expiry), drift);
    if (overlaps(point, missed)) windows.push('kek_missed');
    // A KEK that was held with time enough ends in the first window; only one that came too late ends in the second.
    const cameLate = facts.legacyKek === kek.anchor || before.sentMs >= missed.toMs || !before.kekShown;
    if (overlaps(point, expired) && (cameLate || !overlaps(point, missed))) windows.push('kek_expiry');
  }
  if (tekCanBe(point, facts, before)) windows.push('tek');
  return secondOfCycle(windows, point, facts, before) ? ['kek_expiry'] : windows;
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
    if (within(timerAfterKek, -fromSecondsBeforeExpiry, -toSecondsBeforeExpiry)) windows.push('kek_missed');
    if (within(timerAfterKek, 0, EXPIRY_WINDOW_SECONDS)) windows.push('kek_expiry');
  }
  const tek = tekWindowSecondsBeforeExpiry(facts.tekLifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS);
  if (timerBeforeTek !== null && within(timerBeforeTek, tek.to, tek.from)) windows.push('tek');
  return secondOfCycle(windows, point, facts, before) ? ['kek_expiry'] : windows;
}

function within(seconds: number, from: number, to: number): boolean {
  return seconds >= from - 1 && seconds <= to + 1;
}

function byTimerOwner(windows: readonly Window[], before: HeldView): Window | undefined {
  if (before.timerOf === null || windows.length !== 2) return undefined;
  const fitting = windows.filter((window) => (window === 'tek') === (before.timerOf === 'tek'));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function missedKek(
  facts: RegistrationFacts,
  before: HeldView,
  start: Interval,
  evidence: readonly string[],
  deleted: LogMark | null,
): CauseDecision {
  const expiry = before.kek === null ? start : before.kek.expiry;
  const lines = [
    ...evidence,
    `KEK held before ended at ${instant(middleMs(expiry))}: inside [expiry - 190 s, expiry - 40 s]`,
  ];
  const sameByLog = deletedAfter(deleted, facts) !== null;
  const kekAfter = sameByLog && facts.kekAfter === 'unknown' ? 'gone' : facts.kekAfter;
  switch (kekAfter) {
    case 'same':
      return withFailover(facts, {
        cause: 'legacy_ks',
        start,
        evidence: [...lines, 'the KEK afterwards is the same: the KS had not changed it'],
      });
    case 'gone':
      return withFailover(facts, {
        cause: 'legacy_ks',
        start,
        evidence: [...lines, 'the KEK it brought expired with the old one: it was the same'],
      });
    case 'new':
      return withFailover(facts, {
        cause: 'kek_missed_rekey',
        start,
        evidence: [...lines, 'a new KEK afterwards: the KS had sent a rekey that this GM did not get'],
      });
    case 'unknown':
      return { cause: 'unknown', start, evidence: [...lines, 'the KEK it brought was not seen: not decided'] };
    default:
      return kekAfter satisfies never;
  }
}

function expiredKek(
  facts: RegistrationFacts,
  before: HeldView,
  start: Interval,
  evidence: readonly string[],
): CauseDecision {
  const expiry = before.kek === null ? '' : `KEK expired at ${instant(middleMs(before.kek.expiry))}`;
  if (before.kek !== null && facts.legacyKek === before.kek.anchor) {
    const lines = [...evidence, `${expiry}: second re-registration of this KEK cycle`];
    return withFailover(facts, { cause: 'legacy_ks', start, evidence: lines });
  }
  return withFailover(facts, {
    cause: 'kek_expired',
    start,
    evidence: [...evidence, `${expiry}: inside [expiry, expiry + 80 s]`],
  });
}

/** No timer explains it: the KS replaced its keys before they were due, or another KS answered. */
function replacedOr(facts: RegistrationFacts, before: HeldView, evidence: readonly string[]): CauseDecision {
  const { start, kekAfter } = facts;
  const sameKs = before.keyServer === null || facts.keyServerAfter === before.keyServer;
  const tek = longestLived(before.teks);
  const teksEarly = facts.teksReplaced === true && tek !== null && start.toMs < tek.expiry.fromMs - LONGEST_LEAD_MS;
  const kekEarly =
    kekAfter === 'new' &&
    before.kek !== null &&
    Math.min(start.toMs, facts.kekMade?.toMs ?? Infinity) < before.kek.expiry.fromMs - LONGEST_LEAD_MS;
  if (sameKs && facts.rekeysBetween === 0 && (kekEarly || (before.kek === null && teksEarly))) {
    const key = kekEarly ? 'KEK' : 'TEKs';
    return {
      cause: 'ks_forced',
      start,
      evidence: [...evidence, `the KS had replaced its ${key} long before they were due, and no rekey told this GM`],
    };
  }
  return failoverOr(facts, evidence);
}

function failoverOr(facts: RegistrationFacts, evidence: readonly string[]): CauseDecision {
  const from = facts.before?.keyServer ?? null;
  const { keyServerAfter, start } = facts;
  if (from !== null && keyServerAfter !== null && from !== keyServerAfter) {
    return { cause: 'ks_failover', start, evidence: [...evidence, registeredWith(from, keyServerAfter)] };
  }
  return { cause: 'unknown', start, evidence };
}

function withFailover(facts: RegistrationFacts, decision: CauseDecision): CauseDecision {
  const from = facts.before?.keyServer ?? null;
  const to = facts.keyServerAfter;
  if (from === null || to === null || from === to) return decision;
  return { ...decision, evidence: [...decision.evidence, registeredWith(from, to)] };
}

function registeredWith(from: string, to: string): string {
  return `Registered with ${from} -> ${to}`;
}

function noTekRekey(facts: RegistrationFacts): string {
  const tek = longestLived(facts.before?.teks ?? []);
  return tek === null
    ? 'no TEK rekey came'
    : `longest-lived TEK ${tek.spi} ended at ${instant(middleMs(tek.expiry))}, and no TEK rekey came`;
}

/** A KEK that ran out after the registration was complete is the one that it had brought. */
function deletedAfter(deleted: LogMark | null, { completed }: RegistrationFacts): LogMark | null {
  return deleted !== null && instantOf(deleted).fromMs > completed.toMs ? deleted : null;
}

function quotedIf(mark: LogMark | null): readonly string[] {
  return mark === null ? [] : [quoted(mark)];
}

/** The message that says that this very KEK ran out: it comes at its expiry. */
function deletionOf({ kek }: HeldView, marks: readonly LogMark[]): LogMark | null {
  return kek === null ? null : (marksIn(marks, 'kek_deleted', widened(kek.expiry, DELETION_SLACK_MS)).at(-1) ?? null);
}

export function instant(atMs: number): string {
  const date = new Date(Math.round(atMs));
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString().replace(/\.\d{3}Z$/u, 'Z');
}
