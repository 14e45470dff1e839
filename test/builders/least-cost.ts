/**
 * Nanoseconds of the cheapest of some runs: the others may have been interrupted, and CPU time is counted in ticks that
 * are too coarse. For ratios, never for time limits.
 */
export function leastCost(work: () => void): number {
  const costs = Array.from({ length: 7 }, () => {
    const from = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - from);
  });
  return Math.max(1, Math.min(...costs));
}
