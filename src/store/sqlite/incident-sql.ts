/** All SQL about incidents. */
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { EventPosition } from '../event-cursor.ts';
import type { IncidentQuery } from '../../gdoi/incidents/incident-query.ts';
import type { Bindable } from './sqlite-file.ts';

export const PUT_INCIDENT = `
INSERT INTO incidents (id, group_name, cause, began_ms, ended_ms, incident, cell) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET began_ms = excluded.began_ms, ended_ms = excluded.ended_ms, incident = excluded.incident`;

export function incidentRow(incident: Incident): Bindable[] {
  const { id, cell, group, cause, beganAtMs, endedAtMs } = incident;
  return [id, group, cause, beganAtMs, endedAtMs, JSON.stringify(incident), cell ?? null];
}

export const SELECT_INCIDENT = 'SELECT CAST(incident AS BLOB) FROM incidents WHERE id = ?';

/**
 * Absent filters are NULL and select everything: incidents are few, and seldom asked for. One extra row tells that
 * there is a next page.
 */
export const SELECT_INCIDENTS = `
SELECT CAST(incident AS BLOB) FROM incidents
WHERE (?1 IS NULL OR ended_ms IS NULL OR ended_ms >= ?1) AND (?2 IS NULL OR began_ms < ?2)
  AND (?3 IS NULL OR group_name = ?3) AND (?4 IS NULL OR cause = ?4)
  AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(incident, '$.devices') WHERE value = ?5))
  AND (?6 IS NULL OR ifnull(cell, '${DEFAULT_CELL}') = ?6)
  AND (?7 IS NULL OR began_ms < ?7 OR (began_ms = ?7 AND id > ?8))
ORDER BY began_ms DESC, id LIMIT ?9`;

/** `after`: the last one of the previous page. */
export function incidentParameters(
  { sinceMs, untilMs, cell, group, cause, device, limit }: IncidentQuery,
  after: EventPosition | null,
): Bindable[] {
  const filter = [sinceMs, untilMs, group, cause, device, cell].map((value) => value ?? null);
  return [...filter, after?.atMs ?? null, after?.id ?? null, limit + 1];
}

/** Throws a `SyntaxError` on a damaged row. */
export function incidentOf(row: readonly unknown[]): Incident {
  const incident: Incident = JSON.parse(String(row[0]));
  return incident;
}

/** Incidents of one pruning step. */
export const PRUNE_INCIDENTS = `
DELETE FROM incidents WHERE rowid IN (SELECT rowid FROM incidents WHERE ended_ms < ? LIMIT ?)`;
