/**
 * States of a GM that are told once, when they begin: not registered, no KEK, a KEK rekey that is overdue.
 */
import { counterEvidence } from '../registrations/counted-registrations.ts';
import type { CounterMovement } from '../seen/counters.ts';
import type { GdoiEvent } from '../events/event.ts';
import {
  kekMissingEvent,
  kekRekeyOverdueEvent,
  registrationFailedEvent,
  registrationLostEvent,
  registrationRestoredEvent,
} from '../events/gdoi-events.ts';
import { type GmPlace, type KsFigures, MAX_TEXT, type Shown, showsNoKek } from '../memory/gm-answer.ts';
import { type Interval, intersection, middleMs, widened } from '../seen/interval.ts';
import { EXPIRY_WINDOW_SECONDS, LEAD_FLOOR_SECONDS, MISSED_REKEY_WINDOW } from '../keys/kek-window.ts';
import { marksIn, quoted } from '../log/log-evidence.ts';
import { instant } from '../events/instant-text.ts';
import type { GroupState } from '../memory/tracker-state.ts';

/** Attempts beyond successes that are more than a registration under way. */
const FAILED_ATTEMPTS = 2;

export function tellRegistration(
  place: GmPlace,
  before: GroupState,
  state: GroupState,
  seen: Shown,
  span: Interval,
  movement: CounterMovement,
  events: GdoiEvent[],
): GroupState {
  const { at, registered, counters } = seen;
  const status = `Registration status: ${(seen.gm.status ?? 'not registered').slice(0, MAX_TEXT)}`;
  if (registered) {
    if (state.toldLost) {
      const between = span;
      events.push(
        registrationRestoredEvent(place, {
          occurrence: [state.epoch.id, counters.succeeded],
          between,
          evidence: [status, counterEvidence(before.counters, counters)],
        }),
      );
    }
    return state.toldLost || state.toldFailed ? { ...state, toldLost: false, toldFailed: false } : state;
  }
  let next = state;
  const noTeks = seen.gm.teks !== null && seen.teks.length === 0;
  const justRestarted = movement.kind === 'restarted';
  // One answer may fall into a registration that is under way; the second one, or lost TEKs, are no accident.
  if (
    state.everRegistered &&
    !state.toldLost &&
    before.view !== null &&
    (!before.registered || (noTeks && !justRestarted))
  ) {
    const attempted = counters.attempted === null ? [] : [`Attempted registration: ${counters.attempted}`];
    events.push(
      registrationLostEvent(place, {
        occurrence: [state.epoch.id, counters.succeeded],
        between: state.unregistered ?? span,
        noTeks,
        evidence: [status, ...attempted],
      }),
    );
    next = { ...next, toldLost: true };
  }
  const failed = counters.attempted === null ? 0 : counters.attempted - counters.succeeded - (state.failedBefore ?? 0);
  if (!next.toldFailed && failed >= FAILED_ATTEMPTS) {
    events.push(
      registrationFailedEvent(place, {
        occurrence: [state.epoch.id, counters.succeeded],
        between: { fromMs: (state.unregistered ?? span).fromMs, toMs: at.receivedAtMs },
        atMs: at.receivedAtMs,
        evidence: [
          status,
          `Attempted registration: ${counters.attempted ?? '?'}, Succeeded registration: ${counters.succeeded}`,
        ],
      }),
    );
    next = { ...next, toldFailed: true };
  }
  return next;
}

export function tellMissing(
  place: GmPlace,
  before: GroupState,
  state: GroupState,
  seen: Shown,
  span: Interval,
  events: GdoiEvent[],
): GroupState {
  const kek = state.view?.kek ?? null;
  if (seen.kek !== null) return state.toldMissing ? { ...state, toldMissing: false } : state;
  if (!seen.registered || kek === null || state.toldMissing || !showsNoKek(seen)) return state;
  const expired = intersection(span, widened(kek.expiry, 1000));
  const deleted = marksIn(before.marks, 'kek_deleted', span).at(-1);
  const line = seen.gm.kek === null ? 'no KEK POLICY' : 'KEK lifetime: 0';
  events.push(
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
  return { ...state, toldMissing: true };
}

export function tellOverdue(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  ks: KsFigures,
  events: GdoiEvent[],
): GroupState {
  const kek = state.view?.kek ?? null;
  const remaining = seen.gm.kek?.remainingSeconds ?? null;
  if (kek === null || seen.kek === null || remaining === null || !seen.registered) return state;
  const leadSeconds = Math.max(LEAD_FLOOR_SECONDS, ks.leadSeconds ?? LEAD_FLOOR_SECONDS);
  if (remaining + 1 > leadSeconds || state.toldOverdue === kek.anchor) return state;
  const { gm, at } = seen;
  const dueAtMs = kek.expiry.fromMs - leadSeconds * 1000;
  events.push(
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
  return { ...state, toldOverdue: kek.anchor };
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
