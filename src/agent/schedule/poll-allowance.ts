/**
 * Limits the polls of a device beside its schedule: those planned around a KEK's expiry, and those triggered by
 * messages, traps or another transport. A KEK of a day takes some ten; a storm of messages would take a thousand an
 * hour. So they are paid for from an allowance: 120 at once, and then as many as the schedule itself has, or one a
 * minute if that is more often. A poll that is not paid for is left out: the next scheduled one sees what there is.
 *
 * Polls that a person or a program asks for (`check`, `/probe`, the page) are not counted.
 */

/** At once: a change of keys in a lab, where a KEK lives for minutes, takes about fifty an hour. */
export const ALLOWED_AT_ONCE = 120;
const ALLOWED_EVERY_MS = 60_000;

export interface Allowance {
  /** Polls left at `atMs` (monotonic), fractions included. */
  readonly left: number;
  readonly atMs: number;
}

export function fullAllowance(nowMs: number): Allowance {
  return { left: ALLOWED_AT_ONCE, atMs: nowMs };
}

/**
 * The shortest time between two of them in the long run; `intervalMs` null: a cron expression, which never runs so
 * often.
 */
export function allowedEveryMs(intervalMs: number | null): number {
  return Math.min(ALLOWED_EVERY_MS, intervalMs ?? ALLOWED_EVERY_MS);
}

/** What is left after one more poll; null: it is not allowed. */
export function payForPoll({ left, atMs }: Allowance, everyMs: number, nowMs: number): Allowance | null {
  const now = Math.min(ALLOWED_AT_ONCE, left + Math.max(0, nowMs - atMs) / everyMs);
  return now < 1 ? null : { left: now - 1, atMs: nowMs };
}
