/** What is asked of a history of events. */
import type { EpochMs } from '../seen/instant.ts';
import type { Cause, EventType, GdoiEvent } from './event.ts';

/** `sinceMs <= at < untilMs`; an absent filter lets everything through. */
export interface EventFilter {
  readonly sinceMs?: EpochMs | undefined;
  readonly untilMs?: EpochMs | undefined;
  readonly device?: string | undefined;
  readonly group?: string | undefined;
  readonly cell?: string | undefined;
  readonly type?: EventType | undefined;
  readonly cause?: Cause | undefined;
  readonly unexpected?: boolean | undefined;
}

export interface EventQuery extends EventFilter {
  /** Events of a page, at least 1; the caller has checked it. */
  readonly limit: number;
  /** `nextCursor` of the page before; one that no page gave is a `UserError`. */
  readonly cursor?: string | undefined;
  /** By instant, then id. */
  readonly order: 'newest_first' | 'oldest_first';
}

export interface EventPage {
  readonly events: readonly GdoiEvent[];
  /** null: there is nothing after this page. */
  readonly nextCursor: string | null;
}
