/** Long texts in pieces, so that other work gets its turns. */
import type { Clock } from '../../kernel/clock.ts';

/**
 * After this time of our own work others get their turn: polls go on while a large fleet is written. If their turns are
 * long, as on a busy machine, ours are as long: otherwise a scrape waits four times as long as it works.
 */
export const TURN_MS = { least: 10, most: 40 } as const;
/** Octets that pieces are cut from. Memory for a larger one is fetched from the system anew each time. */
const ROOM = 512 * 1024;
/** UTF-8 has no more for one of JavaScript's characters. */
const MOST_OCTETS_A_CHAR = 3;

/** The lines in UTF-8, each of them converted at once: a long text that waits for that would outlive collections. */
export async function* inTurns(
  lines: Iterable<string>,
  clock: Pick<Clock, 'monoMs' | 'yieldToIo'>,
): AsyncGenerator<Buffer> {
  let begunMs = clock.monoMs();
  let turnMs: number = TURN_MS.least;
  const written = new Written();
  for (const more of lines) {
    if (!written.hasRoomFor(more)) {
      yield* written.piece();
      written.makeRoomFor(more);
    }
    written.add(more);
    const nowMs = clock.monoMs();
    if (nowMs - begunMs < turnMs) continue;
    yield* written.piece();
    await clock.yieldToIo();
    begunMs = clock.monoMs();
    turnMs = Math.max(TURN_MS.least, Math.min(begunMs - nowMs, TURN_MS.most));
  }
  yield* written.piece();
}

/** Octets written one after the other; a piece that was taken is not written to again. */
class Written {
  #room = Buffer.alloc(0);
  #begin = 0;
  #end = 0;

  hasRoomFor(text: string): boolean {
    return this.#room.length - this.#end >= text.length * MOST_OCTETS_A_CHAR;
  }

  /** What was not taken is lost. */
  makeRoomFor(text: string): void {
    this.#room = Buffer.allocUnsafe(Math.max(ROOM, text.length * MOST_OCTETS_A_CHAR));
    this.#begin = 0;
    this.#end = 0;
  }

  add(text: string): void {
    this.#end += this.#room.write(text, this.#end);
  }

  /** What was added since the last one, if anything was. */
  *piece(): Generator<Buffer> {
    const piece = this.#room.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    if (piece.length > 0) yield piece;
  }
}
