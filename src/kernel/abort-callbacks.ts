/**
 * Callbacks at an abort of a signal that lives as long as the process and that each poll under way waits on. An
 * `AbortSignal` finds a listener to remove by going through all of them; here it takes one step, however many there are.
 */
import { setMaxListeners } from 'node:events';

const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `callback` once when the signal aborts, at once where it has; the function returned takes that back. */
export function onAbortOf(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return nothingToTakeBack;
  }
  const own = callbacks.get(signal) ?? watched(signal);
  // A function of its own, so that the same callback may be given twice.
  const call = () => callback();
  own.add(call);
  return () => own.delete(call);
}

function watched(signal: AbortSignal): Set<() => void> {
  const own = new Set<() => void>();
  callbacks.set(signal, own);
  // Others wait on such a signal too, for a login or a place: Node warns from eleven listeners on.
  setMaxListeners(0, signal);
  signal.addEventListener(
    'abort',
    () => {
      callbacks.delete(signal);
      for (const call of own) call();
      own.clear();
    },
    { once: true },
  );
  return own;
}

function nothingToTakeBack(): void {
  // It has been called.
}
