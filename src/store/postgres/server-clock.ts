/** The server's clock, reported with each answer that contains it. */
import type { Clock } from '../../kernel/clock.ts';
import type { ToldTime } from '../../kernel/following-clock.ts';
import type { ResultRow } from './connections.ts';

export class ServerClock {
  readonly #clock: Clock;
  readonly #hear: (told: ToldTime) => void;

  constructor(clock: Clock, hear: (told: ToldTime) => void) {
    this.#clock = clock;
    this.#hear = hear;
  }

  /** `column` of the answer has the server's time, if there is an answer. */
  async hearIn(column: string, ask: () => Promise<ResultRow | undefined>): Promise<ResultRow | undefined> {
    const askedMonoMs = this.#clock.monoMs();
    const row = await ask();
    const atMs = Number(row?.[column]);
    if (row !== undefined && Number.isFinite(atMs)) {
      this.#hear({ atMs, askedMonoMs, answeredMonoMs: this.#clock.monoMs() });
    }
    return row;
  }
}
