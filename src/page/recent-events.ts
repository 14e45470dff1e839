/** The latest events of a device or a group. */
import type { EventListDocument } from '../http/schemas/event-schema.ts';
import { type Filter, withFilter } from './route.ts';
import { Kept, type Session } from './session.ts';

const RECENT = 10;

export function recentEvents(session: Session, filter: Filter, signal: AbortSignal): Kept<EventListDocument> {
  return new Kept(session, withFilter('/api/v1/events', { ...filter, limit: String(RECENT) }), signal);
}
