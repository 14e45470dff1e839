/** An event as the contract's JSON document: instants in ISO 8601, names in snake_case. */
import { inCell } from '../seen/cell.ts';
import type { Cause, EventType, GdoiEvent, Severity } from './event.ts';
import { isPlanned } from './planned-event.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface EventDocument {
  readonly id: string;
  readonly at: string;
  readonly between: [from: string, to: string];
  readonly type: EventType;
  readonly device: string | null;
  /** Absent: there is only the default one. */
  readonly cell?: string;
  readonly group: string | null;
  readonly cause: Cause | null;
  readonly unexpected: boolean | null;
  readonly severity: Severity;
  readonly summary: string;
  readonly evidence: string[];
  readonly action: string;
  /** Id of the incident it belongs to; null: to none that is known yet. */
  readonly incident: string | null;
  /** It happened in a maintenance window. */
  readonly planned: boolean;
}

/** `incident`: as far as incidents are known when the event is emitted. */
export function eventDocument(event: GdoiEvent, incident: string | null): EventDocument {
  const { id, type, device, group, cause, unexpected, severity, summary, evidence, action } = event;
  const [from, to] = event.betweenMs;
  return {
    id,
    at: isoInstant(event.atMs),
    between: [isoInstant(from), isoInstant(to)],
    type,
    device,
    ...inCell(event.cell),
    group,
    cause,
    unexpected,
    severity,
    summary,
    evidence: [...evidence],
    action,
    incident,
    planned: isPlanned(event),
  };
}

/** `2026-01-01T00:00:42Z`; milliseconds only where there are some. */
export function isoInstant(ms: EpochMs): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
