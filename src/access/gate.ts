/** Limits what is under way over the fleet; others wait in the order in which they asked, urgent ones first. */
export class Gate {
  readonly #limit: () => number;
  #active = 0;
  readonly #urgent = new Set<() => void>();
  readonly #others = new Set<() => void>();

  /** The limit may change: it counts when somebody comes or leaves. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#urgent.size + this.#others.size;
  }

  /** True: entered; false: there is no room. */
  tryEnter(): boolean {
    this.#letIn();
    if (this.#active >= this.#limit()) return false;
    this.#active += 1;
    return true;
  }

  /**
   * Resolves when entered; each entry is followed by one `leave`. Rejects with the reason of an abort, without an
   * entry.
   */
  async enter(signal: AbortSignal, urgent = false): Promise<void> {
    signal.throwIfAborted();
    if (this.tryEnter()) return;
    const waiting = urgent ? this.#urgent : this.#others;
    await new Promise<void>((resolve, reject) => {
      const cameIn = () => {
        waiting.delete(cameIn);
        signal.removeEventListener('abort', gaveUp);
        resolve();
      };
      const gaveUp = () => {
        waiting.delete(cameIn);
        reject(signal.reason);
      };
      waiting.add(cameIn);
      signal.addEventListener('abort', gaveUp, { once: true });
    });
  }

  leave(): void {
    this.#active -= 1;
    this.#letIn();
  }

  /** Those that wait longest, as far as there is room. */
  #letIn(): void {
    for (const waiting of [this.#urgent, this.#others]) {
      for (const cameIn of waiting) {
        if (this.#active >= this.#limit()) return;
        this.#active += 1;
        cameIn();
      }
    }
  }
}
