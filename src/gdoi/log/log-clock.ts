/**
 * How far the clock of a device's log is from the agent's: learnt from `show clock`, and from pushed messages, whose
 * arrival is known. Only for stamps of the same zone, since a zone's name tells no offset.
 *
 * A clock that is set makes the old offset wrong without a word; what it places outside the time in which a line can
 * have been written is not used (`log-buffer.ts` knows that time).
 */
import type { DeviceClock, LogMessage } from '../seen/device-facts.ts';
import { type Interval, intersection, middleMs, widened } from '../seen/interval.ts';
import { driftMs } from '../keys/kek-identity.ts';
import { DELIVERY_MS } from './log-evidence.ts';
import { readLogStamp, zoneKey } from './log-stamp.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';

export interface LogClock {
  /** Agent's clock minus the stamp's. */
  readonly offset: Interval;
  readonly zone: string | null;
  readonly learntMs: EpochMs;
}

export function clockFromShowClock(known: LogClock | null, at: ReadAt, clock: DeviceClock): LogClock | null {
  const { epochMs } = clock;
  if (epochMs === null || !Number.isFinite(epochMs)) return known;
  const offset = { fromMs: at.sentAtMs - epochMs - 1, toMs: at.receivedAtMs - epochMs };
  return learnt(known, { offset, zone: zoneKey(clock.zone), learntMs: at.receivedAtMs });
}

export function clockFromPushed(known: LogClock | null, message: LogMessage, receivedAtMs: EpochMs): LogClock | null {
  const deviceNowMs = receivedAtMs - (known === null ? 0 : middleMs(known.offset));
  const stamp = readLogStamp(message.timestamp, deviceNowMs);
  if (stamp === null) return known;
  const { fromMs, toMs } = stamp.shown;
  const offset = { fromMs: receivedAtMs - DELIVERY_MS - toMs, toMs: receivedAtMs - fromMs };
  return learnt(known, { offset, zone: stamp.zone, learntMs: receivedAtMs });
}

/** When a line was written, on the agent's clock; null: its stamp or the offset of its zone is not known. */
export function writtenAt(clock: LogClock | null, message: LogMessage, readAtMs: EpochMs): Interval | null {
  if (clock === null) return null;
  const stamp = readLogStamp(message.timestamp, readAtMs - middleMs(clock.offset));
  if (stamp === null || stamp.zone !== clock.zone) return null;
  const drift = driftMs(readAtMs - clock.learntMs);
  return {
    fromMs: stamp.shown.fromMs + clock.offset.fromMs - drift,
    toMs: stamp.shown.toMs + clock.offset.toMs + drift,
  };
}

/** Two readings of one offset narrow it; where they disagree the clock was set, and the newer one counts. */
function learnt(known: LogClock | null, now: LogClock): LogClock {
  if (known === null || known.zone !== now.zone) return now;
  const both = intersection(widened(known.offset, driftMs(now.learntMs - known.learntMs)), now.offset);
  return both === null ? now : { ...now, offset: both };
}
