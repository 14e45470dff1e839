/**
 * The counters of a GM restarted: a reload or a clear? Its registrations wait for the uptime, which comes in the same
 * poll; a message that says so decides at once.
 */
import type { Counters, CounterMovement } from '../seen/counters.ts';
import type { Cause } from '../events/event.ts';
import { countersResetEvent } from '../events/gdoi-events.ts';
import type { ComparedAnswer } from '../memory/answer.ts';
import { type GmPlace, peersOf, saidOfGm } from '../memory/gm-answer.ts';
import { type Interval, intersection, middleMs } from '../seen/interval.ts';
import { intervalOfMark, isCorroborated, type LogMark, marksIn, quotedMark } from '../log/log-evidence.ts';
import { registrationsBetween } from './registrations.ts';
import { emitRegistrations } from './emitted-registrations.ts';
import { andThen, emitting, type GroupTracked, unchanged } from '../memory/tracked.ts';
import type { Draft, Epoch, GroupState, Pending } from '../memory/tracker-state.ts';

/**
 * The registration that was reported from the log came before this boot: the counter since the boot holds another one.
 */
export function withRegistrationSinceBoot(state: GroupState, boot: Interval): GroupState {
  const { pending, seen } = state;
  if (pending?.toldUntilMs === undefined || pending.toldUntilMs >= boot.fromMs) return state;
  const between = { fromMs: boot.fromMs, toMs: seen.receivedAtMs };
  const evidence = [`counters restarted: ${pending.evidence.join(', ')}`];
  const draft: Draft = { number: 1, between, atMs: middleMs(between), cause: null, evidence, stated: null };
  return { ...state, pending: { ...pending, drafts: [draft, ...pending.drafts] } };
}

/** More registrations than this do not wait for the uptime: they would make the state large. */
export const MAX_DRAFTS = 4;

/** Registrations after a restart wait for its cause, unless a message states it. */
export function restarted(
  state: GroupState,
  answer: ComparedAnswer,
  movement: Extract<CounterMovement, { kind: 'restarted' }>,
): GroupTracked {
  const { place, span } = answer;
  const messages = restartMessages(state, span);
  const hidden = hiddenRegistrations(state, span, messages, movement.registrations);
  const before = emitRegistrations(place, state, { ...hidden, causeOfFirst: 'operator_clear' });
  return andThen(before, (left) => {
    const { begun, drafts: all } = newEpoch(left, answer, { movement, messages });
    const emitted = emittedFromLog(left, span);
    const lines = emitted.map(quotedMark);
    const drafts = all.filter(({ evidence }) => !lines.some((line) => evidence.includes(line)));
    const { reload, mark } = messages;
    const pending: Pending = {
      kind: 'restart',
      between: begun.epoch.since,
      drafts: drafts.slice(0, MAX_DRAFTS),
      // Where only the message showed the restart, it is there already.
      evidence: [...new Set([...movement.evidence, ...(mark === null ? [] : [quotedMark(mark)])])],
      allRestarted: movement.fell && allRestarted(state.counters, answer.seen.counters),
      ...(left.vanished === undefined || mark !== null ? {} : { configuredAgain: true as const }),
      ...(drafts.length === all.length ? {} : { toldUntilMs: Math.max(...emitted.map(({ atMs }) => atMs)) }),
    };
    const waiting = { ...begun, emitted: movement.registrations, pending };
    const late = drafts.slice(MAX_DRAFTS);
    if (mark === null && late.length === 0) return unchanged(waiting);
    const verdict = mark === null ? null : { cause: verdictOf(reload), evidence: [quotedMark(mark)] };
    return andThen(decidePending(place, waiting, verdict), (decided) =>
      emitRegistrations(place, decided, { drafts: late, causeOfFirst: 'unknown' }),
    );
  });
}

/** Completed registrations since the last answer that two messages agree on. */
export function completionsSince(state: GroupState, span: Interval): readonly LogMark[] {
  return marksIn(state.marks, 'complete', span).filter(
    (mark) => mark.fromMs > state.seen.receivedAtMs && isCorroborated(mark, state.marks),
  );
}

/** Those of them that were reported while the device gave no answer: the restarted counter holds them too. */
function emittedFromLog(state: GroupState, span: Interval): readonly LogMark[] {
  return completionsSince(state, span).slice(0, Math.max(0, state.emitted - state.counters.succeeded));
}

function verdictOf(reload: LogMark | null): 'reload' | 'operator_clear' {
  return reload === null ? 'operator_clear' : 'reload';
}

/** Messages of this interval that tell of a restart later than the one known. */
interface RestartMessages {
  readonly reload: LogMark | null;
  /** The one that decides: a reload before a clear. */
  readonly mark: LogMark | null;
}

function restartMessages(state: GroupState, span: Interval): RestartMessages {
  const last = (proof: 'clear' | 'restart') =>
    marksIn(state.marks, proof, span).findLast((mark) => mark.atMs > state.epoch.since.toMs) ?? null;
  const reload = last('restart');
  return { reload, mark: reload ?? last('clear') };
}

function newEpoch(
  state: GroupState,
  { seen, span, kekAfter, ks }: ComparedAnswer,
  {
    movement,
    messages,
  }: {
    readonly movement: Extract<CounterMovement, { kind: 'restarted' }>;
    readonly messages: RestartMessages;
  },
): { readonly begun: GroupState; readonly drafts: readonly Draft[] } {
  const { mark } = messages;
  const since = (mark === null ? null : intersection(span, intervalOfMark(mark))) ?? span;
  const first = Math.floor(state.seen.sentAtMs / 1000);
  const { trying: _, ...before } = state;
  const begun: GroupState = {
    ...before,
    epoch: { id: first === state.epoch.id ? first + 1 : first, began: 'unknown', since },
    emitted: 0,
    unregistered: null,
    legacyKek: null,
    forced: null,
    failedBefore: 0,
    episodes: { ...state.episodes, registrationFailed: false },
    marks: mark === null ? state.marks : state.marks.filter(({ atMs }) => atMs >= mark.atMs),
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
    tekMade: null,
    tekLifetimeSeconds: ks.tekLifetimeSeconds ?? state.tekLifetimeSeconds,
    peers: peersOf(seen.gm),
    groupType: seen.gm.groupType,
    ksSaid: saidOfGm(ks, seen.gm),
    rekeysBetween: 0,
    lastRekey: null,
    sinceRegistration: null,
    uncounted: null,
    noFailedAttempts: false,
    counterEvidence: `counters restarted: ${movement.evidence.join(', ')}`,
  });
  return { begun, drafts };
}

/** Registrations of epochs that no answer saw: cleared, registered, and cleared again. Only the log tells of them. */
function hiddenRegistrations(
  state: GroupState,
  span: Interval,
  { mark: lastRestart }: RestartMessages,
  registrations: number,
): { readonly drafts: readonly Draft[]; readonly occurrence: readonly string[] } {
  const none = { drafts: [], occurrence: [] };
  if (lastRestart === null) return none;
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
      between: intersection(span, intervalOfMark(mark)) ?? span,
      atMs: mark.atMs,
      cause: 'operator_clear',
      stated: null,
      evidence: [quotedMark(mark), ...clears.filter((clear) => clear.atMs <= mark.atMs).map(quotedMark)],
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

/** What an uptime or a message says of a restart. */
export interface RestartVerdict {
  /** `unknown`: neither a reload nor certainly a clear. */
  readonly cause: 'reload' | 'operator_clear' | 'unknown';
  readonly evidence: readonly string[];
}

/**
 * The cause of a restart is known, or never will be (null): emit what waited for it. Without an uptime, counters that
 * all restarted are a reload (GETVPN facts, table of causes).
 */
export function decidePending(place: GmPlace, state: GroupState, verdict: RestartVerdict | null): GroupTracked {
  const { pending } = state;
  if (pending === null) return unchanged(state);
  const decided = { ...state, pending: null };
  if (pending.kind === 'restart') return decideRestart(place, { ...decided, pending }, verdict);
  if (verdict?.cause === 'reload') return decideReload(place, decided, pending, verdict);
  return emitRegistrations(place, decided, {
    drafts: pending.drafts,
    causeOfFirst: restartCause(state.epoch.began),
  });
}

/** No restart of the counters was seen, and yet it was a reload. */
function decideReload(
  place: GmPlace,
  state: GroupState,
  pending: Pending,
  { evidence: proof }: RestartVerdict,
): GroupTracked {
  const epoch: Epoch = {
    id: Math.max(state.epoch.id + 1, Math.floor(pending.between.fromMs / 1000)),
    began: 'reload',
    since: pending.between,
  };
  if (!state.counted) {
    const next = { ...state, epoch, emitted: Math.max(1, state.emitted) };
    return emitRegistrations(place, next, { drafts: reloaded(pending, proof), causeOfFirst: 'reload' });
  }
  const drafts = Array.from(
    { length: Math.min(state.counters.succeeded, MAX_DRAFTS) },
    (_, index): Draft => ({
      number: index + 1,
      between: pending.between,
      atMs: middleMs(pending.between),
      cause: index === 0 ? 'reload' : 'unknown',
      stated: null,
      evidence: [`Succeeded registration: ${state.counters.succeeded} since the reload`, ...proof],
    }),
  );
  return emitRegistrations(place, { ...state, epoch, legacyKek: null }, { drafts, causeOfFirst: 'reload' });
}

const WITHOUT_UPTIME = ['the uptime was not seen'];

function decideRestart(
  place: GmPlace,
  waiting: GroupState & { readonly pending: Pending },
  verdict: RestartVerdict | null,
): GroupTracked {
  const { pending } = waiting;
  const { configuredAgain } = pending;
  // Without its group a router counts nothing of it: they restart with the group, whether it was reloaded or not.
  const unseen = configuredAgain === true ? 'operator_clear' : pending.allRestarted ? 'reload' : 'unknown';
  const began = verdict?.cause ?? unseen;
  const isBack = configuredAgain === true && began === 'operator_clear';
  const proof = verdict?.evidence ?? WITHOUT_UPTIME;
  const epoch: Epoch = { ...waiting.epoch, began };
  const state = { ...waiting, pending: null, epoch };
  const reset =
    began === 'reload'
      ? unchanged(state)
      : emitting(
          state,
          countersResetEvent(place, {
            occurrence: [epoch.id],
            between: pending.between,
            evidence: [...pending.evidence, ...proof],
            cause: began,
            configuredAgain: isBack,
          }),
        );
  const drafts = pending.drafts.map((draft) =>
    draft.cause === null
      ? { ...draft, evidence: [...draft.evidence, ...proof], ...(isBack ? { configuredAgain: true as const } : {}) }
      : draft,
  );
  return andThen(reset, (next) => emitRegistrations(place, next, { drafts, causeOfFirst: began }));
}

/** Of the first registration of an epoch. */
export function restartCause(began: Epoch['began']): Cause {
  return began === 'first_sight' ? 'unknown' : began;
}

/** Without counters: what the keys showed is the registration after the reload. */
function reloaded({ drafts, between }: Pending, proof: readonly string[]): readonly Draft[] {
  const [first] = drafts;
  if (first !== undefined) return [{ ...first, cause: 'reload', evidence: [...first.evidence, ...proof] }];
  return [
    {
      number: 1,
      between,
      atMs: middleMs(between),
      cause: 'reload',
      stated: null,
      evidence: ['it holds keys again', ...proof],
    },
  ];
}
