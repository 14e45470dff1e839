/**
 * Counts what a listener drops by a fixed list of reasons, and logs it now and then: the first drop of a reason at
 * once, later ones at most once a minute with their number. A flood of messages is not a flood of log lines.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';

const LOG_EVERY_MS = 60_000;

interface ReasonState {
  total: number;
  logged: number;
  loggedMonoMs: number;
}

export class DropCounts<Reason extends string> {
  readonly #states: ReadonlyMap<Reason, ReasonState>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #url: () => string;

  constructor(reasons: readonly Reason[], options: { clock: Clock; logger: Logger; url: () => string }) {
    this.#states = new Map(
      reasons.map((reason) => [reason, { total: 0, logged: 0, loggedMonoMs: Number.NEGATIVE_INFINITY }]),
    );
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#url = options.url;
  }

  /** `host`: the address that it came from, as the sender claims. */
  add(reason: Reason, host: string, count = 1): void {
    const state = this.#states.get(reason);
    if (state === undefined || count === 0) return;
    state.total += count;
    const nowMs = this.#clock.monoMs();
    if (nowMs - state.loggedMonoMs < LOG_EVERY_MS) return;
    const fields = { listener: this.#url(), reason, host, dropped: state.total - state.logged };
    this.#logger.warn(fields, 'pushed messages dropped');
    state.logged = state.total;
    state.loggedMonoMs = nowMs;
  }

  totals(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#states].map(([reason, { total }]) => [reason, total]));
  }
}
