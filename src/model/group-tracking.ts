/**
 * What the tracker and the group's view say together of a device: for its view, and for the fleet. Pure; live polling
 * and replay share it.
 */
import { type Failure, givesNoSign, LOOK_TAKES_MS, type MemberContext } from '../gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../gdoi/fleet/fleet-state.ts';
import type { GroupViewOf } from '../gdoi/fleet/group-view.ts';
import { forecast } from '../gdoi/keys/forecast.ts';
import { middleMs } from '../gdoi/seen/interval.ts';
import { FLOOR_LEAD } from '../gdoi/keys/ks-lead.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import { silenceOf } from '../gdoi/tracker/reachability.ts';
import type { TrackOptions } from '../gdoi/tracker/tracker.ts';
import { quotedLink } from '../gdoi/log/log-evidence.ts';
import { isOwnChange } from '../gdoi/log/message-facts.ts';
import {
  dataProblemsOf,
  failedAttemptsOf,
  retriesInVain,
  type GroupState,
  kekExpiryOf,
  kekRekeyOverdueOf,
  linkDownOf,
  ksSaidOfGroup,
  packetsDroppedOf,
  reregistrationsOf,
  saidOfPacketsOf,
  sourcesDisagreeOf,
  tekRekeyOverdueOf,
  type TrackerState,
} from '../gdoi/memory/tracker-state.ts';
import { type DeviceView, type GroupTracking, type GroupOnDevice, kekBehaviorOfDevice } from './device-view.ts';

/** What a polled KS tells the tracker of its group. */
export function trackOptions(groupOf: GroupViewOf): TrackOptions {
  return {
    ksLeadSeconds: (group) => {
      const lead = groupOf(group)?.lead;
      return lead?.source === 'ks' ? lead.seconds : null;
    },
    kekLifetimeSeconds: (group) => groupOf(group)?.kekLifetimeSeconds ?? null,
    tekLifetimeSeconds: (group) => groupOf(group)?.tekLifetimeSeconds ?? null,
    tekLeadSeconds: (group) => groupOf(group)?.tekLeadSeconds ?? null,
    rekeySeconds: (group) => groupOf(group)?.rekeySeconds ?? null,
    ksMulticast: (group) => groupOf(group)?.ksMulticast === true,
    ksSaid: (group) => groupOf(group)?.ksSaid ?? [],
  };
}

/** Tracking of each group in which the device is a GM. */
export function trackingOf(view: DeviceView, state: TrackerState, groupOf: GroupViewOf): DeviceView['tracking'] {
  const tracking = new Map<string, GroupTracking>();
  for (const { group, gm, snmp, restconf } of view.groups.values()) {
    if (gm === null) continue;
    const fleet = groupOf(group);
    const expiry = kekExpiryOf(state, group);
    const said = saidOfPacketsOf(state, group);
    const vanished = state.groups.get(group)?.vanished;
    tracking.set(group, {
      reregistrations: reregistrationsOf(state).get(group) ?? null,
      forecast: forecast(gm.snapshot, gm.at, {
        lead: fleet?.lead ?? FLOOR_LEAD,
        lastKekExpiryMs: expiry === null ? null : middleMs(expiry),
        tekLifetimeSeconds: fleet?.tekLifetimeSeconds ?? null,
      }),
      kekRekeyOverdue: kekRekeyOverdueOf(state, group),
      tekRekeyOverdue: tekRekeyOverdueOf(state, group),
      failedAttempts: failedAttemptsOf(state, group),
      ...(isRetryingIn(state, group) ? { retrying: true } : {}),
      packetsDropped: packetsDroppedOf(state, group),
      ...(said === null ? {} : { saidOfPackets: said }),
      ...(vanished === undefined ? {} : { vanishedSinceMs: vanished.between.toMs }),
      dataProblems: dataProblemsOf(state, group),
      // What is asked beside the CLI no more, or answers no more, says nothing about it.
      sourcesDisagree: snmp === null && restconf === null ? null : sourcesDisagreeOf(state, group),
    });
  }
  return tracking;
}

/**
 * What each group that the device is or was in has to know after `before` became `after`; `after` null: the device is
 * gone. `atMs` is the instant of the last observation, so that a replay says the same.
 */
export function membershipChanges(
  before: DeviceView,
  after: DeviceView | null,
  state: TrackerState | null,
  atMs: EpochMs,
): ReadonlyMap<string, MemberFacts> {
  const view = after ?? before;
  const changes = new Map<string, MemberFacts>();
  for (const group of groupsOfEither(before, view)) {
    const known = after?.groups.get(group);
    const tracking = view.tracking.get(group);
    const isNamed = known === undefined && after?.namedIn?.includes(group) === true;
    const facts: MemberFacts = {
      device: view.device,
      atMs,
      presence: isNamed
        ? 'unreachable'
        : known === undefined
          ? 'gone'
          : failureOf(view, state)?.established === true
            ? 'unreachable'
            : 'present',
      gm: known?.gm ?? null,
      ks: known?.ks ?? null,
      ksSaid: known?.ks == null || state === null ? [] : ksSaidOfGroup(state, group, known.ks.snapshot.identity),
      kekBehavior: kekBehaviorOfDevice(view),
      version: view.facts?.value.version ?? null,
      host: view.host,
      kekRekeyOverdue: tracking?.kekRekeyOverdue ?? null,
      lastReregistration: tracking?.reregistrations?.last ?? null,
      context: contextOf(view, state, group),
    };
    const newerTeks = newerTeksOf(known);
    const tekRekeyOverdue = tracking?.tekRekeyOverdue === true;
    const ksRoleMs = known?.ks?.roleMs;
    const isPlain = !isNamed && newerTeks === null && !tekRekeyOverdue && ksRoleMs === undefined;
    changes.set(
      group,
      isPlain
        ? facts
        : {
            ...facts,
            ...(isNamed ? { named: after.listedIn?.includes(group) === true ? 'gm' : 'ks' } : {}),
            ...(newerTeks === null ? {} : { newerTeks }),
            ...(tekRekeyOverdue ? { tekRekeyOverdue } : {}),
            ...(ksRoleMs === undefined ? {} : { ksRoleMs }),
          },
    );
  }
  return changes;
}

function groupsOfEither(before: DeviceView, now: DeviceView): ReadonlySet<string> {
  const groups = new Set(before.groups.keys());
  for (const group of now.groups.keys()) groups.add(group);
  for (const group of before.namedIn ?? []) groups.add(group);
  for (const group of now.namedIn ?? []) groups.add(group);
  return groups;
}

/**
 * A KS of which nothing but its log is known yet: what it said, for each group that it may have written about. Most of
 * these are no groups, only words that may be a name.
 */
export function heardChanges(
  view: DeviceView,
  state: TrackerState,
  atMs: EpochMs,
): readonly (readonly [group: string, facts: MemberFacts])[] {
  if ([...view.groups.values()].some(({ gm }) => gm !== null)) return [];
  const words = new Set(state.ksMarks.flatMap(({ groups }) => groups.flat()));
  return Array.from(words)
    .filter((word) => !view.groups.has(word))
    .map((group) => [
      group,
      {
        device: view.device,
        atMs,
        presence: 'present',
        gm: null,
        ks: null,
        ksSaid: ksSaidOfGroup(state, group, null),
        kekBehavior: kekBehaviorOfDevice(view),
        version: null,
      },
    ]);
}

/** TEKs that SNMP has shown since the CLI answered, where the CLI's answer lacks one of them; null: it lacks none. */
function newerTeksOf(known: GroupOnDevice | undefined): readonly string[] | null {
  const look = known?.snmp?.gm ?? null;
  const byCli = known?.gm ?? null;
  if (look === null || byCli === null || look.at.receivedAtMs <= byCli.at.receivedAtMs) return null;
  const held = new Set((byCli.snapshot.teks ?? []).map(({ spi }) => spi));
  const seen = (look.snapshot.teks ?? []).flatMap(({ spi }) => (spi === null ? [] : [spi]));
  return seen.every((spi) => held.has(spi)) ? null : seen;
}

function isRetryingIn(state: TrackerState, group: string): boolean {
  const known = state.groups.get(group);
  return known !== undefined && retriesInVain(known);
}

/** What the group's explanations need of the device beside its last answer. */
function contextOf(view: DeviceView, state: TrackerState | null, group: string): MemberContext {
  const known = state?.groups.get(group);
  const isRetrying = known !== undefined && retriesInVain(known);
  const boot = state?.boot ?? null;
  const context: MemberContext = {
    failure: failureOf(view, state),
    bootMs: boot === null ? null : middleMs(boot.at),
    forced: known === undefined ? null : orderOfKs(known),
    unregisteredSinceMs:
      (known?.unregistered ?? known?.trying)?.toMs ?? (isRetrying ? known?.retrying?.fromMs : null) ?? null,
    failedAttempts: state === null ? null : failedAttemptsOf(state, group),
    ...(isRetrying ? { retrying: true } : {}),
    reregistersAtMs: view.tracking.get(group)?.forecast?.expectedAtMs ?? null,
    nextLookMs: nextLookMs(view),
    ...(view.regularIntervalMs === null ? {} : { intervalMs: view.regularIntervalMs }),
    reasons: view.reasons.filter((reason) => reason.group === null || reason.group === group),
  };
  const logHeardSinceMs = view.logsOf?.get(group);
  const ofGm = known === undefined ? null : ofTheGm(known);
  const clock = clockFaultOf(view);
  const answeredMs = answeredAfter(view, group);
  if (logHeardSinceMs === undefined && ofGm === null && clock === null && answeredMs === null) return context;
  return {
    ...context,
    ...(answeredMs === null ? {} : { answeredMs }),
    ...(logHeardSinceMs === undefined ? {} : { logHeardSinceMs }),
    ...ofGm,
    ...(clock === null ? {} : { clock }),
  };
}

/** A KS is asked for its keys at some polls only: when a later one was answered; null: none was. */
function answeredAfter({ lastSuccessAtMs, groups }: DeviceView, group: string): EpochMs | null {
  const ks = groups.get(group)?.ks ?? null;
  if (ks === null || lastSuccessAtMs === null) return null;
  return lastSuccessAtMs > ks.at.receivedAtMs + LOOK_TAKES_MS ? lastSuccessAtMs : null;
}

/**
 * null: it answers, if only to what is asked beside SSH. A refusal, or an answer that cannot be read, remains a
 * failure.
 */
function failureOf(view: DeviceView, state: TrackerState | null): MemberContext['failure'] {
  const failures = state?.failures ?? null;
  if (state === null || failures === null) return null;
  const result = view.failure ?? failures.result;
  const lastMs = state.latestSentMs === null ? {} : { lastMs: state.latestSentMs };
  if (givesNoSign(result)) {
    const silence = silenceOf(failures);
    return (
      silence && {
        sinceMs: silence.firstMs,
        inARow: silence.inARow,
        result,
        established: silence.unreachable,
        ...lastMs,
        ...heardSince(view, silence.firstMs),
        ...answeredBefore(view),
      }
    );
  }
  const answersBy = answersBeside(view, failures.firstMs);
  return {
    sinceMs: failures.firstMs,
    inARow: failures.inARow,
    result,
    established: failures.unreachable && answersBy === null,
    ...lastMs,
    ...(answersBy === null ? {} : { answersBy }),
  };
}

/** Messages that were on their way when a device died, or was shut down, arrive within this. */
const LAST_WORDS_MS = 60_000;

function heardSince({ heardMs }: DeviceView, failedMs: EpochMs): Partial<Pick<Failure, 'heardMs'>> {
  return heardMs !== undefined && heardMs > failedMs + LAST_WORDS_MS ? { heardMs } : {};
}

function answeredBefore({ lastSuccessAtMs, snmp, restconf }: DeviceView): Partial<Pick<Failure, 'answeredMs'>> {
  const answers = [lastSuccessAtMs, snmp?.lastSuccessAtMs, restconf?.lastSuccessAtMs].filter((ms) => ms != null);
  return answers.length === 0 ? {} : { answeredMs: Math.max(...answers) };
}

/** What is asked beside SSH and was answered last, since then. */
function answersBeside({ snmp, restconf }: DeviceView, sinceMs: EpochMs): 'SNMP' | 'RESTCONF' | null {
  const answers = (beside: DeviceView['snmp']) => beside?.result === 'ok' && (beside.lastSuccessAtMs ?? 0) >= sinceMs;
  if (answers(snmp)) return 'SNMP';
  return answers(restconf) ? 'RESTCONF' : null;
}

/** The order that made it register, unless its own configuration did. */
function orderOfKs({ forced, marks }: GroupState): GroupState['forced'] {
  const isByItself = marks.some(
    ({ proof, atMs, mnemonic }) => proof === 'forced' && atMs === forced?.atMs && isOwnChange(mnemonic),
  );
  return isByItself ? null : forced;
}

/** A difference that no latency or rounding makes, and that certificates and people notice. */
const CLOCK_OFF_SECONDS = 60;

/** Its clock, where it is not synchronised or far from the agent's; null: it is right, as far as is known. */
function clockFaultOf({ clock }: DeviceView): NonNullable<MemberContext['clock']> | null {
  if (clock === undefined) return null;
  const { value, at } = clock;
  const aheadSeconds =
    value.epochMs === null ? null : Math.round((value.epochMs - (at.sentAtMs + at.receivedAtMs) / 2) / 1000);
  const off = aheadSeconds !== null && Math.abs(aheadSeconds) > CLOCK_OFF_SECONDS;
  if (!off && value.synchronised !== false) return null;
  return { readMs: at.receivedAtMs, synchronised: value.synchronised, aheadSeconds: off ? aheadSeconds : null };
}

/** What few GMs have; null: nothing of it. */
function ofTheGm(
  known: GroupState,
): Pick<MemberContext, 'linkDown' | 'dropping' | 'failingFor' | 'vanishedSinceMs'> | null {
  const link = linkDownOf(known);
  const { vanished, failingFor } = known;
  const isGone = vanished !== undefined && vanished.knownMs !== null;
  if (link === null && !known.episodes.replayErrors && failingFor === undefined && !isGone) return null;
  return {
    ...(link === null
      ? {}
      : {
          linkDown: {
            sinceMs: link.down.atMs,
            backMs: link.up?.atMs ?? null,
            evidence: quotedLink(link.down, link.up ?? undefined),
          },
        }),
    ...(known.episodes.replayErrors ? { dropping: true } : {}),
    ...(failingFor === undefined ? {} : { failingFor }),
    ...(isGone ? { vanishedSinceMs: vanished.between.toMs } : {}),
  };
}

/** The earliest poll that is planned; else the next regular one. */
function nextLookMs({ plannedPolls, lastPollAtMs, regularIntervalMs }: DeviceView): EpochMs | null {
  const regular = lastPollAtMs === null || regularIntervalMs === null ? null : lastPollAtMs + regularIntervalMs;
  const [first] = plannedPolls;
  if (first === undefined) return regular;
  return regular === null ? first.atMs : Math.min(first.atMs, regular);
}
