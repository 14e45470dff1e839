/**
 * When something was read: the agent's wall clock, and the two instants between which a device printed its answer. A
 * whole-second countdown read in between is an interval, never a point.
 */

/** Milliseconds since the Unix epoch, on the agent's wall clock. */
export type EpochMs = number;

export interface ReadAt {
  readonly sentAtMs: EpochMs;
  readonly receivedAtMs: EpochMs;
}

/**
 * Expiry instant of a countdown of `remainingSeconds` read at `at`, as the middle of what is possible: the device
 * truncates to whole seconds and read it at some time between question and answer.
 */
export function expiryMs(at: ReadAt, remainingSeconds: number): EpochMs {
  return (at.sentAtMs + at.receivedAtMs) / 2 + remainingSeconds * 1000 + 500;
}
