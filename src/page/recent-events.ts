/** The latest events of a device or a group. */
import type { EventPage } from './event-history.ts';
import { type Filter, withFilter } from './route.ts';
import { Kept, type Session } from './session.ts';

const RECENT = 10;

export function recentEvents(session: Session, filter: Filter, signal: AbortSignal): Kept<EventPage> {
  return new Kept(session, withFilter('/api/v1/events', { ...filter, limit: String(RECENT) }), signal);
}
