/** Reads events, counts and incidents. */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { plannedField } from '../../gdoi/events/planned-event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { inCell } from '../../gdoi/seen/cell.ts';
import type { EventPosition } from '../event-cursor.ts';
import type { EventQuery } from '../../gdoi/events/event-query.ts';
import type { IncidentQuery } from '../../gdoi/incidents/incident-query.ts';
import type { EventCount } from '../event-store.ts';
import type { ResultRow } from './connections.ts';
import { fromText, toText } from './plain-text.ts';

const COLUMNS = `id, cell, cell_shown, at_ms, from_ms, to_ms, type, device, group_name, cause, unexpected, severity,
  summary, evidence, action, planned`;

const FILTER_COLUMNS = [
  ['cell', 'cell'],
  ['device', 'device'],
  ['group', 'group_name'],
  ['cause', 'cause'],
  ['unexpected', 'unexpected'],
  ['type', 'type'],
] as const;

interface Sql {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** The statement's text depends only on which parts of the query are given. */
export function selectEvents(query: EventQuery, after: EventPosition | null): Sql {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: (...places: readonly string[]) => string, ...given: readonly unknown[]) => {
    const places = given.map((value) => `$${values.push(value)}`);
    conditions.push(condition(...places));
  };
  for (const [name, column] of FILTER_COLUMNS) {
    const value = query[name];
    if (value !== undefined)
      where((place) => `${column} = ${place}`, typeof value === 'string' ? toText(value) : value);
  }
  const [beyond, direction] = query.order === 'oldest_first' ? ['>', 'ASC'] : ['<', 'DESC'];
  if (after !== null) where((at, id) => `(at_ms, id) ${beyond} (${at}, ${id})`, after.atMs, toText(after.id));
  if (query.sinceMs !== undefined) where((place) => `at_ms >= ${place}`, query.sinceMs);
  if (query.untilMs !== undefined) where((place) => `at_ms < ${place}`, query.untilMs);
  const limit = `$${values.push(query.limit + 1)}`;
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return {
    sql: `SELECT ${COLUMNS} FROM events ${filter} ORDER BY at_ms ${direction}, id ${direction} LIMIT ${limit}`,
    values,
  };
}

/**
 * Events that became visible after a position in their order. Everything below the oldest running transaction is
 * visible, so a late commit is not missed.
 */
export const SELECT_TAIL = `
SELECT ${COLUMNS}, tx::text AS tx, seq FROM events
WHERE (tx, seq) > ($1::xid8, $2::bigint) AND tx < pg_snapshot_xmin(pg_current_snapshot()) AND writer <> $3
ORDER BY tx, seq LIMIT $4`;

export const SELECT_TAIL_END = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS tx`;

/** Reads rows that `commit-sql.ts` wrote. */
export function eventOf(row: ResultRow): GdoiEvent {
  const evidence: readonly string[] = JSON.parse(text(row['evidence']));
  return {
    id: text(row['id']),
    atMs: Number(row['at_ms']),
    betweenMs: [Number(row['from_ms']), Number(row['to_ms'])],
    ...kindOf(row),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same program wrote it
    severity: text(row['severity']) as GdoiEvent['severity'],
    summary: text(row['summary']),
    evidence,
    action: text(row['action']),
    ...plannedField(typeof row['planned'] === 'boolean' ? row['planned'] : null, evidence),
  };
}

function kindOf(row: ResultRow): Pick<GdoiEvent, 'type' | 'cell' | 'device' | 'group' | 'cause' | 'unexpected'> {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same program wrote it
    type: text(row['type']) as GdoiEvent['type'],
    ...inCell(row['cell_shown'] === true ? text(row['cell']) : undefined),
    device: textOrNull(row['device']),
    group: textOrNull(row['group_name']),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same program wrote it
    cause: textOrNull(row['cause']) as GdoiEvent['cause'],
    unexpected: typeof row['unexpected'] === 'boolean' ? row['unexpected'] : null,
  };
}

/** `$1` null: all cells. */
export const SELECT_COUNTS = `
SELECT type, cell, cell_shown, device, group_name, cause, unexpected, count FROM event_counts
WHERE $1::text[] IS NULL OR cell = ANY($1::text[])`;

export function countOf(row: ResultRow): EventCount {
  return { ...kindOf(row), count: Number(row['count']) };
}

export const SELECT_INCIDENT = 'SELECT incident FROM incidents WHERE id = $1';

/**
 * Absent filters are NULL and select everything: incidents are few, and seldom asked for. One extra row tells that
 * there is a next page.
 */
export const SELECT_INCIDENTS = `
SELECT incident FROM incidents
WHERE ($1::float8 IS NULL OR ended_ms IS NULL OR ended_ms >= $1) AND ($2::float8 IS NULL OR began_ms < $2)
  AND ($3::text IS NULL OR group_name = $3) AND ($4::text IS NULL OR cause = $4)
  AND ($5::text IS NULL OR $5 = ANY(devices)) AND ($6::text IS NULL OR cell = $6)
  AND ($7::float8 IS NULL OR began_ms < $7 OR (began_ms = $7 AND id > $8::text))
ORDER BY began_ms DESC, id LIMIT $9`;

/** `after`: the last one of the previous page. */
export function incidentValues(query: IncidentQuery, after: EventPosition | null): readonly unknown[] {
  const { sinceMs, untilMs, cell, group, cause, device, limit } = query;
  const filter = (value: string | undefined) => (value === undefined ? null : toText(value));
  const from = after === null ? [null, null] : [after.atMs, toText(after.id)];
  const filters = [filter(group), cause ?? null, filter(device), filter(cell)];
  return [sinceMs ?? null, untilMs ?? null, ...filters, ...from, limit + 1];
}

export function incidentOf(row: ResultRow): Incident {
  const incident: Incident = JSON.parse(text(row['incident']));
  return incident;
}

/** Events of one pruning step. Two agents that prune at once do not wait for each other. */
export const PRUNE_EVENTS = `
DELETE FROM events WHERE id IN
  (SELECT id FROM events WHERE at_ms < $1 ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1`;
export const PRUNE_INCIDENTS = `
DELETE FROM incidents WHERE id IN
  (SELECT id FROM incidents WHERE ended_ms < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`;

function text(value: unknown): string {
  return fromText(String(value));
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : text(value);
}
