/** The agent's own clock in the accuracy run: correct, or drifting and set now and then. */

/**
 * True time -> the agent's wall clock. Its offset changes by 20 ppm, and in steps of up to 30 s about every three
 * hours.
 */
export function agentClock(errors: boolean, startMs: number, random: () => number): (trueMs: number) => number {
  if (!errors) return (trueMs) => trueMs;
  const steps: { atMs: number; offsetMs: number }[] = [];
  let atMs = startMs;
  let offsetMs = 0;
  for (let index = 0; index < 40; index += 1) {
    atMs += (1 + random() * 4) * 3_600_000;
    offsetMs = (random() - 0.5) * 60_000;
    steps.push({ atMs, offsetMs });
  }
  return (trueMs) => {
    const step = steps.findLast((candidate) => candidate.atMs <= trueMs);
    return trueMs + (step?.offsetMs ?? 0) + (trueMs - startMs) * 20e-6;
  };
}
