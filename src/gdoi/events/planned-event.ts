/**
 * The mark of an event that happened in a maintenance window: its last line of evidence, so that every store, export
 * and recording keeps it with the event.
 */
import { instant } from './instant-text.ts';
import type { GdoiEvent } from './event.ts';
import type { EpochMs } from '../seen/instant.ts';

const MARK = 'planned: maintenance until ';

export function plannedEvent(
  event: GdoiEvent,
  { untilMs, reason }: { readonly untilMs: EpochMs; readonly reason: string },
) {
  return { ...event, evidence: [...event.evidence, `${MARK}${instant(untilMs)}${reason === '' ? '' : `: ${reason}`}`] };
}

/** Devices' own words stand in evidence too, never in its last line of an event that is planned. */
export function isPlanned({ evidence }: Pick<GdoiEvent, 'evidence'>): boolean {
  return evidence.at(-1)?.startsWith(MARK) === true;
}
