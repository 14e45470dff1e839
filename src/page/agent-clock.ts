/**
 * The agent's present time between two of its answers. Countdowns and ages go by the agent's clock, which may differ
 * from the browser's and in a demo runs many times as fast. Two samples give its speed, the latest one its time.
 */

/** Samples closer than this do not show the speed. */
const MIN_GAP_MS = 500;
/** How far network delay alone can move a speed of 1. */
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

  /** Null: the agent has not told the time yet. */
  nowMs(monoMs: number): number | null {
    return this.#last === null ? null : this.#last.agentMs + (monoMs - this.#last.monoMs) * this.#pace;
  }
}
