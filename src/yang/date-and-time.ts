/**
 * `date-and-time` of RFC 6991: an RFC 3339 instant with its offset. What never happened, and a device whose clock was never
 * set, has the epoch, which is no instant of anything that it did.
 */
import { type EpochMs, utcInstant } from '../gdoi/seen/instant.ts';

const DATE_AND_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
/** Nothing that speaks RESTCONF ran before. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);

/** Null: not in the form, or no such day; `never`: the epoch, or another instant before all such devices. */
export function parseDateAndTime(value: string): EpochMs | 'never' | null {
  const [, year, month, day, hour, minute, second] = DATE_AND_TIME.exec(value) ?? [];
  const shown = utcInstant(
    [Number(year), Number(month) - 1, Number(day)],
    [Number(hour), Number(minute), Number(second)],
  );
  if (shown === null) return null;
  const atMs = Date.parse(value);
  if (Number.isNaN(atMs)) return null;
  return atMs < EARLIEST_MS ? 'never' : atMs;
}
