/** Which incidents a query lets through: the plain statement of what each store does in its own way. */
import type { Incident } from '../gdoi/incidents/incident.ts';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import type { IncidentQuery } from './event-store.ts';

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
  return b.beganAtMs - a.beganAtMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}
