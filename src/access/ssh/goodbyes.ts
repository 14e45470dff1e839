/**
 * Ends many sessions at once. While there is time, a device is told `exit`, which frees its vty at once; the others
 * notice that their connection is closed. Somebody waits for an agent that stops.
 */
import PQueue from 'p-queue';
import type { Clock } from '../../kernel/clock.ts';

/** Devices that do not hang up keep their place for seconds. */
const AT_ONCE = 1_000;
const BEGIN_WITHIN_MS = 4_000;

/** Resolves when the last one that began has ended; each has a limit of its own. */
export async function sayGoodbyes(clock: Clock, goodbyes: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const over = new AbortController();
  try {
    await Promise.race([queue.addAll(goodbyes), clock.sleep(BEGIN_WITHIN_MS, over.signal)]);
  } finally {
    over.abort();
    queue.clear();
    await queue.onIdle();
  }
}
