/**
 * The counters of a GM restarted: a reload or a clear? Its registrations wait for the uptime, which comes in the same
 * poll; a message that says so decides at once.
 */
import type { Counters, CounterMovement } from '../seen/counters.ts';
import type { Cause, GdoiEvent } from '../events/event.ts';
import { countersResetEvent } from '../events/gdoi-events.ts';
import type { GmPlace, KsFigures, Shown } from '../memory/gm-answer.ts';
import { type Interval, intersection, middleMs } from '../seen/interval.ts';
import { instantOf, type LogMark, marksIn, quoted } from '../log/log-evidence.ts';
import { registrationsBetween } from './registrations.ts';
import type { KekAfter } from '../memory/registration-facts.ts';
import { tellDrafts } from './told-registrations.ts';
import type { Draft, Epoch, GroupState, Pending } from '../memory/tracker-state.ts';

/** More registrations than this do not wait for the uptime: they would make the state large. */
export const MAX_DRAFTS = 4;

export function restarted(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  span: Interval,
  kekAfter: KekAfter,
  movement: Extract<CounterMovement, { kind: 'restarted' }>,
  ks: KsFigures,
  events: GdoiEvent[],
): GroupState {
  const clear = marksIn(state.marks, 'clear', span).findLast((mark) => mark.atMs > state.epoch.since.toMs);
  const reload = marksIn(state.marks, 'restart', span).findLast((mark) => mark.atMs > state.epoch.since.toMs);
  const mark = reload ?? clear;
  const since = (mark === undefined ? null : intersection(span, instantOf(mark))) ?? span;
  const first = Math.floor(state.seen.sentAtMs / 1000);
  const epoch: Epoch = { id: first === state.epoch.id ? first + 1 : first, began: 'unknown', since };
  const hidden = hiddenRegistrations(state, span, mark, movement.registrations);
  const told = tellDrafts(place, state, hidden.drafts, 'operator_clear', events, hidden.occurrence);
  const begun: GroupState = {
    ...told,
    epoch,
    told: 0,
    unregistered: null,
    legacyKek: null,
    forced: null,
    failedBefore: 0,
    toldFailed: false,
    marks: mark === undefined ? told.marks : told.marks.filter(({ atMs }) => atMs >= mark.atMs),
  };
  const drafts = registrationsBetween({
    state: begun,
    span: { fromMs: Math.min(since.fromMs, span.toMs), toMs: span.toMs },
    count: movement.registrations,
    firstNumber: 1,
    afterRestart: true,
    kekAfter,
    keyServerAfter: seen.gm.keyServer,
    teksReplaced: null,
    kekMade: null,
    tekLifetimeSeconds: ks.tekLifetimeSeconds ?? state.tekLifetimeSeconds,
    rekeysBetween: 0,
    lastRekey: null,
    sinceRegistration: null,
    uncounted: null,
    noFailedAttempts: false,
    counterEvidence: `counters restarted: ${movement.evidence.join(', ')}`,
  });
  const pending: Pending = {
    kind: 'restart',
    between: since,
    drafts: drafts.slice(0, MAX_DRAFTS),
    evidence: mark === undefined ? movement.evidence : [...movement.evidence, quoted(mark)],
    allRestarted: allRestarted(state.counters, seen.counters),
  };
  const waiting = { ...begun, told: movement.registrations, pending };
  const late = drafts.slice(MAX_DRAFTS);
  if (mark === undefined && late.length === 0) return waiting;
  const verdict = reload !== undefined ? 'reload' : clear !== undefined ? 'operator_clear' : null;
  const decided = decidePending(place, waiting, verdict, events);
  return tellDrafts(place, decided, late, 'unknown', events);
}

/** Registrations of epochs that no answer saw: cleared, registered, and cleared again. Only the log tells of them. */
function hiddenRegistrations(
  state: GroupState,
  span: Interval,
  lastRestart: LogMark | undefined,
  registrations: number,
): { readonly drafts: readonly Draft[]; readonly occurrence: readonly (string | number)[] } {
  const none = { drafts: [], occurrence: [] };
  if (lastRestart === undefined) return none;
  const completions = marksIn(state.marks, 'complete', span).filter(
    (mark) => mark.fromMs > state.seen.receivedAtMs && mark.atMs <= lastRestart.atMs,
  );
  const clears = marksIn(state.marks, 'clear', span);
  const hidden = completions.filter((mark) => clears.some((clear) => clear.atMs <= mark.atMs));
  if (hidden.length === 0 || registrations === 0) return none;
  return {
    occurrence: ['log'],
    drafts: hidden.slice(0, MAX_DRAFTS).map((mark) => ({
      number: Math.floor(mark.atMs / 1000),
      between: intersection(span, instantOf(mark)) ?? span,
      atMs: mark.atMs,
      cause: 'operator_clear',
      evidence: [quoted(mark), ...clears.filter((clear) => clear.atMs <= mark.atMs).map(quoted)],
    })),
  };
}

function allRestarted(before: Counters, now: Counters): boolean {
  const pairs = [
    [before.succeeded, now.succeeded],
    [before.attempted, now.attempted],
    [before.received, now.received],
  ] as const;
  return pairs.every(([was, is]) => was === null || is === null || is < was || was <= 1);
}

/**
 * The cause of a restart is known, or never will be (null): tell what waited for it. Without an uptime, counters that
 * all restarted are a reload (GETVPN facts, table of causes).
 */
export function decidePending(
  place: GmPlace,
  state: GroupState,
  verdict:
    | { readonly evidence: string; readonly cause: 'reload' | 'operator_clear' }
    | 'reload'
    | 'operator_clear'
    | null,
  events: GdoiEvent[],
): GroupState {
  const { pending } = state;
  if (pending === null) return state;
  const decided = { ...state, pending: null };
  const known = typeof verdict === 'object' ? (verdict?.cause ?? null) : verdict;
  const proof = typeof verdict === 'object' && verdict !== null ? [verdict.evidence] : [];
  if (pending.kind === 'perhaps_reload') {
    if (known !== 'reload') return tellDrafts(place, decided, pending.drafts, restartCause(state.epoch.began), events);
    const epoch: Epoch = {
      id: Math.max(state.epoch.id + 1, Math.floor(pending.between.fromMs / 1000)),
      began: 'reload',
      since: pending.between,
    };
    if (!state.counted) {
      const told = Math.max(1, state.told);
      return tellDrafts(place, { ...decided, epoch, told }, reloaded(pending, proof), 'reload', events);
    }
    const drafts = Array.from(
      { length: Math.min(state.counters.succeeded, MAX_DRAFTS) },
      (_, index): Draft => ({
        number: index + 1,
        between: pending.between,
        atMs: middleMs(pending.between),
        cause: index === 0 ? 'reload' : 'unknown',
        evidence: [`Succeeded registration: ${state.counters.succeeded} since the reload`, ...proof],
      }),
    );
    return tellDrafts(place, { ...decided, epoch, legacyKek: null }, drafts, 'reload', events);
  }
  const withoutUptime = ['the uptime was not seen'];
  const began: 'reload' | 'operator_clear' | 'unknown' = known ?? (pending.allRestarted ? 'reload' : 'unknown');
  const evidence = [...pending.evidence, ...(known === null ? withoutUptime : proof)];
  const epoch: Epoch = { ...decided.epoch, began };
  if (began !== 'reload') {
    events.push(countersResetEvent(place, { occurrence: [epoch.id], between: pending.between, evidence }));
  }
  const drafts = pending.drafts.map((draft) =>
    draft.cause === null
      ? { ...draft, evidence: [...draft.evidence, ...(known === null ? withoutUptime : proof)] }
      : draft,
  );
  return tellDrafts(place, { ...decided, epoch }, drafts, began, events);
}

/** Of the first registration of an epoch. */
export function restartCause(began: Epoch['began']): Cause {
  return began === 'first_sight' ? 'unknown' : began;
}

/** Without counters: what the keys told is the registration after the reload. */
function reloaded({ drafts, between }: Pending, proof: readonly string[]): readonly Draft[] {
  const [first] = drafts;
  if (first !== undefined) return [{ ...first, cause: 'reload', evidence: [...first.evidence, ...proof] }];
  return [
    { number: 1, between, atMs: middleMs(between), cause: 'reload', evidence: ['it holds keys again', ...proof] },
  ];
}
