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
import type { KsFigures } from '../memory/gm-answer.ts';
import { clockStepMs, firstSight, trackGm } from './gm-tracker.ts';
import { trackClock, trackLog, trackTrap } from './message-evidence.ts';
import type { Observation } from '../seen/observation.ts';
import type { ReadAt } from '../seen/instant.ts';
import { named } from '../seen/named.ts';
import { trackFailure } from './reachability.ts';
import { trackSnmp } from './snmp-tracker.ts';
import { ignored, mapGroups, type Tracked } from '../memory/tracked.ts';
import { type GroupState, MAX_GROUPS, type TrackerState } from '../memory/tracker-state.ts';

export interface TrackOptions {
  /** Lead of the group's KS in seconds, where one is known; otherwise the certain floor of 200 s is used. */
  readonly ksLeadSeconds?: (group: string) => number | null;
  /** Lifetime of the group's KEKs as its KS shows it, where one is known. */
  readonly kekLifetimeSeconds?: (group: string) => number | null;
  /** The same of its TEKs. */
  readonly tekLifetimeSeconds?: (group: string) => number | null;
}

type Of<Kind extends Observation['kind']> = Extract<Observation, { kind: Kind }>;

/** Answers in a row that are older than the newest one, each newer than the last: the clock was set back. */
const BACK_IN_TIME_ANSWERS = 10;

const MAX_NAME_CHARS = 128;

export function track(state: TrackerState, observation: Observation, options: TrackOptions = {}): Tracked {
  if (observation.device !== state.device || !Number.isFinite(observation.sentAtMs)) return ignored(state);
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
    case 'clock':
      return trackClock(state, at, observation);
    case 'certificates':
      return ignored(state);
    default:
      return observation satisfies never;
  }
}

/**
 * The observations are over (end of a recorded timeline, device removed): tell what still waits for the next answer.
 * An agent that goes on later does not call this: the state keeps what waits.
 */
export function settle(state: TrackerState): Tracked {
  const events: GdoiEvent[] = [];
  const groups = mapGroups(state, (group, known) =>
    decidePending({ device: state.device, group }, known, null, events),
  );
  return { state: { ...state, groups }, events };
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}

function trackGroups(before: TrackerState, at: ReadAt, observation: Of<'groups'>, options: TrackOptions): Tracked {
  const bySnmp = observation.origin === 'snmp';
  const latest = bySnmp ? before.answeredBySnmp : before.answered;
  const step = clockStep(before, at, observation);
  if (latest !== null && at.sentAtMs <= latest.sentAtMs && step === null) {
    const known = before.backInTime;
    if (known !== null && at.sentAtMs <= known.sentMs) return ignored(before);
    const count = (known?.count ?? 0) + 1;
    if (count < BACK_IN_TIME_ANSWERS) {
      return ignored({ ...before, backInTime: { sentMs: at.sentAtMs, count } });
    }
    // The clock was set back and nothing tells by how much: begin anew, without events.
    before = {
      ...before,
      answered: null,
      answeredBySnmp: null,
      factsSentMs: null,
      boot: null,
      groups: named(),
      clockSteps: before.clockSteps + 1,
    };
  }
  const state = step === null ? before : withClockStep(before, step);
  const events: GdoiEvent[] = [];
  if (state.failures?.told === true) {
    events.push(
      reachableEvent(
        { device: state.device, group: null },
        {
          occurrence: [Math.floor(state.failures.firstMs / 1000)],
          between: { fromMs: Math.min(state.latestSentMs ?? at.sentAtMs, at.sentAtMs), toMs: at.receivedAtMs },
          atMs: at.receivedAtMs,
          evidence: [`${state.failures.inARow} failures in a row before, the last one: ${state.failures.result}`],
        },
      ),
    );
  }
  let { isKs } = state;
  const groups = new Map<string, GroupState>(state.groups);
  for (const snapshot of observation.snapshots) {
    if (snapshot.role === 'ks') {
      isKs = true;
      continue;
    }
    const group = snapshot.group.slice(0, MAX_NAME_CHARS);
    const place = { device: state.device, group };
    const ks: KsFigures = {
      leadSeconds: options.ksLeadSeconds?.(group) ?? null,
      kekLifetimeSeconds: options.kekLifetimeSeconds?.(group) ?? null,
      tekLifetimeSeconds: options.tekLifetimeSeconds?.(group) ?? null,
    };
    const known = groups.get(group);
    const tracked = bySnmp
      ? trackSnmp(place, known, at, snapshot, ks)
      : known?.counted === true
        ? trackGm(place, known, at, snapshot, ks)
        : firstSight(place, known, at, snapshot, ks);
    if (tracked === null) continue;
    if (known === undefined && groups.size >= MAX_GROUPS) continue;
    groups.set(group, tracked.state);
    if (tracked.events.length > 0) events.push(...tracked.events);
  }
  return {
    state: {
      device: state.device,
      answered: bySnmp ? state.answered : at,
      answeredBySnmp: bySnmp ? at : state.answeredBySnmp,
      latestSentMs: Math.max(state.latestSentMs ?? at.sentAtMs, at.sentAtMs),
      factsSentMs: state.factsSentMs,
      ignored: state.ignored,
      backInTime: null,
      clockSteps: state.clockSteps,
      boot: state.boot,
      toldBoot: state.toldBoot,
      failures: null,
      isKs,
      logClock: state.logClock,
      logTail: state.logTail,
      groups: named(groups),
    },
    events,
  };
}

/** The agent's clock was set: every countdown of the device jumped by the same. */
function clockStep(state: TrackerState, at: ReadAt, observation: Of<'groups'>): number | null {
  for (const snapshot of observation.snapshots) {
    if (snapshot.role !== 'gm') continue;
    const known = state.groups.get(snapshot.group.slice(0, MAX_NAME_CHARS));
    const step = known === undefined ? null : clockStepMs(known, at, snapshot);
    if (step !== null) return step;
  }
  return null;
}

export type { Tracked } from '../memory/tracked.ts';
export { snmpHintsAtChange } from './snmp-tracker.ts';
export {
  initialTrackerState,
  kekExpiryOf,
  kekRekeyOverdueOf,
  reregistrationsOf,
  sourcesDisagreeOf,
} from '../memory/tracker-state.ts';
