/**
 * Polls that someone asks for (`check`, `live=true`, `/probe`): joined with a poll under way, answered from an answer
 * that is fresh enough, and limited over the fleet, so that no client can make the agent knock on routers at will.
 */
import type { Clock } from '../../kernel/clock.ts';

/** An answer this young is as good as a new one: an engineer cannot ask faster. */
const FRESH_MS = 1000;
/** Requests that may come at once, and how many more each second. */
const BURST = 50;
const PER_SECOND = 10;

export type PollRequestOutcome =
  /** The device's view is as new as it gets: polled just now, or a moment ago; with whatever result. */
  | { readonly kind: 'polled' }
  | { readonly kind: 'unknown_device' }
  /** Too many requests; none was made. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** The poll goes on, but the one who asked waits no longer. */
  | { readonly kind: 'abandoned' };

export class PollRequests {
  readonly #clock: Clock;
  readonly #now: (device: string) => Promise<void> | null;
  readonly #lastPollMonoMs: (device: string) => number | null;
  #tokens = BURST;
  #filledMs: number;

  constructor(options: {
    readonly clock: Clock;
    /** Poll the device or join its poll; null: no such device. */
    readonly now: (device: string) => Promise<void> | null;
    /** When the device's last poll ended, monotonic; null: never. */
    readonly lastPollMonoMs: (device: string) => number | null;
  }) {
    this.#clock = options.clock;
    this.#now = options.now;
    this.#lastPollMonoMs = options.lastPollMonoMs;
    this.#filledMs = options.clock.monoMs();
  }

  async poll(device: string, signal: AbortSignal): Promise<PollRequestOutcome> {
    const nowMs = this.#clock.monoMs();
    const lastMs = this.#lastPollMonoMs(device);
    if (lastMs !== null && nowMs - lastMs <= FRESH_MS) return { kind: 'polled' };
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledMs) / 1000) * PER_SECOND);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) {
      return { kind: 'limited', retryAfterSeconds: Math.max(1, Math.ceil((1 - this.#tokens) / PER_SECOND)) };
    }
    const poll = this.#now(device);
    if (poll === null) return { kind: 'unknown_device' };
    this.#tokens -= 1;
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
