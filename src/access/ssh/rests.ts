/**
 * While many devices are asked, their worker looks at its sockets only now and then: what came meanwhile is read, told
 * and judged together. Waking up for each answer is dear in both threads (docs/sizing.md has what it took). An answer
 * comes later by one rest at most, which is far below the second that a router counts its keys in. Where few are asked
 * nothing would be gathered, so somebody who waits for one device does not wait for this. And where very many are, their
 * answers gather by themselves: a thread that rested then would fall behind although it has time, as each question takes
 * several turns.
 */
import type { Clock } from '../../kernel/clock.ts';

export const REST_MS = 50;
/** Questions under way from which on there is something to gather. */
export const MANY_QUESTIONS = 4;
/** From here on the thread is behind. 250 answers a second with a quarter of a second each are as many. */
export const TOO_MANY_QUESTIONS = 64;

export class Rests {
  readonly #clock: Pick<Clock, 'yieldToIo'>;
  readonly #rest: (ms: number) => void;
  #underWay = 0;
  #planned = false;

  /** `rest` stops the thread. */
  constructor(clock: Pick<Clock, 'yieldToIo'>, rest: (ms: number) => void) {
    this.#clock = clock;
    this.#rest = rest;
  }

  /** Runs while a device is asked; the thread rests after the turn in which that begins or ends. */
  async during<T>(question: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    this.#plan();
    try {
      return await question();
    } finally {
      this.#plan();
      this.#underWay -= 1;
    }
  }

  #plan(): void {
    if (this.#planned || this.#underWay < MANY_QUESTIONS) return;
    this.#planned = true;
    void this.#afterThisTurn();
  }

  async #afterThisTurn(): Promise<void> {
    await this.#clock.yieldToIo();
    // What was said in this turn is sent by now.
    await this.#clock.yieldToIo();
    this.#planned = false;
    if (this.#underWay >= MANY_QUESTIONS && this.#underWay < TOO_MANY_QUESTIONS) this.#rest(REST_MS);
  }
}
