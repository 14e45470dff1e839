/** What `events` asks of a history, wherever it is kept, and what it gets. */
import type { Cause, EventType } from '../gdoi/events/event.ts';
import type { EventDocument } from '../gdoi/events/event-document.ts';

export interface EventsAsked {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly device?: string;
  readonly group?: string;
  readonly type?: EventType;
  readonly cause?: Cause;
  readonly unexpected?: boolean;
  readonly limit: number;
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
