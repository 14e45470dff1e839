/** A page of the incidents that a query found. */
import type { Incident } from '../gdoi/incidents/incident.ts';
import type { IncidentPage } from '../gdoi/incidents/incident-query.ts';
import { encodeCursor } from './event-cursor.ts';

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
