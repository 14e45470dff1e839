/** Long texts in pieces, so that other work gets its turns. */
import type { Clock } from '../../kernel/clock.ts';

/**
 * After this time of our own work others get their turn: polls go on while a large fleet is written. If their turns are
 * long, as on a busy machine, ours are as long: otherwise a scrape waits four times as long as it works.
 */
export const TURN_MS = { least: 10, most: 40 } as const;
/** Characters of a piece: the more there are in one, the fewer turns of a busy loop a scrape waits for. */
const PIECE_CHARS = 2 * 1024 * 1024;

export async function* inTurns(
  lines: Iterable<string>,
  clock: Pick<Clock, 'monoMs' | 'yieldToIo'>,
): AsyncGenerator<string> {
  let begunMs = clock.monoMs();
  let turnMs: number = TURN_MS.least;
  let piece = '';
  for (const more of lines) {
    piece += more;
    const nowMs = clock.monoMs();
    const isOver = nowMs - begunMs >= turnMs;
    if (isOver || piece.length >= PIECE_CHARS) {
      yield piece;
      piece = '';
    }
    if (!isOver) continue;
    await clock.yieldToIo();
    begunMs = clock.monoMs();
    turnMs = Math.max(TURN_MS.least, Math.min(begunMs - nowMs, TURN_MS.most));
  }
  if (piece !== '') yield piece;
}
