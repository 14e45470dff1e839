/**
 * When something was read: the agent's wall clock, and the two instants between which a device printed its answer. A
 * whole-second countdown read in between is an interval, never a point.
 */

/** Milliseconds since the Unix epoch, on the agent's wall clock. */
export type EpochMs = number;

/** The end of the year 9999: what RFC 3339 can write. */
const LATEST_MS = Date.UTC(10_000, 0, 1) - 1;

/**
 * An instant that somebody else wrote, of the years 1970 to 9999; null: it is none. Such instants can be added to and
 * subtracted from each other, and what comes out can still be written down.
 */
export function instantFromOutside(ms: number): EpochMs | null {
  return ms >= 0 && ms <= LATEST_MS ? ms : null;
}

/**
 * The instant of a day (its month from 0) and a time of that day, in UTC; null: there is no such day or time.
 * `Date.UTC` would make March of the 30th of February.
 */
export function utcInstant(
  [year, month, day]: readonly [year: number, month: number, day: number],
  [hour, minute, second, ms = 0]: readonly [hour: number, minute: number, second: number, ms?: number],
): EpochMs | null {
  const instant = Date.UTC(year, month, day, hour, minute, second, ms);
  const shown = new Date(instant);
  const isDay = shown.getUTCFullYear() === year && shown.getUTCMonth() === month && shown.getUTCDate() === day;
  const isTime = shown.getUTCHours() === hour && shown.getUTCMinutes() === minute && shown.getUTCSeconds() === second;
  return isDay && isTime ? instant : null;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** `Jan` -> 0, as `Date.UTC` counts; null: no month as devices write them. */
export function parseMonth(name: string): number | null {
  const month = name.length === 3 ? MONTHS.indexOf(name) / 3 : -1;
  return Number.isInteger(month) && month >= 0 ? month : null;
}

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
