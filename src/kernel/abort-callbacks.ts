/**
 * Callbacks at an abort of a signal that lives as long as the process and that each poll under way waits on. An
 * `AbortSignal` finds a listener to remove by going through all of them; here it takes one step, however many there
 * are.
 *
 * They stand in an array whose places are used again. A `Set` that much is put into and taken out of makes itself a new
 * table all the time, and a former one that is old already holds what stood in it, and the table after it, until the
 * next full collection (455 bytes an operation instead of 167 with 40 under way: docs/sizing.md).
 */
import { setMaxListeners } from 'node:events';

interface Waiting {
  /** null: it was taken back. */
  callback: (() => void) | null;
  at: number;
}

class Callbacks {
  /** Those that wait, then places that are free. */
  readonly #places: (Waiting | null)[] = [];
  #count = 0;

  add(callback: () => void): () => void {
    const waiting: Waiting = { callback, at: this.#count };
    this.#places[this.#count] = waiting;
    this.#count += 1;
    return () => this.#takeBack(waiting);
  }

  /** The last one takes its place. */
  #takeBack(waiting: Waiting): void {
    if (waiting.callback === null) return;
    waiting.callback = null;
    this.#count -= 1;
    const last = this.#places[this.#count] ?? null;
    this.#places[this.#count] = null;
    if (last === null || last === waiting) return;
    this.#places[waiting.at] = last;
    last.at = waiting.at;
  }

  callAll(): void {
    for (const waiting of this.#places.slice(0, this.#count)) {
      const callback = waiting?.callback;
      if (waiting !== null) waiting.callback = null;
      callback?.();
    }
  }
}

const callbacks = new WeakMap<AbortSignal, Callbacks>();

/** Calls `callback` once when the signal aborts, at once where it has; the function returned takes that back. */
export function onAbortOf(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return nothingToTakeBack;
  }
  const own = callbacks.get(signal) ?? watched(signal);
  return own.add(callback);
}

function watched(signal: AbortSignal): Callbacks {
  const own = new Callbacks();
  callbacks.set(signal, own);
  // Others wait on such a signal too, for a login or a place: Node warns from eleven listeners on.
  setMaxListeners(0, signal);
  signal.addEventListener(
    'abort',
    () => {
      callbacks.delete(signal);
      own.callAll();
    },
    { once: true },
  );
  return own;
}

function nothingToTakeBack(): void {
  // It has been called.
}
