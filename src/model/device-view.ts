/**
 * All that is known of one device now: what metrics, pages and answers are made from. Pure: a poll goes in, the next
 * view comes out.
 *
 * A group is known by the parts that the device's commands showed of it. The main answer lists the groups there are: a
 * group it does not list is gone. A detail part is kept until its command answers again or has been silent for three of
 * its intervals: old figures are worse than none. What SNMP or RESTCONF shows stands beside what the CLI shows and is
 * never mixed into it: the CLI is the authority, and where a device has no CLI answer theirs takes its place.
 */
import { kekBehaviorOf, type KekBehavior } from '../gdoi/seen/release.ts';
import { clockTime } from '../gdoi/explain/said.ts';
import type { Forecast } from '../gdoi/keys/forecast.ts';
import type { FreshLine } from '../gdoi/log/log-buffer.ts';
import { groupNamedIn, type LoggedReason, loggedReason, withReason } from '../gdoi/log/logged-reason.ts';
import { naturalOrder } from '../gdoi/events/name-list.ts';
import type { PlannedPoll } from '../gdoi/keys/poll-instants.ts';
import { MAX_GROUPS, type SaidOfPackets, type Tally, type TrackerState } from '../gdoi/memory/tracker-state.ts';
import type { DeviceCertificates } from '../gdoi/seen/certificate.ts';
import type { DeviceClock, DeviceFacts } from '../gdoi/seen/device-facts.ts';
import { mergeParts } from '../gdoi/seen/merge-snapshots.ts';
import { middleMs } from '../gdoi/seen/interval.ts';
import type { Observation } from '../gdoi/seen/observation.ts';
import type { EpochMs, ReadAt } from '../gdoi/seen/instant.ts';
import { emptyGmSnapshot, type GmSnapshot, type GroupSnapshot, type KsSnapshot } from '../gdoi/seen/snapshot.ts';
import { type BesideTransport, type CollectorResult, observationsBeside, type PollReport } from './poll-report.ts';
import type { Traffic } from '../access/device-traffic.ts';
import { MAIN_NODES } from '../access/restconf-path.ts';
import { isMainCommand } from '../access/show-command.ts';
import type { PollResult } from './poll-result.ts';
import { type ShownAnswer, shownAnswer } from './shown-answer.ts';

export interface DeviceView {
  readonly device: string;
  /** Absent: there is only the default one. */
  readonly cell?: string;
  readonly host: string;
  readonly configuredRole: 'gm' | 'ks' | 'auto';
  readonly labels: Readonly<Record<string, string>>;
  /** Longest time between two regular polls; null: it is polled by no schedule. */
  readonly regularIntervalMs: number | null;
  /** Result of the last poll; null before the first. */
  readonly result: PollResult | null;
  readonly error: string | null;
  /** The last poll that tried it and failed, while it is waited for; absent: it answers, or was not polled yet. */
  readonly failed?: FailedTry;
  /** Why the device gives no answer now, also while it is only waited for; null: it answers, or was not polled yet. */
  readonly failure: Exclude<PollResult, 'ok'> | null;
  /** When a message of it came last while it gave no answer, give or take `HEARD_WITHIN_MS`. Absent: none did. */
  readonly heardMs?: EpochMs;
  readonly polls: PollCounts;
  /** What the agent has asked of it since the start; absent before the first poll. */
  readonly traffic?: Traffic;
  readonly lastPollAtMs: EpochMs | null;
  readonly lastSuccessAtMs: EpochMs | null;
  readonly pollDurationMs: number | null;
  readonly facts: { readonly value: DeviceFacts; readonly at: ReadAt } | null;
  /** Its own time, by `show clock`; absent: not collected, or not answered yet. */
  readonly clock?: { readonly value: DeviceClock; readonly at: ReadAt };
  /** null: not collected, or not answered yet. */
  readonly certificates: { readonly value: DeviceCertificates; readonly at: ReadAt } | null;
  /** Unknown lines in the answers of the last successful poll. */
  readonly unparsedLines: number | null;
  readonly collectors: ReadonlyMap<string, CollectorResult>;
  readonly groups: ReadonlyMap<string, GroupOnDevice>;
  /**
   * Groups whose GMs name its address as their KS's, or whose KS lists it as a GM's, while it gives no answer and has
   * shown none; absent: there is none.
   */
  readonly namedIn?: readonly string[];
  /** Those of `namedIn` of which it is listed as a GM; absent: none. */
  readonly listedIn?: readonly string[];
  /** By group. */
  readonly tracking: ReadonlyMap<string, GroupTracking>;
  /** Polls beside the schedule that are planned now, in order. */
  readonly plannedPolls: readonly PlannedPoll[];
  /** SNMP beside SSH; null: it is not, and `result` is that of the only transport, or of SSH. */
  readonly snmp: PollingBeside | null;
  /** RESTCONF beside SSH, likewise. */
  readonly restconf: PollingBeside | null;
  /** Reasons that its log gave since the start, newest last. */
  readonly reasons: readonly LoggedReason[];
  /**
   * Groups of which a message of its log came to the agent since the start, with the first such instant; absent: of
   * none.
   */
  readonly logsOf?: ReadonlyMap<string, EpochMs>;
  /** Show command -> its last answer, for anyone who wants to see for themselves. */
  readonly answers: ReadonlyMap<string, ShownAnswer>;
}

type PollCounts = Readonly<Partial<Record<PollResult, number>>>;

interface FailedTry {
  readonly error: string;
  readonly atMs: EpochMs;
}

export interface PollingBeside {
  /** null before the first poll. */
  readonly result: PollResult | null;
  readonly error: string | null;
  readonly polls: PollCounts;
  readonly lastSuccessAtMs: EpochMs | null;
  /** As of the device. */
  readonly failed?: FailedTry;
}

/**
 * With the groups that the tracker misses in the device's answers: shown as not registered once that is sure, before
 * that as nothing known. What another transport shows of one stands for itself.
 */
export function withVanished(view: DeviceView, before: DeviceView, { groups, answered }: TrackerState): DeviceView {
  if (answered === null) return view;
  const missed = Array.from(groups).flatMap(([group, { vanished, identity }]) => {
    const isAnswered = before.groups.has(group) || view.lastSuccessAtMs !== null;
    if (vanished === undefined || view.groups.has(group) || !isAnswered) return [];
    const known = before.groups.get(group)?.gm?.snapshot ?? null;
    const snapshot: GmSnapshot = {
      ...emptyGmSnapshot(group),
      identity,
      groupType: known?.groupType ?? null,
      address: known?.address ?? null,
      vrf: known?.vrf ?? null,
      gmVersion: known?.gmVersion ?? null,
      registered: vanished.knownMs === null ? null : false,
    };
    return [{ group, gm: { snapshot, at: answered }, ks: null, snmp: null, restconf: null, parts: [] }];
  });
  if (missed.length === 0) return view;
  const all = [...view.groups, ...missed.map((each) => [each.group, each] as const)];
  return { ...view, groups: new Map(all.toSorted(([a], [b]) => naturalOrder(a, b))) };
}

/** What the tracker says of one GM in one group; what the group says of it is in the group's view (`GmInGroup`). */
export interface GroupTracking {
  readonly reregistrations: Tally | null;
  readonly forecast: Forecast | null;
  readonly kekRekeyOverdue: boolean;
  readonly tekRekeyOverdue: boolean;
  /** Attempts to register that failed since it last registered; null: attempts are not shown. */
  readonly failedAttempts: number | null;
  /** These go on, though a countdown runs as for the next attempt; absent: they do not. */
  readonly retrying?: true;
  /** Anti-replay or the data plane drops packets now; null: nothing tells. */
  readonly packetsDropped: boolean | null;
  /** Messages alone tell of it, and which; absent: counters or anti-replay do. */
  readonly saidOfPackets?: SaidOfPackets;
  /** Since when its answers show no such group any more; absent: they do. */
  readonly vanishedSinceMs?: EpochMs;
  /** What the device contradicts itself in; empty: nothing. */
  readonly dataProblems: readonly string[];
  /** The CLI and what is polled beside it show other keys, look after look; null: not both show the group now. */
  readonly sourcesDisagree: boolean | null;
}

export interface GroupOnDevice {
  readonly group: string;
  readonly gm: Read<GmSnapshot> | null;
  readonly ks: KsRead | null;
  /** What SNMP showed last, where another transport answers too; null: it is `gm` and `ks`, or there is none. */
  readonly snmp: LastRead | null;
  /** What RESTCONF showed last, where the CLI answers too; null likewise. */
  readonly restconf: LastRead | null;
  readonly parts: readonly GroupReading[];
}

interface LastRead {
  readonly gm: Read<GmSnapshot> | null;
  readonly ks: KsRead | null;
}

/** Its keys and lists are those of its last details; `at` is when these were read. */
interface KsRead extends Read<KsSnapshot> {
  /** When a later answer showed its role, which is the one it has here. Absent: none did. */
  readonly roleMs?: EpochMs;
}

export interface Read<Snapshot> {
  readonly snapshot: Snapshot;
  readonly at: ReadAt;
}

interface GroupReading {
  readonly origin: 'cli' | 'snmp' | 'restconf';
  readonly command: string;
  readonly at: ReadAt;
  readonly snapshot: GroupSnapshot;
}

/** What the configuration says of a device. */
export type ConfiguredDevice = Pick<
  DeviceView,
  'device' | 'cell' | 'host' | 'configuredRole' | 'labels' | 'regularIntervalMs' | BesideTransport
>;

/** What was not polled yet. */
export const NOT_POLLED_BESIDE: PollingBeside = { result: null, error: null, polls: {}, lastSuccessAtMs: null };

export function newDeviceView(
  configured: Pick<ConfiguredDevice, 'device' | 'host'> & Partial<ConfiguredDevice>,
): DeviceView {
  return {
    configuredRole: 'auto',
    labels: {},
    regularIntervalMs: null,
    snmp: null,
    restconf: null,
    ...configured,
    result: null,
    error: null,
    failure: null,
    polls: {},
    lastPollAtMs: null,
    lastSuccessAtMs: null,
    pollDurationMs: null,
    facts: null,
    certificates: null,
    unparsedLines: null,
    collectors: new Map(),
    groups: new Map(),
    tracking: new Map(),
    plannedPolls: [],
    reasons: [],
    answers: new Map(),
  };
}

/** The view after a poll. `partLifetimeMs`: how long a detail part counts without an answer. */
export function afterPoll(view: DeviceView, report: PollReport, partLifetimeMs: number): DeviceView {
  const ok = report.result === 'ok';
  const { error, failed } = whyItFails(view.failed, report);
  let next: DeviceView = {
    ...withoutFailed(view),
    result: report.result,
    error,
    failure: failureAfter(view.failure, report.result),
    polls: counted(view.polls, report.result),
    answers: withAnswers(view.answers, report.answers),
    lastPollAtMs: report.finishedAtMs,
    pollDurationMs: report.durationMs,
    lastSuccessAtMs: ok ? report.finishedAtMs : view.lastSuccessAtMs,
    collectors: ok ? withResults(view.collectors, report.collectors) : view.collectors,
    unparsedLines: ok ? 0 : view.unparsedLines,
    ...(report.traffic === undefined ? {} : { traffic: report.traffic }),
    ...(failed === undefined ? {} : { failed }),
  };
  // An image without the MIB still says which image it is.
  if (!ok) return { ...next, ...factsIn(report) };
  for (const observation of report.observations) next = observe(next, observation, partLifetimeMs);
  return next;
}

function withResults(known: DeviceView['collectors'], now: DeviceView['collectors']): DeviceView['collectors'] {
  let next = known;
  for (const [command, result] of now) {
    if (next.get(command) !== result) next = new Map([...next, [command, result]]);
  }
  return next;
}

function factsIn({ observations }: PollReport): Partial<Pick<DeviceView, 'facts'>> {
  const shown = observations.find((observation) => observation.kind === 'facts');
  return shown === undefined ? {} : { facts: { value: shown.facts, at: readAt(shown) } };
}

/**
 * A device that waits is not tried: the reason is what failed before. A quarantined one waits because of a refused
 * login.
 */
function failureAfter(before: DeviceView['failure'], result: PollResult): DeviceView['failure'] {
  switch (result) {
    case 'ok':
      return null;
    case 'backoff':
      return before ?? result;
    case 'quarantined':
      return before === 'auth' ? before : result;
    default:
      return result;
  }
}

/** While it is left alone, the error shown is the one that led to that, with its instant, and not that it waits. */
function whyItFails(
  before: FailedTry | undefined,
  { result, error, finishedAtMs }: PollReport,
): { readonly error: string | null; readonly failed?: FailedTry } {
  if (error === null) return { error };
  if (result !== 'backoff') return { error, failed: { error, atMs: finishedAtMs } };
  if (before === undefined) return { error: `not tried after failures; ${error}` };
  return { error: `${before.error} (at ${clockTime(before.atMs)}); ${error}`, failed: before };
}

function withoutFailed(view: DeviceView): DeviceView {
  if (view.failed === undefined) return view;
  const { failed: _, ...others } = view;
  return others;
}

/** The view after a poll that a fault of our own ended: as before, but failed. */
export function afterInternalError(view: DeviceView, atMs: EpochMs): DeviceView {
  return {
    ...view,
    result: 'internal',
    error: "internal error: the agent's log has it",
    failure: 'internal',
    polls: counted(view.polls, 'internal'),
    lastPollAtMs: atMs,
  };
}

/** The view after a poll beside SSH, whose facts are the authority. */
export function afterPollBeside(
  view: DeviceView,
  { by, report }: { readonly by: BesideTransport; readonly report: PollReport },
  partLifetimeMs: number,
): DeviceView {
  const before = view[by] ?? NOT_POLLED_BESIDE;
  const { error, failed } = whyItFails(before.failed, report);
  const polling: PollingBeside = {
    result: report.result,
    error,
    polls: counted(before.polls, report.result),
    lastSuccessAtMs: report.result === 'ok' ? report.finishedAtMs : before.lastSuccessAtMs,
    ...(failed === undefined ? {} : { failed }),
  };
  let next: DeviceView = {
    ...view,
    [by]: polling,
    ...(report.traffic === undefined ? {} : { traffic: report.traffic }),
  };
  for (const observation of observationsBeside(report)) next = observe(next, observation, partLifetimeMs);
  // The CLI's unknown lines are not those of SNMP or RESTCONF.
  return { ...next, unparsedLines: view.unparsedLines };
}

function counted(polls: PollCounts, result: PollResult): PollCounts {
  return { ...polls, [result]: (polls[result] ?? 0) + 1 };
}

function withAnswers(shown: DeviceView['answers'], answers: PollReport['answers']): DeviceView['answers'] {
  if (answers.length === 0) return shown;
  const next = new Map(shown);
  for (const { command, text, sentAtMs, receivedAtMs } of answers) {
    next.set(command, shownAnswer(command, text, { sentAtMs, receivedAtMs }));
  }
  return next;
}

/** The view with one more thing seen of the device. */
export function observe(view: DeviceView, observation: Observation, partLifetimeMs: number): DeviceView {
  switch (observation.kind) {
    case 'facts':
      return { ...withUnknown(view, observation), facts: { value: observation.facts, at: readAt(observation) } };
    case 'groups':
      return {
        ...view,
        unparsedLines: (view.unparsedLines ?? 0) + observation.unknownLines,
        groups: withParts(view.groups, observation, partLifetimeMs),
      };
    case 'certificates':
      return {
        ...view,
        unparsedLines: (view.unparsedLines ?? 0) + observation.unknownLines,
        certificates: { value: observation.certificates, at: readAt(observation) },
      };
    case 'log':
      return heard(withReasons(withUnknown(view, observation), observation), observation);
    case 'clock':
      return { ...withUnknown(view, observation), clock: { value: observation.clock, at: readAt(observation) } };
    case 'trap':
      return heard(view, observation);
    case 'registered':
    case 'failure':
      return view;
    default:
      return observation satisfies never;
  }
}

/** A device may log a lot, and not every message is worth another look at its group. */
const HEARD_WITHIN_MS = 30_000;

/** A message in the name of a device that gives no answer. */
function heard(view: DeviceView, observation: Extract<Observation, { kind: 'log' | 'trap' }>): DeviceView {
  const { receivedAtMs } = observation;
  const isSent = observation.kind === 'trap' || observation.pushed;
  if (!isSent || view.failure === null) return view;
  return Math.abs(receivedAtMs - (view.heardMs ?? Number.NEGATIVE_INFINITY)) < HEARD_WITHIN_MS
    ? view
    : { ...view, heardMs: receivedAtMs };
}

/** Only from what the device sent just now: its instant is known without the device's clock. */
function withReasons(
  view: DeviceView,
  { messages, pushed, receivedAtMs }: Extract<Observation, { kind: 'log' }>,
): DeviceView {
  if (!pushed) return view;
  const reasons = messages.reduce((known, message) => {
    const reason = loggedReason(message, receivedAtMs);
    return reason === null ? known : withReason(known, reason);
  }, view.reasons);
  const named = messages.flatMap(({ text }) => groupNamedIn(text) ?? []).filter((group) => !view.logsOf?.has(group));
  if (named.length > 0)
    return {
      ...view,
      reasons,
      logsOf: new Map([...(view.logsOf ?? []), ...named.map((group) => [group, receivedAtMs] as const)]),
    };
  return reasons === view.reasons ? view : { ...view, reasons };
}

/**
 * The instant of a logged reason is shown as `since`: a line that is placed less closely, by the two readings around
 * it, is evidence only.
 */
const PLACED_WITHIN_MS = 10_000;

/**
 * The view with the reasons in new lines of the log buffer, where the device's clock places them; what it also sent is
 * known already.
 */
export function withFreshLines(view: DeviceView, lines: readonly FreshLine[]): DeviceView {
  const found = lines.flatMap(({ message, written }) => {
    if (written.toMs - written.fromMs > PLACED_WITHIN_MS) return [];
    const reason = loggedReason(message, middleMs(written));
    return reason === null || view.reasons.some((other) => isSameReason(other, reason)) ? [] : [reason];
  });
  if (found.length === 0) return view;
  // Old lines must not push out what was sent since.
  const inOrder = [...view.reasons, ...found].toSorted((a, b) => a.atMs - b.atMs);
  return { ...view, reasons: inOrder.reduce(withReason, []) };
}

function isSameReason(a: LoggedReason, b: LoggedReason): boolean {
  return a.kind === b.kind && a.text === b.text && Math.abs(a.atMs - b.atMs) <= PLACED_WITHIN_MS;
}

/** For an answer that shows no group: unknown lines are counted here too, so that the parser's drift is seen. */
function withUnknown(view: DeviceView, { unknownLines = 0 }: { readonly unknownLines?: number }): DeviceView {
  return unknownLines === 0 ? view : { ...view, unparsedLines: (view.unparsedLines ?? 0) + unknownLines };
}

function readAt({ sentAtMs, receivedAtMs }: ReadAt): ReadAt {
  return { sentAtMs, receivedAtMs };
}

function withParts(
  groups: DeviceView['groups'],
  observation: Extract<Observation, { kind: 'groups' }>,
  partLifetimeMs: number,
): DeviceView['groups'] {
  const { origin, command } = observation;
  const main = observation.beside !== true && isMainAnswer(origin, command);
  const at = readAt(observation);
  const shown = new Map<string, GroupReading[]>();
  for (const snapshot of observation.snapshots) {
    if (!shown.has(snapshot.group) && shown.size >= MAX_GROUPS) continue;
    const parts = shown.get(snapshot.group) ?? [];
    parts.push({ origin, command, at, snapshot });
    shown.set(snapshot.group, parts);
  }
  const next = new Map<string, GroupOnDevice>();
  for (const group of main ? shown.keys() : new Set([...groups.keys(), ...shown.keys()])) {
    const fresh = shown.get(group);
    const kept = (groups.get(group)?.parts ?? []).filter(
      (part) =>
        part.command !== command &&
        !(main && part.origin === origin && isMainAnswer(part.origin, part.command)) &&
        at.receivedAtMs - part.at.receivedAtMs <= partLifetimeMs,
    );
    // Details come after the main answer: a KS's policy shows SPI, lifetime and time to rekey of one instant.
    const parts = main ? [...(fresh ?? []), ...kept] : [...kept, ...(fresh ?? [])];
    if (parts.length > 0 && next.size < MAX_GROUPS) next.set(group, groupOnDevice(group, parts));
  }
  return next.size < 2 ? next : new Map([...next].toSorted(([a], [b]) => naturalOrder(a, b)));
}

/** Is it the answer that lists the groups there are? */
function isMainAnswer(origin: GroupReading['origin'], command: string): boolean {
  return origin === 'restconf' ? command === MAIN_NODES : origin === 'cli' && isMainCommand(command);
}

/** The first of these that shows the group is what is reported of it. */
const AUTHORITY = ['cli', 'restconf', 'snmp'] as const;

function groupOnDevice(group: string, parts: readonly GroupReading[]): GroupOnDevice {
  const origins = AUTHORITY.filter((origin) => parts.some((part) => part.origin === origin));
  const [authority = 'cli', ...others] = origins;
  const of = (origin: GroupReading['origin']) =>
    others.length === 0 ? merged(parts) : merged(parts.filter((part) => part.origin === origin));
  const beside = (origin: BesideTransport) => (others.includes(origin) ? of(origin) : null);
  const { gm, ks } = of(authority);
  return { group, gm, ks, snmp: beside('snmp'), restconf: beside('restconf'), parts };
}

function merged(parts: readonly GroupReading[]): LastRead {
  const ofGm = parts.filter((part) => part.snapshot.role === 'gm');
  const ofKs = parts.filter((part) => part.snapshot.role === 'ks');
  const gm = mergeParts('gm', ofGm.map(snapshotOf));
  const ks = mergeParts('ks', ofKs.map(snapshotOf));
  return {
    gm: gm && { snapshot: gm, at: countdownReadAt(ofGm) },
    ks: ks && withNewestRole({ snapshot: ks, at: countdownReadAt(ofKs) }, ofKs),
  };
}

/**
 * A KS shows its role in the main answer, too, which is asked more often than its details: another KS takes over within
 * a minute, and until its details are asked again nobody would know.
 */
function withNewestRole(ks: Read<KsSnapshot>, parts: readonly GroupReading[]): KsRead {
  const [newest] = parts
    .flatMap(({ snapshot, at }) => (snapshot.role === 'ks' && snapshot.localRole !== null ? [{ snapshot, at }] : []))
    .toSorted((a, b) => b.at.receivedAtMs - a.at.receivedAtMs);
  if (newest === undefined || newest.at.receivedAtMs <= ks.at.receivedAtMs) return ks;
  const { localRole, localStatus } = newest.snapshot;
  // What it said of its peers before another role came to it is of the time before.
  const peers =
    localRole === ks.snapshot.localRole
      ? ks.snapshot.peers
      : (ks.snapshot.peers?.map(({ address }) => ({ address, role: null, status: null })) ?? null);
  return {
    ...ks,
    snapshot: { ...ks.snapshot, peers, localRole, localStatus: localStatus ?? ks.snapshot.localStatus },
    roleMs: newest.at.receivedAtMs,
  };
}

function snapshotOf({ snapshot }: GroupReading): GroupSnapshot {
  return snapshot;
}

/**
 * When the KEK's countdown was read: the newest part that shows one, else the main answer, whose counters and ages
 * count then (releases before 15.2(1)T show no countdown), else the newest part.
 */
function countdownReadAt(parts: readonly GroupReading[]): ReadAt {
  const counting = parts.filter((part) => typeof part.snapshot.kek?.remainingSeconds === 'number');
  const newest = counting.at(-1) ?? parts.find(({ origin, command }) => isMainAnswer(origin, command)) ?? parts.at(-1);
  if (newest === undefined) throw new Error('a group view needs a part');
  return newest.at;
}

/** The GM's snapshot with the newest KEK countdown: the CLI's, or that of SNMP or RESTCONF where it was read since. */
export function newestKekRead({ gm, snmp, restconf }: GroupOnDevice): Read<GmSnapshot> | null {
  const other = restconf?.gm ?? snmp?.gm ?? null;
  if (gm === null || other === null) return gm;
  const newer = other.at.receivedAtMs > gm.at.receivedAtMs && typeof other.snapshot.kek?.remainingSeconds === 'number';
  return newer ? other : gm;
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
  let showsLifetime = false;
  for (const { gm } of view.groups.values()) showsLifetime ||= typeof gm?.snapshot.kek?.remainingSeconds === 'number';
  return kekBehaviorOf(view.facts?.value.version ?? null, showsLifetime);
}
