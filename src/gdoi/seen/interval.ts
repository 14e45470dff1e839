/**
 * An interval of instants, both ends included: what is certain of an instant that was not seen itself.
 * Intervals are compared, never their middles: equality of whole seconds is luck.
 */
import type { EpochMs, ReadAt } from './instant.ts';

export interface Interval {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

export function overlaps(a: Interval, b: Interval): boolean {
  return a.fromMs <= b.toMs && b.fromMs <= a.toMs;
}

/** The common part; null when there is none. */
export function intersection(a: Interval, b: Interval): Interval | null {
  const fromMs = Math.max(a.fromMs, b.fromMs);
  const toMs = Math.min(a.toMs, b.toMs);
  return fromMs <= toMs ? { fromMs, toMs } : null;
}

export function widened(interval: Interval, byMs: number): Interval {
  return { fromMs: interval.fromMs - byMs, toMs: interval.toMs + byMs };
}

export function shifted(interval: Interval, byMs: number): Interval {
  return { fromMs: interval.fromMs + byMs, toMs: interval.toMs + byMs };
}

/** By how much an instant of `after` can lie behind one of `before`; negative: ahead of it. */
export function movedBy(before: Interval, after: Interval): Interval {
  return { fromMs: after.fromMs - before.toMs, toMs: after.toMs - before.fromMs };
}

export function middleMs(interval: Interval): EpochMs {
  return (interval.fromMs + interval.toMs) / 2;
}

/**
 * When a countdown of whole seconds, truncated and read at some time between question and answer, reaches zero.
 */
export function endOfCountdown(at: ReadAt, remainingSeconds: number): Interval {
  return { fromMs: at.sentAtMs + remainingSeconds * 1000, toMs: at.receivedAtMs + remainingSeconds * 1000 + 1000 };
}

/** When something happened whose age is shown in whole, truncated seconds. */
export function beginOfAge(at: ReadAt, ageSeconds: number): Interval {
  return { fromMs: at.sentAtMs - ageSeconds * 1000 - 1000, toMs: at.receivedAtMs - ageSeconds * 1000 };
}
