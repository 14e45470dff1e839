/**
 * Where a KEK's life leads, as instants: when its rekey is due, when a GM that got none re-registers, when it ends. The
 * windows are those of `kek-window.ts`, laid around the expiry as it was read.
 */
import { shownSeconds } from '../seen/countdown.ts';
import { EXPIRY_WINDOW_SECONDS, MISSED_REKEY_WINDOW } from './kek-window.ts';
import { type EpochMs, expiryMs, type ReadAt } from '../seen/instant.ts';

export interface KekTimeline {
  /** Expiry minus the KS's lead: from here on a GM has, or lacks, the new KEK. */
  readonly rekeyDueAtMs: EpochMs;
  /** A GM that got no rekey re-registers between these two. */
  readonly missedWindowMs: readonly [from: EpochMs, to: EpochMs];
  readonly expiresAtMs: EpochMs;
  /** A GM whose KEK ran out registers again between expiry and this. */
  readonly expiryWindowEndsAtMs: EpochMs;
}

/** null: no KEK lifetime is shown, or it is 0. */
export function kekTimeline(
  remainingSeconds: number | null | undefined,
  at: ReadAt,
  leadSeconds: number,
): KekTimeline | null {
  const shown = shownSeconds(remainingSeconds);
  if (shown === null || shown === 0) return null;
  const expiresAtMs = expiryMs(at, shown);
  const before = (seconds: number) => expiresAtMs - seconds * 1000;
  return {
    rekeyDueAtMs: before(leadSeconds),
    missedWindowMs: [
      before(MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry),
      before(MISSED_REKEY_WINDOW.toSecondsBeforeExpiry),
    ],
    expiresAtMs,
    expiryWindowEndsAtMs: before(-EXPIRY_WINDOW_SECONDS),
  };
}
