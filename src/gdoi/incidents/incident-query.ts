/** What is asked of a history of incidents: those that began last come first. */
import type { ExplanationCause } from '../explain/explanation.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { Incident } from './incident.ts';

/** Open at some time between the two instants; an absent filter lets everything through. */
export interface IncidentQuery {
  readonly sinceMs?: EpochMs | undefined;
  readonly untilMs?: EpochMs | undefined;
  readonly group?: string | undefined;
  readonly cell?: string | undefined;
  readonly device?: string | undefined;
  readonly cause?: ExplanationCause | undefined;
  /** Incidents of a page, at least 1; the caller has checked it. */
  readonly limit: number;
  /** `nextCursor` of the page before; one that no page gave is a `UserError`. */
  readonly cursor?: string | undefined;
}

export interface IncidentPage {
  /** Those that began last come first, then by id. */
  readonly incidents: readonly Incident[];
  /** null: there is nothing after this page. */
  readonly nextCursor: string | null;
}
