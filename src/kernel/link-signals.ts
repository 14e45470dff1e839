/**
 * A signal that aborts with either of two. `AbortSignal.any` on a signal that lives as long as the process leaks on
 * Node 20; this one lets go when it is unlinked.
 */
import { setMaxListeners } from 'node:events';

export interface LinkedSignal {
  readonly signal: AbortSignal;
  unlink(): void;
}

export function linkSignals(one: AbortSignal, other: AbortSignal): LinkedSignal {
  // A fleet's worth of listeners on one signal is meant; Node warns from eleven on.
  setMaxListeners(0, one, other);
  const linked = new AbortController();
  const onOne = () => linked.abort(one.reason);
  const onOther = () => linked.abort(other.reason);
  if (one.aborted) onOne();
  else if (other.aborted) onOther();
  one.addEventListener('abort', onOne, { once: true });
  other.addEventListener('abort', onOther, { once: true });
  return {
    signal: linked.signal,
    unlink() {
      one.removeEventListener('abort', onOne);
      other.removeEventListener('abort', onOther);
    },
  };
}
