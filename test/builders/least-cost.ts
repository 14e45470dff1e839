/**
 * Microseconds of CPU of the cheapest of some runs: in the others V8 may have compiled, or collected garbage. User and
 * system time together are exact, each alone is not (getrusage on Linux). On a busy machine the time that passes would
 * be no measure: a short run is left alone at least once, a long one never. For ratios, never for time limits.
 */
export function leastCost(work: () => void): number {
  const costs = Array.from({ length: 7 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.max(1, Math.min(...costs));
}
