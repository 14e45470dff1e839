/**
 * Tells one receiver what is queued for it, one event a request, in order. While it is down only its own queue grows:
 * tries come after 1 s, doubling to 60 s, less a random part. What it refuses (4xx) would be refused again and is dropped.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Clock } from '../../kernel/clock.ts';
import { DeadlineExceeded } from '../../kernel/deadline.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Random } from '../../kernel/random.ts';
import type { Secret } from '../../kernel/secret.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import { CLOUD_EVENT_TYPE, cloudEvent } from './cloud-event.ts';
import { signatureOf } from './signed-request.ts';

/** One receiver: an entry of `webhooks`. */
export interface WebhookDestination {
  /** What it is called in logs and metrics: a URL may hold a token. */
  readonly name: string;
  readonly url: string;
  /** null: not signed. */
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

export interface WebhookOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Who tells: where people reach the agent. */
  readonly source: () => string;
}

/** About 10 MB. */
const MAX_QUEUED = 10_000;
const TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
const UNAUTHORIZED: readonly number[] = [401, 403];
/** The receiver's moment, not the request's fault. */
const RETRIED_4XX: readonly number[] = [408, 425, 429];

type Outcome = { readonly kind: 'delivered' } | { readonly kind: 'refused' | 'failed'; readonly reason: string };

export class WebhookSender {
  /** For the next request on. */
  destination: WebhookDestination;
  readonly #options: WebhookOptions;
  #queue: GdoiEvent[] = [];
  /** Aborted when the rest is given up. */
  readonly #given = new AbortController();
  /** Aborted when nothing more will come: what waits is tried at once, and once. */
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  #delivered = 0;
  #failed = 0;
  #refused = 0;
  #overflow = 0;
  #failing = false;

  constructor(destination: WebhookDestination, options: WebhookOptions) {
    this.destination = destination;
    this.#options = options;
  }

  send(events: readonly GdoiEvent[]): void {
    const { types } = this.destination;
    this.#queue.push(...events.filter(({ type }) => types === null || types.has(type)));
    const tooMany = this.#queue.length - MAX_QUEUED;
    if (tooMany > 0) {
      this.#queue = this.#queue.slice(tooMany);
      this.#overflow += tooMany;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  status(): WebhookStatus {
    return {
      name: this.destination.name,
      delivered: this.#delivered,
      failed: this.#failed,
      queued: this.#queue.length,
      dropped: { overflow: this.#overflow, refused: this.#refused },
      failing: this.#failing,
    };
  }

  /** Tells what is left, until that fails or `giveUp` aborts. */
  async close(giveUp: AbortSignal): Promise<void> {
    this.#closing.abort(new Error('the webhook is closing'));
    const abort = () => this.#given.abort(giveUp.reason);
    giveUp.addEventListener('abort', abort, { once: true });
    await this.#running;
    giveUp.removeEventListener('abort', abort);
    const { length } = this.#queue;
    if (length > 0) {
      this.#options.logger.warn({ webhook: this.destination.name, events: length }, 'events not told at the end');
    }
  }

  async #run(): Promise<void> {
    let failures = 0;
    for (let event = this.#queue[0]; event !== undefined; event = this.#queue[0]) {
      const outcome = await this.#post(event);
      this.#note(outcome);
      if (outcome.kind !== 'failed') {
        failures = 0;
        // It may have been pushed out meanwhile.
        if (this.#queue[0] === event) this.#queue.shift();
        continue;
      }
      if (this.#closing.signal.aborted) return;
      failures += 1;
      await this.#pause(failures);
    }
  }

  async #post(event: GdoiEvent): Promise<Outcome> {
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
          signal: AbortSignal.any([this.#given.signal, deadline]),
        });
        await response.body?.cancel();
        if (response.ok) return { kind: 'delivered' };
        const { status } = response;
        if (UNAUTHORIZED.includes(status)) key?.refused();
        const kind = status >= 500 || RETRIED_4XX.includes(status) ? 'failed' : 'refused';
        return { kind, reason: `HTTP status ${status}` };
      });
    } catch (error) {
      return { kind: 'failed', reason: failureText(error) };
    }
  }

  #note(outcome: Outcome): void {
    const { logger } = this.#options;
    const { name: webhook } = this.destination;
    if (outcome.kind === 'delivered') {
      this.#delivered += 1;
      if (this.#failing) logger.info({ webhook }, 'the webhook takes events again');
      this.#failing = false;
      return;
    }
    this.#failed += 1;
    if (outcome.kind === 'refused') this.#refused += 1;
    if (!this.#failing) logger.error({ webhook, reason: outcome.reason }, 'the webhook does not take events');
    this.#failing = true;
  }

  /** Ends early when the sender is closed. */
  async #pause(failures: number): Promise<void> {
    const { clock, random } = this.#options;
    const fullMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30));
    await clock.sleep(fullMs * (0.5 + random() / 2), this.#closing.signal).catch(() => undefined);
  }
}

/** fetch puts what happened into the cause; its own message is always the same. */
function failureText(error: unknown): string {
  if (error instanceof DeadlineExceeded) return `no answer within ${TIMEOUT_MS / 1000} s`;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no answer';
}
