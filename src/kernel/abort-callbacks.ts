/**
 * Callbacks for the abort of a signal that lives as long as the process and on which every running poll waits. To
 * remove a listener, an `AbortSignal` searches through all of them; here that is one step, however many there are.
 *
 * They are kept in an array whose places are reused. A `Set` with many insertions and removals keeps rebuilding its
 * table, and a discarded table that has already grown old keeps its content, and the table after it, alive until the
 * next full collection (455 bytes per operation instead of 167, with 40 polls running: docs/sizing.md).
 */
import { setMaxListeners } from 'node:events';

interface Waiting {
  /** null: called, or taken back. */
  callback: (() => void) | null;
  at: number;
}

class Callbacks {
  /** The waiting ones, then free places. */
  readonly #places: (Waiting | null)[] = [];
  #count = 0;

  add(callback: () => void): () => void {
    const waiting: Waiting = { callback, at: this.#count };
    this.#places[this.#count] = waiting;
    this.#count += 1;
    return () => this.#takeBack(waiting);
  }

  /** The last waiting one moves into its place. */
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

/** Calls `callback` once when the signal aborts, or right away if it has. The returned function takes that back. */
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
