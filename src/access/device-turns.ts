/** Turns at one device: one operation at a time, in the order of asking. */

export interface Turn {
  /** Resolves when it is our turn. */
  readonly before: Promise<void>;
  /** The next one also waits for this, once ours is done. */
  keepUntil(work: Promise<void>): void;
  /** Ends our turn. */
  done(): void;
}

export class DeviceTurns {
  #last: Promise<void> = Promise.resolve();
  #users = 0;

  /** Number of those that have their turn or wait for it. */
  get users(): number {
    return this.#users;
  }

  /** Resolves when all turns taken so far are over. */
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
