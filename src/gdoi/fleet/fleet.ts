/**
 * A group as a whole: what no single device can tell.
 *
 * From what each GM and KS showed, and when: who holds the group's current keys, who meets a KS of the other behaviour,
 * whether the KSs agree on a primary, and whether lost rekeys are one path's or the KS's. An occurrence is told once. A
 * re-registration's cause is not judged here: that is the tracker's.
 */
import type { GdoiEvent } from '../events/event.ts';
import { eventId } from '../events/event-id.ts';
import { fleetConditions } from './fleet-conditions.ts';
import { explain } from '../explain/explain.ts';
import { abandonedIncidents, type Incident, incidentChanges } from '../incidents/incident.ts';
import { factsOf } from './group-facts-of.ts';
import { rememberAll, type RoleChange } from './fleet-memory.ts';
import { judge } from './fleet-occurrences.ts';
import type { FleetState, MemberFacts } from './fleet-state.ts';
import { inCell } from '../seen/cell.ts';
import { assessFleet, DEFAULT_FLEET_SETTINGS, type FleetSettings, type FleetView, fleetView } from './fleet-view.ts';

/**
 * State, events and view after changes, oldest first. Several changes in one call cost little more than one: with large
 * groups, gather those of a second.
 */
export function trackFleet(
  before: FleetState,
  changes: readonly MemberFacts[],
  settings: FleetSettings = DEFAULT_FLEET_SETTINGS,
): {
  readonly state: FleetState;
  readonly events: readonly GdoiEvent[];
  /** Those that are not as they were. */
  readonly incidents: readonly Incident[];
  readonly view: FleetView;
} {
  const { state, roleChanges } = rememberAll(before, changes);
  const nowMs = changes.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
  const assessment = assessFleet(state, settings);
  const { memory, explanations } = explain(state.said, factsOf(state, assessment, nowMs, settings));
  const view = fleetView(state, nowMs, settings, { assessment, explanations });
  if (changes.length === 0) return { state, events: [], incidents: [], view };
  const conditions = fleetConditions(state, assessment, nowMs, settings);
  const { occurrences, events } = judge(state, state.occurrences, conditions, nowMs);
  return {
    state: { ...state, occurrences, said: memory },
    incidents:
      state.gms.size + state.kss.size === 0
        ? abandonedIncidents(state, before.said, nowMs)
        : incidentChanges(state, before.said, memory),
    events: [...roleChanges.map((change) => roleChanged(state, change)), ...events],
    view,
  };
}

function roleChanged({ group, cell }: FleetState, { before, now }: RoleChange): GdoiEvent {
  return {
    id: eventId(now.device, group, 'ks_role_changed', before.role ?? '', now.role ?? '', before.roleLastReadMs),
    atMs: now.receivedAtMs,
    betweenMs: [Math.min(before.roleLastReadMs, now.receivedAtMs), now.receivedAtMs],
    type: 'ks_role_changed',
    device: now.device,
    ...inCell(cell),
    group,
    cause: null,
    unexpected: null,
    severity: 'warning',
    summary: `KS ${now.device} of group ${group} is now ${now.role}, it was ${before.role}`,
    evidence: [
      `Local KS Role: ${now.role} (before: ${before.role})`,
      ...(now.address === null ? [] : [`KS address ${now.address}`]),
    ],
    action:
      'show crypto gdoi ks coop on every KS: is there exactly one primary? Check KS CPU and the path between the KSs (UDP 848)',
  };
}
