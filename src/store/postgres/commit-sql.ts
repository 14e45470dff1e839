/**
 * A batch as one statement, so in one transaction and one round trip: events and states of cells that the writing agent
 * owns are stored; the rest of the batch is skipped.
 *
 * The fence is the lock on the cell's row: it waits for a takeover under way and then finds another owner in the row,
 * and a takeover waits for it. Merely reading the row would let a paused agent's batch commit after the takeover: a
 * test replaces the fence by such a read, and must see that happen. A batch whose answer nobody waits for any more may
 * arrive late: after a later one of its owner, whose number is in the row; or after the cell went to another agent and
 * came back, which shows in the row's term (its column `epoch`). Neither may put an older state over a newer one.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { isPlanned } from '../../gdoi/events/planned-event.ts';
import { DEFAULT_CELL, groupOfKey } from '../../gdoi/seen/cell.ts';
import type { Batch, MemberKey } from '../event-store.ts';
import { stateText } from '../state-text.ts';
import { toText } from './plain-text.ts';

/**
 * `$12` increases from batch to batch of one agent. `$13`: for each cell of `$2` the term in which the agent got it.
 */
export const FENCE = `
owned AS MATERIALIZED (
  SELECT cells.cell FROM cells JOIN unnest($2::text[], $13::bigint[]) AS held(cell, epoch)
    ON held.cell = cells.cell AND held.epoch = cells.epoch
  WHERE agent = $1::uuid AND (written_by IS DISTINCT FROM $1::uuid OR written < $12::bigint)
  ORDER BY cells.cell FOR NO KEY UPDATE OF cells
),
numbered AS (
  UPDATE cells SET written_by = $1::uuid, written = $12::bigint FROM owned WHERE cells.cell = owned.cell
)`;
/** `$1` null: a writer without cells of its own, such as a copy into an empty store. */
const NO_FENCE = `
owned AS MATERIALIZED (
  SELECT cell FROM unnest($2::text[]) AS cell WHERE $1::uuid IS NULL
)`;

/** Stores a batch; `fence` is `FENCE`, or `NO_FENCE` if nobody else writes. */
export function commitSql(fence: string): string {
  return `WITH ${fence},
fresh AS (
  INSERT INTO events (id, cell, cell_shown, writer, at_ms, from_ms, to_ms, type, device, group_name, cause, unexpected,
    severity, summary, evidence, action, planned)
  SELECT e.id, e.cell, e.cell_shown, $3::uuid, e.at_ms, e.from_ms, e.to_ms, e.type, e.device, e.group_name, e.cause,
    e.unexpected, e.severity, e.summary, e.evidence, e.action, e.planned
  FROM json_to_recordset($4::json) AS e(id text, cell text, cell_shown boolean, at_ms float8, from_ms float8,
    to_ms float8, type text, device text, group_name text, cause text, unexpected boolean, severity text, summary text,
    evidence text, action text, planned boolean) JOIN owned USING (cell)
  ON CONFLICT (id) DO NOTHING
  RETURNING id, type, cell, cell_shown, device, group_name, cause, unexpected
),
counted AS (
  INSERT INTO event_counts AS known (type, cell, cell_shown, device, group_name, cause, unexpected, count)
  SELECT type, cell, cell_shown, device, group_name, cause, unexpected, count(*) FROM fresh GROUP BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (type, cell, cell_shown, coalesce(device, ''), coalesce(group_name, ''), coalesce(cause, ''),
    coalesce(unexpected::int, -1))
  DO UPDATE SET count = known.count + excluded.count
),
happened AS (
  INSERT INTO incidents (id, cell, group_name, cause, began_ms, ended_ms, devices, incident)
  SELECT i.id, i.cell, i.group_name, i.cause, i.began_ms, i.ended_ms,
    ARRAY(SELECT json_array_elements_text(i.devices)), i.incident
  FROM json_to_recordset($5::json) AS i(id text, cell text, group_name text, cause text, began_ms float8,
    ended_ms float8, devices json, incident text) JOIN owned USING (cell)
  ON CONFLICT (id) DO UPDATE SET began_ms = excluded.began_ms, ended_ms = excluded.ended_ms,
    devices = excluded.devices, incident = excluded.incident
),
devices AS (
  INSERT INTO device_states (cell, name, state)
  SELECT s.cell, s.name, s.state FROM json_to_recordset($6::json) AS s(cell text, name text, state text)
    JOIN owned USING (cell)
  ON CONFLICT (cell, name) DO UPDATE SET state = excluded.state
),
groups AS (
  INSERT INTO fleet_states (cell, group_name, state)
  SELECT s.cell, s.group_name, s.state FROM json_to_recordset($7::json) AS s(cell text, group_name text, state text)
    JOIN owned USING (cell)
  ON CONFLICT (cell, group_name) DO UPDATE SET state = excluded.state
),
members AS (
  INSERT INTO group_member_states (cell, group_name, device, state)
  SELECT s.cell, s.group_name, s.device, s.state
  FROM json_to_recordset($8::json) AS s(cell text, group_name text, device text, state text) JOIN owned USING (cell)
  ON CONFLICT (cell, group_name, device) DO UPDATE SET state = excluded.state
),
no_devices AS (
  DELETE FROM device_states AS known USING json_to_recordset($9::json) AS gone(cell text, name text), owned
  WHERE known.cell = gone.cell AND known.name = gone.name AND owned.cell = known.cell
),
no_groups AS (
  DELETE FROM fleet_states AS known USING json_to_recordset($10::json) AS gone(cell text, group_name text), owned
  WHERE known.cell = gone.cell AND known.group_name = gone.group_name AND owned.cell = known.cell AND NOT EXISTS (
    SELECT FROM json_to_recordset($7::json) AS s(cell text, group_name text)
    WHERE s.cell = known.cell AND s.group_name = known.group_name)
),
no_members AS (
  DELETE FROM group_member_states AS known
  USING json_to_recordset($11::json) AS gone(cell text, group_name text, device text), owned
  WHERE known.cell = gone.cell AND known.group_name = gone.group_name
    AND (gone.device IS NULL OR known.device = gone.device) AND owned.cell = known.cell AND NOT EXISTS (
      SELECT FROM json_to_recordset($8::json) AS s(cell text, group_name text, device text)
      WHERE s.cell = known.cell AND s.group_name = known.group_name AND s.device = known.device)
)
SELECT ARRAY(SELECT cell FROM owned) AS kept, ARRAY(SELECT id FROM fresh) AS fresh`;
}

export const COMMIT = commitSql(FENCE);
export const COMMIT_UNFENCED = commitSql(NO_FENCE);

/** Ids of those that this process stored earlier, in a batch whose answer it never got. */
export const SELECT_OWN = 'SELECT id FROM events WHERE id = ANY($1::text[]) AND writer = $2::uuid';

/** Cells to which the batch writes. */
export function cellsOf(batch: Batch): readonly string[] {
  const cells = new Set<string>();
  const cellOf = batch.cellOf ?? (() => DEFAULT_CELL);
  for (const { cell } of [...batch.events, ...(batch.incidents ?? [])]) cells.add(cell ?? DEFAULT_CELL);
  for (const device of [...batch.deviceStates.keys(), ...(batch.removedDevices ?? [])]) cells.add(cellOf(device));
  for (const key of [...batch.fleetStates.keys(), ...(batch.removedFleets ?? [])]) cells.add(groupOfKey(key).cell);
  for (const { group } of [...(batch.memberStates ?? []), ...(batch.removedMembers ?? [])]) {
    cells.add(groupOfKey(group).cell);
  }
  return [...cells];
}

/** Parameters `$2` to `$11`. Throws a `TypeError` for a state that is not a JSON value. */
export function commitValues(batch: Batch, writer: string): readonly unknown[] {
  const cellOf = batch.cellOf ?? (() => DEFAULT_CELL);
  const device = (name: string) => ({ cell: toText(cellOf(name)), name: toText(name) });
  const removedDevices = (batch.removedDevices ?? []).filter((name) => !batch.deviceStates.has(name));
  // An event that occurs twice in a batch is stored as it occurs first.
  const events = new Map(batch.events.toReversed().map((event) => [event.id, event]));
  return [
    cellsOf(batch).map(toText),
    writer,
    json([...events.values()].toReversed().map(eventRow)),
    json(
      (batch.incidents ?? []).map((incident) => ({
        id: toText(incident.id),
        cell: toText(incident.cell ?? DEFAULT_CELL),
        group_name: toText(incident.group),
        cause: incident.cause,
        began_ms: incident.beganAtMs,
        ended_ms: incident.endedAtMs,
        devices: incident.devices.map(toText),
        incident: toText(JSON.stringify(incident)),
      })),
    ),
    json(Array.from(batch.deviceStates, ([name, state]) => ({ ...device(name), state: toText(stateText(state)) }))),
    json(Array.from(batch.fleetStates, ([key, state]) => ({ ...groupRow(key), state: toText(stateText(state)) }))),
    json(
      (batch.memberStates ?? []).map((member) => ({ ...memberRow(member), state: toText(stateText(member.state)) })),
    ),
    json(removedDevices.map(device)),
    json((batch.removedFleets ?? []).map(groupRow)),
    json([...(batch.removedFleets ?? []).map(groupRow), ...(batch.removedMembers ?? []).map(memberRow)]),
  ];
}

function eventRow(event: GdoiEvent): object {
  return {
    id: toText(event.id),
    cell: toText(event.cell ?? DEFAULT_CELL),
    cell_shown: event.cell !== undefined,
    at_ms: event.atMs,
    from_ms: event.betweenMs[0],
    to_ms: event.betweenMs[1],
    type: event.type,
    device: orNull(event.device),
    group_name: orNull(event.group),
    cause: event.cause,
    unexpected: event.unexpected,
    severity: event.severity,
    summary: toText(event.summary),
    evidence: toText(JSON.stringify(event.evidence)),
    action: toText(event.action),
    planned: isPlanned(event),
  };
}

function groupRow(key: string): { readonly cell: string; readonly group_name: string } {
  const { cell, group } = groupOfKey(key);
  return { cell: toText(cell), group_name: toText(group) };
}

function memberRow({ group, device }: MemberKey): object {
  return { ...groupRow(group), device: toText(device) };
}

function orNull(value: string | null): string | null {
  return value === null ? null : toText(value);
}

function json(rows: readonly object[]): string {
  return JSON.stringify(rows);
}
