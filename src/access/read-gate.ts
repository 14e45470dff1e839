/** Limits how many reads are under way at once over the fleet; those that wait come in in the order they asked. */
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

  /** True: inside, where there is room. */
  tryEnter(): boolean {
    if (this.#active >= this.#limit) return false;
    this.#active += 1;
    return true;
  }

  /** Resolves inside; each entry is followed by one `leave`. Rejects, outside, with the reason of an abort. */
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

  /** Hands the place to who waits longest. */
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
