/**
 * Registrations of a GM that only SNMP shows: emitted where the keys changed as by a registration, or where messages
 * say so and more than messages agrees: the keys changed, or a timer of the GM was due.
 *
 * Neither counters nor attempts are shown: one that changed no key was not seen, and one may have been failing for long
 * when it succeeds. What several timers can have begun stays `unknown`.
 */
import { type KsFigures, peersOf, saidOfGm, type Shown } from '../memory/gm-answer.ts';
import type { EpochMs } from '../seen/instant.ts';
import { type Interval, middleMs, overlaps } from '../seen/interval.ts';
import { kekMade, tekMade, teksReplaced } from '../memory/key-changes.ts';
import { isAttempt, isCorroborated, type LogMark, marksIn, quotedMark } from '../log/log-evidence.ts';
import type { KekAfter } from '../memory/registration-facts.ts';
import { type Begun, registrationsBetween } from './registrations.ts';
import { type Elsewhere, hasNewKek, registeredWith, type SnmpLook } from '../memory/snmp-look.ts';
import { hasNewTek, longestLived } from '../keys/tek-identity.ts';
import { kekMissedWindow, tekWindow } from '../keys/timer-windows.ts';
import type { Draft, GroupState } from '../memory/tracker-state.ts';

/** More messages than this between two looks make no event each. */
const MAX_BY_MESSAGES = 4;
/** Two messages closer together than this belong to one registration of the GM. */
const SAME_REGISTRATION_MS = 3000;
/** Whole seconds of a lifetime, and the drift of a clock while the KEK is held. */
const LIFETIME_DRIFT_MS = 5000;

/** A GM that tries its servers moves on to the next one in less than this. */
const SAME_SERVER_MS = 60_000;

export interface SnmpChange {
  readonly look: SnmpLook;
  readonly before: SnmpLook | null;
  /** Evidence that the GM registered in between. */
  readonly signs: readonly string[];
  readonly span: Interval;
  readonly seen: Shown;
  readonly ks: KsFigures;
}

/**
 * In order. Messages alone prove nothing: where no key changed they count only where they explain a timer that was due.
 */
export function registrationsAlone(
  state: GroupState,
  { look, before, signs, span, seen, ks }: SnmpChange,
  kekAfter: KekAfter,
): readonly Draft[] {
  if (before === null || !seen.registered) return [];
  const completions = marksIn(state.marks, 'complete', span).filter(
    (mark) => mark.atMs > before.sentMs && !hasItsEvent(state, mark) && isCorroborated(mark, state.marks),
  );
  const restarts = marksIn(state.marks, 'restart', span).filter((mark) => mark.atMs > state.epoch.since.toMs);
  const afterRestart = restarts.length > 0 || (state.emitted === 0 && state.epoch.began === 'reload');
  const byKeys = signs.length > 0 || afterRestart;
  const isSaid = completions.length > 0 && keysReplaced(before, look);
  const count = Math.min(MAX_BY_MESSAGES, byKeys ? Math.max(1, completions.length) : completions.length);
  const tekLifetimeSeconds = ks.tekLifetimeSeconds ?? state.tekLifetimeSeconds;
  const drafts = registrationsBetween({
    state: wereWiped(state, before)
      ? { ...state, view: null }
      : registeredBefore(state, look.elsewhere ?? before.elsewhere),
    span,
    count,
    firstNumber: state.emitted + 1,
    afterRestart,
    kekAfter,
    // Without a KEK it may have tried one server after the other: which one it had been registered with is not shown.
    keyServerAfter: before.withoutKek ? null : look.keyServer,
    teksReplaced: teksReplaced(state.view, seen),
    kekMade: kekMade(seen, kekAfter, ks),
    tekMade: tekMade(state.view, seen, ks),
    tekLifetimeSeconds,
    peers: peersOf(seen.gm),
    groupType: seen.gm.groupType,
    ksSaid: saidOfGm(ks, seen.gm),
    rekeysBetween: rekeysBetween(before.sequence, look.sequence),
    lastRekey: null,
    sinceRegistration: null,
    uncounted: begun(state, before, span, tekLifetimeSeconds),
    noFailedAttempts: false,
    counterEvidence: signs[0] ?? (afterRestart ? 'restarted, and it holds keys again' : 'SNMP only: no counters'),
  });
  const [first, ...others] = drafts;
  // It is emitted once the uptime has been read: by then the GM has registered.
  if (first !== undefined && !state.everRegistered) return [{ ...first, cause: 'initial' }, ...others];
  const explained = drafts.map((draft, index) => {
    // The last look may have come in the middle of it.
    const sinceMs = drafts[index - 1]?.atMs ?? (before.kekLost?.fromMs ?? before.sentMs) - SAME_REGISTRATION_MS;
    return byClear(state, draft, { fromMs: sinceMs, toMs: draft.between.toMs });
  });
  const certain = byKeys || isSaid || explained.every(({ cause }) => cause !== 'unknown') ? explained : [];
  const firstOne = certain.length === 0 ? null : firstOfCycle(state, before, look);
  return firstOne === null ? certain : [firstOne, ...certain.map((draft) => ({ ...draft, number: draft.number + 1 }))];
}

/**
 * Another server had been shown from the KEK's window on, with the KEK until it ran out: a GM that tries for its KEK's
 * sake has deleted it, and no TEK was due. So it had registered there, and this is its second registration of that
 * cycle.
 */
function firstOfCycle(state: GroupState, before: SnmpLook, look: SnmpLook): Draft | null {
  const { elsewhere, kekLost } = before;
  const { view } = state;
  const tek = longestLived(view?.teks ?? []);
  if (elsewhere === undefined || elsewhere.wandering || kekLost === null || view?.kek == null || tek === null)
    return null;
  const { since, from } = elsewhere;
  const inWindow = overlaps(since, kekMissedWindow(view.kek.expiry));
  const hasSaid = marksIn(state.marks, 'start', since).some((mark) => !isAttempt(mark));
  const stayedMs = kekLost.fromMs - since.toMs;
  const ranOut = kekLost.toMs >= view.kek.expiry.fromMs && stayedMs > (hasSaid ? 0 : SAME_SERVER_MS);
  if (!inWindow || !ranOut || look.keyServer !== before.keyServer) return null;
  if (tekWindow(tek.expiry, state.tekLifetimeSeconds).fromMs <= since.toMs) return null;
  return elsewhereDraft(state, { from, to: look.keyServer ?? '', since, byMs: kekLost.fromMs });
}

/** A rekey would replace them as well; with a message that says so it was a registration. */
function keysReplaced(before: SnmpLook, look: SnmpLook): boolean {
  return hasNewKek(before, look) || hasNewTek(before.teks, look.teks);
}

/** The GM says that an operator made it register: with the clear what timers its keys had went. */
function byClear(state: GroupState, draft: Draft, since: Interval): Draft {
  const { marks, tally } = state;
  const cleared = marksIn(marks, 'clear', since).at(-1);
  const isOfAnother = cleared !== undefined && tally.last !== null && cleared.atMs <= tally.last.atMs;
  if (cleared === undefined || isOfAnother || (draft.cause === null && !isAfterRestart(state, cleared))) return draft;
  const completion = marksIn(marks, 'complete', draft.between).slice(-1);
  const evidence = [...draft.evidence.slice(0, 1), quotedMark(cleared), ...completion.map(quotedMark)];
  return { ...draft, cause: 'operator_clear', stated: null, evidence };
}

/** The restart had made it register, and the clear made it begin anew. */
function isAfterRestart({ marks, epoch }: GroupState, { fromMs }: LogMark): boolean {
  return fromMs > epoch.since.toMs && !marks.some(({ proof, atMs }) => proof === 'restart' && atMs >= fromMs);
}

/**
 * The KEK went before any timer of it could delete it, or with it a TEK that had time left: a clear, and what timers
 * the keys had went with them.
 */
function wereWiped({ view }: GroupState, { withoutKek, kekLost, teks, receivedMs }: SnmpLook): boolean {
  const kek = view?.kek ?? null;
  if (!withoutKek || kekLost === null || kek === null) return false;
  const tek = longestLived(view?.teks ?? []);
  const tekWent = teks.length === 0 && tek !== null && tek.expiry.fromMs > receivedMs + LIFETIME_DRIFT_MS;
  return tekWent || kekLost.toMs < kekMissedWindow(kek.expiry).fromMs - LIFETIME_DRIFT_MS;
}

/** The server that it tries is not the one it had registered with. */
function registeredBefore(state: GroupState, elsewhere: Elsewhere | undefined): GroupState {
  const { view } = state;
  return view === null || elsewhere === undefined ? state : { ...state, view: { ...view, keyServer: elsewhere.from } };
}

/**
 * It shows another server for good, and no key or message has told of the registration there. It may have tried that
 * server for a while before it registered: certain is only that it did by now.
 */
export function registeredElsewhere(state: GroupState, look: SnmpLook): readonly Draft[] {
  const { elsewhere, keyServer, receivedMs } = look;
  if (elsewhere === undefined || keyServer === null) return [];
  const { since, from } = elsewhere;
  return [elsewhereDraft(state, { from, to: keyServer, since, byMs: receivedMs })];
}

/** `byMs`: it had registered by then. */
function elsewhereDraft(
  { emitted }: GroupState,
  what: { readonly from: string; readonly to: string; readonly since: Interval; readonly byMs: EpochMs },
): Draft {
  const { from, to, since, byMs } = what;
  return {
    number: emitted + 1,
    between: { fromMs: since.fromMs, toMs: Math.max(since.toMs, byMs) },
    atMs: middleMs(since),
    cause: 'ks_failover',
    stated: null,
    evidence: [registeredWith(from, to)],
  };
}

/** A message that came in the very moment of a look: what the look showed may have been emitted already. */
function hasItsEvent({ tally }: GroupState, mark: LogMark): boolean {
  const last = tally.last;
  return (
    last !== null && last.atMs >= mark.fromMs - SAME_REGISTRATION_MS && last.atMs <= mark.atMs + SAME_REGISTRATION_MS
  );
}

/** The KEK's timer deletes the KEK in its window, or begins after the KEK ran out; the TEK's leaves no trace. */
function begun({ view }: GroupState, before: SnmpLook, span: Interval, tekLifetimeSeconds: number | null): Begun {
  const { kekLost } = before;
  const tek = longestLived(view?.teks ?? []);
  const tekDueMs = tek === null ? span.fromMs : tekWindow(tek.expiry, tekLifetimeSeconds).fromMs;
  const byKek =
    before.withoutKek && kekLost !== null ? begunWithoutKek(kekLost, view?.kek?.expiry ?? null, span) : span;
  return { byAny: { fromMs: Math.min(byKek.fromMs, span.fromMs, tekDueMs), toMs: span.toMs }, byKek };
}

function begunWithoutKek(kekLost: Interval, expiry: Interval | null, span: Interval): Interval {
  const wasDeleted = expiry !== null && kekLost.toMs < expiry.fromMs;
  return wasDeleted ? kekLost : { fromMs: kekLost.fromMs, toMs: span.toMs };
}

/** From the sequence number of the last rekey, which says that some came and not how many; null: it is not shown. */
function rekeysBetween(before: number | null, now: number | null): number | null {
  if (before === null || now === null) return null;
  return before === now ? 0 : 1;
}
