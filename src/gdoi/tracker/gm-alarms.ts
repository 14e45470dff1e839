/**
 * States of a GM that make one event when they begin: not registered, no KEK, a KEK rekey that is overdue.
 */
import { counterEvidence } from '../registrations/counted-registrations.ts';
import type { Counters, CounterMovement } from '../seen/counters.ts';
import {
  kekMissingEvent,
  kekRekeyOverdueEvent,
  registrationFailedEvent,
  registrationLostEvent,
  registrationRestoredEvent,
} from '../events/gdoi-events.ts';
import type { Answer } from '../memory/answer.ts';
import { MAX_TEXT, showsNoKek } from '../memory/gm-answer.ts';
import { intersection, middleMs, widened } from '../seen/interval.ts';
import { EXPIRY_WINDOW_SECONDS, LEAD_FLOOR_SECONDS, MISSED_REKEY_WINDOW } from '../keys/kek-window.ts';
import { marksIn, quoted } from '../log/log-evidence.ts';
import { instant } from '../events/instant-text.ts';
import { andThen, emitting, type GroupTracked, unchanged } from '../memory/tracked.ts';
import type { Episodes, GroupState } from '../memory/tracker-state.ts';

/** Attempts beyond successes that are more than a registration under way. */
const FAILED_ATTEMPTS = 2;

function inEpisode(state: GroupState, change: Partial<Episodes>): GroupState {
  return { ...state, episodes: { ...state.episodes, ...change } };
}

export function emitRegistrationState(
  state: GroupState,
  answer: Answer,
  movement: CounterMovement['kind'],
): GroupTracked {
  if (answer.seen.registered) return emitRestored(state, answer);
  return andThen(emitLost(state, answer, movement), (next) => emitFailed(next, answer));
}

function statusShown({ gm }: Answer['seen']): string {
  return `Registration status: ${(gm.status ?? 'not registered').slice(0, MAX_TEXT)}`;
}

function emitRestored(state: GroupState, { place, before, seen, span }: Answer): GroupTracked {
  const { registrationLost, registrationFailed } = state.episodes;
  if (!registrationLost && !registrationFailed) return unchanged(state);
  const over = inEpisode(state, { registrationLost: false, registrationFailed: false });
  if (!registrationLost) return unchanged(over);
  return emitting(
    over,
    registrationRestoredEvent(place, {
      occurrence: [state.epoch.id, seen.counters.succeeded],
      between: span,
      evidence: [statusShown(seen), counterEvidence(before.counters, seen.counters)],
    }),
  );
}

function emitLost(
  state: GroupState,
  { place, before, seen, span }: Answer,
  movement: CounterMovement['kind'],
): GroupTracked {
  const noTeks = seen.gm.teks !== null && seen.teks.length === 0;
  // One answer may fall into a registration that is under way; the second one, or lost TEKs, are no accident.
  const isSure = !before.registered || (noTeks && movement !== 'restarted');
  if (!state.everRegistered || state.episodes.registrationLost || before.view === null || !isSure) {
    return unchanged(state);
  }
  const { attempted, succeeded } = seen.counters;
  return emitting(
    inEpisode(state, { registrationLost: true }),
    registrationLostEvent(place, {
      occurrence: [state.epoch.id, succeeded],
      between: state.unregistered ?? span,
      noTeks,
      evidence: [statusShown(seen), ...(attempted === null ? [] : [`Attempted registration: ${attempted}`])],
    }),
  );
}

/** Attempts since the GM was last seen to be well that have not led to a registration. */
function failedAttempts({ failedBefore }: GroupState, { attempted, succeeded }: Counters): number {
  return attempted === null ? 0 : attempted - succeeded - (failedBefore ?? 0);
}

function emitFailed(state: GroupState, { place, seen, span }: Answer): GroupTracked {
  const { at, counters } = seen;
  const failed = failedAttempts(state, counters);
  if (state.episodes.registrationFailed || failed < FAILED_ATTEMPTS) return unchanged(state);
  return emitting(
    inEpisode(state, { registrationFailed: true }),
    registrationFailedEvent(place, {
      occurrence: [state.epoch.id, counters.succeeded],
      between: { fromMs: (state.unregistered ?? span).fromMs, toMs: at.receivedAtMs },
      atMs: at.receivedAtMs,
      evidence: [
        statusShown(seen),
        `Attempted registration: ${counters.attempted ?? '?'}, Succeeded registration: ${counters.succeeded}`,
      ],
    }),
  );
}

export function emitKekMissing(state: GroupState, { place, before, seen, span }: Answer): GroupTracked {
  const kek = state.view?.kek ?? null;
  const { kekMissing } = state.episodes;
  if (seen.kek !== null) return unchanged(kekMissing ? inEpisode(state, { kekMissing: false }) : state);
  if (!seen.registered || kek === null || kekMissing || !showsNoKek(seen)) return unchanged(state);
  const expired = intersection(span, widened(kek.expiry, 1000));
  const deleted = marksIn(before.marks, 'kek_deleted', span).at(-1);
  const line = seen.gm.kek === null ? 'no KEK POLICY' : 'KEK lifetime: 0';
  return emitting(
    inEpisode(state, { kekMissing: true }),
    kekMissingEvent(place, {
      occurrence: [state.epoch.id, kek.anchor],
      between: expired ?? span,
      evidence: [
        line,
        `the KEK held before expired at ${instant(middleMs(kek.expiry))}`,
        ...(deleted === undefined ? [] : [quoted(deleted)]),
      ],
    }),
  );
}

export function emitKekRekeyOverdue(
  state: GroupState,
  { place, seen, ks }: Pick<Answer, 'place' | 'seen' | 'ks'>,
): GroupTracked {
  const kek = state.view?.kek ?? null;
  const remaining = seen.gm.kek?.remainingSeconds ?? null;
  if (kek === null || seen.kek === null || remaining === null || !seen.registered) return unchanged(state);
  const leadSeconds = Math.max(LEAD_FLOOR_SECONDS, ks.leadSeconds ?? LEAD_FLOOR_SECONDS);
  if (remaining + 1 > leadSeconds || state.episodes.overdueKek === kek.anchor) return unchanged(state);
  const { gm, at } = seen;
  const dueAtMs = kek.expiry.fromMs - leadSeconds * 1000;
  return emitting(
    inEpisode(state, { overdueKek: kek.anchor }),
    kekRekeyOverdueEvent(place, {
      occurrence: [kek.anchor],
      between: { fromMs: Math.min(dueAtMs, at.receivedAtMs), toMs: at.receivedAtMs },
      atMs: at.receivedAtMs,
      timeLeft: timeLeft(remaining, gm.reregistersInSeconds),
      evidence: [
        `KEK lifetime: ${remaining} s; the KS sends the KEK rekey ${leadSeconds} s before expiry`,
        ...(gm.reregistersInSeconds === null ? [] : [`Reregisters in: ${gm.reregistersInSeconds} s`]),
        `Rekeys received: ${seen.counters.received ?? 'not shown'}`,
      ],
    }),
  );
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
