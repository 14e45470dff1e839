/** Which incidents a query selects: the plain definition of what each store does in its own way. */
import type { Incident } from '../gdoi/incidents/incident.ts';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import { comparePositions, encodeCursor, type EventPosition } from './event-cursor.ts';
import type { IncidentPage, IncidentQuery } from '../gdoi/incidents/incident-query.ts';

export function incidentPasses(
  incident: Incident,
  { sinceMs, untilMs, cell, group, device, cause }: IncidentQuery,
): boolean {
  return (
    (sinceMs === undefined || incident.endedAtMs === null || incident.endedAtMs >= sinceMs) &&
    (untilMs === undefined || incident.beganAtMs < untilMs) &&
    (cell === undefined || (incident.cell ?? DEFAULT_CELL) === cell) &&
    (group === undefined || incident.group === group) &&
    (device === undefined || incident.devices.includes(device)) &&
    (cause === undefined || incident.cause === cause)
  );
}

/** The latest beginning first, then by id. */
export function byBeginning(a: Incident, b: Incident): number {
  return b.beganAtMs - a.beganAtMs || comparePositions({ atMs: 0, id: a.id }, { atMs: 0, id: b.id });
}

/** Whether it comes after the last one of the previous page. */
export function isAfter(incident: Incident, last: EventPosition): boolean {
  const sameOrEarlier = incident.beganAtMs - last.atMs || comparePositions(last, { atMs: last.atMs, id: incident.id });
  return sameOrEarlier < 0;
}

/** `found`: in order, one more than the limit if there are more. */
export function incidentPage(
  found: readonly Incident[],
  limit: number,
  goesOn: boolean = found.length > limit,
): IncidentPage {
  const incidents = found.slice(0, limit);
  const last = incidents.at(-1);
  const more = goesOn && last !== undefined;
  return { incidents, nextCursor: more ? encodeCursor({ atMs: last.beganAtMs, id: last.id }) : null };
}
