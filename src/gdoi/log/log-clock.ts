/**
 * How far the clock of a device's log is from the agent's: learnt from `show clock`, and from pushed messages, whose
 * arrival is known. A zone's name tells no offset: it counts for stamps of the same zone, and of a stamp that is in UTC
 * or names no zone where only one of both readings lies in the time in which the line was written.
 *
 * A clock that is set makes the old offset wrong without a word; what it places outside the time in which a line can
 * have been written is not used (`log-buffer.ts` knows that time).
 */
import type { DeviceClock, LogMessage } from '../seen/device-facts.ts';
import { type Interval, intersection, middleMs, overlaps, shifted, widened } from '../seen/interval.ts';
import { driftMs } from '../keys/kek-identity.ts';
import { DELIVERY_MS } from './log-evidence.ts';
import { readLogStamp, zoneKey } from './log-stamp.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';

export interface LogClock {
  /** Agent's clock minus the stamp's. */
  readonly offset: Interval;
  readonly zone: string | null;
  readonly learntMs: EpochMs;
  /** By a pushed message the stamps are behind this offset: it came late, or the clock was set back. */
  readonly behind?: Behind;
}

export interface Behind {
  readonly offset: Interval;
  readonly receivedMs: EpochMs;
}

/** A relay or a router that was cut off hands on what it has kept when it can. */
export interface Pushed {
  readonly clock: LogClock | null;
  readonly written: Interval;
}

/** Less than this a stamp may be behind for a clock that NTP has set. */
const LATE_MS = 60_000;
/** Nobody keeps a message longer; and a clock that was never set, as after a boot, is years behind. */
const LATEST_MS = 86_400_000;
/** Messages that were kept come at once, whatever their stamps; those of a clock that was set come as they are written. */
const APART_MS = 30_000;

export function clockFromShowClock(known: LogClock | null, at: ReadAt, clock: DeviceClock): LogClock | null {
  const shownMs = clock.epochMs ?? clock.shownMs ?? null;
  if (shownMs === null || !Number.isFinite(shownMs)) return known;
  const offset = { fromMs: at.sentAtMs - shownMs - 1, toMs: at.receivedAtMs - shownMs };
  return learnt(known, { offset, zone: zoneKey(clock.zone), learntMs: at.receivedAtMs });
}

/** When a pushed message was written, and what its stamp tells of the device's clock. */
export function pushedAt(known: LogClock | null, message: LogMessage, receivedAtMs: EpochMs): Pushed {
  const written = { fromMs: receivedAtMs - DELIVERY_MS, toMs: receivedAtMs };
  const deviceNowMs = receivedAtMs - (known === null ? 0 : middleMs(known.offset));
  const stamp = readLogStamp(message.timestamp, deviceNowMs);
  if (stamp === null) return { clock: known, written };
  const { fromMs, toMs } = stamp.shown;
  const offset = { fromMs: receivedAtMs - DELIVERY_MS - toMs, toMs: receivedAtMs - fromMs };
  const fresh = { offset, zone: stamp.zone, learntMs: receivedAtMs };
  if (known === null || known.zone !== stamp.zone) return { clock: learnt(known, fresh), written };
  const drift = driftMs(receivedAtMs - known.learntMs);
  const behindMs = offset.fromMs - known.offset.toMs - drift;
  if (behindMs < LATE_MS || behindMs > LATEST_MS) return { clock: learnt(known, fresh), written };
  const agrees = known.behind !== undefined && overlaps(widened(known.behind.offset, drift), offset);
  if (agrees && receivedAtMs - known.behind.receivedMs >= APART_MS) return { clock: fresh, written };
  return {
    clock: agrees ? known : { ...known, behind: { offset, receivedMs: receivedAtMs } },
    written: { fromMs: fromMs + known.offset.fromMs - drift, toMs: toMs + known.offset.toMs + drift },
  };
}

/** When a line was written, on the agent's clock; null: its stamp or the offset of its zone is not known. */
export function writtenAt(
  clock: LogClock | null,
  message: LogMessage,
  readAtMs: EpochMs,
  since: Interval,
): Interval | null {
  if (clock === null) return null;
  const { offset, zone, learntMs } = clock;
  const drift = driftMs(readAtMs - learntMs);
  const shown = placedBy(offset, message, readAtMs, drift);
  if (shown === null || shown.zone === zone) return shown?.written ?? null;
  if (shown.zone !== null) return null;
  const asUtc = placedBy(utcOffset(offset), message, readAtMs, drift);
  const possible = { ...since, fromMs: Math.max(since.fromMs, since.toMs - OLDEST_MS) };
  const [one, other] = [shown, asUtc].flatMap((each) =>
    each !== null && overlaps(each.written, possible) ? [each.written] : [],
  );
  return one !== undefined && (other === undefined || other.fromMs === one.fromMs) ? one : null;
}

function placedBy(
  offset: Interval,
  message: LogMessage,
  readAtMs: EpochMs,
  drift: number,
): { readonly written: Interval; readonly zone: string | null } | null {
  const stamp = readLogStamp(message.timestamp, readAtMs - middleMs(offset));
  if (stamp === null) return null;
  const written = { fromMs: stamp.shown.fromMs + offset.fromMs - drift, toMs: stamp.shown.toMs + offset.toMs + drift };
  return { written, zone: stamp.zone };
}

/** A reading that lies ahead of now gets the year before. */
const OLDEST_MS = 180 * 86_400_000;

/** Zones lie whole quarters of an hour from UTC. */
const ZONE_STEP_MS = 900_000;

/** The offset of the same clock's UTC, for a clock that is less than half a quarter wrong. */
function utcOffset(offset: Interval): Interval {
  return shifted(offset, -Math.round(middleMs(offset) / ZONE_STEP_MS) * ZONE_STEP_MS);
}

/** Two readings of one offset narrow it; where they disagree the clock was set, and the newer one counts. */
function learnt(known: LogClock | null, now: LogClock): LogClock {
  if (known === null || known.zone !== now.zone) return now;
  const both = intersection(widened(known.offset, driftMs(now.learntMs - known.learntMs)), now.offset);
  return both === null ? now : { ...now, offset: both };
}
