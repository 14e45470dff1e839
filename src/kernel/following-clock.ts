/**
 * A clock whose wall time is another machine's. Agents that share a memory go on from each other's instants, and their
 * own clocks may differ by minutes.
 *
 * Between two readings it runs on this machine's monotonic clock, so a step of this machine's wall clock does not show.
 * Small differences are made up slowly: a step would show to everyone who compares instants.
 */
import type { Clock, EpochMs } from './clock.ts';

/** What the other clock showed at some moment between two of our own. */
export interface ToldTime {
  readonly atMs: EpochMs;
  readonly askedMonoMs: number;
  readonly answeredMonoMs: number;
}

/** Beyond this the other clock was set, or ours stood still: making it up slowly would take hours. */
const STEP_MS = 2_000;
/** Made up at each reading: with one every five seconds, a thousandth of the time that passes. */
const CATCH_UP_MS = 5;

export class FollowingClock {
  readonly clock: Clock;
  readonly #own: Clock;
  /** The other wall clock minus our monotonic one; null: nothing heard yet, our own wall clock is used. */
  #aheadMs: number | null = null;

  constructor(own: Clock) {
    this.#own = own;
    this.clock = {
      ...own,
      wallMs: () => (this.#aheadMs === null ? own.wallMs() : Math.round(own.monoMs() + this.#aheadMs)),
    };
  }

  /**
   * By how many ms the clock was stepped; 0: it was not. An answer that took long is vague, and corrects only a
   * difference that is larger than that.
   */
  hear({ atMs, askedMonoMs, answeredMonoMs }: ToldTime): number {
    const beforeMs = this.#aheadMs ?? this.#own.wallMs() - this.#own.monoMs();
    const uncertainMs = (answeredMonoMs - askedMonoMs) / 2;
    const offMs = atMs - (askedMonoMs + answeredMonoMs) / 2 - beforeMs;
    const isStep = Math.abs(offMs) > STEP_MS + uncertainMs;
    const caughtUpMs = Math.abs(offMs) <= uncertainMs ? 0 : Math.min(Math.max(offMs, -CATCH_UP_MS), CATCH_UP_MS);
    this.#aheadMs = beforeMs + (isStep ? offMs : caughtUpMs);
    return isStep ? offMs : 0;
  }
}
