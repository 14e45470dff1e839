/**
 * One step of the fleet: what came from one device goes through the tracker, into the device's view, and to the views
 * of its groups; out come the next memory, the views and the events.
 *
 * Pure, and the only way: live polling, `replay` and `check` differ in where reports come from and in what they keep,
 * and in nothing that is decided here. Memory is read and never changed; only what a step changed is in its result.
 *
 * A member's change is remembered at once. The group is judged again when something about a member changed; a large
 * group a moment later, to gather what else comes. Where members were only read once more, it is judged after a share
 * of them was, so the cost of a poll does not grow with the group. All this goes by the instants of the changes, so
 * that a replay judges as often.
 */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { judgeFleet, rememberMember } from '../gdoi/fleet/fleet.ts';
import type { Incident } from '../gdoi/incidents/incident.ts';
import { type FleetState, initialFleetState, type MemberFacts } from '../gdoi/fleet/fleet-state.ts';
import { ksOrder } from '../gdoi/fleet/kss-together.ts';
import type { FleetSettings } from '../gdoi/fleet/fleet-settings.ts';
import { type GroupView, type GroupViewOf, groupView, notJudgedYet } from '../gdoi/fleet/group-view.ts';
import type { LastJudgement } from '../gdoi/fleet/assessment.ts';
import { groupKey, inCell } from '../gdoi/seen/cell.ts';
import { FLOOR_LEAD } from '../gdoi/keys/ks-lead.ts';
import type { FreshLine } from '../gdoi/log/log-buffer.ts';
import type { PlannedPoll } from '../gdoi/keys/poll-instants.ts';
import { type GroupState, initialTrackerState, type TrackerState } from '../gdoi/memory/tracker-state.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { Observation } from '../gdoi/seen/observation.ts';
import { isRefusalResult } from '../gdoi/seen/result-signs.ts';
import { settle, track, type TrackOptions } from '../gdoi/tracker/tracker.ts';
import {
  afterPoll,
  afterPollBeside,
  type ConfiguredDevice,
  type DeviceView,
  observe,
  withFreshLines,
  withVanished,
} from './device-view.ts';
import { heardChanges, membershipChanges, trackingOf, trackOptions } from './group-tracking.ts';
import { nameFraction } from './name-hash.ts';
import { phasePlan } from './phase-plan.ts';
import { asPlanned, type PlannedWork } from './planned-work.ts';
import { type BesideTransport, observationsBeside, observationsOfReport, type PollReport } from './poll-report.ts';

/** What the configuration says of a device, as far as it decides what is concluded. */
export interface DeviceSettings
  extends Pick<ConfiguredDevice, 'cell' | 'host' | 'configuredRole' | 'regularIntervalMs'> {
  /** A detail part counts this long without an answer. */
  readonly partLifetimeMs: number;
  /** It is polled at the instants that decide, beside its schedule. */
  readonly phaseAware: boolean;
}

/** What decides of a group's step. */
export interface GroupSettings {
  readonly fleet: FleetSettings;
  /** What happens in one of these windows is planned. */
  readonly maintenance: readonly PlannedWork[];
}

export interface StepSettings extends GroupSettings {
  /** Of the device that the step is about. */
  readonly device: DeviceSettings;
}

/** A group, as of the last change. */
export interface GroupMemory {
  readonly state: FleetState;
  readonly view: GroupView;
  readonly last: LastJudgement;
  /** What came since the group was judged. */
  readonly unjudged: Unjudged;
  readonly judgedAtMs: EpochMs;
}

interface Unjudged {
  /** Members that were read. */
  readonly changes: number;
  /** One of them is not to wait for more. */
  readonly soon: boolean;
  /** Of the latest change. */
  readonly atMs: EpochMs;
}

const NOTHING_UNJUDGED: Unjudged = { changes: 0, soon: false, atMs: 0 };

/** What is known before a step. */
export interface FleetMemory {
  /** null: the device was never seen. */
  state(device: string): TrackerState | null;
  /** By `groupKey`; null: nobody of the group was ever seen. */
  group(key: string): GroupMemory | null;
  /** All of them. */
  groups(): Iterable<GroupMemory>;
}

/** What came from a device. */
export type FromDevice =
  /** A poll by the transport that decides. */
  | { readonly kind: 'polled'; readonly report: PollReport }
  /** SNMP or RESTCONF of a device that SSH decides. */
  | { readonly kind: 'polled_beside'; readonly by: BesideTransport; readonly report: PollReport }
  /** Log messages and traps. */
  | { readonly kind: 'pushed'; readonly observations: readonly Observation[] };

export interface GroupStep {
  readonly memory: GroupMemory;
  readonly events: readonly GdoiEvent[];
  /** Incidents that began, changed or ended with it. */
  readonly incidents: readonly Incident[];
  /** The devices that it is about, and whether more of their part in the group changed than the instant it was read. */
  readonly members: ReadonlyMap<string, { readonly material: boolean }>;
}

export interface FleetStep {
  readonly state: TrackerState;
  readonly view: DeviceView;
  readonly events: readonly GdoiEvent[];
  /** The groups that it concerned, by `groupKey`. */
  readonly groups: ReadonlyMap<string, GroupStep>;
}

/** Confines a fault of our own to the group that it strikes; null: the step failed, or there was nothing to do. */
export type GroupGuard = (group: string, step: () => GroupStep | null) => GroupStep | null;

export const UNGUARDED: GroupGuard = (_group, step) => step();

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
  const {
    state,
    events: found,
    freshLines,
  } = trackAll(known ?? initialTrackerState(before.device), observations, {
    ...trackOptions(groupOf),
    asGm: settings.device.configuredRole !== 'ks',
  });
  const events = ofDevice(found, { state, cell: before.cell }, settings.maintenance);
  const answered = withFreshLines(viewAfter(before, from, settings.device.partLifetimeMs), freshLines);
  const shown = withVanished(answered, before, state);
  const seen = from.kind === 'polled' ? withNamed(shown, memory) : shown;
  if (from.kind === 'pushed' && state === known && seen === before) {
    return { state, view: before, events, groups: new Map() };
  }
  const plannedPolls =
    from.kind === 'polled' ? planAfter({ memory, seen, known, state }, from.report, settings) : seen.plannedPolls;
  const after = { ...seen, plannedPolls, tracking: trackingOf(seen, state, groupOf) };
  const atMs = from.kind === 'polled_beside' ? from.report.finishedAtMs : instantOf(observations, from);
  const heard = state.ksMarks === known?.ksMarks ? [] : heardOfGroups(after, { memory, state, atMs });
  const ofMember = membershipChanges(withKeptNames(before, memory), after, state, atMs);
  const changes = heard.length === 0 ? ofMember : new Map([...heard, ...ofMember]);
  const groups = groupsAfter({ memory, cell: before.cell }, changes, settings, guard);
  return { state, view: withOwnTimers(after, state, groups, groupOf), events, groups };
}

/** Nothing more is heard of the device: what still waited for its next answer is decided by what there is. */
export function settled(
  known: { readonly state: TrackerState; readonly cell: string | undefined },
  maintenance: GroupSettings['maintenance'],
): { readonly state: TrackerState; readonly events: readonly GdoiEvent[] } {
  const { state, events } = settle(known.state);
  return { state, events: ofDevice(events, { state, cell: known.cell }, maintenance) };
}

/** The tracker knows no cells, and nothing of what people plan. */
function ofDevice(
  found: readonly GdoiEvent[],
  { state, cell }: { readonly state: TrackerState; readonly cell: string | undefined },
  maintenance: GroupSettings['maintenance'],
): readonly GdoiEvent[] {
  const events = cell === undefined ? found : found.map((event) => ({ ...event, ...inCell(cell) }));
  return asPlanned(events, maintenance, state.groups.keys());
}

/** Of the words in its log that may be names of groups, those that are. */
function heardOfGroups(
  view: DeviceView,
  { memory, state, atMs }: { readonly memory: FleetMemory; readonly state: TrackerState; readonly atMs: EpochMs },
): readonly (readonly [group: string, facts: MemberFacts])[] {
  return heardChanges(view, state, atMs).filter(([group]) => {
    const of = memory.group(groupKey(view.cell, group));
    return of !== null && !isOver(of);
  });
}

/**
 * A device that gives no answer and has shown no group is in none by its own word; GMs that name its address show whose
 * KS it is, and a KS that lists its address shows that it is a GM. One that answers shows it itself.
 *
 * Who stands in a group is one of it until it answers, as one of which nothing is known, or as it was stored before the
 * agent's start: GMs go to another KS when theirs dies, and a KS drops a GM.
 */
function withNamed(view: DeviceView, { groups }: Pick<FleetMemory, 'groups'>): DeviceView {
  if (view.groups.size > 0 || view.failure === null) return withoutNamed(view);
  return namedIn(view, groups(), {
    asKs: ({ state, last }) => state.kss.has(view.device) || last.roster.serversNamed.has(view.host),
    asGm: ({ state, last }) => state.gms.has(view.device) || last.yardstick.members.listed.has(view.host),
  });
}

type Named = (group: GroupMemory) => boolean;

function namedIn(
  view: DeviceView,
  groups: Iterable<GroupMemory>,
  { asKs, asGm }: { readonly asKs: Named; readonly asGm: Named },
): DeviceView {
  const { cell, configuredRole } = view;
  const ofKs: string[] = [];
  const ofGm: string[] = [];
  for (const group of groups) {
    const { state } = group;
    if (state.cell !== cell) continue;
    if (configuredRole !== 'gm' && asKs(group)) ofKs.push(state.group);
    else if (configuredRole !== 'ks' && asGm(group)) ofGm.push(state.group);
  }
  const others = withoutNamed(view);
  if (ofKs.length + ofGm.length === 0) return others;
  return { ...others, namedIn: [...ofKs, ...ofGm], ...(ofGm.length === 0 ? {} : { listedIn: ofGm }) };
}

function withoutNamed(view: DeviceView): DeviceView {
  if (view.namedIn === undefined) return view;
  const { namedIn: _named, listedIn: _listed, ...others } = view;
  return others;
}

/** The stored groups in which it stands as one that nothing was known of: it may have shown another group since. */
function withKeptNames(before: DeviceView, { groups }: Pick<FleetMemory, 'groups'>): DeviceView {
  if (before.lastPollAtMs !== null) return before;
  return namedIn(before, groups(), {
    asKs: ({ state }) => state.kss.get(before.device)?.unread === true,
    asGm: ({ state }) => state.gms.get(before.device)?.unread === true,
  });
}

/** The timers that the device shows as a KS count for its own forecasts at once. */
function withOwnTimers(
  after: DeviceView,
  state: TrackerState,
  groups: ReadonlyMap<string, GroupStep>,
  groupOf: GroupViewOf,
): DeviceView {
  let differ = false;
  for (const { memory } of groups.values()) differ ||= !hasSameTimers(groupOf(memory.view.group), memory.view);
  if (!differ) return after;
  const now = (name: string) => groups.get(groupKey(after.cell, name))?.memory.view ?? groupOf(name);
  return { ...after, tracking: trackingOf(after, state, now) };
}

function hasSameTimers(before: GroupView | null, now: GroupView): boolean {
  return before?.lead.seconds === now.lead.seconds && before.tekLifetimeSeconds === now.tekLifetimeSeconds;
}

/** The device is polled no more: its groups are without it. */
export function withoutDevice(
  { memory, before }: { readonly memory: FleetMemory; readonly before: DeviceView },
  atMs: EpochMs,
  settings: GroupSettings,
  guard: GroupGuard = UNGUARDED,
): ReadonlyMap<string, GroupStep> {
  const changes = membershipChanges(before, null, memory.state(before.device), atMs);
  return groupsAfter({ memory, cell: before.cell }, changes, settings, guard);
}

/** A group as it is kept between runs. */
export function groupOfState(state: FleetState, atMs: EpochMs, settings: FleetSettings): GroupMemory {
  const last = notJudgedYet(state, settings);
  return {
    state,
    view: groupView(state, atMs, last),
    last,
    unjudged: NOTHING_UNJUDGED,
    judgedAtMs: Number.NEGATIVE_INFINITY,
  };
}

/**
 * The group's view where no later poll will decide what is still unclear, so that the checks stand alone there.
 * `dated` false: nobody knows when it was seen. Explanations say since when something holds, so there are none.
 */
export function judgedAlone({ state, view, last }: GroupMemory, dated = true): GroupView {
  const explanations = dated ? last.explanations.filter(({ phase }) => phase !== 'unclear') : [];
  return groupView(state, view.atMs, { ...last, explanations });
}

/** When the KEK of the group's KS expires; null: no KS is polled, or it shows none. */
function ksKekExpiryMs({ state }: GroupMemory): EpochMs | null {
  return ksOrder(state)[0]?.kek?.expiryMs ?? null;
}

/** A group of up to this many is judged with each change; what judging a larger one takes is said below. */
const SMALL_GROUP_MEMBERS = 16;
/**
 * Where nothing goes on and members were only read once more, not more often than this: half of what the main thread
 * allocated (276 and 124 MB in 15 s; `npm run bench -- fleet`, 220 devices in groups of 10).
 */
const QUIET_GROUP_MS = 1000;
/**
 * A larger one is not judged more often than this for each of its members, or once a second where that is sooner. One of
 * thousands takes 6 us for each member when all of them lack a rekey (`npm run bench -- judging`): judged every second
 * on a busy machine, it would leave no time for polls.
 */
const GATHER_MS = { aMember: 5, most: 1000, aMemberOfThousands: 0.5 } as const;
/**
 * Where members were only read once more: of this share of them; where something goes on in the group, of the smaller.
 */
const READ_SHARE = { quiet: 1, restless: 1 / 2 } as const;
/** A KS that was only read once more counts as so many of its members. */
const KS_READ_SHARE = 1 / 2;

/** Is the group to be judged now? A clock that was set does not hold it back. */
export function isDue({ state, view, unjudged, judgedAtMs }: GroupMemory, nowMs: EpochMs): boolean {
  if (unjudged.changes === 0) return false;
  const restless = state.occurrences.size + view.explanations.length > 0;
  const sinceJudgedMs = Math.abs(nowMs - judgedAtMs);
  if (view.members <= SMALL_GROUP_MEMBERS) return restless || unjudged.soon || sinceJudgedMs >= QUIET_GROUP_MS;
  const share = restless ? READ_SHARE.restless : READ_SHARE.quiet;
  if (!unjudged.soon && unjudged.changes < share * view.members) return false;
  return sinceJudgedMs >= gatherMs(view.members);
}

function gatherMs(members: number): number {
  return Math.max(Math.min(GATHER_MS.most, GATHER_MS.aMember * members), GATHER_MS.aMemberOfThousands * members);
}

/**
 * Changes wait that the caller has to come back for: without another change, nothing else would trigger a judgement.
 */
export function isGathering({ unjudged }: GroupMemory): boolean {
  return unjudged.soon;
}

/** Nobody is in it any more, and no change waits: whoever comes next finds no memory of it. */
export function isOver({ state, unjudged }: GroupMemory): boolean {
  return unjudged.changes === 0 && state.gms.size + state.kss.size === 0;
}

/** The group without those of its members that are configured no more; null: all of them are configured. */
export function withoutRemoved(
  known: GroupMemory,
  configured: ReadonlySet<string>,
  atMs: EpochMs,
  settings: GroupSettings,
): GroupStep | null {
  const { gms, kss } = known.state;
  const heard = (known.state.heard ?? []).map(({ device }) => device);
  const removed = [...new Set([...gms.keys(), ...kss.keys(), ...heard])].filter((device) => !configured.has(device));
  if (removed.length === 0) return null;
  let memory = known;
  for (const device of removed) memory = remembered(memory, { ...GONE, device, atMs }).memory;
  const members = new Map(removed.map((device) => [device, { material: true }]));
  return { ...judged(memory, atMs, settings), members };
}

/** What a group hears of a device that nobody knows any more. */
const GONE = { presence: 'gone', gm: null, ks: null, kekBehavior: 'unknown', version: null } as const;

/** Judge what came since the last time. */
export function judged(before: GroupMemory, nowMs: EpochMs, { fleet, maintenance }: GroupSettings): GroupStep {
  const judgement = judgeFleet(before.state, before.unjudged.atMs, fleet, before.last);
  const { state, view, last, incidents } = judgement;
  const events = asPlanned(judgement.events, maintenance);
  const memory = { state, view, last, unjudged: NOTHING_UNJUDGED, judgedAtMs: nowMs };
  return { memory, events, incidents, members: new Map() };
}

/** What could not be judged is dropped, so that the group goes on. */
export function withoutUnjudged(known: GroupMemory): GroupMemory {
  return { ...known, unjudged: NOTHING_UNJUDGED };
}

/** Once this share of the members was read, the old verdicts are dropped: they keep old records in memory. */
const OLD_MEMBERS_SHARE = 1 / 8;

function withoutOldMembers({ last, unjudged }: GroupMemory): LastJudgement {
  const { members } = last;
  return members.length === 0 || unjudged.changes < OLD_MEMBERS_SHARE * members.length
    ? last
    : { ...last, members: [] };
}

/** An answer to a poll is judged this long after it came, or sooner. */
const UNDER_WAY_MS = 60_000;

/**
 * An answer that was under way while the group was judged does not set it back; one that is older still is of a clock
 * that was set.
 */
function notBefore(view: GroupView, atMs: EpochMs): EpochMs {
  return view.atMs - atMs <= UNDER_WAY_MS ? Math.max(view.atMs, atMs) : atMs;
}

/** The group with one member's change, not judged yet. */
function remembered(known: GroupMemory, facts: MemberFacts): GroupStep {
  const { unjudged } = known;
  const { state, events, material, ksRead } = rememberMember(known.state, facts, known.last.yardstick);
  const { members } = known.view;
  const last = withoutOldMembers(known);
  const atMs = notBefore(known.view, facts.atMs);
  const memory: GroupMemory = {
    ...known,
    state,
    view: groupView(state, atMs, last),
    last,
    unjudged: {
      changes: unjudged.changes + (ksRead ? Math.max(1, KS_READ_SHARE * members) : 1),
      soon: unjudged.soon || material,
      atMs: Math.max(unjudged.atMs, atMs),
    },
  };
  return { memory, events, incidents: [], members: new Map([[facts.device, { material }]]) };
}

/** The group after one member's change, judged where that is due. */
export function groupAfter(known: GroupMemory, facts: MemberFacts, settings: GroupSettings): GroupStep {
  const now = remembered(known, facts);
  const found = asPlanned(now.events, settings.maintenance);
  if (!isDue(now.memory, facts.atMs)) return found === now.events ? now : { ...now, events: found };
  const { memory, events, incidents } = judged(now.memory, facts.atMs, settings);
  return { memory, events: [...found, ...events], incidents, members: now.members };
}

function groupsAfter(
  { memory, cell }: { readonly memory: FleetMemory; readonly cell: string | undefined },
  changes: ReadonlyMap<string, MemberFacts>,
  settings: GroupSettings,
  guard: GroupGuard,
): ReadonlyMap<string, GroupStep> {
  const groups = new Map<string, GroupStep>();
  for (const [group, facts] of changes) {
    const key = groupKey(cell, group);
    const step = guard(key, () => {
      const last = memory.group(key);
      const known =
        last === null || isOver(last)
          ? groupOfState(initialFleetState(group, cell), facts.atMs, settings.fleet)
          : shownIn(cell, last);
      return groupAfter(known, facts, settings);
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
      return observationsBeside(from.report);
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
  options: TrackOptions,
): { readonly state: TrackerState; readonly events: readonly GdoiEvent[]; readonly freshLines: readonly FreshLine[] } {
  let state = before;
  let freshLines: readonly FreshLine[] = [];
  const events: GdoiEvent[] = [];
  for (const observation of observations) {
    const tracked = track(state, observation, options);
    state = tracked.state;
    if (tracked.events.length > 0) events.push(...tracked.events);
    if (tracked.freshLines !== undefined) freshLines = tracked.freshLines;
  }
  return { state, events, freshLines };
}

function viewAfter(before: DeviceView, from: FromDevice, partLifetimeMs: number): DeviceView {
  switch (from.kind) {
    case 'polled':
      return afterPoll(before, from.report, partLifetimeMs);
    case 'polled_beside':
      return afterPollBeside(before, from, partLifetimeMs);
    case 'pushed':
      return from.observations.reduce((view, observation) => observe(view, observation, partLifetimeMs), before);
    default:
      return from satisfies never;
  }
}

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
  // No extra poll where the credential or the host key was refused.
  if (!device.phaseAware || isRefusalResult(result)) return [];
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
    jitter: nameFraction(seen.device, 'polls'),
    changedAtMs: known !== null && hasToBeConfirmed(known, state) ? finishedAtMs : null,
  });
}

/** A registration, a new KEK, TEKs that went or came: worth a second look soon. */
function hasToBeConfirmed(before: TrackerState, after: TrackerState): boolean {
  for (const [name, now] of after.groups) {
    const was = before.groups.get(name);
    if (was !== undefined && hasNewKeys(was, now)) return true;
  }
  return false;
}

function hasNewKeys(was: GroupState, now: GroupState): boolean {
  return (
    was.counters.succeeded !== now.counters.succeeded ||
    was.registered !== now.registered ||
    (was.withoutTek === null) !== (now.withoutTek === null) ||
    was.view?.kek?.anchor !== now.view?.kek?.anchor
  );
}
