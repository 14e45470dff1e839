/**
 * Where log lines go: a descriptor, each line at once. A line that it does not take (a full disk, a reader that is
 * gone) waits for the next one, up to a bound, and is never thrown at whoever logs: a log that cannot be written must
 * not take the agent with it, nor come between an event and those who are told of it.
 */
import { writeSync } from 'node:fs';
import { codeOf } from '../kernel/error-code.ts';
import { restThread } from '../kernel/rest-thread.ts';

const MAX_WAITING_BYTES = 1024 * 1024;
/** A pipe whose reader is slow has room again in a moment. */
const SLOW_READER = { tries: 20, waitMs: 10 } as const;

export class LogOutput {
  readonly #descriptor: number;
  readonly #onBack: (lostLines: number) => void;
  /** The first may have been written in part. */
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #errors = 0;
  #failing = false;

  /** `onBack`: lines are taken again after some found no room. */
  constructor(descriptor: number, onBack: (lostLines: number) => void) {
    this.#descriptor = descriptor;
    this.#onBack = onBack;
  }

  /** Failed writes so far. */
  get errors(): number {
    return this.#errors;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length <= MAX_WAITING_BYTES) {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
    } else this.#lost += 1;
    try {
      this.#writeWaiting();
    } catch {
      this.#failing = true;
      this.#errors += 1;
      return;
    }
    this.#failing = false;
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#onBack(lost);
  }

  #writeWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      // A reader that did not come back in time once is not waited for at each line.
      const written = writePatiently(this.#descriptor, first, this.#failing ? 1 : SLOW_READER.tries);
      this.#waitingBytes -= written;
      if (written < first.length) this.#waiting[0] = first.subarray(written);
      else this.#waiting.shift();
    }
  }
}

function writePatiently(descriptor: number, bytes: Buffer, mostTries: number): number {
  for (let tries = 1; ; tries += 1) {
    try {
      return writeSync(descriptor, bytes);
    } catch (error) {
      const isBusy = codeOf(error) === 'EAGAIN';
      if (!isBusy || tries >= mostTries) throw error;
      restThread(SLOW_READER.waitMs);
    }
  }
}
