/** All SQL about events. */
import { CAUSES, EVENT_TYPES, type GdoiEvent } from '../../gdoi/events/event.ts';
import { isPlanned, plannedField } from '../../gdoi/events/planned-event.ts';
import { DEFAULT_CELL, inCell } from '../../gdoi/seen/cell.ts';
import type { EventPosition } from '../event-cursor.ts';
import type { EventQuery } from '../../gdoi/events/event-query.ts';
import type { EventCount } from '../event-store.ts';
import type { Bindable } from './sqlite-file.ts';

/** Only a known id is skipped; anything else that does not fit is an error. */
export const INSERT_EVENT = `
INSERT INTO events (id, at_ms, from_ms, to_ms, type, device, group_name, cause, unexpected, severity, summary, evidence, action, cell, planned)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

export function eventRow(event: GdoiEvent): Bindable[] {
  return [
    event.id,
    event.atMs,
    event.betweenMs[0],
    event.betweenMs[1],
    event.type,
    event.device,
    event.group,
    event.cause,
    toInteger(event.unexpected),
    event.severity,
    event.summary,
    JSON.stringify(event.evidence),
    event.action,
    event.cell ?? null,
    toInteger(isPlanned(event)),
  ];
}

export const ADD_TO_COUNT = `
INSERT INTO event_counts (type, cell, device, group_name, cause, unexpected, count) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (type, ifnull(cell, ''), ifnull(device, ''), ifnull(group_name, ''), ifnull(cause, ''), ifnull(unexpected, -1))
DO UPDATE SET count = count + excluded.count`;

export function countRow({ type, cell, device, group, cause, unexpected, count }: EventCount): Bindable[] {
  return [type, cell ?? null, device, group, cause, toInteger(unexpected), count];
}

export const SELECT_COUNTS = `
SELECT count, CAST(json_array(type, device, group_name, cause, unexpected, cell) AS BLOB) FROM event_counts`;

/** Throws a `SyntaxError` on a damaged row. */
export function countOf(row: readonly unknown[]): EventCount {
  const [count, texts] = row;
  const [type, device, group, cause, unexpected, cell]: readonly [...CountTexts, string | null] = JSON.parse(
    String(texts),
  );
  return {
    type,
    ...inCell(cell ?? undefined),
    device,
    group,
    cause,
    unexpected: toBoolean(unexpected),
    count: Number(count),
  };
}

/** The texts that `countRow` wrote. */
type CountTexts = readonly [
  GdoiEvent['type'],
  GdoiEvent['device'],
  GdoiEvent['group'],
  GdoiEvent['cause'],
  unexpected: number | null,
];

/** Events of one pruning step; few enough that the step blocks nobody for long. */
export const PRUNE_EVENTS = `
DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE at_ms < ? ORDER BY at_ms LIMIT ?)`;

/**
 * From the most selective to the least: the first one given is looked up in its index, the others are checked row by
 * row.
 */
const FILTER_COLUMNS = [
  ['device', 'device'],
  ['group', 'group_name'],
  ['cause', 'cause'],
  ['unexpected', 'unexpected'],
  ['type', 'type'],
] as const;

/** The statement's text depends only on which parts of the query are given. */
export function selectEvents(
  query: EventQuery,
  after: EventPosition | null,
): { readonly sql: string; readonly parameters: readonly Bindable[] } {
  const conditions: string[] = [];
  const parameters: Bindable[] = [];
  const where = (condition: string, ...values: Bindable[]) => {
    conditions.push(condition);
    parameters.push(...values);
  };
  for (const [name, column] of FILTER_COLUMNS) {
    const value = query[name];
    if (value === undefined) continue;
    // SQLite uses no index for a column behind a plus: without statistics it could not tell which index is best.
    where(`${conditions.length === 0 ? '' : '+'}${column} = ?`, typeof value === 'boolean' ? toInteger(value) : value);
  }
  if (query.cell !== undefined) where(`ifnull(cell, '${DEFAULT_CELL}') = ?`, query.cell);
  const [beyond, direction] = query.order === 'oldest_first' ? ['>', 'ASC'] : ['<', 'DESC'];
  const { sinceMs, untilMs } = query;
  // One bound each way, so that a deep page starts where the last one ended.
  if (after !== null) {
    where(`at_ms ${beyond}= ?`, after.atMs);
    where(`(+at_ms ${beyond} ? OR id ${beyond} ?)`, after.atMs, after.id);
  }
  if (sinceMs !== undefined) where(`${after !== null && beyond === '>' ? '+' : ''}at_ms >= ?`, sinceMs);
  if (untilMs !== undefined) where(`${after !== null && beyond === '<' ? '+' : ''}at_ms < ?`, untilMs);
  parameters.push(query.limit + 1);
  return {
    sql: `
SELECT at_ms, from_ms, to_ms, CAST(json_array(id, type, device, group_name, cause, unexpected, severity, summary, evidence, action, cell, planned) AS BLOB)
FROM events ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
ORDER BY at_ms ${direction}, id ${direction} LIMIT ?`,
    parameters,
  };
}

/** The position of a row of `selectEvents`, even of a damaged one. */
export function positionOf([atMs, , , texts]: readonly unknown[]): EventPosition {
  const [id]: EventTexts = JSON.parse(String(texts));
  return { atMs: Number(atMs), id };
}

/** Throws a `SyntaxError` on a damaged row. */
export function eventOf(row: readonly unknown[]): GdoiEvent {
  const [atMs, fromMs, toMs, texts] = row;
  const [id, type, device, group, cause, unexpected, severity, summary, lines, action, cell, planned]: EventTexts =
    JSON.parse(String(texts));
  if (!EVENT_TYPES.includes(type) || (cause !== null && !CAUSES.includes(cause))) {
    throw new SyntaxError(`event ${id}: neither type nor cause is known`);
  }
  const evidence: readonly string[] = JSON.parse(lines);
  return {
    id,
    atMs: Number(atMs),
    betweenMs: [Number(fromMs), Number(toMs)],
    type,
    device,
    ...inCell(cell ?? undefined),
    group,
    cause,
    unexpected: toBoolean(unexpected),
    severity,
    summary,
    evidence,
    action,
    ...plannedField(toBoolean(planned), evidence),
  };
}

/** The texts that `eventRow` wrote. */
type EventTexts = readonly [
  id: string,
  ...CountTexts,
  severity: GdoiEvent['severity'],
  summary: string,
  evidence: string,
  action: string,
  cell: string | null,
  planned: number | null,
];

function toInteger(value: boolean | null): number | null {
  return value === null ? null : Number(value);
}

function toBoolean(value: unknown): boolean | null {
  return value === null ? null : value === 1;
}
