/**
 * The events that a list shows, newest first: the newest page, which is requested again and again, and older pages
 * below it. No event between two pages is left out, and none appears twice.
 */
import type { EventDocument } from '../gdoi/events/event-document.ts';
import type { EventListDocument } from '../http/schemas/event-schema.ts';

/** Most that are drawn; a filter finds older ones. */
export const MAX_EVENTS = 500;

export class EventHistory {
  events: readonly EventDocument[] = [];
  /** Where the next older page begins; null: there is none. */
  cursor: string | null = null;

  newest(page: EventListDocument): void {
    const known = new Set(this.events.map(({ id }) => id));
    const joins = page.events.some(({ id }) => known.has(id));
    const merged = mergedEvents(this.events, page.events);
    // More came than a page contains, or too many are drawn: older pages are requested again.
    if (!joins || merged.length > MAX_EVENTS) {
      this.events = page.events;
      this.cursor = page.next_cursor;
    } else this.events = merged;
  }

  older(page: EventListDocument): void {
    this.events = mergedEvents(this.events, page.events);
    this.cursor = page.next_cursor;
  }
}

function mergedEvents(a: readonly EventDocument[], b: readonly EventDocument[]): readonly EventDocument[] {
  const byId = new Map([...a, ...b].map((event) => [event.id, event] as const));
  return [...byId.values()].toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
}
