/** An instant as evidence quotes it, and when an event was. */
import type { EventType, GdoiEvent } from './event.ts';

/** An interval this short is shown as one instant: countdowns, clocks and polls are no more exact. */
const TO_THE_SECOND_MS = 5000;

export function isToTheSecond(fromMs: number, toMs: number): boolean {
  return toMs - fromMs <= TO_THE_SECOND_MS;
}

/** The whole seconds that hold an interval: cut off, its end would leave a part of it out. */
export function aroundSeconds(fromMs: number, toMs: number): readonly [fromMs: number, toMs: number] {
  return [Math.floor(fromMs / 1000) * 1000, Math.ceil(toMs / 1000) * 1000];
}

/** Events that report a state as of the end of their interval: it began somewhere in between. */
const OF_A_STATE: ReadonlySet<EventType> = new Set<EventType>([
  'kek_rekey_overdue',
  'tek_rekey_overdue',
  'kek_expired_in_use',
  'kek_missing',
  'tek_missing',
  'tek_divergence',
  'mixed_versions',
  'coop_peer_lost',
  'coop_split',
  'registration_lost',
  'registration_failed',
  'unreachable',
  'replay_errors',
]);

export function tellsState(type: EventType): boolean {
  return OF_A_STATE.has(type);
}

/**
 * When something was: its instant, or between which two it was, or since when at the earliest, where nobody knows it
 * closer.
 */
export function when({
  type,
  atMs,
  betweenMs: [fromMs, toMs],
}: Pick<GdoiEvent, 'type' | 'atMs' | 'betweenMs'>): string {
  if (isToTheSecond(fromMs, toMs)) return instant(atMs);
  const [from, to] = aroundSeconds(fromMs, toMs);
  return tellsState(type)
    ? `known at ${instant(to)}, began after ${instant(from)}`
    : `between ${instant(from)} and ${instant(to)}`;
}

export function instant(atMs: number): string {
  const date = new Date(Math.round(atMs));
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString().replace(/\.\d{3}Z$/u, 'Z');
}
