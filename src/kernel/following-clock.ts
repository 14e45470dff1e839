/**
 * A clock whose wall time is another machine's: of agents that share what they remember one goes on from the instants
 * of another, and their own clocks may differ by minutes.
 *
 * It goes by this machine's monotonic clock in between, so that a step of this machine's wall clock is none here. Small
 * differences are caught up with slowly: a step is one for all who compare instants.
 */
import type { Clock, EpochMs } from './clock.ts';

/** What the other clock showed at some moment between two of our own. */
export interface ToldTime {
  readonly atMs: EpochMs;
  readonly askedMonoMs: number;
  readonly answeredMonoMs: number;
}

/** Beyond it the other clock was set, or ours stood still: to catch up would take hours. */
const STEP_MS = 2_000;
/** Caught up with at each word: with one each five seconds, a thousandth of the time that passes. */
const CATCH_UP_MS = 5;

export class FollowingClock {
  readonly clock: Clock;
  readonly #own: Clock;
  /** The other wall clock less our monotonic one; null: nothing was heard yet, and ours is taken. */
  #aheadMs: number | null = null;

  constructor(own: Clock) {
    this.#own = own;
    this.clock = {
      ...own,
      wallMs: () => (this.#aheadMs === null ? own.wallMs() : Math.round(own.monoMs() + this.#aheadMs)),
    };
  }

  /**
   * By how much the clock was set, ms; 0: it was not. An answer that took long says little, and changes nothing but too
   * much.
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
