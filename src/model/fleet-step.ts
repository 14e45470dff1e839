/**
 * One step of the fleet: what came from one device goes through the tracker, into the device's view, and to the views of
 * its groups; out come the next memory, the views and the events.
 *
 * Pure, and the only way: live polling, `replay` and `check` differ in where reports come from and in what they keep, and
 * in nothing that is decided here. Memory is read and never changed; only what a step changed is in its result. A large
 * group gathers the changes of a second, by the instants of the changes themselves, so that a replay gathers the same.
 */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { trackFleet } from '../gdoi/fleet/fleet.ts';
import type { Incident } from '../gdoi/incidents/incident.ts';
import { type FleetState, initialFleetState, ksOrder, type MemberFacts } from '../gdoi/fleet/fleet-state.ts';
import { type FleetSettings, type FleetView, fleetView } from '../gdoi/fleet/fleet-view.ts';
import { groupKey, inCell } from '../gdoi/seen/cell.ts';
import { FLOOR_LEAD } from '../gdoi/keys/ks-lead.ts';
import type { PlannedPoll } from '../gdoi/keys/poll-instants.ts';
import { initialTrackerState, type TrackerState } from '../gdoi/memory/tracker-state.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { Observation } from '../gdoi/seen/observation.ts';
import { track } from '../gdoi/tracker/tracker.ts';
import { afterPoll, afterSnmpPoll, type ConfiguredDevice, type DeviceView, observe } from './device-view.ts';
import { type FleetViewOf, membershipChanges, trackingOf, trackOptions } from './group-tracking.ts';
import { nameFraction } from './name-hash.ts';
import { phasePlan } from './phase-plan.ts';
import { observationsOfReport, type PollReport } from './poll-report.ts';
import type { PollResult } from './poll-result.ts';

/** What the configuration says of a device, as far as it decides what is concluded. */
export interface DeviceSettings
  extends Pick<ConfiguredDevice, 'cell' | 'host' | 'configuredRole' | 'regularIntervalMs'> {
  /** A detail part counts this long without an answer. */
  readonly partLifetimeMs: number;
  /** It is polled at the instants that decide, beside its schedule. */
  readonly phaseAware: boolean;
}

export interface StepSettings {
  readonly fleet: FleetSettings;
  /** Of the device that the step is about. */
  readonly device: DeviceSettings;
}

/** A group, as of the last time that its changes were taken. */
export interface GroupMemory {
  readonly state: FleetState;
  readonly view: FleetView;
  /** Changes of a large group that are still gathered, oldest first. */
  readonly waiting: readonly MemberFacts[];
  readonly takenAtMs: EpochMs;
}

/** What is known before a step. */
export interface FleetMemory {
  /** null: the device was never seen. */
  state(device: string): TrackerState | null;
  /** By `groupKey`; null: nobody of the group was ever seen. */
  group(key: string): GroupMemory | null;
}

/** What came from a device. */
export type FromDevice =
  /** A poll by the transport that decides. */
  | { readonly kind: 'polled'; readonly report: PollReport }
  /** SNMP of a device that SSH decides. */
  | { readonly kind: 'polled_beside'; readonly report: PollReport }
  /** Log messages and traps. */
  | { readonly kind: 'pushed'; readonly observations: readonly Observation[] };

export interface GroupStep {
  readonly memory: GroupMemory;
  readonly events: readonly GdoiEvent[];
  /** Incidents that began, changed or ended with it. */
  readonly incidents: readonly Incident[];
}

export interface FleetStep {
  readonly state: TrackerState;
  readonly view: DeviceView;
  readonly events: readonly GdoiEvent[];
  /** The groups that heard of it, by `groupKey`. */
  readonly groups: ReadonlyMap<string, GroupStep>;
}

/** Keeps a fault of our own to the group that it befalls; null: the step failed, or there was nothing to do. */
export type GroupGuard = (group: string, step: () => GroupStep | null) => GroupStep | null;

const UNGUARDED: GroupGuard = (_group, step) => step();

/** `before`: the device's view before it. */
export function fleetStep(
  { memory, before }: { readonly memory: FleetMemory; readonly before: DeviceView },
  from: FromDevice,
  settings: StepSettings,
  guard: GroupGuard = UNGUARDED,
): FleetStep {
  const known = memory.state(before.device);
  const observations = observationsOf(from);
  const groupOf = (name: string) => memory.group(groupKey(before.cell, name))?.view ?? null;
  const { state, events: found } = trackAll(known ?? initialTrackerState(before.device), observations, groupOf);
  const events = before.cell === undefined ? found : found.map((event) => ({ ...event, ...inCell(before.cell) }));
  const seen = viewAfter(before, from, settings.device.partLifetimeMs);
  if (from.kind === 'pushed' && state === known && seen === before) {
    return { state, view: before, events, groups: new Map() };
  }
  const planned =
    from.kind === 'polled' ? planAfter({ memory, seen, known, state }, from.report, settings) : seen.planned;
  const after = { ...seen, planned, tracking: trackingOf(seen, state, groupOf) };
  const atMs = from.kind === 'polled_beside' ? from.report.finishedAtMs : instantOf(observations, from);
  const groups = groupsAfter(
    { memory, cell: before.cell },
    membershipChanges(before, after, state, atMs),
    settings.fleet,
    guard,
  );
  return { state, view: withOwnTimers(after, state, groups, groupOf), events, groups };
}

/** What the device says as a KS of its groups' timers counts for its own forecasts at once. */
function withOwnTimers(
  after: DeviceView,
  state: TrackerState,
  groups: ReadonlyMap<string, GroupStep>,
  groupOf: FleetViewOf,
): DeviceView {
  const differ = [...groups.values()].some(({ memory: { view } }) => {
    const before = groupOf(view.group);
    return before?.lead.seconds !== view.lead.seconds || before.tekLifetimeSeconds !== view.tekLifetimeSeconds;
  });
  if (!differ) return after;
  const now = (name: string) => groups.get(groupKey(after.cell, name))?.memory.view ?? groupOf(name);
  return { ...after, tracking: trackingOf(after, state, now) };
}

/** The device is polled no more: its groups are without it. */
export function withoutDevice(
  { memory, before }: { readonly memory: FleetMemory; readonly before: DeviceView },
  atMs: EpochMs,
  settings: FleetSettings,
  guard: GroupGuard = UNGUARDED,
): ReadonlyMap<string, GroupStep> {
  const changes = membershipChanges(before, null, memory.state(before.device), atMs);
  return groupsAfter({ memory, cell: before.cell }, changes, settings, guard);
}

/** A group as it is kept between runs. */
export function groupOfState(state: FleetState, atMs: EpochMs, settings: FleetSettings): GroupMemory {
  return { state, view: fleetView(state, atMs, settings), waiting: [], takenAtMs: Number.NEGATIVE_INFINITY };
}

/** When the KEK of the group's KS expires; null: no KS is polled, or it shows none. */
function ksKekExpiryMs({ state }: GroupMemory): EpochMs | null {
  return ksOrder(state)[0]?.kek?.expiryMs ?? null;
}

/** The view of a group with more members is made once a second: it costs milliseconds. */
const LARGE_GROUP_MEMBERS = 200;
const LARGE_GROUP_EVERY_MS = 1000;

/** Changes wait that are to be taken now. A clock that was set does not hold them back. */
export function isDue({ view, waiting, takenAtMs }: GroupMemory, nowMs: EpochMs): boolean {
  if (waiting.length === 0) return false;
  return view.members <= LARGE_GROUP_MEMBERS || Math.abs(nowMs - takenAtMs) >= LARGE_GROUP_EVERY_MS;
}

/** Nobody is in it any more, and no change waits: whoever comes next finds no memory of it. */
export function isOver({ view, waiting }: GroupMemory): boolean {
  return waiting.length === 0 && view.gms.length + view.kss.length === 0;
}

/** The group without those of its members that are configured no more; null: all of them are configured. */
export function withoutStrangers(
  known: GroupMemory,
  configured: ReadonlySet<string>,
  atMs: EpochMs,
  settings: FleetSettings,
): GroupStep | null {
  const { gms, kss } = known.state;
  const strangers = [...new Set([...gms.keys(), ...kss.keys()])].filter((device) => !configured.has(device));
  if (strangers.length === 0) return null;
  const gone = strangers.map((device): MemberFacts => ({ ...GONE, device, atMs }));
  return takeWaiting({ ...known, waiting: [...known.waiting, ...gone] }, atMs, settings);
}

/** What a group hears of a device that nobody knows any more. */
const GONE = { presence: 'gone', gm: null, ks: null, kekBehavior: 'unknown', version: null } as const;

/** Take the changes that wait. */
export function takeWaiting(known: GroupMemory, nowMs: EpochMs, settings: FleetSettings): GroupStep {
  const { state, view, events, incidents } = trackFleet(known.state, known.waiting, settings);
  return { memory: { state, view, waiting: [], takenAtMs: nowMs }, events, incidents };
}

function groupsAfter(
  { memory, cell }: { readonly memory: FleetMemory; readonly cell: string | undefined },
  changes: ReadonlyMap<string, MemberFacts>,
  settings: FleetSettings,
  guard: GroupGuard,
): ReadonlyMap<string, GroupStep> {
  const groups = new Map<string, GroupStep>();
  for (const [group, facts] of changes) {
    const key = groupKey(cell, group);
    const step = guard(key, () => {
      const last = memory.group(key);
      const known =
        last === null || isOver(last)
          ? groupOfState(initialFleetState(group, cell), facts.atMs, settings)
          : shownIn(cell, last);
      const waiting = { ...known, waiting: [...known.waiting, facts] };
      return isDue(waiting, facts.atMs)
        ? takeWaiting(waiting, facts.atMs, settings)
        : { memory: waiting, events: [], incidents: [] };
    });
    if (step !== null) groups.set(key, step);
  }
  return groups;
}

/** The configuration shows cells from now on, or no longer. */
function shownIn(cell: string | undefined, known: GroupMemory): GroupMemory {
  if (known.state.cell === cell) return known;
  const { cell: _was, ...state } = known.state;
  return { ...known, state: { ...state, ...inCell(cell) } };
}

function observationsOf(from: FromDevice): readonly Observation[] {
  switch (from.kind) {
    case 'polled':
      return observationsOfReport(from.report);
    case 'polled_beside':
      // An SNMP engine restarts without the device: what the device is and since when, its CLI says.
      return from.report.observations.filter(({ kind }) => kind !== 'facts');
    case 'pushed':
      return from.observations;
    default:
      return from satisfies never;
  }
}

function instantOf(observations: readonly Observation[], from: FromDevice): EpochMs {
  const last = observations.at(-1)?.receivedAtMs;
  if (last !== undefined) return last;
  return from.kind === 'pushed' ? 0 : from.report.finishedAtMs;
}

function trackAll(
  before: TrackerState,
  observations: readonly Observation[],
  groupOf: FleetViewOf,
): { readonly state: TrackerState; readonly events: readonly GdoiEvent[] } {
  const options = trackOptions(groupOf);
  let state = before;
  const events: GdoiEvent[] = [];
  for (const observation of observations) {
    const tracked = track(state, observation, options);
    state = tracked.state;
    events.push(...tracked.events);
  }
  return { state, events };
}

function viewAfter(before: DeviceView, from: FromDevice, partLifetimeMs: number): DeviceView {
  switch (from.kind) {
    case 'polled':
      return afterPoll(before, from.report, partLifetimeMs);
    case 'polled_beside':
      return afterSnmpPoll(before, from.report, partLifetimeMs);
    case 'pushed':
      return from.observations.reduce((view, observation) => observe(view, observation, partLifetimeMs), before);
    default:
      return from satisfies never;
  }
}

const REFUSALS: ReadonlySet<PollResult> = new Set<PollResult>(['auth', 'host_key', 'quarantined']);

/** Polls beside the schedule. */
function planAfter(
  {
    memory,
    seen,
    known,
    state,
  }: {
    readonly memory: FleetMemory;
    readonly seen: DeviceView;
    readonly known: TrackerState | null;
    readonly state: TrackerState;
  },
  { finishedAtMs, result }: PollReport,
  { device }: StepSettings,
): readonly PlannedPoll[] {
  // Nobody knocks again at once where the credential or the host key was refused.
  if (!device.phaseAware || REFUSALS.has(result)) return [];
  return phasePlan({
    view: seen,
    state,
    leadSeconds: (group) => (memory.group(groupKey(seen.cell, group))?.view.lead ?? FLOOR_LEAD).seconds,
    ksKekExpiryMs: (name) => {
      const group = memory.group(groupKey(seen.cell, name));
      return group === null ? null : ksKekExpiryMs(group);
    },
    regularIntervalMs: device.regularIntervalMs,
    nowMs: finishedAtMs,
    jitter: nameFraction(seen.device),
    changedAtMs: known !== null && hasToBeConfirmed(known, state) ? finishedAtMs : null,
  });
}

/** A registration, a new KEK: worth a second look soon. */
function hasToBeConfirmed(before: TrackerState, after: TrackerState): boolean {
  return [...after.groups].some(([name, now]) => {
    const was = before.groups.get(name);
    if (was === undefined) return false;
    return (
      was.counters.succeeded !== now.counters.succeeded ||
      was.registered !== now.registered ||
      was.view?.kek?.anchor !== now.view?.kek?.anchor
    );
  });
}
