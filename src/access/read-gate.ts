/** Limits the reads under way over the fleet; others wait in the order in which they asked. */
export class ReadGate {
  readonly #limit: number;
  #active = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get active(): number {
    return this.#active;
  }

  /** True: entered; false: there is no room. */
  tryEnter(): boolean {
    if (this.#active >= this.#limit) return false;
    this.#active += 1;
    return true;
  }

  /**
   * Resolves when entered; each entry is followed by one `leave`. Rejects with the reason of an abort, without an
   * entry.
   */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.tryEnter()) return;
    await new Promise<void>((resolve, reject) => {
      const cameIn = () => {
        signal.removeEventListener('abort', gaveUp);
        resolve();
      };
      const gaveUp = () => {
        this.#waiting.delete(cameIn);
        reject(signal.reason);
      };
      this.#waiting.add(cameIn);
      signal.addEventListener('abort', gaveUp, { once: true });
    });
  }

  /** Passes the place to the one that waits longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#active -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
