/**
 * The time stamp of a log line as an interval on the device's own clock.
 *
 * IOS prints no year unless told to, and the fraction only with `msec`: the year is the one that puts the line before
 * now and nearest to it. `service timestamps log uptime` (1d02h) gives no instant here.
 */
import type { Interval } from '../seen/interval.ts';
import { type EpochMs, utcInstant } from '../seen/instant.ts';

export interface LogStamp {
  /** As if the digits were UTC. */
  readonly shown: Interval;
  /** null: none printed, or UTC. */
  readonly zone: string | null;
}

// Mar  1 01:12:10.919 / Jun  5 2026 07:23:09.318 EST / 2026 Jun 19 06:17:42 / Mar 26 20:49:19KST
const STAMP =
  /^(?:(\d{4}) )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?: ?([A-Za-z+-][A-Za-z0-9:+-]{0,14}))?$/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
/** A line may be ahead of what is taken for now: the offset is an interval, and the answer takes time. */
const AHEAD_MS = 3_600_000;
/** The digits of the fraction are truncated at least to this. */
const FRACTION_MS = 1;

/** `deviceNowMs`: about now, on the device's clock. null: no stamp, or none that is a date. */
export function readLogStamp(text: string | null, deviceNowMs: EpochMs): LogStamp | null {
  const match = text === null ? null : STAMP.exec(text);
  if (match === null) return null;
  const [, yearFirst, monthName = '', day, yearBehind, hour, minute, second, fraction, zone] = match;
  const year = yearFirst ?? yearBehind;
  const month = MONTHS.indexOf(monthName) / 3;
  if (!Number.isInteger(month) || month < 0) return null;
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  const inYear = (of: number) =>
    utcInstant([of, month, Number(day)], [Number(hour), Number(minute), Number(second), ms]);
  const fromMs = year === undefined ? nearestBefore(inYear, deviceNowMs) : inYear(Number(year));
  if (fromMs === null) return null;
  return {
    shown: { fromMs, toMs: fromMs + (fraction === undefined ? 1000 : FRACTION_MS) },
    zone: zoneKey(zone ?? null),
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
