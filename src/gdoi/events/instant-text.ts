/** An instant as evidence quotes it, and when an event was. */
import type { GdoiEvent } from './event.ts';

/** An interval this short is told by one instant: countdowns, clocks and looks are no closer. */
const TO_THE_SECOND_MS = 5000;

export function isToTheSecond(fromMs: number, toMs: number): boolean {
  return toMs - fromMs <= TO_THE_SECOND_MS;
}

/** When something was: its instant, or between which two it was where nobody knows it closer. */
export function when({ atMs, betweenMs: [fromMs, toMs] }: Pick<GdoiEvent, 'atMs' | 'betweenMs'>): string {
  return isToTheSecond(fromMs, toMs) ? instant(atMs) : `between ${instant(fromMs)} and ${instant(toMs)}`;
}

export function instant(atMs: number): string {
  const date = new Date(Math.round(atMs));
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString().replace(/\.\d{3}Z$/u, 'Z');
}
