/**
 * The tracker: (state of a device, observation) -> new state and what happened. A pure reducer: instants come with the
 * observations, nothing is looked up.
 *
 * This file decides which observation counts (older ones and doubles change nothing, a step of the agent's clock moves
 * what is known), and what holds for the device as a whole: reachable or not, reloaded or not. What happens inside a
 * group is `gm-tracker.ts`'s; the view over many devices is the fleet's.
 */
import { withClockStep } from '../memory/clock-step.ts';
import { decidePending } from '../registrations/counter-restart.ts';
import { trackFacts } from './device-boot.ts';
import type { GdoiEvent } from '../events/event.ts';
import { reachableEvent } from '../events/gdoi-events.ts';
import { MAX_GROUP_CHARS } from '../memory/gm-answer.ts';
import { clockStepOf, contradictsStep, firstSight, type GroupAnswer, trackGm } from './gm-tracker.ts';
import { trackClock, trackLog, trackRegistered, trackTrap } from './message-evidence.ts';
import { named, namedCopy } from '../seen/named.ts';
import type { Observation } from '../seen/observation.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { ClockStep } from '../keys/tek-identity.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import { DEFAULT_REKEY_SECONDS } from '../keys/ks-lead.ts';
import { type AnswersOfBoots, answersOfBoots } from './ks-boots.ts';
import { trackPacketErrors } from './packet-errors.ts';
import { answeredBeside, trackFailure, wasSetBack } from './reachability.ts';
import { listsGroups, shownAgain, trackVanished } from './vanished-groups.ts';
import { settleElsewhere, trackSnmp } from './snmp-tracker.ts';
import { type GmSnapshot, isByMulticast } from '../seen/snapshot.ts';
import { andThen, type GroupTracked, ignoring, joined, placeOf, trackEach, type Tracked } from '../memory/tracked.ts';
import { type Failures, type GroupState, MAX_GROUPS, type TrackerState } from '../memory/tracker-state.ts';

export interface TrackOptions {
  /** Lead of the group's KS in seconds, where one is known; otherwise the certain floor of 200 s is used. */
  readonly ksLeadSeconds?: (group: string) => number | null;
  /** Lifetime of the group's KEKs as its KS shows it, where one is known. */
  readonly kekLifetimeSeconds?: (group: string) => number | null;
  /** The same of its TEKs. */
  readonly tekLifetimeSeconds?: (group: string) => number | null;
  /** How long before the expiry of a TEK its KS sends the TEK rekey, where one shows it. */
  readonly tekLeadSeconds?: (group: string) => number | null;
  /** How long one rekey of the group takes, retransmission included. */
  readonly rekeySeconds?: (group: string) => number | null;
  /** A KS of the group shows that its rekeys go out by multicast. */
  readonly ksMulticast?: (group: string) => boolean;
  /** What the group's KSs said in their logs. */
  readonly ksSaid?: (group: string) => readonly KsSaid[];
  /** false: the operator says that it is a KS, so no group is missed in which it was a GM. */
  readonly asGm?: boolean;
}

type Of<Kind extends Observation['kind']> = Extract<Observation, { kind: Kind }>;

/**
 * Answers in a row that are older than the newest one, each newer than the last: the clock was set back. A device is
 * asked once at a time, so late copies come singly, or not in order; of a recording whose parts are out of order none
 * can tell. What is known of a GM's registrations is lost then: a step of minutes is waited for instead.
 */
const BACK_IN_TIME_ANSWERS = 10;
/** Of a KS, of which nothing is counted: as many as failures in a row that show the same. */
const BACK_IN_TIME_ANSWERS_OF_KS = 3;

export function track(state: TrackerState, observation: Observation, options: TrackOptions = {}): Tracked {
  if (observation.device !== state.device || !Number.isFinite(observation.sentAtMs)) return ignoring(state);
  const at: ReadAt = {
    sentAtMs: observation.sentAtMs,
    receivedAtMs: Math.max(observation.sentAtMs, finiteOr(observation.receivedAtMs, observation.sentAtMs)),
  };
  switch (observation.kind) {
    case 'groups':
      return trackGroups(state, at, observation, options);
    case 'facts':
      return trackFacts(state, at, observation);
    case 'log':
      return trackLog(state, at, observation);
    case 'failure':
      return trackFailure(state, at, observation);
    case 'trap':
      return trackTrap(state, at, observation);
    case 'registered':
      return trackRegistered(state, observation);
    case 'clock':
      return trackClock(state, at, observation);
    case 'certificates':
      return ignoring(state);
    default:
      return observation satisfies never;
  }
}

/**
 * The observations are over (end of a recorded timeline, device removed): emit what still waits for the next answer.
 * An agent that goes on later does not call this: the state keeps what waits.
 */
export function settle(state: TrackerState): Tracked {
  return trackEach(state, (known, place) => {
    return andThen(decidePending(place, known, null), (decided) => settleElsewhere(place, decided));
  });
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}

function trackGroups(known: TrackerState, at: ReadAt, observation: Of<'groups'>, options: TrackOptions): Tracked {
  if (isDetail(observation)) return trackDetails(known, at, observation);
  const bySnmp = isLook(observation);
  const latest = bySnmp ? known.answeredBySnmp : known.answered;
  const step = clockStep(known, at, observation);
  if (step === null && latest !== null && at.sentAtMs <= latest.sentAtMs) {
    const isKnown = observation.beside !== true && wasSetBack(known, latest);
    const set = clockSetBack(known, at, isKnown);
    return set.isCertain ? trackAnswer(set.state, at, observation, options) : ignoring(set.state);
  }
  return trackAnswer(step === null ? known : onNewClock(known, step), at, observation, options);
}

/** Failures that showed a clock set back are on the new one already. */
function onNewClock(known: TrackerState, { byMs }: ClockStep): TrackerState {
  const { answered, latestSentMs, failures } = known;
  const stepped = withClockStep(known, byMs);
  return answered !== null && wasSetBack(known, answered) ? { ...stepped, latestSentMs, failures } : stepped;
}

/** Counters of a command of its own, which shows no registration: it has its own order. */
function isDetail({ origin, snapshots }: Of<'groups'>): boolean {
  return (
    origin === 'cli' &&
    snapshots.length > 0 &&
    snapshots.every((each) => each.role === 'gm' && each.registered === null && each.registrations.succeeded === null)
  );
}

/** Of groups that are known already: the main answer comes first in every poll. */
function trackDetails(state: TrackerState, at: ReadAt, { snapshots }: Of<'groups'>): Tracked {
  const groups = namedCopy(state.groups);
  const events: GdoiEvent[] = [];
  for (const snapshot of snapshots) {
    const group = snapshot.group.slice(0, MAX_GROUP_CHARS);
    const known = groups.get(group);
    if (known === undefined || snapshot.role !== 'gm') continue;
    const tracked = trackPacketErrors(placeOf(state.device, group, known), known, at, snapshot);
    groups.set(group, tracked.state);
    events.push(...tracked.events);
  }
  return { state: { ...state, groups }, events };
}

/** An answer older than the newest one: a late copy, or the clock was set back and nothing tells by how much. */
function clockSetBack(
  state: TrackerState,
  { sentAtMs }: ReadAt,
  isKnown: boolean,
): { readonly isCertain: boolean; readonly state: TrackerState } {
  const { backInTime } = state;
  if (backInTime !== null && sentAtMs <= backInTime.sentMs) return { isCertain: false, state };
  const count = (backInTime?.count ?? 0) + 1;
  const enough = state.groups.size === 0 ? BACK_IN_TIME_ANSWERS_OF_KS : BACK_IN_TIME_ANSWERS;
  if (count < enough && !isKnown) {
    return { isCertain: false, state: { ...state, backInTime: { sentMs: sentAtMs, count } } };
  }
  const {
    answeredBefore: _before,
    answeringSinceMs: _since,
    answeredBeforeSinceMs: _beforeSince,
    oldBootAnsweredMs: _old,
    primaryKeks: _keks,
    ...kept
  } = state;
  return {
    isCertain: true,
    // Begin anew, without events.
    state: {
      ...kept,
      answered: null,
      answeredBySnmp: null,
      latestSentMs: isKnown ? kept.latestSentMs : sentAtMs,
      factsSentMs: null,
      boot: null,
      groups: named(),
      clockSteps: state.clockSteps + 1,
    },
  };
}

/** SNMP alone is a look too: of registrations it shows nothing that decides. */
function isLook({ origin, beside }: Of<'groups'>): boolean {
  return origin === 'snmp' || beside === true;
}

/**
 * What every answer sets, beside what `answersOfBoots` says. A new field of the state that may be absent does not
 * compile until it is set, or given back there.
 */
type SetByAnswer = Required<Omit<TrackerState, keyof AnswersOfBoots>>;

function trackAnswer(state: TrackerState, at: ReadAt, observation: Of<'groups'>, options: TrackOptions): Tracked {
  const bySnmp = isLook(observation);
  const isBeside = observation.beside === true;
  const { failures } = state;
  const events: GdoiEvent[] = !isBeside && failures?.unreachable === true ? [reachable(state, failures, at)] : [];
  let { isKs } = state;
  const groups = namedCopy(state.groups);
  for (const snapshot of observation.snapshots) {
    if (snapshot.role === 'ks') {
      isKs = true;
      continue;
    }
    const group = snapshot.group.slice(0, MAX_GROUP_CHARS);
    const known = groups.get(group);
    if (known === undefined && groups.size >= MAX_GROUPS) continue;
    const by = observation.origin;
    const tracked = trackSnapshot(
      bySnmp ? known : shownAgain(known),
      { group, device: state.device, at, by: bySnmp ? by : null, options },
      snapshot,
    );
    if (tracked === null) continue;
    groups.set(group, tracked.state);
    if (tracked.events.length > 0) events.push(...tracked.events);
  }
  const vanished = listsGroups(observation)
    ? trackVanished(groups, { at, snapshots: observation.snapshots, before: state }, options.asGm !== false)
    : null;
  return {
    state: {
      device: state.device,
      answered: bySnmp ? state.answered : at,
      answeredBySnmp: bySnmp ? at : state.answeredBySnmp,
      latestSentMs: isBeside ? state.latestSentMs : Math.max(state.latestSentMs ?? at.sentAtMs, at.sentAtMs),
      factsSentMs: state.factsSentMs,
      backInTime: null,
      clockSteps: state.clockSteps,
      boot: state.boot,
      emittedBoot: state.emittedBoot,
      failures: isBeside && failures !== null ? answeredBeside(failures, observation.origin) : null,
      isKs,
      logClock: state.logClock,
      logTail: state.logTail,
      groups: vanished?.groups ?? groups,
      ksMarks: state.ksMarks,
      ...answersOfBoots(state, isKs && !bySnmp ? { at, snapshots: observation.snapshots } : null),
    } satisfies SetByAnswer,
    events: vanished === null ? events : joined(events, vanished.events),
  };
}

interface Asked {
  readonly group: string;
  readonly device: string;
  readonly at: ReadAt;
  /** null: it is the answer that decides. */
  readonly by: Of<'groups'>['origin'] | null;
  readonly options: TrackOptions;
}

/** null: this answer says nothing of the group that can be tracked. */
function trackSnapshot(
  known: GroupState | undefined,
  { group, device, at, by, options }: Asked,
  gm: GmSnapshot,
): GroupTracked | null {
  const multicast = isByMulticast(
    gm.kek?.transport ?? null,
    known?.multicast === true || options.ksMulticast?.(gm.group) === true,
  );
  const answer: GroupAnswer = {
    place: placeOf(device, group, multicast ? { multicast } : {}),
    at,
    gm,
    ks: {
      leadSeconds: options.ksLeadSeconds?.(group) ?? null,
      kekLifetimeSeconds: options.kekLifetimeSeconds?.(group) ?? null,
      tekLifetimeSeconds: options.tekLifetimeSeconds?.(group) ?? null,
      tekLeadSeconds: options.tekLeadSeconds?.(group) ?? null,
      rekeySeconds: options.rekeySeconds?.(group) ?? DEFAULT_REKEY_SECONDS,
      said: options.ksSaid?.(group) ?? [],
    },
  };
  const tracked =
    by !== null
      ? trackSnmp(known, answer, by === 'restconf' ? 'RESTCONF' : 'SNMP')
      : known?.counted === true
        ? trackGm(known, answer)
        : firstSight(known, answer);
  if (tracked === null) return null;
  return { events: tracked.events, state: byMulticast(tracked.state, multicast) };
}

function byMulticast(state: GroupState, multicast: boolean): GroupState {
  if (multicast) return state.multicast === true ? state : { ...state, multicast };
  if (state.multicast === undefined) return state;
  const { multicast: _, ...byUnicast } = state;
  return byUnicast;
}

function reachable(state: TrackerState, failures: Failures, at: ReadAt): GdoiEvent {
  return reachableEvent(
    { device: state.device, group: null },
    {
      occurrence: [Math.floor(failures.firstMs / 1000)],
      between: { fromMs: Math.min(state.latestSentMs ?? at.sentAtMs, at.sentAtMs), toMs: at.receivedAtMs },
      atMs: at.receivedAtMs,
      evidence: [`${failures.inARow} failures in a row before, the last one: ${failures.result}`],
    },
  );
}

/** The agent's clock was set: every countdown of the device jumped by the same, in all its groups. */
function clockStep(known: TrackerState, at: ReadAt, { snapshots }: Of<'groups'>): ClockStep | null {
  for (const gm of snapshots) {
    const state = gm.role === 'gm' ? known.groups.get(gm.group) : undefined;
    const step = gm.role === 'gm' && state !== undefined ? clockStepOf(state, at, gm) : null;
    if (step !== null) return isContradicted(step, known, at, snapshots) ? null : step;
  }
  return null;
}

function isContradicted(
  step: ClockStep,
  known: TrackerState,
  at: ReadAt,
  snapshots: Of<'groups'>['snapshots'],
): boolean {
  return snapshots.some((gm) => {
    const state = gm.role === 'gm' ? known.groups.get(gm.group) : undefined;
    return gm.role === 'gm' && state !== undefined && contradictsStep(state, step, at, gm);
  });
}
