/**
 * Delivers to one receiver what is queued for it, one event a request, in order. What it refuses (4xx) would be refused
 * again and is dropped.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { noAnswerText } from '../../kernel/no-answer-text.ts';
import type { Secret } from '../../kernel/secret.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import { Delivery, type DeliveryOutcome, type DeliveryParts, outcomeOfStatus } from '../delivery.ts';
import { CLOUD_EVENT_TYPE, cloudEvent } from './cloud-event.ts';
import { signatureOf } from './signed-request.ts';

/** One receiver: an entry of `webhooks`. */
export interface WebhookDestination {
  /** Its name in logs and metrics: a URL may contain a token. */
  readonly name: string;
  readonly url: string;
  /** Null: not signed. */
  readonly secret: Secret | null;
  /** Types of events that it wants; null: all. */
  readonly types: ReadonlySet<string> | null;
}

export interface WebhookStatus {
  readonly name: string;
  readonly delivered: number;
  /** Requests without success. */
  readonly failed: number;
  readonly queued: number;
  readonly dropped: { readonly overflow: number; readonly refused: number };
  readonly failing: boolean;
}

export interface WebhookOptions extends DeliveryParts {
  /** The sender: where people reach the agent. */
  readonly source: () => string;
}

/** About 10 MB. */
const MAX_QUEUED = 10_000;
const TIMEOUT_MS = 10_000;
const UNAUTHORIZED: readonly number[] = [401, 403];

export class WebhookSender {
  /** Used from the next request on. */
  destination: WebhookDestination;
  readonly #options: WebhookOptions;
  #queue: GdoiEvent[] = [];
  readonly #delivery: Delivery;
  #delivered = 0;
  #refused = 0;
  #overflow = 0;

  constructor(destination: WebhookDestination, options: WebhookOptions) {
    this.destination = destination;
    this.#options = options;
    this.#delivery = new Delivery(options, {
      receiver: 'the webhook',
      what: 'events',
      fields: { webhook: destination.name },
      sendNext: (givenUp) => this.#sendNext(givenUp),
      waiting: () => this.#queue.length,
    });
  }

  send(events: readonly GdoiEvent[]): void {
    const { types } = this.destination;
    this.#queue.push(...events.filter(({ type }) => types === null || types.has(type)));
    const tooMany = this.#queue.length - MAX_QUEUED;
    if (tooMany > 0) {
      this.#queue = this.#queue.slice(tooMany);
      this.#overflow += tooMany;
    }
    this.#delivery.wake();
  }

  status(): WebhookStatus {
    return {
      name: this.destination.name,
      delivered: this.#delivered,
      failed: this.#delivery.failed,
      queued: this.#queue.length,
      dropped: { overflow: this.#overflow, refused: this.#refused },
      failing: this.#delivery.failing,
    };
  }

  /** Delivers what is left, until that fails or `giveUp` aborts. */
  close(giveUp: AbortSignal): Promise<void> {
    return this.#delivery.close(giveUp);
  }

  #sendNext(givenUp: AbortSignal): Promise<DeliveryOutcome> | null {
    const [event] = this.#queue;
    return event === undefined ? null : this.#send(event, givenUp);
  }

  async #send(event: GdoiEvent, givenUp: AbortSignal): Promise<DeliveryOutcome> {
    const outcome = await this.#post(event, givenUp);
    if (outcome.kind === 'accepted') this.#delivered += 1;
    if (outcome.kind === 'refused') this.#refused += 1;
    // It may have been pushed out meanwhile.
    if (outcome.kind !== 'failed' && this.#queue[0] === event) this.#queue.shift();
    return outcome;
  }

  async #post(event: GdoiEvent, givenUp: AbortSignal): Promise<DeliveryOutcome> {
    const { clock, source } = this.#options;
    const { url, secret } = this.destination;
    try {
      return await withDeadline(clock, TIMEOUT_MS, async (deadline) => {
        const body = cloudEvent(event, source());
        const key = (await secret?.renewed()) ?? null;
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': CLOUD_EVENT_TYPE,
            'user-agent': 'gdoiwatch',
            ...(key === null ? {} : signatureOf(key, { id: event.id, body }, clock.wallMs())),
          },
          body,
          // A redirect would make a GET of it.
          redirect: 'manual',
          signal: AbortSignal.any([givenUp, deadline]),
        });
        await response.body?.cancel();
        if (response.ok) return { kind: 'accepted' };
        const { status } = response;
        if (UNAUTHORIZED.includes(status)) key?.refused();
        return { kind: outcomeOfStatus(status), reason: `HTTP status ${status}` };
      });
    } catch (error) {
      return { kind: 'failed', reason: noAnswerText(error) };
    }
  }
}
