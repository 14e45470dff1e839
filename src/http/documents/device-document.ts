/** Devices as documents of the API. Only names and times change form here; nothing is judged. */
import {
  type DeviceView,
  type GroupOnDevice,
  kekBehaviorOfDevice,
  newestKekRead,
  roleOf,
} from '../../model/device-view.ts';
import { trustpointExpiries } from '../../gdoi/seen/certificate.ts';
import { longestSeconds } from '../../gdoi/seen/countdown.ts';
import { toDocument } from '../../gdoi/events/document.ts';
import { isoInstant } from '../../gdoi/events/event-document.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import { type Forecast, forecastEvidence } from '../../gdoi/keys/forecast.ts';
import type { DeviceHealth } from '../../gdoi/health/health.ts';
import { healthDocument, isoOrNull, nextDocument } from '../../gdoi/health/health-document.ts';
import { kekTimeline } from '../../gdoi/keys/kek-timeline.ts';
import { FLOOR_LEAD } from '../../gdoi/keys/ks-lead.ts';
import { inCell } from '../../gdoi/seen/cell.ts';
import { expiryMs, type ReadAt } from '../../gdoi/seen/instant.ts';
import type { DeviceDocument, DeviceSummary, MembershipDocument } from '../schemas/device-schema.ts';

/** `cell` as in the device's view. */
export type FleetOf = (group: string, cell: string | undefined) => GroupView | undefined;

export function deviceSummary(view: DeviceView, health: DeviceHealth, groupOf: FleetOf): DeviceSummary {
  return {
    ...identity(view, health),
    groups: Array.from(view.groups.values(), (group) => membership(view, group, health, groupOf)),
  };
}

export function deviceDocument(view: DeviceView, health: DeviceHealth, groupOf: FleetOf): DeviceDocument {
  const { facts } = view;
  return {
    ...identity(view, health),
    configured_role: view.configuredRole,
    error: view.error,
    failure: view.failure,
    polls: { ...view.polls },
    last_poll_at: isoOrNull(view.lastPollAtMs),
    poll_duration_seconds: view.pollDurationMs === null ? null : view.pollDurationMs / 1000,
    regular_interval_seconds: view.regularIntervalMs === null ? null : view.regularIntervalMs / 1000,
    unparsed_lines: view.unparsedLines,
    commands: Object.fromEntries(view.collectors),
    snmp: besideDocument(view.snmp),
    restconf: besideDocument(view.restconf),
    facts: facts && {
      read_at: isoInstant(facts.at.receivedAtMs),
      hostname: facts.value.hostname,
      software: facts.value.software,
      version: facts.value.version,
      platform: facts.value.platform,
      uptime_seconds: facts.value.uptimeSeconds,
      reload_reason: facts.value.reloadReason,
    },
    groups: Array.from(view.groups.values(), (group) => groupPart(view, group, health, groupOf)),
    certificates:
      view.certificates &&
      trustpointExpiries(view.certificates.value).map(({ trustpoint, expiry }) => ({
        trustpoint,
        expires_at: isoInstant(expiry.fromMs),
      })),
    planned_polls: view.plannedPolls.flatMap(({ atMs, reason }) => {
      const at = isoOrNull(atMs);
      return at === null ? [] : [{ at, reason }];
    }),
    health: healthDocument(health),
    answers: Array.from(view.answers, ([command, { at, text, cut }]) => ({
      command,
      read_at: isoInstant(at.receivedAtMs),
      text,
      cut,
    })),
  };
}

function identity(view: DeviceView, health: DeviceHealth): Omit<DeviceSummary, 'groups'> {
  return {
    device: view.device,
    ...inCell(view.cell),
    host: view.host,
    role: roleOf(view),
    kek_behavior: kekBehaviorOfDevice(view),
    labels: { ...view.labels },
    status: health.status,
    summary: health.summary,
    statement: health.statement,
    result: view.result,
    observed_at: isoOrNull(view.lastSuccessAtMs),
    next: nextDocument(health.next),
  };
}

/** A device's part in one group, as lists show it. */
export function membership(
  view: DeviceView,
  part: GroupOnDevice,
  health: DeviceHealth,
  groupOf: FleetOf,
): MembershipDocument {
  const { group, gm, ks } = part;
  const judged = health.groups.find((known) => known.group === group);
  const tracking = view.tracking.get(group);
  const last = tracking?.reregistrations?.last ?? null;
  const kek = newestKekRead(part) ?? ks;
  const teks = gm ?? ks;
  return {
    group,
    role: gm !== null && ks !== null ? 'both' : gm === null ? 'ks' : 'gm',
    status: judged?.status ?? 'unknown',
    summary: judged?.summary ?? 'nothing is known',
    address: gm?.snapshot.address ?? ks?.snapshot.localAddress ?? null,
    key_server: gm?.snapshot.keyServer ?? null,
    registered: gm?.snapshot.registered ?? null,
    ks_role: ks?.snapshot.localRole ?? null,
    members: ks?.snapshot.members ?? null,
    kek: kek && timeline(kek.snapshot.kek?.remainingSeconds ?? null, kek.at, groupOf(group, view.cell)),
    tek_expires_at: teks && latestExpiry(teks.snapshot.teks, teks.at),
    reregisters_at: isoOrNull(tracking?.forecast?.expectedAtMs ?? null),
    reregister_cause: tracking?.forecast?.cause ?? null,
    last_reregistration: last && { at: isoInstant(last.atMs), cause: last.cause, unexpected: last.unexpected },
  };
}

function groupPart(
  view: DeviceView,
  part: GroupOnDevice,
  health: DeviceHealth,
  groupOf: FleetOf,
): DeviceDocument['groups'][number] {
  const { gm, ks } = part;
  const tracking = view.tracking.get(part.group);
  const tally = tracking?.reregistrations ?? null;
  const fleet = groupOf(part.group, view.cell);
  const inGroup = fleet && fleet.gmOf(view.device)?.gm;
  return {
    ...membership(view, part, health, groupOf),
    gm: gm && toDocument(gm.snapshot),
    ks: ks && toDocument(ks.snapshot),
    read_at: isoInstant((gm ?? ks)?.at.receivedAtMs ?? 0),
    forecast: tracking?.forecast ? forecastDocument(tracking.forecast) : null,
    reregistrations: tally && { expected: tally.expected, unexpected: tally.unexpected },
    kek_matches_ks: inGroup?.kekMatchesKs ?? null,
    tek_matches_ks: inGroup?.tekMatchesKs ?? null,
    data_problems: [...(tracking?.dataProblems ?? [])],
    sources_disagree: tracking?.sourcesDisagree ?? null,
    snmp: shownDocument(part.snmp),
    restconf: shownDocument(part.restconf),
  };
}

function besideDocument(beside: DeviceView['snmp']): DeviceDocument['snmp'] {
  if (beside === null) return null;
  const { result, error, polls, lastSuccessAtMs } = beside;
  return { result, error, polls: { ...polls }, last_success_at: isoOrNull(lastSuccessAtMs) };
}

function shownDocument(shown: GroupOnDevice['snmp']): DeviceDocument['groups'][number]['snmp'] {
  return shown && { gm: shown.gm && toDocument(shown.gm.snapshot), ks: shown.ks && toDocument(shown.ks.snapshot) };
}

function timeline(
  remainingSeconds: number | null,
  at: ReadAt,
  fleet: GroupView | undefined,
): MembershipDocument['kek'] {
  const known = kekTimeline(remainingSeconds, at, (fleet?.lead ?? FLOOR_LEAD).seconds);
  return (
    known && {
      rekey_due_at: isoInstant(Math.round(known.rekeyDueAtMs)),
      missed_window: [isoInstant(Math.round(known.missedWindowMs[0])), isoInstant(Math.round(known.missedWindowMs[1]))],
      expires_at: isoInstant(Math.round(known.expiresAtMs)),
      expiry_window_ends_at: isoInstant(Math.round(known.expiryWindowEndsAtMs)),
    }
  );
}

function latestExpiry(teks: readonly { readonly remainingSeconds: number | null }[] | null, at: ReadAt): string | null {
  const longest = longestSeconds((teks ?? []).map(({ remainingSeconds }) => remainingSeconds));
  return longest === null ? null : isoOrNull(expiryMs(at, longest));
}

function forecastDocument(forecast: Forecast): NonNullable<DeviceDocument['groups'][number]['forecast']> {
  const pair = (between: readonly [number, number] | null): [string, string] | null => {
    const from = isoOrNull(between?.[0] ?? null);
    const to = isoOrNull(between?.[1] ?? null);
    return from === null || to === null ? null : [from, to];
  };
  const left = forecast.timeLeftSeconds;
  return {
    cause: forecast.cause,
    possible: [...forecast.possible],
    expected_at: isoOrNull(forecast.expectedAtMs),
    expected_between: pair(forecast.expectedBetweenMs),
    window: pair(forecast.windowMs),
    time_left_seconds: left && { at_least: left.atLeast, at_most: left.atMost },
    kek_rekey_overdue: forecast.kekRekeyOverdue,
    evidence: [...forecastEvidence(forecast)],
  };
}
