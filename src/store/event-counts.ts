/** Counts events by the labels that the contract's counters have. */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { inCell } from '../gdoi/seen/cell.ts';
import type { EventCount } from './event-store.ts';

export class EventCounts {
  readonly #counts = new Map<string, EventCount>();

  add({ type, cell, device, group, cause, unexpected }: GdoiEvent): void {
    const key = JSON.stringify([type, cell ?? null, device, group, cause, unexpected]);
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { type, ...inCell(cell), device, group, cause, unexpected, count });
  }

  /** One for each set of labels, in the order of their first event. */
  all(): readonly EventCount[] {
    return [...this.#counts.values()];
  }
}
