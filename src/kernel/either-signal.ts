/**
 * Two signals as one, linked only when there is something to wait for: most reads find their turn, a place and a socket
 * free, and need no more than a listener on each.
 */
import { setMaxListeners } from 'node:events';
import { type LinkedSignal, linkSignals } from './link-signals.ts';

export class EitherSignal {
  readonly #one: AbortSignal;
  readonly #other: AbortSignal;
  #link: LinkedSignal | null = null;

  constructor(one: AbortSignal, other: AbortSignal) {
    this.#one = one;
    this.#other = other;
  }

  get aborted(): boolean {
    return this.#one.aborted || this.#other.aborted;
  }

  /** Aborts with either; `unlink` when done. */
  get signal(): AbortSignal {
    this.#link ??= linkSignals(this.#one, this.#other);
    return this.#link.signal;
  }

  /** Calls `listener` when either aborts, or right away if one has. The returned function takes that back. */
  onAbort(listener: () => void): () => void {
    if (this.aborted) listener();
    setMaxListeners(0, this.#one, this.#other);
    for (const signal of [this.#one, this.#other]) signal.addEventListener('abort', listener, { once: true });
    return () => {
      for (const signal of [this.#one, this.#other]) signal.removeEventListener('abort', listener);
    };
  }

  unlink(): void {
    this.#link?.unlink();
  }
}
