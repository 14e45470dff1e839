/**
 * How far the heaps grow before V8 collects garbage. By itself it lets a heap grow to three times what is in use (90 MB
 * to 295), and what each poll replaces has lived for a whole interval, so that only a full collection finds it. The
 * first sweep of 2,010 devices took 437 MB at its peak, with this 328 (docs/sizing.md).
 */
import { setFlagsFromString } from 'node:v8';

/** Growth beyond what is in use after a collection. */
const GROWTH_PERCENT = 30;

/** For the process and thus its threads; each heap follows from its next collection on. */
export function collectGarbageEarly(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
