/**
 * The few instants at which a poll decides what a regular interval of minutes cannot.
 *
 * A re-registration is classified by the one window that its unobserved interval overlaps, so the cuts lie where no
 * cause can act. Relative to KEK expiry E:
 *
 *     lead      -190        -40       0         +80
 *   ----|---------[  missed  ]---------[ expired  ]------
 *      ^rekey due             ^window over         ^expiry over
 *             ^before window             ^after expiry
 *
 * - rekey due: after the KS's lead. A new KEK ends the plan here, so a healthy GM costs one poll a cycle.
 * - before window: in (E - 196, E - 190). Retransmission is over; the old KEK now is overdue for certain, and the
 *   counters are the baseline for all that follows.
 * - window over: in (E - 40, E). What the first poll did not have happened in the missed-rekey window; it is also the
 *   baseline for the expiry.
 * - after expiry, expiry over: the KEK is gone or replaced; what came since `window over` came in [E, E + 80].
 * - `Reregisters in`: a poll before it (a TEK rekey that came moves it away) and one after it, so that a TEK-driven
 *   re-registration lies in half a minute of the TEK's window.
 * - of a KS, once its rekey is over: whether it lived to send it to all, and who acknowledged it. And again soon after
 *   it gave no answer: that it is down is told after three, which at 15 minutes each would take half an hour.
 * - settled: what passes while a GM registers has lasted too long for that, and is told for what it is; a page does not
 *   wait for a regular poll of minutes.
 *
 * The plan is made anew after each poll; what it holds beyond the next poll is what the API shows. The fleet's GMs of
 * one group expire at the same instant: each instant is a span, and the device's jitter picks its place in it.
 */
import { EXPIRY_WINDOW_SECONDS, LEAD_FLOOR_SECONDS, MISSED_REKEY_WINDOW, UNDER_WAY_SECONDS } from './kek-window.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { KekBehavior } from '../seen/release.ts';

export const POLL_REASONS = [
  'rekey_due',
  'before_window',
  'window_over',
  'after_expiry',
  'expiry_over',
  'before_reregistration',
  'after_reregistration',
  'settled',
  'ks_rekey',
  'ks_rekey_sent',
  'ks_silent',
  'confirm',
  'retry',
] as const;
export type PollReason = (typeof POLL_REASONS)[number];

export interface PlannedPoll {
  readonly atMs: EpochMs;
  readonly reason: PollReason;
}

export interface PlanInput {
  readonly nowMs: EpochMs;
  /** `ks`: only its own rekey is of interest. */
  readonly role: 'gm' | 'ks';
  /** A GM of legacy behaviour has no timer: only the KS's rekey and its own counter are of interest. */
  readonly kekBehavior: KekBehavior;
  /** Expiry of the KEK held or last held; of a legacy GM its KS's. null: not known. */
  readonly kekExpiryMs: EpochMs | null;
  readonly leadSeconds: number;
  /** A KS: instant of its next KEK or TEK rekey (`time to rekey`). */
  readonly ksRekeyAtMs?: EpochMs | null;
  /** A KS: when the rekey with its present KEK was sent in full, retransmission included. */
  readonly ksRekeySentMs?: EpochMs | null;
  /** A GM: instant at which `Reregisters in` runs out. */
  readonly reregistersAtMs?: EpochMs | null;
  /** A GM without registration or TEK: from when on it is no registration under way; null: it has both. */
  readonly settledAtMs?: EpochMs | null;
  /** Something changed at this instant (a re-registration, a new KEK, a pushed message): look again soon. */
  readonly changedAtMs?: EpochMs | null;
  /** The last poll was lost, and how many in a row; 0 or absent: it had an answer. */
  readonly failuresInARow?: number;
  /** Regular interval; null: cron or none. */
  readonly regularIntervalMs?: number | null;
  /** Place of this device in each span, in [0, 1): a hash of its name. */
  readonly jitter: number;
}

/** Upper bound of a plan, whatever comes in. */
export const MAX_PLANNED_POLLS = 8;

/** A regular interval this short always has a poll in the 40 s between the two windows: extra ones decide nothing. */
const REGULAR_IS_ENOUGH_MS = 30_000;
/** A poll that is followed by another one this soon shows nothing of its own. */
const MIN_SPACING_MS = 5000;
/** After the KS begins to send: time for the first transmission to be there. */
const REKEY_ARRIVES_SECONDS = 10;
/**
 * A lead that exceeds the floor by more than this comes from the batches of a big group: its last GM gets the rekey
 * near the floor.
 */
const MAX_BEFORE_FLOOR_SECONDS = 40;
/** Room between the two looks for the rekey. */
const SECOND_LOOK_SECONDS = 5;
/** Room for the answer: a poll planned before a window must be answered before it. */
const ANSWER_SECONDS = 2;
/** Whole-second countdowns, clock drift: a poll planned after an instant is this long after it. */
const SETTLE_SECONDS = 3;

type Span = readonly [fromSeconds: number, toSeconds: number];

/** From when on the old KEK is overdue for certain, whatever the lead. */
const BEFORE_WINDOW: Span = [
  -LEAD_FLOOR_SECONDS + 1 + UNDER_WAY_SECONDS,
  -MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry - ANSWER_SECONDS,
];
const WINDOW_OVER: Span = [
  -MISSED_REKEY_WINDOW.toSecondsBeforeExpiry + SETTLE_SECONDS,
  -MISSED_REKEY_WINDOW.toSecondsBeforeExpiry + 30,
];
const AFTER_EXPIRY: Span = [SETTLE_SECONDS, 15];
const EXPIRY_OVER: Span = [EXPIRY_WINDOW_SECONDS + SETTLE_SECONDS, EXPIRY_WINDOW_SECONDS + 40];
/** A GM of legacy behaviour, and a KS that rekeys at expiry: retransmission is over after this. */
const LEGACY_AFTER_EXPIRY: Span = [30, 60];
const BEFORE_REREGISTRATION: Span = [-20, -ANSWER_SECONDS - 1];
/** A registration itself takes a second or more. */
const AFTER_REREGISTRATION: Span = [SETTLE_SECONDS + 2, 20];
const SETTLED: Span = [SETTLE_SECONDS, 15];
const KS_REKEY: Span = [SETTLE_SECONDS, 15];
const KS_SILENT: Span = [40, 60];
/** Polls this often tell soon enough that a KS is silent. */
const REGULAR_TELLS_SILENCE_MS = 90_000;
const CONFIRM: Span = [5, 20];
/**
 * After a lost poll at a time that decides. A device that gave no answer more than `MAX_RETRIES` times in a row waits
 * for its schedule.
 */
const RETRY: Span = [2, 6];
const MAX_RETRIES = 2;
/** A retry must find the counters as they were before a re-registration, or soon after it. */
const RETRY_AROUND_REREGISTRATION_SECONDS = 30;

/** The instants with their reasons, in order, all after `nowMs`, at most `MAX_PLANNED_POLLS`. Total on any numbers. */
export function planPolls(input: PlanInput): readonly PlannedPoll[] {
  if (!Number.isFinite(input.nowMs)) return [];
  const regular = input.regularIntervalMs ?? null;
  const planned = confirmation(input);
  if (regular === null || regular > REGULAR_IS_ENOUGH_MS) {
    planned.push(...(input.role === 'ks' ? ksPolls(input) : gmPolls(input)));
  }
  const ahead = planned.filter((poll) => Number.isFinite(poll.atMs) && poll.atMs > input.nowMs);
  return ahead.length === 0 ? ahead : spaced(ahead.toSorted((a, b) => a.atMs - b.atMs)).slice(0, MAX_PLANNED_POLLS);
}

/** The reason in words, for the API and the page. */
export function whyPlanned(reason: PollReason): string {
  switch (reason) {
    case 'rekey_due':
      return 'the KEK rekey must have come by now: is there a new KEK?';
    case 'before_window':
      return 'the window [expiry - 190 s, expiry - 40 s] is about to begin: has a late KEK rekey come?';
    case 'window_over':
      return 'the window [expiry - 190 s, expiry - 40 s] is over: did the GM re-register for a missed KEK rekey?';
    case 'after_expiry':
      return 'the KEK has expired: does the GM hold one, and when will it re-register?';
    case 'expiry_over':
      return 'the window [expiry, expiry + 80 s] is over: did the GM re-register for an expired KEK?';
    case 'before_reregistration':
      return 'Reregisters in is about to run out: did a rekey come in the meantime?';
    case 'after_reregistration':
      return 'Reregisters in has run out: did the GM re-register?';
    case 'settled':
      return 'it is without a registration or a TEK for longer than to register takes: is it still?';
    case 'ks_rekey':
      return 'the KS sends a rekey now: new keys, and who acknowledged them?';
    case 'ks_rekey_sent':
      return 'the KS must have sent its KEK rekey to all by now: is it up, and who acknowledged it?';
    case 'ks_silent':
      return 'the KS gave no answer: was it lost, or is the KS down?';
    case 'confirm':
      return 'something changed: has it settled?';
    case 'retry':
      return 'the last poll was lost at a time that decides: does it answer now?';
    default:
      return reason satisfies never;
  }
}

function confirmation(input: PlanInput): PlannedPoll[] {
  const { changedAtMs } = input;
  return changedAtMs === null || changedAtMs === undefined ? [] : [pollIn(input, changedAtMs, CONFIRM, 'confirm')];
}

function ksPolls(input: PlanInput): PlannedPoll[] {
  const { nowMs, ksRekeyAtMs, ksRekeySentMs, kekExpiryMs, failuresInARow = 0, regularIntervalMs } = input;
  const polls: PlannedPoll[] = [];
  if (isToBeRepeated(failuresInARow) && (regularIntervalMs ?? Infinity) > REGULAR_TELLS_SILENCE_MS)
    polls.push(pollIn(input, nowMs, KS_SILENT, 'ks_silent'));
  if (ksRekeySentMs !== null && ksRekeySentMs !== undefined)
    polls.push(pollIn(input, ksRekeySentMs, KS_REKEY, 'ks_rekey_sent'));
  if (ksRekeyAtMs !== null && ksRekeyAtMs !== undefined) polls.push(pollIn(input, ksRekeyAtMs, KS_REKEY, 'ks_rekey'));
  if (kekExpiryMs !== null) {
    const due = rekeyDue(input.leadSeconds);
    if (due !== null) polls.push(pollIn(input, kekExpiryMs, due, 'rekey_due'));
    polls.push(pollIn(input, kekExpiryMs, BEFORE_WINDOW, 'before_window'));
    polls.push(pollIn(input, kekExpiryMs, AFTER_EXPIRY, 'after_expiry'));
  }
  return polls;
}

function gmPolls(input: PlanInput): PlannedPoll[] {
  const polls = retry(input);
  if (input.kekExpiryMs !== null) polls.push(...aroundKekExpiry(input, input.kekExpiryMs));
  polls.push(...reregistrationPolls(input));
  if (input.settledAtMs !== null && input.settledAtMs !== undefined)
    polls.push(pollIn(input, input.settledAtMs, SETTLED, 'settled'));
  return polls;
}

function aroundKekExpiry(input: PlanInput, kekExpiryMs: EpochMs): readonly PlannedPoll[] {
  const around = (span: Span, reason: PollReason) => pollIn(input, kekExpiryMs, span, reason);
  const dueSpan = rekeyDue(input.leadSeconds);
  const polls = dueSpan === null ? [] : [around(dueSpan, 'rekey_due')];
  polls.push(around(BEFORE_WINDOW, 'before_window'));
  if (input.kekBehavior === 'legacy') polls.push(around(LEGACY_AFTER_EXPIRY, 'after_expiry'));
  else {
    polls.push(
      around(WINDOW_OVER, 'window_over'),
      around(AFTER_EXPIRY, 'after_expiry'),
      around(EXPIRY_OVER, 'expiry_over'),
    );
  }
  return polls;
}

/**
 * A lost poll is repeated from the KS's lead to the end of the last window, around the end of the countdown, and where
 * it was to decide what a GM lacks.
 */
function retry(input: PlanInput): PlannedPoll[] {
  const { nowMs, kekExpiryMs, reregistersAtMs, settledAtMs, failuresInARow = 0 } = input;
  if (!isToBeRepeated(failuresInARow)) return [];
  const inKekWindows =
    kekExpiryMs !== null &&
    nowMs >= kekExpiryMs - Math.max(input.leadSeconds, LEAD_FLOOR_SECONDS) * 1000 &&
    nowMs <= kekExpiryMs + EXPIRY_OVER[1] * 1000;
  const aroundCountdown =
    reregistersAtMs !== null &&
    reregistersAtMs !== undefined &&
    Math.abs(nowMs - reregistersAtMs) <= RETRY_AROUND_REREGISTRATION_SECONDS * 1000;
  const toSettle =
    settledAtMs !== null &&
    settledAtMs !== undefined &&
    Math.abs(nowMs - settledAtMs) <= RETRY_AROUND_REREGISTRATION_SECONDS * 1000;
  return inKekWindows || aroundCountdown || toSettle ? [pollIn(input, nowMs, RETRY, 'retry')] : [];
}

function isToBeRepeated(failuresInARow: number): boolean {
  return failuresInARow >= 1 && failuresInARow <= MAX_RETRIES;
}

/** From the rekey's arrival to the floor; null: the lead leaves no room, `before window` asks for the rekey. */
function rekeyDue(leadSeconds: number): Span | null {
  const arrival = Math.min(leadSeconds - REKEY_ARRIVES_SECONDS, LEAD_FLOOR_SECONDS + MAX_BEFORE_FLOOR_SECONDS);
  const latest = LEAD_FLOOR_SECONDS + SECOND_LOOK_SECONDS;
  return arrival > latest ? [-arrival, -latest] : null;
}

/** A KEK-driven countdown has its baseline already; before any other one a last look tells a rekey that came. */
function reregistrationPolls(input: PlanInput): PlannedPoll[] {
  const { reregistersAtMs, kekExpiryMs } = input;
  if (reregistersAtMs === null || reregistersAtMs === undefined) return [];
  const after = pollIn(input, reregistersAtMs, AFTER_REREGISTRATION, 'after_reregistration');
  const kekDriven =
    kekExpiryMs !== null &&
    input.kekBehavior !== 'legacy' &&
    reregistersAtMs >= kekExpiryMs - MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry * 1000 &&
    reregistersAtMs <= kekExpiryMs + EXPIRY_WINDOW_SECONDS * 1000;
  return kekDriven ? [after] : [pollIn(input, reregistersAtMs, BEFORE_REREGISTRATION, 'before_reregistration'), after];
}

function pollIn(input: PlanInput, originMs: EpochMs, [from, to]: Span, reason: PollReason): PlannedPoll {
  const jitter = input.jitter >= 0 && input.jitter < 1 ? input.jitter : 0;
  return { atMs: Math.round(originMs + (from + jitter * (to - from)) * 1000), reason };
}

/** A poll that separates two windows is never left out; one that only looks again is, where another follows at once. */
function spaced(polls: readonly PlannedPoll[]): PlannedPoll[] {
  return polls.filter((poll, index) => {
    const next = polls[index + 1];
    return !looksAgain(poll.reason) || next === undefined || next.atMs - poll.atMs >= MIN_SPACING_MS;
  });
}

function looksAgain(reason: PollReason): boolean {
  return reason === 'retry' || reason === 'confirm' || reason === 'after_reregistration' || reason === 'ks_rekey';
}
