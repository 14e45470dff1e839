/** An event as CloudEvents 1.0 in structured JSON: what a webhook carries. */
import { eventDocument } from '../../gdoi/events/event-document.ts';
import type { GdoiEvent } from '../../gdoi/events/event.ts';

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * `source`: who tells, an absolute URL. With `id` it is unique; a receiver that got both before has the event already.
 */
export function cloudEvent(event: GdoiEvent, source: string): string {
  // Told at once: which incident it belongs to is found later, and `/api/v1/events` says it then.
  const data = eventDocument(event, null);
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source,
    type: `gdoiwatch.${event.type}`,
    subject: event.device,
    time: data.at,
    datacontenttype: 'application/json',
    data,
  });
}
