/** What `events` asks of a history, wherever that is, and what it gets. */
import type { Cause, EventType } from '../gdoi/events/event.ts';
import type { EventDocument } from '../gdoi/events/event-document.ts';
import type { HistoryAsked } from './history-flags.ts';

export interface EventsAsked extends HistoryAsked {
  readonly type?: EventType;
  readonly cause?: Cause;
  readonly unexpected?: boolean;
}

export interface Found {
  /** Newest first. */
  readonly events: readonly EventDocument[];
  readonly more: boolean;
}

/** One page of the history. */
export type AskEvents = (asked: EventsAsked) => Promise<Found>;

export function isEventDocument(value: unknown): value is EventDocument {
  if (value === null || typeof value !== 'object') return false;
  return ['id', 'at', 'type', 'severity', 'summary'].every((name) => typeof Reflect.get(value, name) === 'string');
}
