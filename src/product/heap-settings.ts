/**
 * How V8 keeps its heaps small, for state that each poll replaces.
 *
 * By itself it lets a heap grow to three times what is in use (90 MB to 295), and what a poll replaces has lived for a
 * whole interval, so that only a full collection finds it. The first sweep of 2,010 devices took 437 MB at its peak,
 * with earlier collections 328 (docs/sizing.md).
 *
 * And it learns from a busy time, such as the first sweep, that what some place in the code makes lives long, and puts
 * all that is made there among the old objects from then on, though most of it is garbage a moment later: answers and
 * what is read in them filled the heap of a thread with sessions (docs/sizing.md has what that took).
 */
import { setFlagsFromString } from 'node:v8';

/** V8's own options; the first: growth beyond what is in use after a collection. */
export const HEAP_OPTIONS = ['--heap-growing-percent=30', '--no-allocation-site-pretenuring'] as const;

/** For the process and thus its threads; each heap follows from its next collection on. */
export function keepHeapsSmall(): void {
  for (const option of HEAP_OPTIONS) setFlagsFromString(option);
}
