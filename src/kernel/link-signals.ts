/**
 * A signal that aborts with either of two. `AbortSignal.any` on a signal that lives as long as the process leaks on
 * Node 20; this one lets go when it is unlinked.
 */
import { onAbortOf } from './abort-callbacks.ts';

export interface LinkedSignal {
  readonly signal: AbortSignal;
  unlink(): void;
}

export function linkSignals(one: AbortSignal, other: AbortSignal): LinkedSignal {
  const linked = new AbortController();
  const takeBackOne = onAbortOf(one, () => linked.abort(one.reason));
  const takeBackOther = onAbortOf(other, () => linked.abort(other.reason));
  return {
    signal: linked.signal,
    unlink() {
      takeBackOne();
      takeBackOther();
    },
  };
}
