/**
 * Packets that a GM drops: anti-replay (`show crypto gdoi gm replay`), its data plane, and where neither is collected,
 * the messages that say so. One event when they begin to rise; it is over when they have stood still for a while.
 */
import { replayErrorsEvent } from '../events/gdoi-events.ts';
import type { GmPlace } from '../memory/gm-answer.ts';
import { andThen, emitting, type GroupTracked, unchanged } from '../memory/tracked.ts';
import { type ErrorCount, type GroupState, QUIET_MS, SAID_OF_PACKETS } from '../memory/tracker-state.ts';
import { type LogMark, type LogProof, quotedMark } from '../log/log-evidence.ts';
import { instant } from '../events/instant-text.ts';
import { marksSince } from './stated-reason.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import type { GmDataplane, GmReplay, GmSnapshot } from '../seen/snapshot.ts';

/** On-call catalogue, row 23: more than one a second is critical. */
const SEVERE_PER_SECOND = 1;

interface Rise {
  readonly what: 'anti-replay' | 'data-plane';
  readonly before: ErrorCount | null;
  readonly now: ErrorCount;
  readonly evidence: readonly string[];
}

/** An answer that shows such counters and nothing of the registration. */
export function trackPacketErrors(place: GmPlace, known: GroupState, at: ReadAt, gm: GmSnapshot): GroupTracked {
  const replay = gm.replay === undefined || isOld(known.replayErrors, at) ? null : replayErrors(known, at, gm.replay);
  const dataplane =
    gm.dataplane === undefined || isOld(known.dataplaneErrors, at) ? null : dataplaneErrors(known, at, gm.dataplane);
  const state: GroupState = {
    ...known,
    replayErrors: replay?.now ?? known.replayErrors,
    dataplaneErrors: dataplane?.now ?? known.dataplaneErrors,
  };
  const rises = [replay, dataplane].filter((each) => each !== null && each.now.roseMs === at.receivedAtMs);
  const [rise] = rises;
  if (rise == null) return unchanged(withoutDrops(state, at.receivedAtMs));
  if (state.episodes.replayErrors) return unchanged(state);
  return emitting({ ...state, episodes: { ...state.episodes, replayErrors: true } }, eventOf(place, state, at, rise));
}

function isOld(known: ErrorCount | null, at: ReadAt): boolean {
  return known !== null && at.sentAtMs <= known.at.sentAtMs;
}

/** The counters are read with the answer that follows a message, or are not read soon. */
const COUNTERS_FOLLOW_MS = 90_000;

export function trackDropMessages(place: GmPlace, state: GroupState, at: ReadAt): GroupTracked {
  return andThen(
    andThen(trackReplayMessages(place, state, at), (next) => emittedUncounted(place, next, at, 'in-clear')),
    (next) => emittedUncounted(place, next, at, 'pseudotime'),
  );
}

/** Where no counter of anti-replay is collected, or none since, its messages are all there is. */
function trackReplayMessages(place: GmPlace, state: GroupState, at: ReadAt): GroupTracked {
  const counted = state.replayErrors?.at ?? null;
  const [last] = marksSince(state, ['replay'], at.sentAtMs - QUIET_MS).slice(-1);
  if (last === undefined) return unchanged(counted === null ? withoutDrops(state, at.receivedAtMs) : state);
  if (counted !== null && (last.atMs <= counted.receivedAtMs || at.sentAtMs - last.atMs < COUNTERS_FOLLOW_MS))
    return unchanged(state);
  return emittedOnMessage(place, state, {
    what: 'anti-replay',
    last,
    evidence: [
      counted === null
        ? 'its anti-replay counters are not collected'
        : `its anti-replay counters were last read before, at ${instant(counted.receivedAtMs)}`,
    ],
  });
}

/** No counter is known that counts these packets, so none can refute the message. */
const UNCOUNTED = { 'in-clear': 'not_ipsec', pseudotime: 'pseudotime' } as const;

function emittedUncounted(place: GmPlace, state: GroupState, at: ReadAt, what: keyof typeof UNCOUNTED): GroupTracked {
  const [last] = marksSince(state, [UNCOUNTED[what]], at.receivedAtMs - QUIET_MS).slice(-1);
  return last === undefined ? unchanged(state) : emittedOnMessage(place, state, { what, last, evidence: [] });
}

function emittedOnMessage(
  place: GmPlace,
  state: GroupState,
  said: {
    readonly what: 'anti-replay' | keyof typeof UNCOUNTED;
    readonly last: LogMark;
    readonly evidence: readonly string[];
  },
): GroupTracked {
  if (state.episodes.replayErrors) return unchanged(state);
  const { what, last, evidence } = said;
  return emitting(
    { ...state, episodes: { ...state.episodes, replayErrors: true } },
    replayErrorsEvent(place, {
      occurrence: [Math.floor(last.atMs / 1000)],
      between: { fromMs: last.fromMs, toMs: last.atMs },
      severe: false,
      what,
      evidence: [quotedMark(last), ...evidence],
    }),
  );
}

function withoutDrops(state: GroupState, nowMs: EpochMs): GroupState {
  if (!state.episodes.replayErrors) return state;
  const roseMs = Math.max(state.replayErrors?.roseMs ?? -Infinity, state.dataplaneErrors?.roseMs ?? -Infinity);
  const saidMs = marksSince(state, SAID_OF_PACKETS, -Infinity).at(-1)?.atMs ?? -Infinity;
  const isOver = nowMs - Math.max(roseMs, saidMs) > QUIET_MS;
  return isOver ? { ...state, episodes: { ...state.episodes, replayErrors: false } } : state;
}

function replayErrors({ replayErrors: before }: GroupState, at: ReadAt, shown: GmReplay): Rise | null {
  const { inputErrors, outputErrors, timeSyncErrors, maxTimeDeltaSeconds } = shown;
  if (inputErrors === null && outputErrors === null) return null;
  const now = counted(before, at, (inputErrors ?? 0) + (outputErrors ?? 0));
  return {
    what: 'anti-replay',
    before,
    now,
    evidence: [
      ...risen((outputErrors ?? 0) > 0 ? 'Input and Output Error Packets' : 'Input Error Packets', before, now),
      ...(timeSyncErrors === null ? [] : [`Time Sync Error: ${timeSyncErrors}`]),
      ...(maxTimeDeltaSeconds === null ? [] : [`Max time delta: ${maxTimeDeltaSeconds} s`]),
    ],
  };
}

function dataplaneErrors({ dataplaneErrors: before }: GroupState, at: ReadAt, { errors }: GmDataplane): Rise | null {
  const kinds = Object.entries(errors);
  if (kinds.length === 0) return null;
  const now = counted(
    before,
    at,
    kinds.reduce((sum, [, packets]) => sum + packets, 0),
  );
  const shown = kinds.filter(([, packets]) => packets > 0).map(([kind, packets]) => `${kind} ${packets}`);
  return {
    what: 'data-plane',
    before,
    now,
    evidence: [...risen('data-plane errors', before, now), ...(shown.length === 0 ? [] : [`now: ${shown.join(', ')}`])],
  };
}

/** A count that fell has restarted: its value is a new baseline. */
function counted(before: ErrorCount | null, at: ReadAt, count: number): ErrorCount {
  const isRise = before !== null && count > before.count;
  return { at, count, roseMs: isRise ? at.receivedAtMs : (before?.roseMs ?? null) };
}

function risen(name: string, before: ErrorCount | null, now: ErrorCount): readonly string[] {
  if (before === null) return [];
  const seconds = Math.round((now.at.receivedAtMs - before.at.receivedAtMs) / 1000);
  return [`${name} ${before.count} -> ${now.count} in ${seconds} s`];
}

/** What the GM's own messages say of the packets that it drops. */
const SAID_OF: Readonly<Record<Rise['what'], readonly LogProof[]>> = {
  'anti-replay': ['replay', 'pseudotime'],
  'data-plane': ['not_ipsec', 'invalid_spi'],
};

function eventOf(place: GmPlace, state: GroupState, at: ReadAt, { what, before, now, evidence }: Rise) {
  const elapsedSeconds = Math.max(1, (now.at.receivedAtMs - (before?.at.receivedAtMs ?? 0)) / 1000);
  const said = marksSince(state, SAID_OF[what], (before?.at.sentAtMs ?? 0) - QUIET_MS);
  return replayErrorsEvent(place, {
    occurrence: [what, Math.floor(at.sentAtMs / 1000)],
    between: { fromMs: before?.at.sentAtMs ?? at.sentAtMs, toMs: at.receivedAtMs },
    severe: (now.count - (before?.count ?? 0)) / elapsedSeconds > SEVERE_PER_SECOND,
    what,
    evidence: [...evidence, ...said.map(quotedMark)],
  });
}
