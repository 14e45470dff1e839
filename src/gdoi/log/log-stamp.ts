/**
 * The time stamp of a log line as an interval on the device's own clock.
 *
 * What a stamp looks like is in `gdoi/seen/log-time.ts`. IOS prints no year unless told to, and the fraction only with
 * `msec`: the year is the one that puts the line before now and nearest to it. `service timestamps log uptime` (1d02h)
 * gives no instant here.
 */
import type { Interval } from '../seen/interval.ts';
import { type EpochMs, parseMonth, utcInstant } from '../seen/instant.ts';
import { dateStampAtEnd } from '../seen/log-time.ts';

export interface LogStamp {
  /** As if the digits were UTC. */
  readonly shown: Interval;
  /** null: none printed, or UTC. */
  readonly zone: string | null;
}

/** A line may be ahead of what is taken for now: the offset is an interval, and the answer takes time. */
const AHEAD_MS = 3_600_000;
/** The digits of the fraction are truncated at least to this. */
const FRACTION_MS = 1;

/** `deviceNowMs`: about now, on the device's clock. null: no stamp, or none that is a date. */
export function readLogStamp(text: string | null, deviceNowMs: EpochMs): LogStamp | null {
  const stamp = text === null ? null : dateStampAtEnd(text);
  if (stamp === null || stamp.text !== text) return null;
  const { year, day, hour, minute, second, fraction, zone } = stamp;
  const month = parseMonth(stamp.month);
  if (month === null) return null;
  const ms = fraction === null ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  const inYear = (of: number) =>
    utcInstant([of, month, Number(day)], [Number(hour), Number(minute), Number(second), ms]);
  const fromMs = year === null ? nearestBefore(inYear, deviceNowMs) : inYear(Number(year));
  if (fromMs === null) return null;
  return {
    shown: { fromMs, toMs: fromMs + (fraction === null ? 1000 : FRACTION_MS) },
    zone: zoneKey(zone),
  };
}

const UTC_ZONES: ReadonlySet<string> = new Set(['UTC', 'GMT', 'Z', '+0000', '+00:00']);

/** Zones that are UTC need no name. */
export function zoneKey(zone: string | null): string | null {
  return zone === null || UTC_ZONES.has(zone) ? null : zone;
}

/** null: no such day in these years. */
function nearestBefore(inYear: (year: number) => EpochMs | null, nowMs: EpochMs): EpochMs | null {
  if (!Number.isFinite(nowMs)) return null;
  const year = new Date(nowMs).getUTCFullYear();
  for (const tried of [year + 1, year]) {
    const instant = inYear(tried);
    if (instant !== null && instant <= nowMs + AHEAD_MS) return instant;
  }
  return inYear(year - 1);
}
