/** An instant as evidence quotes it, and when an event was. */
import type { GdoiEvent } from './event.ts';

/** An interval this short is told by one instant: countdowns, clocks and looks are no closer. */
const TO_THE_SECOND_MS = 5000;

export function isToTheSecond(fromMs: number, toMs: number): boolean {
  return toMs - fromMs <= TO_THE_SECOND_MS;
}

/** The whole seconds that hold an interval: cut off, its end would leave a part of it out. */
export function aroundSeconds(fromMs: number, toMs: number): readonly [fromMs: number, toMs: number] {
  return [Math.floor(fromMs / 1000) * 1000, Math.ceil(toMs / 1000) * 1000];
}

/** When something was: its instant, or between which two it was where nobody knows it closer. */
export function when({ atMs, betweenMs: [fromMs, toMs] }: Pick<GdoiEvent, 'atMs' | 'betweenMs'>): string {
  if (isToTheSecond(fromMs, toMs)) return instant(atMs);
  const [from, to] = aroundSeconds(fromMs, toMs);
  return `between ${instant(from)} and ${instant(to)}`;
}

export function instant(atMs: number): string {
  const date = new Date(Math.round(atMs));
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString().replace(/\.\d{3}Z$/u, 'Z');
}
