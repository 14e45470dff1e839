/** Deadlines as signals, on the caller's clock. */
import type { Clock } from './clock.ts';

/** The reason of a signal that a deadline aborted. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no end within ${Math.round(timeoutMs)} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/**
 * A signal that aborts when `parent` does or after `timeoutMs` (reason `DeadlineExceeded`).
 * Dispose it when the work is done: that ends its timer.
 */
export function deadline(
  clock: Clock,
  timeoutMs: number,
  parent?: AbortSignal,
): { readonly signal: AbortSignal; [Symbol.dispose](): void } {
  const work = new AbortController();
  const done = new AbortController();
  const onParent = () => work.abort(parent?.reason);
  if (parent?.aborted) onParent();
  parent?.addEventListener('abort', onParent, { once: true });
  clock.sleep(timeoutMs, done.signal, { unref: true }).then(
    () => work.abort(new DeadlineExceeded(timeoutMs)),
    () => undefined,
  );
  return {
    signal: work.signal,
    [Symbol.dispose]() {
      parent?.removeEventListener('abort', onParent);
      done.abort();
    },
  };
}
