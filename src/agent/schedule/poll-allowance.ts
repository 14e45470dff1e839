/**
 * How many polls a device may get beside its schedule: those planned around a KEK's expiry, and those that messages,
 * traps or another transport bring. A KEK of a day takes some ten, a storm of messages would take a thousand an hour.
 * So they are paid from an allowance: a hundred and more at once, and then as many as the schedule itself, or one a
 * minute where that is seldom. A poll that is not paid for is left out: the next one of the schedule sees what there
 * is.
 *
 * What a person or a program asks for (`check`, `/probe`, the page) is not counted: whoever asks knows.
 */

/** At once: a change of keys in a lab, where a KEK lives for minutes, takes about fifty an hour. */
export const ALLOWED_AT_ONCE = 120;
const ALLOWED_EVERY_MS = 60_000;

export interface Allowance {
  /** Polls left, as of `atMs` (monotonic); a part of one is kept. */
  readonly left: number;
  readonly atMs: number;
}

export function fullAllowance(nowMs: number): Allowance {
  return { left: ALLOWED_AT_ONCE, atMs: nowMs };
}

/**
 * The shortest time between two of them, in the long run; `intervalMs` null: a cron expression, which is never so
 * often.
 */
export function allowedEveryMs(intervalMs: number | null): number {
  return Math.min(ALLOWED_EVERY_MS, intervalMs ?? ALLOWED_EVERY_MS);
}

/** What is left after one more poll; null: it may not be. */
export function payForPoll({ left, atMs }: Allowance, everyMs: number, nowMs: number): Allowance | null {
  const now = Math.min(ALLOWED_AT_ONCE, left + Math.max(0, nowMs - atMs) / everyMs);
  return now < 1 ? null : { left: now - 1, atMs: nowMs };
}
