/**
 * All that is known of one device now: what metrics, pages and answers are made from. Pure: a poll goes in, the next
 * view comes out.
 *
 * A group is known by the parts that the device's commands showed of it. The main answer lists the groups there are: a
 * group it does not list is gone. A detail part is kept until its command answers again or has been silent for three of
 * its intervals: old figures are worse than none.
 */
import { kekBehaviorOf, type KekBehavior } from '../gdoi/release.ts';
import type { Forecast } from '../gdoi/forecast.ts';
import type { PlannedPoll } from '../gdoi/poll-instants.ts';
import type { Tally } from '../gdoi/tracker-state.ts';
import type { DeviceFacts } from '../gdoi/device-facts.ts';
import { mergeParts } from '../gdoi/merge-snapshots.ts';
import type { EpochMs, Observation, ReadAt } from '../gdoi/observation.ts';
import type { GmSnapshot, GroupSnapshot, KsSnapshot } from '../gdoi/snapshot.ts';
import type { CollectorResult, PollReport } from './device-poller.ts';
import { isMainCommand } from './poll-memory.ts';
import type { PollResult } from './poll-result.ts';

export interface DeviceView {
  readonly device: string;
  readonly host: string;
  readonly configuredRole: 'gm' | 'ks' | 'auto';
  readonly labels: Readonly<Record<string, string>>;
  /** Result of the last poll; null before the first. */
  readonly result: PollResult | null;
  readonly error: string | null;
  readonly polls: Readonly<Partial<Record<PollResult, number>>>;
  readonly lastPollAtMs: EpochMs | null;
  readonly lastSuccessAtMs: EpochMs | null;
  readonly pollDurationMs: number | null;
  readonly facts: { readonly value: DeviceFacts; readonly at: ReadAt } | null;
  /** Unknown lines in the answers of the last successful poll. */
  readonly unparsedLines: number | null;
  readonly collectors: ReadonlyMap<string, CollectorResult>;
  readonly groups: ReadonlyMap<string, GroupView>;
  /** By group. */
  readonly tracking: ReadonlyMap<string, GroupTracking>;
  /** Polls beside the schedule that are planned now, in order. */
  readonly planned: readonly PlannedPoll[];
}

/** What the tracker and the fleet's view say of one GM in one group. */
export interface GroupTracking {
  readonly reregistrations: Tally | null;
  readonly forecast: Forecast | null;
  readonly kekRekeyOverdue: boolean;
  /** null: unknown, or a rekey is under way. */
  readonly kekMatchesKs: boolean | null;
  readonly tekMatchesKs: boolean | null;
}

export interface GroupView {
  readonly group: string;
  readonly gm: { readonly snapshot: GmSnapshot; readonly at: ReadAt } | null;
  readonly ks: { readonly snapshot: KsSnapshot; readonly at: ReadAt } | null;
  readonly parts: readonly GroupPart[];
}

interface GroupPart {
  readonly command: string;
  readonly at: ReadAt;
  readonly snapshot: GroupSnapshot;
}

/** What the configuration says of a device. */
export type ConfiguredDevice = Pick<DeviceView, 'device' | 'host' | 'configuredRole' | 'labels'>;

export function newDeviceView(configured: ConfiguredDevice): DeviceView {
  return {
    ...configured,
    result: null,
    error: null,
    polls: {},
    lastPollAtMs: null,
    lastSuccessAtMs: null,
    pollDurationMs: null,
    facts: null,
    unparsedLines: null,
    collectors: new Map(),
    groups: new Map(),
    tracking: new Map(),
    planned: [],
  };
}

/** The view after a poll. `partLifetimeMs`: how long a detail part counts without an answer. */
export function afterPoll(view: DeviceView, report: PollReport, partLifetimeMs: number): DeviceView {
  const ok = report.result === 'ok';
  const polled: DeviceView = {
    ...view,
    result: report.result,
    error: report.error,
    polls: { ...view.polls, [report.result]: (view.polls[report.result] ?? 0) + 1 },
    lastPollAtMs: report.finishedAtMs,
    pollDurationMs: report.durationMs,
  };
  if (!ok) return polled;
  let next: DeviceView = {
    ...polled,
    lastSuccessAtMs: report.finishedAtMs,
    collectors: new Map([...view.collectors, ...report.collectors]),
    unparsedLines: 0,
  };
  for (const observation of report.observations) next = observe(next, observation, partLifetimeMs);
  return next;
}

/** The view with one more thing seen of the device. */
export function observe(view: DeviceView, observation: Observation, partLifetimeMs: number): DeviceView {
  switch (observation.kind) {
    case 'facts':
      return { ...view, facts: { value: observation.facts, at: readAt(observation) } };
    case 'groups':
      return {
        ...view,
        unparsedLines: (view.unparsedLines ?? 0) + observation.unknownLines,
        groups: withParts(view.groups, observation, partLifetimeMs),
      };
    case 'clock':
    case 'log':
    case 'failure':
      return view;
    default:
      return observation satisfies never;
  }
}

function readAt({ sentAtMs, receivedAtMs }: ReadAt): ReadAt {
  return { sentAtMs, receivedAtMs };
}

function withParts(
  groups: DeviceView['groups'],
  observation: Extract<Observation, { kind: 'groups' }>,
  partLifetimeMs: number,
): DeviceView['groups'] {
  const main = isMainCommand(observation.command);
  const at = readAt(observation);
  const shown = new Map<string, GroupPart[]>();
  for (const snapshot of observation.snapshots) {
    const parts = shown.get(snapshot.group) ?? [];
    parts.push({ command: observation.command, at, snapshot });
    shown.set(snapshot.group, parts);
  }
  const next = new Map<string, GroupView>();
  for (const group of new Set([...groups.keys(), ...shown.keys()])) {
    const fresh = shown.get(group);
    if (main && fresh === undefined) continue;
    const kept = (groups.get(group)?.parts ?? []).filter(
      (part) =>
        part.command !== observation.command &&
        !(main && isMainCommand(part.command)) &&
        at.receivedAtMs - part.at.receivedAtMs <= partLifetimeMs,
    );
    // Details come after the main answer: a KS's policy shows SPI, lifetime and time to rekey of one instant.
    const parts = main ? [...(fresh ?? []), ...kept] : [...kept, ...(fresh ?? [])];
    if (parts.length > 0) next.set(group, groupView(group, parts));
  }
  return next;
}

function groupView(group: string, parts: readonly GroupPart[]): GroupView {
  const gmParts = parts.filter((part) => part.snapshot.role === 'gm');
  const ksParts = parts.filter((part) => part.snapshot.role === 'ks');
  const gm = mergeParts(
    'gm',
    gmParts.map((part) => part.snapshot),
  );
  const ks = mergeParts(
    'ks',
    ksParts.map((part) => part.snapshot),
  );
  return {
    group,
    gm: gm && { snapshot: gm, at: countdownReadAt(gmParts) },
    ks: ks && { snapshot: ks, at: countdownReadAt(ksParts) },
    parts,
  };
}

/** When the KEK's countdown was read: the newest part that shows one, else the newest part. */
function countdownReadAt(parts: readonly GroupPart[]): ReadAt {
  const counting = parts.filter((part) => typeof part.snapshot.kek?.remainingSeconds === 'number');
  const newest = (counting.length > 0 ? counting : parts).at(-1);
  if (newest === undefined) throw new Error('a group view needs a part');
  return newest.at;
}

/** GM, KS or both: as configured, else as the device's answers show; null while unknown. */
export function roleOf(view: DeviceView): 'gm' | 'ks' | 'both' | null {
  const groups = [...view.groups.values()];
  const gm = groups.some((group) => group.gm !== null);
  const ks = groups.some((group) => group.ks !== null);
  if (gm && ks) return 'both';
  if (gm || ks) return gm ? 'gm' : 'ks';
  return view.configuredRole === 'auto' ? null : view.configuredRole;
}

/** KEK behaviour of the device from its own output, else from its release. */
export function kekBehaviorOfDevice(view: DeviceView): KekBehavior {
  const showsLifetime = [...view.groups.values()].some(
    (group) => typeof group.gm?.snapshot.kek?.remainingSeconds === 'number',
  );
  return kekBehaviorOf(view.facts?.value.version ?? null, showsLifetime);
}
