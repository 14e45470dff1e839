/** Counts events by the labels that the contract's counters have. */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { inCell } from '../gdoi/seen/cell.ts';
import type { EventCount } from './event-store.ts';

/** Adds one event of its kind to `counts`, whose keys are private to this function. */
export function addToCounts(counts: Map<string, EventCount>, event: GdoiEvent): void {
  const { type, cell, device, group, cause, unexpected } = event;
  const key = JSON.stringify([type, cell ?? null, device, group, cause, unexpected]);
  counts.set(key, {
    type,
    ...inCell(cell),
    device,
    group,
    cause,
    unexpected,
    count: (counts.get(key)?.count ?? 0) + 1,
  });
}
