/** Which events and incidents belong together, asked of the history. */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { eventsOf, incidentOfEvent, incidentsAround, spanOf } from '../../gdoi/incidents/incident-events.ts';
import type { EventReader, IncidentReader } from '../base/options.ts';
import type { Clock } from '../../kernel/clock.ts';

export interface IncidentHistory {
  readonly events: EventReader;
  readonly incidents: IncidentReader;
  readonly clock: Clock;
}

/** Incidents near one event or incident: far more than a network has. */
const MAX_BESIDE = 1000;
/** Most events of one incident that are named. */
const MAX_EVENTS = 200;
/** Most devices whose own events are looked up; events of the group name the others. */
const MAX_DEVICES = 10;

/** The incident's id for each event that belongs to one. */
export async function incidentIdsOf(
  events: readonly GdoiEvent[],
  { incidents, clock }: Pick<IncidentHistory, 'incidents' | 'clock'>,
): Promise<ReadonlyMap<GdoiEvent, string>> {
  if (events.length === 0) return new Map();
  const instants = events.map(({ atMs }) => atMs);
  const groups = new Set(events.map(({ group }) => group));
  const [group] = groups.size === 1 ? groups : [null];
  const around = incidentsAround(Math.min(...instants), Math.max(...instants));
  const known = (await incidents.incidents({ ...around, group: group ?? undefined, limit: MAX_BESIDE })).incidents;
  const nowMs = clock.wallMs();
  return new Map(
    events.flatMap((event): [GdoiEvent, string][] => {
      const incident = incidentOfEvent(event, known, nowMs);
      return incident === null ? [] : [[event, incident.id]];
    }),
  );
}

/** Its events, oldest first. */
export async function eventsOfIncident(
  incident: Incident,
  { events, incidents, clock }: IncidentHistory,
): Promise<readonly GdoiEvent[]> {
  const nowMs = clock.wallMs();
  const [sinceMs, untilMs] = spanOf(incident, nowMs);
  const span = { sinceMs, untilMs, limit: MAX_EVENTS, order: 'oldest_first' } as const;
  const found = new Map<string, GdoiEvent>();
  const ofDevices = incident.devices.slice(0, MAX_DEVICES).map((device) => ({ ...span, device }));
  for (const query of [{ ...span, group: incident.group, cell: incident.cell }, ...ofDevices]) {
    for (const event of (await events.query(query)).events) found.set(event.id, event);
  }
  const inOrder = [...found.values()].toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  const { group, cell } = incident;
  const around = { ...incidentsAround(sinceMs, untilMs), group, cell, limit: MAX_BESIDE };
  const { incidents: beside } = await incidents.incidents(around);
  return eventsOf(incident, beside, inOrder, nowMs).slice(0, MAX_EVENTS);
}
