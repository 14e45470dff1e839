/**
 * Which events belong to which incident: those of its devices and of its group, while it lasted and shortly around it.
 * Where several incidents of a group lay side by side, an event has the one whose cause tells it; so each event is in
 * at most one incident of a group, and both sides say the same.
 */
import type { Cause, EventType, GdoiEvent } from '../events/event.ts';
import { EXPLANATION_CAUSES, type ExplanationCause } from '../explain/explanation.ts';
import { groupKey } from '../seen/cell.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { Incident } from './incident.ts';

/**
 * What belongs to an incident began at most this long before its first sight, and was seen at most this long after it.
 */
const BEFORE_MS = 180_000;
const AFTER_MS = 900_000;

/** When events of an incident can have happened. */
export function spanOf({ beganAtMs, endedAtMs }: Incident, nowMs: EpochMs): readonly [from: EpochMs, to: EpochMs] {
  return [beganAtMs - BEFORE_MS, (endedAtMs ?? nowMs) + AFTER_MS];
}

/** Once this long has passed since an event, it is known which incident it belongs to. */
export const INCIDENT_KNOWN_MS = AFTER_MS;

/** Which incidents to know, to say of events between two instants where they belong: as a query of a store. */
export function incidentsAround(
  fromMs: EpochMs,
  toMs: EpochMs,
): { readonly sinceMs: EpochMs; readonly untilMs: EpochMs } {
  return { sinceMs: fromMs - AFTER_MS, untilMs: toMs + BEFORE_MS + 1 };
}

/** What each cause shows itself by: types of events, and causes of re-registrations. */
const SHOWN_BY: Readonly<Record<ExplanationCause, ReadonlySet<EventType | Cause>>> = {
  login_refused: new Set<EventType>(['unreachable', 'reachable']),
  name_shared: new Set<EventType>(),
  coop_split: new Set<EventType>(['coop_split', 'coop_peer_lost', 'tek_divergence', 'ks_role_changed']),
  ks_members_lost: new Set<EventType | Cause>([
    'tek_expired',
    'kek_expired',
    'kek_missed_rekey',
    'kek_rekey_overdue',
    'tek_rekey_overdue',
    'tek_divergence',
    'member_ejected',
    'ks_forced',
  ]),
  ks_down: new Set<EventType | Cause>([
    'unreachable',
    'reachable',
    'coop_peer_lost',
    'registration_failed',
    'registration_lost',
    'registration_restored',
    'kek_rekey_overdue',
    'tek_rekey_overdue',
  ]),
  no_primary: new Set<EventType>(['ks_role_changed', 'coop_peer_lost']),
  redundancy_lost: new Set<EventType | Cause>([
    'unreachable',
    'reachable',
    'coop_peer_lost',
    'ks_role_changed',
    'ks_failover',
  ]),
  role_flapping: new Set<EventType>(['ks_role_changed']),
  ks_out_of_sight: new Set<EventType>(['unreachable', 'reachable']),
  coop_mismatch: new Set<EventType>(),
  legacy_ks: new Set<EventType | Cause>(['legacy_ks', 'mixed_versions', 'kek_rekey_overdue', 'kek_missing']),
  ks_forced: new Set<Cause>(['ks_forced']),
  clock: new Set<EventType>(['registration_failed', 'registration_lost', 'registration_restored']),
  unauthorized: new Set<EventType>(['registration_failed', 'registration_lost', 'registration_restored']),
  registration_refused: new Set<EventType>(['registration_failed', 'registration_lost', 'registration_restored']),
  gms_reloaded: new Set<EventType | Cause>(['reload', 'unreachable', 'reachable', 'registration_restored']),
  gms_unreachable: new Set<EventType>(['unreachable', 'reachable']),
  operator_clear: new Set<EventType | Cause>(['operator_clear', 'counters_reset']),
  interface_flap: new Set<EventType | Cause>([
    'interface',
    'registration_lost',
    'registration_failed',
    'registration_restored',
    'kek_rekey_overdue',
    'tek_rekey_overdue',
  ]),
  rekeys_refused: new Set<EventType | Cause>(['kek_missed_rekey', 'tek_expired', 'kek_expired', 'kek_rekey_overdue']),
  old_kek_in_use: new Set<EventType>(['kek_expired_in_use']),
  ejected: new Set<EventType>(['member_ejected']),
  ks_rekeys_lost: new Set<EventType | Cause>([
    'kek_missed_rekey',
    'kek_expired',
    'tek_expired',
    'kek_rekey_overdue',
    'tek_rekey_overdue',
  ]),
  path_loss: new Set<EventType | Cause>([
    'kek_missed_rekey',
    'kek_expired',
    'tek_expired',
    'kek_rekey_overdue',
    'tek_rekey_overdue',
    'member_ejected',
  ]),
  ks_failover: new Set<EventType | Cause>(['ks_failover', 'ks_role_changed']),
  not_registered: new Set<EventType>(['registration_lost', 'registration_failed', 'registration_restored']),
  without_kek: new Set<EventType>(['kek_missing']),
  without_tek: new Set<EventType>(['tek_missing', 'tek_divergence']),
  keys_differ: new Set<EventType>(['tek_divergence']),
  coop_peer_lost: new Set<EventType>(['coop_peer_lost']),
  member_counts_differ: new Set<EventType>(['coop_peer_lost']),
  replay_errors: new Set<EventType>(['replay_errors']),
  reregistered: new Set<EventType | Cause>(['reregistration', 'unknown', 'recovery']),
};

/** null: it belongs to none of them. Of an event of a device in several groups, the incident it fits best. */
export function incidentOfEvent(event: GdoiEvent, incidents: readonly Incident[], nowMs: EpochMs): Incident | null {
  const covering = incidents.filter((incident) => covers(incident, event, nowMs));
  const [best] = covering.toSorted((a, b) => fit(b, event, nowMs) - fit(a, event, nowMs) || byDepth(a, b));
  return best ?? null;
}

/** Events of the incident; `beside`: all incidents of its group that lay around it, with it or without. */
export function eventsOf(
  incident: Incident,
  beside: readonly Incident[],
  events: readonly GdoiEvent[],
  nowMs: EpochMs,
): readonly GdoiEvent[] {
  const others = beside.filter(
    ({ id, cell, group }) => id !== incident.id && group === incident.group && isSameCell(cell, incident.cell),
  );
  return events.filter((event) => incidentOfEvent(event, [incident, ...others], nowMs)?.id === incident.id);
}

function covers(incident: Incident, { device, cell, group, atMs }: GdoiEvent, nowMs: EpochMs): boolean {
  const [fromMs, toMs] = spanOf(incident, nowMs);
  return (
    atMs >= fromMs &&
    atMs < toMs &&
    (group === null || group === incident.group) &&
    isSameCell(cell, incident.cell) &&
    (device === null ? group !== null : incident.devices.includes(device))
  );
}

function isSameCell(a: string | undefined, b: string | undefined): boolean {
  return groupKey(a, '') === groupKey(b, '');
}

/** Its cause tells the event: 2; it lasted when the event happened: 1. */
function fit(incident: Incident, { type, cause, atMs }: GdoiEvent, nowMs: EpochMs): number {
  const shownBy = SHOWN_BY[incident.cause];
  const isShown = shownBy.has(type) || (cause !== null && shownBy.has(cause));
  const during = atMs >= incident.beganAtMs && atMs <= (incident.endedAtMs ?? nowMs);
  return (isShown ? 2 : 0) + (during ? 1 : 0);
}

/** The one that began last, then the deeper cause. */
function byDepth(a: Incident, b: Incident): number {
  return (
    b.beganAtMs - a.beganAtMs ||
    EXPLANATION_CAUSES.indexOf(a.cause) - EXPLANATION_CAUSES.indexOf(b.cause) ||
    (a.id < b.id ? -1 : 1)
  );
}
