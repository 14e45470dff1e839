/** Work that is aborted when its time is up. */
import type { Clock } from './clock.ts';
import { DeadlineExceeded } from './deadline.ts';

/** `work` gets a signal that aborts after `ms` (with a `DeadlineExceeded`) and ends as `work` ends. */
export async function withDeadline<T>(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const done = new AbortController();
  const expiry = clock.sleep(ms, done.signal).then(
    () => deadline.abort(new DeadlineExceeded(ms)),
    () => undefined,
  );
  try {
    return await work(deadline.signal);
  } finally {
    done.abort();
    await expiry;
  }
}
