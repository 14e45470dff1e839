/**
 * The registrations between two answers, each with its interval and cause.
 *
 * The counters say how many; the log, the age of the last rekey and the countdown say when. Several in one interval are
 * told apart where the evidence allows it and share the interval otherwise.
 */
import type { KekAfter, RegistrationFacts } from '../memory/registration-facts.ts';
import { type CauseDecision, causeOfReregistration, legacyPair } from './reregistration-cause.ts';
import { type Interval, intersection, middleMs, overlaps, widened } from '../seen/interval.ts';
import { DELIVERY_MS, intervalOfMark, isAttempt, type LogMark, marksIn, quotedMark } from '../log/log-evidence.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import type { GroupType } from '../seen/snapshot.ts';
import { kekMissedWindow } from '../keys/timer-windows.ts';
import type { Draft, GroupState } from '../memory/tracker-state.ts';

/** What is known of its beginning where neither counters nor the state of the registration are shown. */
export interface Begun {
  /** By any timer: attempts may have failed for long. */
  readonly byAny: Interval;
  /** By the KEK's own timer, which deletes the KEK. */
  readonly byKek: Interval;
}

export interface RegistrationSpan {
  readonly state: GroupState;
  /** Between the last answer and this one. */
  readonly span: Interval;
  readonly count: number;
  /** Number of the first of them in its epoch. */
  readonly firstNumber: number;
  /**
   * After a restart of the counters: the first registration's cause is the restart's, and the old keys' timers are
   * gone.
   */
  readonly afterRestart: boolean;
  readonly kekAfter: KekAfter;
  readonly keyServerAfter: string | null;
  readonly teksReplaced: boolean | null;
  readonly kekMade: Interval | null;
  readonly tekMade: Interval | null;
  readonly tekLifetimeSeconds: number | null;
  /** As in `RegistrationFacts`. */
  readonly tekSecondsAfter?: number;
  /** Addresses of its KSs, and its own. */
  readonly peers: readonly string[];
  /** As in `RegistrationFacts`. */
  readonly groupType: GroupType | null;
  /** As in `RegistrationFacts`. */
  readonly ksSaid: readonly KsSaid[];
  readonly rekeysBetween: number | null;
  /** When the last rekey came, and how many after the last registration. */
  readonly lastRekey: Interval | null;
  readonly sinceRegistration: number | null;
  /** Null: the counters tell. */
  readonly uncounted: Begun | null;
  /** Attempts and successes moved alike: no registration took longer than its one attempt. */
  readonly noFailedAttempts: boolean;
  readonly counterEvidence: string;
}

/** In order; as many as `count`. */
export function registrationsBetween(what: RegistrationSpan): readonly Draft[] {
  const { state, count, span } = what;
  const completions = count === 0 ? [] : marksIn(state.marks, 'complete', span);
  const logged = completions.length === count ? completions : null;
  const pair = count === 2 && !what.afterRestart ? legacyPairOf(what, logged) : null;
  const drafts: Draft[] = [];
  let earlier: CauseDecision | null = null;
  for (let index = 0; index < count; index += 1) {
    const completion = logged?.[index];
    const isLast = index === count - 1;
    const between = completion === undefined ? unloggedBetween(what, isLast) : loggedBetween(what, completion);
    const number = what.firstNumber + index;
    if (what.afterRestart && index === 0) {
      const evidence = [what.counterEvidence, ...quotedEach(startMark(what, { completion, index }), completion)];
      drafts.push({ number, between, atMs: middleMs(between), cause: null, evidence, stated: null });
      continue;
    }
    const decision: CauseDecision =
      pair === null
        ? single(what, { between, completion, index, isLast, earlier })
        : index === 0
          ? pair.first
          : pair.second;
    earlier = decision;
    const begin = startMark(what, { completion, index });
    const certain = pair === null || completion !== undefined ? between : pairBetween(what, index);
    drafts.push({
      number,
      between: certain,
      atMs: bestGuessMs(certain, completion, decision.start),
      cause: decision.cause,
      evidence: [what.counterEvidence, ...quotedEach(begin, completion), ...decision.evidence],
      stated: decision.stated?.mnemonic ?? null,
      ...(decision.stated?.ks == null ? {} : { statedBy: decision.stated.ks }),
    });
  }
  return drafts;
}

function quotedEach(...marks: readonly (LogMark | undefined)[]): readonly string[] {
  return marks.flatMap((mark) => (mark === undefined ? [] : [quotedMark(mark)]));
}

/** A message that came at once is the instant; otherwise the middle of what is possible. */
function bestGuessMs(certain: Interval, completion: LogMark | undefined, start: Interval): number {
  if (completion !== undefined && completion.atMs - completion.fromMs <= DELIVERY_MS) return completion.atMs;
  return middleMs(intersection(start, certain) ?? certain);
}

/** Both re-registrations of a cycle with an old KS; the log, where it tells both, must not say otherwise. */
function legacyPairOf(what: RegistrationSpan, logged: readonly LogMark[] | null): ReturnType<typeof legacyPair> {
  const pair = legacyPair(factsOf(what, endedByRekey(what, startSpan(what)), what.span, true));
  if (pair === null || logged === null) return pair;
  const fits = [pair.first, pair.second].every(({ start }, index) => {
    const completion = logged[index];
    if (completion === undefined) return false;
    const between = loggedBetween(what, completion);
    return overlaps(startOf(what, { between, completion, index }), start);
  });
  return fits ? pair : null;
}

interface One {
  readonly between: Interval;
  readonly completion: LogMark | undefined;
  readonly index: number;
  readonly isLast: boolean;
  /** What the one before it in the same interval was. */
  readonly earlier: CauseDecision | null;
}

function single(what: RegistrationSpan, { between, completion, index, isLast, earlier }: One): CauseDecision {
  if (index > 0 && completion === undefined) {
    const evidence = ['one of several registrations between two answers: the keys between them were not seen'];
    const fromMs = Math.max(between.fromMs, Math.min(earlier?.start.fromMs ?? -Infinity, between.toMs));
    return { cause: 'unknown', start: { fromMs, toMs: between.toMs }, evidence };
  }
  const start = startOf(what, { between, completion, index });
  const rekeys = rekeysBefore(what, { between, completion, index });
  const facts = { ...factsOf(what, start, between, isLast), rekeysBetween: rekeys };
  return causeOfReregistration(earlier === null || facts.before === null ? facts : afterAnother(facts, earlier));
}

/** A rekey that came while the registration was under way has not renewed what made it begin. */
function rekeysBefore(what: RegistrationSpan, at: Pick<One, 'between' | 'completion' | 'index'>): number | null {
  const { rekeysBetween, state } = what;
  const { completion } = at;
  if (rekeysBetween === null || rekeysBetween === 0 || completion === undefined) return rekeysBetween;
  const begun = startMark(what, at);
  if (begun === undefined) return rekeysBetween;
  const meanwhile = state.marks.filter(
    ({ proof, fromMs, atMs }) =>
      proof === 'rekey' && fromMs > begun.fromMs && atMs > begun.atMs && atMs <= completion.atMs,
  );
  return Math.max(0, rekeysBetween - meanwhile.length);
}

/**
 * Of the keys that the registration before it brought, only a KEK that stayed the same is known; the old timers are
 * gone.
 */
function afterAnother(facts: RegistrationFacts, earlier: CauseDecision): RegistrationFacts {
  const { before } = facts;
  if (before === null) return facts;
  const sameKek = earlier.cause === 'legacy_ks' ? before.kek : null;
  return {
    ...facts,
    before: { ...before, kek: sameKek, teks: [], timer: null, timerOf: null },
    legacyKek: sameKek === null ? facts.legacyKek : sameKek.anchor,
  };
}

function factsOf(what: RegistrationSpan, start: Interval, completed: Interval, isLast: boolean): RegistrationFacts {
  const { state } = what;
  return {
    start,
    completed,
    begunByKek: what.uncounted?.byKek ?? null,
    quick: what.noFailedAttempts,
    before: what.afterRestart && state.view !== null ? { ...state.view, timer: null, timerOf: null } : state.view,
    kekAfter: (isLast && !cameByRekey(what, completed)) || broughtLast(what, start) ? what.kekAfter : 'unknown',
    keyServerAfter: isLast ? what.keyServerAfter : null,
    teksReplaced: isLast ? what.teksReplaced : null,
    kekMade: isLast ? what.kekMade : null,
    tekMade: isLast ? what.tekMade : null,
    rekeysBetween: what.rekeysBetween,
    rekeyBroughtTek: broughtTek(what),
    // The last of all came after the registration: when those before it came is not shown.
    lastRekey: (what.sinceRegistration ?? 0) > 0 ? null : what.lastRekey,
    marks: state.marks,
    forced:
      state.forced !== null && state.forced.atMs <= start.toMs && state.forced.untilMs >= start.fromMs
        ? state.forced
        : null,
    legacyKek: state.legacyKek,
    tekLifetimeSeconds: what.tekLifetimeSeconds,
    ...(what.tekSecondsAfter === undefined ? {} : { tekSecondsAfter: what.tekSecondsAfter }),
    keyServers: what.peers,
    groupType: what.groupType,
    ksSaid: what.ksSaid,
  };
}

/**
 * A KEK that was made after the last rekey did not come with it; whole seconds of ages and lifetimes are left a margin.
 */
const MADE_AFTER_REKEY_MS = 5000;

function broughtTek({ kekMade, lastRekey, rekeysBetween }: RegistrationSpan): boolean {
  return (
    (rekeysBetween ?? 0) > 0 &&
    kekMade !== null &&
    lastRekey !== null &&
    kekMade.fromMs > lastRekey.toMs + MADE_AFTER_REKEY_MS
  );
}

/**
 * A registration begins while the GM is registered, or began when it was first seen to try in vain, or not to be
 * registered.
 */
function startSpan({ state, span, uncounted }: RegistrationSpan): Interval {
  return uncounted?.byAny ?? state.trying ?? state.unregistered ?? span;
}

/** A registration takes seconds; longer only when attempts fail. */
const REGISTRATION_MS = 3000;

function startOf(what: RegistrationSpan, at: Pick<One, 'between' | 'completion' | 'index'>): Interval {
  const { between, completion, index } = at;
  const whole = index === 0 ? startSpan(what) : between;
  if (completion === undefined) return intersection(whole, { fromMs: -Infinity, toMs: between.toMs }) ?? whole;
  const until = { fromMs: what.span.fromMs, toMs: completion.atMs };
  const first = startMark(what, at);
  if (first === undefined && !what.noFailedAttempts) return intersection(until, whole) ?? whole;
  const start =
    first === undefined
      ? { fromMs: completion.fromMs - REGISTRATION_MS, toMs: completion.atMs }
      : what.uncounted !== null && isAttempt(first)
        ? // Attempts are not counted: others may have failed before.
          { fromMs: whole.fromMs, toMs: first.atMs }
        : intervalOfMark(first);
  return intersection(start, whole) ?? start;
}

/** The message with which a registration began, where one says so. */
function startMark(
  what: RegistrationSpan,
  { completion, index }: Pick<One, 'completion' | 'index'>,
): LogMark | undefined {
  const { state, span, count } = what;
  if (completion === undefined) {
    // The log reported more than were counted: what came before the last but one belongs to those.
    const othersMs = marksIn(state.marks, 'complete', span).at(-2)?.atMs ?? -Infinity;
    return count === 1 ? marksIn(state.marks, 'start', span).findLast(({ atMs }) => atMs > othersMs) : undefined;
  }
  const fromMs = index === 0 ? startSpan(what).fromMs : span.fromMs;
  const starts = marksIn(state.marks, 'start', { fromMs, toMs: completion.atMs });
  // A start before the previous completion was the beginning of that one.
  const previousMs = state.marks.findLast(({ proof, atMs }) => proof === 'complete' && atMs < completion.atMs)?.atMs;
  const first = starts.find((mark) => mark.atMs > (previousMs ?? -Infinity) && mark.atMs <= completion.atMs);
  if (first === undefined || !isAttempt(first)) return first;
  // The message that only a beginning sends may have come a little later.
  const atOnce = widened(intervalOfMark(first), DELIVERY_MS);
  return starts.find((mark) => !isAttempt(mark) && overlaps(intervalOfMark(mark), atOnce)) ?? first;
}

function loggedBetween({ span }: RegistrationSpan, completion: LogMark): Interval {
  return intersection(span, intervalOfMark(completion)) ?? span;
}

/**
 * Whether the last rekey came before or after the last registration, by the counter `After latest register`. Those before
 * that one may have come before a rekey that came before it; none came after one that came after it.
 */
function unloggedBetween(what: RegistrationSpan, isLast: boolean): Interval {
  const { span, lastRekey, sinceRegistration } = what;
  const byRekey = endedByRekey(what, span);
  if (!isLast || lastRekey === null || sinceRegistration !== 0) return byRekey;
  return intersection(byRekey, { fromMs: lastRekey.fromMs, toMs: Infinity }) ?? byRekey;
}

/** Up to the last rekey, where that came after all registrations. */
function endedByRekey({ lastRekey, sinceRegistration }: RegistrationSpan, span: Interval): Interval {
  if (lastRekey === null || (sinceRegistration ?? 0) === 0) return span;
  return intersection(span, { fromMs: -Infinity, toMs: lastRekey.toMs }) ?? span;
}

/** The KEK held in the end had been made before this registration: so it was this one that brought it first. */
function broughtLast({ kekAfter, kekMade }: RegistrationSpan, start: Interval): boolean {
  return kekAfter === 'new' && kekMade !== null && kekMade.toMs < start.fromMs;
}

/**
 * The KEK held in the end was made after the registration, and a rekey came since: what it brought nobody saw.
 * Lifetimes are handed over in whole seconds, so that a KEK seems to be made too early, and never too late.
 */
function cameByRekey({ kekAfter, kekMade, sinceRegistration }: RegistrationSpan, completed: Interval): boolean {
  const isLater = kekMade !== null && kekMade.toMs > completed.toMs;
  return kekAfter === 'new' && isLater && (sinceRegistration ?? 0) > 0;
}

/** The first is complete before the KEK expires, the second after: failed attempts cannot cross that. */
function pairBetween(what: RegistrationSpan, index: number): Interval {
  const span = endedByRekey(what, what.span);
  const expiry = what.state.view?.kek?.expiry;
  if (expiry === undefined) return span;
  const side =
    index === 0
      ? { fromMs: kekMissedWindow(expiry).fromMs, toMs: expiry.fromMs - 1 }
      : { fromMs: expiry.fromMs, toMs: Infinity };
  return intersection(span, side) ?? span;
}
