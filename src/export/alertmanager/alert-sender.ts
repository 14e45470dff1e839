/** Delivers to one Alertmanager what is queued for it, a batch at a time. */
import { Delivery, type DeliveryOutcome, type DeliveryParts } from '../delivery.ts';
import { AlertQueue, type DropReason, type QueuedAlert } from './alert-queue.ts';
import { type BasicAuth, postAlerts } from './post-alerts.ts';

export interface SenderStatus {
  readonly url: string;
  /** Alerts it took. */
  readonly sent: number;
  /** Requests without success. */
  readonly failed: number;
  readonly queued: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** The latest request failed. */
  readonly failing: boolean;
}

export interface SenderOptions extends DeliveryParts {
  readonly apiUrl: string;
  readonly basicAuth: BasicAuth | null;
}

/** About half a megabyte. */
const MAX_BATCH = 500;

export class AlertSender {
  /** Used from the next request on. */
  basicAuth: BasicAuth | null;
  readonly #options: SenderOptions;
  readonly #queue = new AlertQueue();
  readonly #delivery: Delivery;
  #sent = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.basicAuth = options.basicAuth;
    this.#delivery = new Delivery(options, {
      receiver: 'Alertmanager',
      what: 'alerts',
      fields: { url: options.apiUrl },
      sendNext: (givenUp) => this.#sendNext(givenUp),
      waiting: () => this.#queue.size,
    });
  }

  /** Alerts of one call are one request, unless one is under way. */
  send(alerts: readonly QueuedAlert[]): void {
    for (const alert of alerts) this.#queue.put(alert);
    this.#delivery.wake();
  }

  status(): SenderStatus {
    return {
      url: this.#options.apiUrl,
      sent: this.#sent,
      failed: this.#delivery.failed,
      queued: this.#queue.size,
      dropped: { ...this.#queue.dropped },
      failing: this.#delivery.failing,
    };
  }

  /** Delivers what is left, until that fails or `giveUp` aborts. */
  close(giveUp: AbortSignal): Promise<void> {
    return this.#delivery.close(giveUp);
  }

  #sendNext(givenUp: AbortSignal): Promise<DeliveryOutcome> | null {
    const batch = this.#queue.take(MAX_BATCH, this.#options.clock.wallMs());
    return batch.length === 0 ? null : this.#post(batch, givenUp);
  }

  async #post(batch: readonly QueuedAlert[], signal: AbortSignal): Promise<DeliveryOutcome> {
    const { apiUrl, clock } = this.#options;
    const { basicAuth } = this;
    const alerts = batch.map(({ alert }) => alert);
    const outcome = await postAlerts(alerts, { apiUrl, basicAuth, clock, signal });
    if (outcome.kind === 'accepted') this.#sent += batch.length;
    else if (outcome.kind === 'refused') this.#queue.dropped.refused += batch.length;
    else this.#queue.giveBack(batch);
    return outcome;
  }
}
