/**
 * How far the heaps grow before V8 collects garbage. It lets a heap grow to three times of what is in use (90 MB to
 * 295); and what each poll puts in the place of what was known lives for a whole interval, long enough to be garbage
 * that only a full collection finds. Of 2,010 devices the first sweep took 437 MB at its peak, and 328 so
 * (docs/sizing.md).
 */
import { setFlagsFromString } from 'node:v8';

/** Beyond what is in use after a collection. */
const GROWTH_PERCENT = 30;

/** Of the process, so of its threads too; each heap goes by it from its next collection on. */
export function collectGarbageEarly(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
