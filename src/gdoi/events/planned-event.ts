/**
 * An event that happened in a maintenance window: a field of it, by which decisions are made, and a last line of
 * evidence for people, who want to know of which window.
 */
import { instant } from './instant-text.ts';
import type { GdoiEvent } from './event.ts';
import type { EpochMs } from '../seen/instant.ts';

const MARK = 'planned: maintenance until ';

export function plannedEvent(
  event: GdoiEvent,
  { untilMs, reason }: { readonly untilMs: EpochMs; readonly reason: string },
): GdoiEvent {
  const line = `${MARK}${instant(untilMs)}${reason === '' ? '' : `: ${reason}`}`;
  return { ...event, planned: true, evidence: [...event.evidence, line] };
}

export function isPlanned({ planned }: Pick<GdoiEvent, 'planned'>): boolean {
  return planned === true;
}

/**
 * The field of a stored event. null: an agent of before the field stored it, and of that one the line of evidence is
 * the only mark.
 */
export function plannedField(stored: boolean | null, evidence: readonly string[]): Pick<GdoiEvent, 'planned'> {
  return (stored ?? evidence.at(-1)?.startsWith(MARK) === true) ? { planned: true } : {};
}
