/**
 * Which lines of a log buffer are new since it was last read, and between which instants each was written.
 *
 * The last lines of the previous reading are remembered as hashes; what follows them is new. When they are gone, the
 * buffer was overwritten, cleared or lost with a reload: then all of it is new. A first reading has no lower bound, so
 * only its time stamps can place a line.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import { intersection, type Interval } from '../seen/interval.ts';
import { type LogClock, writtenAt } from './log-clock.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { MOST_LOG_MESSAGES } from '../seen/row-bounds.ts';

export interface LogTail {
  /** When the buffer was read. */
  readonly readMs: EpochMs;
  /** Its last lines, oldest first. */
  readonly hashes: readonly number[];
}

export interface FreshLine {
  readonly message: LogMessage;
  readonly written: Interval;
}

/** One line may be there twice; three in a row are not. */
const TAIL_LINES = 3;

export function freshLines(
  tail: LogTail | null,
  messages: readonly LogMessage[],
  at: ReadAt,
  clock: LogClock | null,
): { readonly tail: LogTail; readonly lines: readonly FreshLine[] } {
  const read = messages.slice(-MOST_LOG_MESSAGES);
  const hashes = read.map(hashOf);
  const next: LogTail = { readMs: at.sentAtMs, hashes: hashes.slice(-TAIL_LINES) };
  const fresh = read.slice(tail === null ? 0 : endOfKnown(hashes, tail.hashes));
  const since = { fromMs: tail?.readMs ?? -Infinity, toMs: at.receivedAtMs };
  const lines = fresh.flatMap((message, index): FreshLine[] => {
    const shown = writtenAt(clock, message, at.receivedAtMs, since);
    const written = (shown === null ? null : intersection(shown, since)) ?? since;
    if (written.fromMs === -Infinity) return [];
    // Lines that only the two readings place keep their order.
    const toMs = written.toMs === since.toMs ? since.toMs - (fresh.length - 1 - index) : written.toMs;
    return [{ message, written: { fromMs: Math.min(written.fromMs, toMs), toMs } }];
  });
  return { tail: next, lines };
}

/** Index after the known lines; 0 when they are not there. */
function endOfKnown(hashes: readonly number[], known: readonly number[]): number {
  if (known.length === 0) return 0;
  for (let end = hashes.length; end >= known.length; end -= 1) {
    if (known.every((hash, index) => hashes[end - known.length + index] === hash)) return end;
  }
  // The buffer kept fewer of them: the newest that is still there.
  const last = hashes.lastIndexOf(known.at(-1) ?? -1);
  return last + 1;
}

/** FNV-1a over what the line says. */
function hashOf({ timestamp, sequence, mnemonic, text }: LogMessage): number {
  const line = `${sequence ?? ''} ${timestamp ?? ''} ${mnemonic} ${text}`;
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < line.length && index < 512; index += 1) {
    hash = Math.imul(hash ^ line.charCodeAt(index), 0x01_00_01_93);
  }
  return hash >>> 0;
}
