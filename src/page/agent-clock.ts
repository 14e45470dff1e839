/**
 * The agent's now, between two of its answers. Countdowns and ages are the agent's: its clock may differ from the
 * browser's, and in a demo it runs many times as fast. Two samples tell its pace; the latest one tells its hour.
 */

/** Samples closer than this say nothing of the pace. */
const MIN_GAP_MS = 500;
/** What the network's delay alone can make of a pace of 1. */
const REAL_TIME_TOLERANCE = 0.1;

interface Sample {
  /** The agent's wall clock. */
  readonly agentMs: number;
  /** The browser's monotonic clock. */
  readonly monoMs: number;
}

export class AgentClock {
  #last: Sample | null = null;
  #pace = 1;

  sample(next: Sample): void {
    const last = this.#last;
    if (last !== null && next.monoMs - last.monoMs >= MIN_GAP_MS) {
      const pace = (next.agentMs - last.agentMs) / (next.monoMs - last.monoMs);
      this.#pace = pace < 0 || Math.abs(pace - 1) < REAL_TIME_TOLERANCE ? 1 : pace;
    }
    this.#last = next;
  }

  /** null: the agent has not told the time yet. */
  nowMs(monoMs: number): number | null {
    return this.#last === null ? null : this.#last.agentMs + (monoMs - this.#last.monoMs) * this.#pace;
  }
}
