/** An event as CloudEvents 1.0 in structured JSON: the body of a webhook. */
import { eventDocument } from '../../gdoi/events/event-document.ts';
import type { GdoiEvent } from '../../gdoi/events/event.ts';

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * `source`: the sender, an absolute URL. Together with `id` it is unique: a receiver that has both already has the
 * event.
 */
export function cloudEvent(event: GdoiEvent, source: string): string {
  // Sent at once: its incident is found later, and `/api/v1/events` names it then.
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
