/**
 * Polls on request (`check`, `live=true`, `/probe`): joined with a poll under way, answered from a fresh enough answer,
 * and limited over the fleet, so that no client can make the agent knock on routers at will.
 */
import type { Clock } from '../../kernel/clock.ts';
import { TokenBucket } from '../../kernel/token-bucket.ts';

/** An answer this young is as good as a new one: nobody can ask faster. */
const FRESH_MS = 1000;
/** Requests that may come at once, and how many more each second. */
const RATE = { burst: 50, perSecond: 10 };

export type PollRequestOutcome =
  /** The device was polled just now or a moment ago, with whatever result: its view is as new as it gets. */
  | { readonly kind: 'polled' }
  | { readonly kind: 'unknown_device' }
  /** Too many requests; no poll was made. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** The poll goes on, but the request no longer waits for it. */
  | { readonly kind: 'abandoned' };

export class PollRequests {
  readonly #clock: Clock;
  readonly #now: (device: string) => Promise<void> | null;
  readonly #lastPollMonoMs: (device: string) => number | null;
  readonly #rate: TokenBucket;

  constructor(options: {
    readonly clock: Clock;
    /** Polls the device or joins its poll; null: no such device. */
    readonly now: (device: string) => Promise<void> | null;
    /** When the device's last poll ended, monotonic; null: never. */
    readonly lastPollMonoMs: (device: string) => number | null;
  }) {
    this.#clock = options.clock;
    this.#now = options.now;
    this.#lastPollMonoMs = options.lastPollMonoMs;
    this.#rate = new TokenBucket(RATE, options.clock.monoMs());
  }

  async poll(device: string, signal: AbortSignal): Promise<PollRequestOutcome> {
    const nowMs = this.#clock.monoMs();
    const lastMs = this.#lastPollMonoMs(device);
    if (lastMs !== null && nowMs - lastMs <= FRESH_MS) return { kind: 'polled' };
    const waitMs = this.#rate.waitMs(nowMs);
    if (waitMs > 0) return { kind: 'limited', retryAfterSeconds: Math.ceil(waitMs / 1000) };
    const poll = this.#now(device);
    if (poll === null) return { kind: 'unknown_device' };
    this.#rate.spend(1, nowMs);
    const waiting = new AbortController();
    const abandoned = new Promise<'abandoned'>((resolve) => {
      if (signal.aborted) resolve('abandoned');
      signal.addEventListener('abort', () => resolve('abandoned'), { once: true, signal: waiting.signal });
    });
    const ended = await Promise.race([poll.then(() => 'polled' as const), abandoned]);
    waiting.abort();
    return { kind: ended };
  }
}
