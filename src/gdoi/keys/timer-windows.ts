/**
 * The windows of a GM's re-registration timers as intervals of instants: what `kek-window.ts` says in seconds, laid
 * around an expiry that is itself known as an interval.
 */
import type { Interval } from '../seen/interval.ts';
import {
  DEFAULT_TEK_LIFETIME_SECONDS,
  EXPIRY_WINDOW_SECONDS,
  MISSED_REKEY_WINDOW,
  tekWindowSecondsBeforeExpiry,
} from './kek-window.ts';

/** [expiry - 190 s, expiry - 40 s]: no KEK rekey came. */
export function kekMissedWindow(expiry: Interval): Interval {
  return {
    fromMs: expiry.fromMs - MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry * 1000,
    toMs: expiry.toMs - MISSED_REKEY_WINDOW.toSecondsBeforeExpiry * 1000,
  };
}

/** [expiry, expiry + 80 s]: the KEK ran out. */
export function kekExpiryWindow(expiry: Interval): Interval {
  return { fromMs: expiry.fromMs, toMs: expiry.toMs + EXPIRY_WINDOW_SECONDS * 1000 };
}

/** The window of the longest-lived TEK. `lifetimeSeconds` null: not seen fresh yet, then the default's window. */
export function tekWindow(expiry: Interval, lifetimeSeconds: number | null): Interval {
  const { from, to } = tekWindowSecondsBeforeExpiry(lifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS);
  return { fromMs: expiry.fromMs - from * 1000, toMs: expiry.toMs - to * 1000 };
}
