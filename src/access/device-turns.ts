/** Whose turn it is at one device: one operation at a time, in the order in which they asked. */

export interface Turn {
  /** Resolves when it is ours. */
  readonly before: Promise<void>;
  /** The next one waits for that too, once ours is done. */
  keepUntil(work: Promise<void>): void;
  /** Lets the next one in. */
  done(): void;
}

export class DeviceTurns {
  #last: Promise<void> = Promise.resolve();
  #users = 0;

  /** Those that have their turn or wait for it. */
  get users(): number {
    return this.#users;
  }

  /** When all turns that were taken so far are over. */
  over(): Promise<void> {
    return this.#last;
  }

  take(): Turn {
    const before = this.#last;
    let finish: (kept: Promise<void>) => void = () => undefined;
    const ours = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let kept = Promise.resolve();
    this.#last = before.then(() => ours);
    this.#users += 1;
    return {
      before,
      keepUntil: (work) => {
        kept = work;
      },
      done: () => {
        this.#users -= 1;
        finish(kept);
      },
    };
  }
}
