/**
 * States of a GM that make one event when they begin: not registered, no KEK or TEK, attempts that fail, a KEK or
 * TEK rekey that is overdue.
 */
import { counterEvidence } from '../registrations/counted-registrations.ts';
import { isCountdownOver, longestTekSeconds } from '../seen/countdown.ts';
import { type CounterMovement, FAILED_ATTEMPTS } from '../seen/counters.ts';
import {
  kekMissingEvent,
  registrationFailedEvent,
  registrationLostEvent,
  registrationRestoredEvent,
  tekMissingEvent,
  rekeyOverdueEvent,
} from '../events/gdoi-events.ts';
import type { ComparedAnswer } from '../memory/answer.ts';
import { MAX_TEXT, showsNoKek } from '../memory/gm-answer.ts';
import { intersection, middleMs, widened } from '../seen/interval.ts';
import {
  cutTekSeconds,
  DEFAULT_TEK_LIFETIME_SECONDS,
  EXPIRY_WINDOW_SECONDS,
  LEAD_FLOOR_SECONDS,
  MISSED_REKEY_WINDOW,
  tekWindowSecondsBeforeExpiry,
  UNDER_WAY_SECONDS,
} from '../keys/kek-window.ts';
import { longestLived } from '../keys/tek-identity.ts';
import { marksIn, quotedMark } from '../log/log-evidence.ts';
import { instant } from '../events/instant-text.ts';
import { andThen, emitting, type GroupTracked, unchanged } from '../memory/tracked.ts';
import { type Episodes, failedAttempts, type GroupState } from '../memory/tracker-state.ts';
import { reasonsOfFailure, reasonsOfMissingRekey } from './stated-reason.ts';

function inEpisode(state: GroupState, change: Partial<Episodes>): GroupState {
  return { ...state, episodes: { ...state.episodes, ...change } };
}

export function emitRegistrationState(
  state: GroupState,
  answer: ComparedAnswer,
  movement: CounterMovement['kind'],
): GroupTracked {
  const lost = answer.seen.registered ? emitRestored(state, answer) : emitLost(state, answer, movement);
  const failed = andThen(lost, (next) => emitFailed(next, answer));
  return andThen(failed, (next) => unchanged(withReason(next, answer)));
}

/** The reason is kept for the explanation of the group, as long as this lasts. */
function withReason(state: GroupState, answer: ComparedAnswer): GroupState {
  const { registered, counters } = answer.seen;
  if (registered && failedAttempts(state, counters) < FAILED_ATTEMPTS) return state;
  const { refused } = reasonsOfFailure(state, answer);
  return refused === null ? state : { ...state, failingFor: refused };
}

function statusShown({ gm }: ComparedAnswer['seen']): string {
  return `Registration status: ${(gm.status ?? 'not registered').slice(0, MAX_TEXT)}`;
}

function emitRestored(state: GroupState, { place, before, seen, span }: ComparedAnswer): GroupTracked {
  if (!state.episodes.registrationLost) return unchanged(state);
  return emitting(
    inEpisode(state, { registrationLost: false }),
    registrationRestoredEvent(place, {
      occurrence: [state.epoch.id, seen.counters.succeeded],
      between: span,
      evidence: [statusShown(seen), counterEvidence(before.counters, seen.counters)],
    }),
  );
}

function emitLost(state: GroupState, answer: ComparedAnswer, movement: CounterMovement['kind']): GroupTracked {
  const { place, before, seen, span } = answer;
  const noTeks = seen.gm.teks !== null && seen.teks.length === 0;
  // A single answer may fall into a registration that is under way; a second one, or lost TEKs, are no coincidence.
  const isSure = !before.registered || (noTeks && movement !== 'restarted');
  if (!state.everRegistered || state.episodes.registrationLost || before.view === null || !isSure) {
    return unchanged(state);
  }
  const { attempted, succeeded } = seen.counters;
  const { ended: stated, evidence } = reasonsOfFailure(state, answer);
  return emitting(
    inEpisode(state, { registrationLost: true }),
    registrationLostEvent(place, {
      occurrence: [state.epoch.id, succeeded],
      between: state.unregistered ?? span,
      noTeks,
      stated,
      evidence: [
        statusShown(seen),
        ...(attempted === null ? [] : [`Attempted registration: ${attempted}`]),
        ...evidence,
      ],
    }),
  );
}

/** Also of a GM that is still registered: its old keys live on for a while. */
function emitFailed(state: GroupState, answer: ComparedAnswer): GroupTracked {
  const { place, seen, span } = answer;
  const { at, counters } = seen;
  const failed = failedAttempts(state, counters);
  const { registrationFailed } = state.episodes;
  if (registrationFailed) return unchanged(failed === 0 ? inEpisode(state, { registrationFailed: false }) : state);
  if (failed < FAILED_ATTEMPTS) return unchanged(state);
  const { stated, evidence } = reasonsOfFailure(state, answer);
  return emitting(
    inEpisode(state, { registrationFailed: true }),
    registrationFailedEvent(place, {
      occurrence: [state.epoch.id, counters.succeeded],
      between: { fromMs: (state.unregistered ?? span).fromMs, toMs: at.receivedAtMs },
      atMs: at.receivedAtMs,
      tekLeft: seen.registered ? tekLeft(answer) : null,
      inVain: isCountdownOver(seen.gm.reregistersInSeconds),
      stated,
      evidence: [
        statusShown(seen),
        `Attempted registration: ${counters.attempted ?? '?'}, Succeeded registration: ${counters.succeeded}: ${failed} attempts failed`,
        ...evidence,
      ],
    }),
  );
}

function tekLeft({ seen }: ComparedAnswer): string {
  const seconds = longestTekSeconds(seen.gm.teks);
  return seconds === null ? 'but shows no TEK' : `${seconds} s of its last TEK left`;
}

/** Over SNMP it is not. */
function isRegisteredShown({ gm }: ComparedAnswer['seen']): boolean {
  return gm.registered === true;
}

/** Registered without a TEK: sure when the last one ran out, or two answers in a row show none. */
export function emitTekMissing(state: GroupState, answer: ComparedAnswer): GroupTracked {
  const { place, before, seen } = answer;
  const { withoutTek } = state;
  const { tekMissing } = state.episodes;
  if (withoutTek === null) return unchanged(tekMissing ? inEpisode(state, { tekMissing: false }) : state);
  const last = longestLived(before.view?.teks ?? []);
  const ranOut = last !== null && last.expiry.toMs <= seen.at.sentAtMs;
  if (tekMissing || !(ranOut || before.withoutTek !== null)) return unchanged(state);
  const { ended: stated, evidence } = reasonsOfFailure(state, answer);
  const { reregistersInSeconds } = seen.gm;
  const ended = last === null || !ranOut ? null : intersection(widened(last.expiry, 1000), withoutTek);
  return emitting(
    inEpisode(state, { tekMissing: true }),
    tekMissingEvent(place, {
      occurrence: [state.epoch.id, Math.floor(withoutTek.fromMs / 1000)],
      between: ended ?? withoutTek,
      stated,
      registered: isRegisteredShown(seen),
      evidence: [
        `${isRegisteredShown(seen) ? statusShown(seen) : 'a KEK is shown'}, and no TEK is shown`,
        ...(last === null
          ? []
          : [`longest-lived TEK held before, ${last.spi}, ended at ${instant(middleMs(last.expiry))}`]),
        ...(reregistersInSeconds === null ? [] : [`Reregisters in: ${reregistersInSeconds} s`]),
        ...evidence,
      ],
    }),
  );
}

/**
 * A GM whose countdown is this close to its end has looked in vain for a rekey: KSs send it 20 s earlier at the latest.
 */
const COUNTDOWN_SECONDS = 20 - UNDER_WAY_SECONDS;
/** A KS that is not polled may send it as late as one retransmission, 10 s, before the earliest countdown ends. */
const NEARLY_OVER_SECONDS = 10 - UNDER_WAY_SECONDS - 1;

/** The TEK rekey is due by the KS's own plan, or the GM is about to register for want of it. */
export function emitTekRekeyOverdue(state: GroupState, answer: ComparedAnswer): GroupTracked {
  const { place, seen, ks } = answer;
  const tek = longestLived(seen.teks);
  const { overdueTek } = state.episodes;
  if (tek === null || !seen.registered || overdueTek === tek.spi || state.view?.kek == null) return unchanged(state);
  const left = Math.round((tek.expiry.fromMs - seen.at.sentAtMs) / 1000);
  const why = whyOverdue(state, answer, left);
  if (why === null || left <= 0) return unchanged(state);
  const { stated, evidence } = reasonsOfMissingRekey(state, answer);
  const lead = ks.tekLeadSeconds ?? left;
  return emitting(
    inEpisode(state, { overdueTek: tek.spi }),
    rekeyOverdueEvent(place, {
      key: 'TEK',
      occurrence: [state.epoch.id, tek.spi],
      between: {
        fromMs: Math.min(tek.expiry.fromMs - Math.max(lead, left) * 1000, seen.at.receivedAtMs),
        toMs: seen.at.receivedAtMs,
      },
      atMs: seen.at.receivedAtMs,
      stated,
      timeLeft: `${left} s of its last TEK left`,
      evidence: [`longest-lived TEK ${tek.spi}: ${left} s left`, why, ...evidence],
    }),
  );
}

function whyOverdue(state: GroupState, answer: ComparedAnswer, left: number): string | null {
  const { tekLifetimeSeconds } = state;
  const { seen, ks } = answer;
  const lead = ks.tekLeadSeconds;
  if (lead !== null && left + 1 + ks.rekeySeconds <= lead) return `the KS sends the TEK rekey ${lead} s before expiry`;
  const countdown = seen.gm.reregistersInSeconds;
  if (countdown === null) return null;
  const before = left - countdown;
  const lifetime = ks.tekLifetimeSeconds ?? tekLifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS;
  const isRekeyPast = left + 1 + UNDER_WAY_SECONDS <= (lead ?? cutTekSeconds(lifetime));
  const isKnownLost = lead === null && (countdown <= NEARLY_OVER_SECONDS || hasFailedRekey(state, answer));
  if (countdown > COUNTDOWN_SECONDS || !(isRekeyPast || isKnownLost)) return null;
  const window = tekWindowSecondsBeforeExpiry(lifetime);
  const remaining = seen.gm.kek?.remainingSeconds ?? null;
  const isTekDriven =
    before >= window.to - 1 &&
    before <= window.from + 1 &&
    !isNearKek(remaining === null || seen.kek === null ? null : countdown - remaining);
  return isTekDriven ? `Reregisters in: ${countdown} s, ${before} s before TEK expiry: in the TEK’s window` : null;
}

/** The router itself has said why it could not use a rekey. */
function hasFailedRekey(state: GroupState, answer: ComparedAnswer): boolean {
  return reasonsOfMissingRekey(state, answer).stated !== null;
}

/** In a window of the KEK the countdown may be the KEK's. */
function isNearKek(afterExpiry: number | null): boolean {
  const { fromSecondsBeforeExpiry } = MISSED_REKEY_WINDOW;
  return (
    afterExpiry !== null && afterExpiry >= -fromSecondsBeforeExpiry - 1 && afterExpiry <= EXPIRY_WINDOW_SECONDS + 1
  );
}

/** As RESTCONF shows it: `gdoi-rekey-sa`. */
const NO_REKEY_SA = 'no KEK of the group among the rekey SAs';

export function emitKekMissing(state: GroupState, { place, before, seen, span }: ComparedAnswer): GroupTracked {
  const kek = state.view?.kek ?? null;
  const { kekMissing } = state.episodes;
  if (seen.kek !== null) return unchanged(kekMissing ? inEpisode(state, { kekMissing: false }) : state);
  if (!seen.registered || kek === null || kekMissing || !showsNoKek(seen)) return unchanged(state);
  // It deletes its KEK as it begins to register, and some releases show it as registered until then.
  if (seen.gm.reregistersInSeconds === 0 && failedAttempts(state, seen.counters) > 0) return unchanged(state);
  const expired = intersection(span, widened(kek.expiry, 1000));
  const deleted = marksIn(before.marks, 'kek_deleted', span).at(-1);
  const line = seen.gm.kekAbsent === true ? NO_REKEY_SA : seen.gm.kek === null ? 'no KEK POLICY' : 'KEK lifetime: 0';
  return emitting(
    inEpisode(state, { kekMissing: true }),
    kekMissingEvent(place, {
      occurrence: [state.epoch.id, kek.anchor],
      between: expired ?? span,
      evidence: [
        line,
        `the KEK held before ${kek.expiry.fromMs > seen.at.receivedAtMs ? 'was to expire' : 'expired'} at ${instant(middleMs(kek.expiry))}`,
        ...(deleted === undefined ? [] : [quotedMark(deleted)]),
      ],
    }),
  );
}

export function emitKekRekeyOverdue(
  state: GroupState,
  { place, seen, ks }: Pick<ComparedAnswer, 'place' | 'seen' | 'ks'>,
): GroupTracked {
  const kek = state.view?.kek ?? null;
  const remaining = seen.gm.kek?.remainingSeconds ?? null;
  if (kek === null || seen.kek === null || remaining === null || !seen.registered) return unchanged(state);
  const leadSeconds = Math.max(LEAD_FLOOR_SECONDS, ks.leadSeconds ?? LEAD_FLOOR_SECONDS);
  if (remaining + 1 + UNDER_WAY_SECONDS > leadSeconds || state.episodes.overdueKek === kek.anchor)
    return unchanged(state);
  const { gm, at } = seen;
  const { stated, evidence } = reasonsOfMissingRekey(state, { seen, ks });
  const dueAtMs = kek.expiry.fromMs - leadSeconds * 1000;
  return emitting(
    inEpisode(state, { overdueKek: kek.anchor }),
    rekeyOverdueEvent(place, {
      key: 'KEK',
      occurrence: [kek.anchor],
      between: { fromMs: Math.min(dueAtMs, at.receivedAtMs), toMs: at.receivedAtMs },
      atMs: at.receivedAtMs,
      timeLeft: timeLeft(remaining, gm.reregistersInSeconds),
      stated,
      evidence: [
        `KEK lifetime: ${remaining} s; ${leadText(ks.leadSeconds)}`,
        ...(gm.reregistersInSeconds === null ? [] : [`Reregisters in: ${gm.reregistersInSeconds} s`]),
        `Rekeys received: ${seen.counters.received ?? 'not shown'}`,
        ...evidence,
      ],
    }),
  );
}

/** `leadSeconds` null: no KS shows it. */
function leadText(leadSeconds: number | null): string {
  return leadSeconds !== null && leadSeconds >= LEAD_FLOOR_SECONDS
    ? `the KS sends the KEK rekey ${leadSeconds} s before expiry`
    : `a KS of 15.2(1)T / XE 3.5S or later sends the KEK rekey ${LEAD_FLOOR_SECONDS} s before expiry or earlier`;
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
