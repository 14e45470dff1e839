/**
 * The tracker: (state of a device, observation) -> new state and what happened. A pure reducer: instants come with the
 * observations, nothing is looked up.
 *
 * This file decides which observation counts (older ones and doubles change nothing, a step of the agent's clock moves
 * what is known), and what holds for the device as a whole: reachable or not, reloaded or not. What happens inside a
 * group is `gm-tracker.ts`'s; the view over many devices is the fleet's.
 */
import type { GdoiEvent } from './event.ts';
import { reachableEvent, reloadEvent, unreachableEvent } from './gdoi-events.ts';
import { clockStepMs, decideFromLog, decidePending, firstSight, type KsFigures, trackGm } from './gm-tracker.ts';
import { type Interval, intersection, middleMs, overlaps, widened } from './interval.ts';
import { driftMs } from './kek-identity.ts';
import { instantOf, type LogMark, logMark, quoted, withMark } from './log-evidence.ts';
import type { EpochMs, Observation, ReadAt } from './observation.ts';
import { instant } from './reregistration-cause.ts';
import { withClockStep } from './clock-step.ts';
import { type Boot, type GroupState, MAX_GROUPS, type TrackerState } from './tracker-state.ts';

export interface TrackOptions {
  /** Lead of the group's KS in seconds, where one is known; otherwise the certain floor of 200 s is used. */
  readonly ksLeadSeconds?: (group: string) => number | null;
  /** Lifetime of the group's KEKs as its KS shows it, where one is known. */
  readonly kekLifetimeSeconds?: (group: string) => number | null;
  /** The same of its TEKs. */
  readonly tekLifetimeSeconds?: (group: string) => number | null;
}

export interface Tracked {
  readonly state: TrackerState;
  readonly events: readonly GdoiEvent[];
}

type Of<Kind extends Observation['kind']> = Extract<Observation, { kind: Kind }>;

/** Failures in a row after which a device is unreachable. */
const UNREACHABLE_FAILURES = 3;
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
    case 'clock':
      return { state, events: [] };
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

function ignored(state: TrackerState): Tracked {
  return { state: { ...state, ignored: state.ignored + 1 }, events: [] };
}

function mapGroups(
  state: TrackerState,
  change: (name: string, group: GroupState) => GroupState,
): Readonly<Record<string, GroupState>> {
  const groups: Record<string, GroupState> = {};
  for (const name of Object.keys(state.groups)) {
    const group = state.groups[name];
    if (group !== undefined) groups[name] = change(name, group);
  }
  return groups;
}

function trackGroups(before: TrackerState, at: ReadAt, observation: Of<'groups'>, options: TrackOptions): Tracked {
  const step = clockStep(before, at, observation);
  if (before.answered !== null && at.sentAtMs <= before.answered.sentAtMs && step === null) {
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
      factsSentMs: null,
      boot: null,
      groups: {},
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
  const groups: Record<string, GroupState> = { ...state.groups };
  for (const snapshot of observation.snapshots) {
    if (snapshot.role === 'ks') {
      isKs = true;
      continue;
    }
    const group = snapshot.group.slice(0, MAX_NAME_CHARS);
    // The one name that a plain object cannot hold; devices are not trusted.
    if (group === '__proto__') continue;
    const place = { device: state.device, group };
    const ks: KsFigures = {
      leadSeconds: options.ksLeadSeconds?.(group) ?? null,
      kekLifetimeSeconds: options.kekLifetimeSeconds?.(group) ?? null,
      tekLifetimeSeconds: options.tekLifetimeSeconds?.(group) ?? null,
    };
    const known = Object.hasOwn(groups, group) ? groups[group] : undefined;
    const tracked = known === undefined ? firstSight(place, at, snapshot, ks) : trackGm(place, known, at, snapshot, ks);
    if (tracked === null) continue;
    if (known === undefined && Object.keys(groups).length >= MAX_GROUPS) continue;
    groups[group] = tracked.state;
    if (tracked.events.length > 0) events.push(...tracked.events);
  }
  return {
    state: {
      device: state.device,
      answered: at,
      latestSentMs: at.sentAtMs,
      factsSentMs: state.factsSentMs,
      ignored: state.ignored,
      backInTime: null,
      clockSteps: state.clockSteps,
      boot: state.boot,
      toldBoot: state.toldBoot,
      failures: null,
      isKs,
      groups,
    },
    events,
  };
}

/** The agent's clock was set: every countdown of the device jumped by the same. */
function clockStep(state: TrackerState, at: ReadAt, observation: Of<'groups'>): number | null {
  for (const snapshot of observation.snapshots) {
    if (snapshot.role !== 'gm' || !Object.hasOwn(state.groups, snapshot.group)) continue;
    const known = state.groups[snapshot.group];
    const step = known === undefined ? null : clockStepMs(known, at, snapshot);
    if (step !== null) return step;
  }
  return null;
}

/** Uptime is printed in whole minutes. */
const UPTIME_STEP_MS = 60_000;
const BOOT_TOLERANCE_MS = 2000;

function trackFacts(state: TrackerState, at: ReadAt, observation: Of<'facts'>): Tracked {
  const { uptimeSeconds } = observation.facts;
  if (state.factsSentMs !== null && at.sentAtMs <= state.factsSentMs) return ignored(state);
  if (uptimeSeconds === null || !Number.isFinite(uptimeSeconds) || uptimeSeconds < 0) {
    return { state: { ...state, factsSentMs: at.sentAtMs }, events: [] };
  }
  const events: GdoiEvent[] = [];
  const shown: Interval = {
    fromMs: at.sentAtMs - uptimeSeconds * 1000 - UPTIME_STEP_MS,
    toMs: at.receivedAtMs - uptimeSeconds * 1000,
  };
  const before = state.boot;
  const rebooted = before !== null && isNewBoot(before, shown, uptimeSeconds, at);
  const narrowed =
    before === null || rebooted ? null : intersection(widened(before.at, driftMs(at.sentAtMs - before.sentMs)), shown);
  const boot: Boot = { at: narrowed ?? shown, uptimeSeconds, sentMs: at.sentAtMs };
  const evidence = `uptime ${uptimeSeconds} s at ${instant(at.sentAtMs)}: booted about ${instant(middleMs(boot.at))}`;
  let reloaded = rebooted;
  const groups = mapGroups(state, (group, known) => {
    const place = { device: state.device, group };
    const { pending } = known;
    if (pending !== null) {
      // Without an earlier uptime the boot itself must lie where the counters restarted.
      const isReload = rebooted || (before === null && overlaps(widened(pending.between, 1000), boot.at));
      if (isReload && pending.kind === 'restart') reloaded = true;
      const cause = isReload ? 'reload' : 'operator_clear';
      return decidePending(place, known, { cause, evidence }, events);
    }
    return rebooted ? hiddenReload(known, boot.at, place, evidence, events) : known;
  });
  let { toldBoot } = state;
  if (reloaded && (toldBoot === null || !overlaps(widened(toldBoot, UPTIME_STEP_MS), boot.at))) {
    toldBoot = boot.at;
    const reason = observation.facts.reloadReason;
    events.unshift(
      reloadEvent(
        { device: state.device, group: null },
        {
          occurrence: [Math.round(middleMs(boot.at) / UPTIME_STEP_MS)],
          between: boot.at,
          evidence: [
            ...(before === null ? [] : [`uptime ${before.uptimeSeconds} s at ${instant(before.sentMs)}`]),
            evidence,
            ...(reason === null ? [] : [`reload reason: ${reason}`]),
          ],
        },
      ),
    );
  }
  return { state: { ...state, boot, toldBoot, factsSentMs: at.sentAtMs, groups }, events };
}

function isNewBoot(before: Boot, shown: Interval, uptimeSeconds: number, at: ReadAt): boolean {
  if (uptimeSeconds < before.uptimeSeconds) return true;
  const elapsedMs = at.receivedAtMs - before.sentMs;
  return shown.fromMs > before.at.toMs + BOOT_TOLERANCE_MS + driftMs(elapsedMs) && uptimeSeconds * 1000 <= elapsedMs;
}

/** The uptime alone tells of a reload: the counters came back to what they were. */
function hiddenReload(
  known: GroupState,
  boot: Interval,
  place: { readonly device: string; readonly group: string },
  evidence: string,
  events: GdoiEvent[],
): GroupState {
  if (known.epoch.since.toMs >= boot.fromMs) {
    return known.epoch.began === 'unknown' ? { ...known, epoch: { ...known.epoch, began: 'reload' } } : known;
  }
  if (known.seen.sentAtMs <= boot.fromMs) {
    // No answer since: the next one is read with this in mind.
    const mark: LogMark = { proof: 'restart', mnemonic: 'uptime', atMs: boot.toMs, key: `uptime ${boot.toMs}` };
    return { ...known, marks: withMark(known.marks, mark) };
  }
  if (known.tally.last !== null && known.tally.last.atMs >= boot.fromMs) return known;
  const between = { fromMs: boot.fromMs, toMs: known.seen.receivedAtMs };
  return decidePending(
    place,
    {
      ...known,
      pending: { kind: 'perhaps_reload', between, drafts: [], evidence: [], allRestarted: true },
    },
    { cause: 'reload', evidence },
    events,
  );
}

function trackLog(state: TrackerState, at: ReadAt, observation: Of<'log'>): Tracked {
  if (!observation.pushed || observation.messages.length === 0) return { state, events: [] };
  let { groups } = state;
  for (const message of observation.messages) {
    const found = logMark(message, at.receivedAtMs);
    if (found === null) continue;
    for (const name of Object.keys(groups)) {
      const group = groups[name];
      if (group === undefined || (found.group !== null && found.group !== name)) continue;
      const next = withLogMark(group, found.mark);
      if (next !== group) groups = { ...groups, [name]: next };
    }
  }
  return { state: groups === state.groups ? state : { ...state, groups }, events: [] };
}

function withLogMark(group: GroupState, mark: LogMark): GroupState {
  if (mark.proof === 'start' && isUnderWay(group)) return group;
  const marks = withMark(group.marks, mark);
  if (marks === group.marks || instantOf(mark).toMs < group.seen.sentAtMs) return group;
  if (mark.proof !== 'forced') return { ...group, marks };
  return { ...group, marks, forced: { atMs: mark.atMs, evidence: quoted(mark) } };
}

/** A registration began and is not complete: what follows are its further attempts. */
function isUnderWay({ marks, view }: GroupState): boolean {
  const last = marks.findLast(({ proof }) => proof === 'start' || proof === 'complete');
  return last?.proof === 'start' && last.atMs >= (view?.sentMs ?? 0);
}

function trackFailure(state: TrackerState, at: ReadAt, observation: Of<'failure'>): Tracked {
  if (state.latestSentMs !== null && at.sentAtMs <= state.latestSentMs) return ignored(state);
  const events: GdoiEvent[] = [];
  const result = observation.result.slice(0, MAX_NAME_CHARS);
  const inARow = (state.failures?.inARow ?? 0) + 1;
  const firstMs: EpochMs = state.failures?.firstMs ?? at.sentAtMs;
  const unreachable = inARow === UNREACHABLE_FAILURES && state.failures?.told !== true;
  if (unreachable) {
    events.push(
      unreachableEvent(
        { device: state.device, group: null },
        {
          occurrence: [Math.floor(firstMs / 1000)],
          between: { fromMs: Math.min(state.answered?.sentAtMs ?? firstMs, firstMs), toMs: at.receivedAtMs },
          atMs: firstMs,
          isKs: state.isKs,
          inARow,
          evidence: [`last failure: ${result}`],
        },
      ),
    );
  }
  const groups = mapGroups(state, (group, known) => {
    const place = { device: state.device, group };
    if (unreachable) return decideFromLog(place, known, at.receivedAtMs, events);
    return known.pending === null ? known : decidePending(place, known, null, events);
  });
  return {
    state: {
      ...state,
      latestSentMs: at.sentAtMs,
      failures: { inARow, firstMs, told: state.failures?.told === true || unreachable, result },
      groups,
    },
    events,
  };
}

export { initialTrackerState, kekExpiryOf, kekRekeyOverdueOf, reregistrationsOf } from './tracker-state.ts';
