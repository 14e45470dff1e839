/** Work that people announce, and which events happened while it went on: values, as a recording keeps them too. */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { plannedEvent } from '../gdoi/events/planned-event.ts';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';

/** A maintenance window; at least one of the lists names something. `reason` empty: none was given. */
export interface PlannedWork {
  readonly fromMs: EpochMs;
  readonly untilMs: EpochMs;
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly cells: readonly string[];
  readonly reason: string;
}

/** What may be under maintenance; an absent name is in no window. */
export interface Concerned {
  readonly device: string | null;
  readonly cell?: string | undefined;
  readonly groups: readonly string[];
}

/** The first of the windows in which that instant lies; null: nothing was planned then. */
export function workAt<Work extends PlannedWork>(
  works: readonly Work[],
  { device, cell, groups }: Concerned,
  atMs: EpochMs,
): Work | null {
  const found = works.find(
    (work) =>
      work.fromMs <= atMs &&
      atMs < work.untilMs &&
      ((device !== null && work.devices.includes(device)) ||
        groups.some((group) => work.groups.includes(group)) ||
        work.cells.includes(cell ?? DEFAULT_CELL)),
  );
  return found ?? null;
}

/**
 * Marks those that happened in a window. One of a device and no group is planned if any of the device's groups is:
 * `groups` are those.
 */
export function asPlanned(
  events: readonly GdoiEvent[],
  works: readonly PlannedWork[],
  groups: Iterable<string> = [],
): readonly GdoiEvent[] {
  // Almost always there is none.
  if (works.length === 0 || events.length === 0) return events;
  const ofDevice = [...groups];
  return events.map((event) => {
    const { device, cell, group, atMs } = event;
    const work = workAt(works, { device, cell, groups: group === null ? ofDevice : [group] }, atMs);
    return work === null ? event : plannedEvent(event, work);
  });
}
