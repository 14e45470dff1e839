/**
 * Tells one Alertmanager what is queued for it, a batch at a time. While it is down or slow only its own queue grows:
 * failures are retried after 1 s, doubling to 60 s, less a random part, so that agents do not come back in step. An
 * outage is logged when it begins and when it ends.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Random } from '../../kernel/random.ts';
import { AlertQueue, type DropReason, type QueuedAlert } from './alert-queue.ts';
import { type BasicAuth, type PostOutcome, postAlerts } from './post-alerts.ts';

export interface SenderStatus {
  readonly url: string;
  /** Alerts it took. */
  readonly sent: number;
  /** Requests without success. */
  readonly failed: number;
  readonly queued: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** The latest request had no success. */
  readonly failing: boolean;
}

export interface SenderOptions {
  readonly apiUrl: string;
  readonly basicAuth: BasicAuth | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** About half a megabyte. */
const MAX_BATCH = 500;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

export class AlertSender {
  /** For the next request on. */
  basicAuth: BasicAuth | null;
  readonly #options: SenderOptions;
  readonly #queue = new AlertQueue();
  /** Aborted when the rest is given up. */
  readonly #given = new AbortController();
  /** Aborted when there will be no more alerts: what waits is tried at once, and once. */
  readonly #closing = new AbortController();
  #busy = false;
  #running = Promise.resolve();
  #sent = 0;
  #failed = 0;
  #failing = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.basicAuth = options.basicAuth;
  }

  /** What belongs together is one request, where nothing is under way. */
  send(alerts: readonly QueuedAlert[]): void {
    for (const alert of alerts) this.#queue.put(alert);
    if (!this.#busy) this.#running = this.#run();
  }

  status(): SenderStatus {
    return {
      url: this.#options.apiUrl,
      sent: this.#sent,
      failed: this.#failed,
      queued: this.#queue.size,
      dropped: { ...this.#queue.dropped },
      failing: this.#failing,
    };
  }

  /** Tells what is left, until that fails or `giveUp` aborts. */
  async close(giveUp: AbortSignal): Promise<void> {
    this.#closing.abort();
    const abort = () => this.#given.abort();
    giveUp.addEventListener('abort', abort, { once: true });
    await this.#running;
    giveUp.removeEventListener('abort', abort);
    const { size } = this.#queue;
    if (size > 0) this.#options.logger.warn({ url: this.#options.apiUrl, alerts: size }, 'alerts not told at the end');
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    this.#busy = true;
    let failures = 0;
    for (;;) {
      const batch = this.#queue.take(MAX_BATCH, clock.wallMs());
      if (batch.length === 0) break;
      const outcome = await this.#post(batch);
      if (outcome.kind !== 'failed') {
        failures = 0;
        continue;
      }
      this.#queue.giveBack(batch);
      if (this.#closing.signal.aborted) break;
      failures += 1;
      await this.#pause(failures);
    }
    this.#busy = false;
  }

  async #post(batch: readonly QueuedAlert[]): Promise<PostOutcome> {
    const { apiUrl, clock } = this.#options;
    const { basicAuth } = this;
    const alerts = batch.map(({ alert }) => alert);
    const outcome = await postAlerts(alerts, { apiUrl, basicAuth, clock, signal: this.#given.signal });
    if (outcome.kind === 'accepted') this.#succeeded(batch.length);
    else this.#hadNoSuccess(outcome.reason);
    if (outcome.kind === 'refused') this.#queue.dropped.refused += batch.length;
    return outcome;
  }

  #succeeded(alerts: number): void {
    this.#sent += alerts;
    if (this.#failing) this.#options.logger.info({ url: this.#options.apiUrl }, 'Alertmanager takes alerts again');
    this.#failing = false;
  }

  #hadNoSuccess(reason: string): void {
    this.#failed += 1;
    if (!this.#failing) {
      this.#options.logger.error({ url: this.#options.apiUrl, reason }, 'Alertmanager does not take alerts');
    }
    this.#failing = true;
  }

  /** Ends early when the sender is closed. */
  async #pause(failures: number): Promise<void> {
    const { clock, random } = this.#options;
    const fullMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30));
    await clock.sleep(fullMs * (0.5 + random() / 2), this.#closing.signal).catch(() => undefined);
  }
}
