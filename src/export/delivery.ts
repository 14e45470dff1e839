/**
 * Delivers to one HTTP receiver what waits for it, one request after the other. While it is down only its own queue
 * grows: attempts come after 1 s, doubling to 60 s, minus a random part, so that agents do not return in step. An
 * outage is logged when it begins and when it ends.
 */
import { onAbortOf } from '../kernel/abort-callbacks.ts';
import { BackOff, type BackOffTimes } from '../kernel/back-off.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Random } from '../kernel/random.ts';

const RETRIES: BackOffTimes = { firstMs: 1000, longestMs: 60_000 };

/** `refused`: it would be refused again; `failed`: a later try may succeed. */
export type DeliveryOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string };

/** Temporary states of a receiver (timeout, too early, too many requests), not errors in the request. */
const RETRIED_4XX: readonly number[] = [408, 425, 429];

/** What a status that is no success says of another try. */
export function outcomeOfStatus(status: number): 'failed' | 'refused' {
  return status >= 500 || RETRIED_4XX.includes(status) ? 'failed' : 'refused';
}

export interface DeliveryParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The receiver, and what is delivered. */
interface DeliveryWork {
  readonly receiver: string;
  readonly what: 'alerts' | 'events';
  /** Identifies the receiver in the log. */
  readonly fields: object;
  /** Sends one request with what waits longest; null: nothing waits. */
  readonly sendNext: (givenUp: AbortSignal) => Promise<DeliveryOutcome> | null;
  /** Number that wait. */
  readonly waiting: () => number;
}

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #work: DeliveryWork;
  /** Aborted when the rest is given up. */
  readonly #given = new AbortController();
  /** Aborted when nothing more will come: what waits is tried at once, and only once. */
  readonly #closing = new AbortController();
  #busy = false;
  #running = Promise.resolve();
  #failed = 0;
  #failing = false;

  constructor(parts: DeliveryParts, work: DeliveryWork) {
    this.#parts = parts;
    this.#work = work;
  }

  /** Requests without success. */
  get failed(): number {
    return this.#failed;
  }

  /** The latest request failed. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Something waits. The first request is made now, unless one is under way. */
  wake(): void {
    if (!this.#busy) this.#running = this.#run();
  }

  /** Delivers what is left, until that fails or `giveUp` aborts. */
  async close(giveUp: AbortSignal): Promise<void> {
    const { what, fields, waiting } = this.#work;
    this.#closing.abort();
    const takeBack = onAbortOf(giveUp, () => this.#given.abort());
    await this.#running;
    takeBack();
    const left = waiting();
    if (left > 0) this.#parts.logger.warn({ ...fields, [what]: left }, `${what} not sent at the end`);
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#parts;
    const { sendNext } = this.#work;
    const backOff = new BackOff(random, RETRIES);
    this.#busy = true;
    for (let sent = sendNext(this.#given.signal); sent !== null; sent = sendNext(this.#given.signal)) {
      const outcome = await sent;
      this.#note(outcome);
      if (outcome.kind !== 'failed') {
        backOff.succeeded();
        continue;
      }
      if (this.#closing.signal.aborted) break;
      const nowMs = clock.monoMs();
      backOff.failed(nowMs);
      await clock.sleep(backOff.waitMs(nowMs), this.#closing.signal).catch(() => undefined);
    }
    // At once when nothing waits any more: what comes from now on starts again.
    this.#busy = false;
  }

  #note(outcome: DeliveryOutcome): void {
    const { logger } = this.#parts;
    const { receiver, what, fields } = this.#work;
    if (outcome.kind === 'accepted') {
      if (this.#failing) logger.info(fields, `${receiver} accepts ${what} again`);
      this.#failing = false;
      return;
    }
    this.#failed += 1;
    if (!this.#failing) logger.error({ ...fields, reason: outcome.reason }, `${receiver} does not accept ${what}`);
    this.#failing = true;
  }
}
