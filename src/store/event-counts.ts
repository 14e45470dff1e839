/** Counting events by what the counters of the contract are labelled with. */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { inCell } from '../gdoi/seen/cell.ts';
import type { EventCount } from './event-store.ts';

/** Count one more event of its kind in `counts`, whose keys are this function's own. */
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
