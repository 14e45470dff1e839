/**
 * Limits the messages that a listener takes: a token bucket for each source address and one for all together, so that
 * one chatty or hostile sender cannot crowd out the rest, and many cannot crowd out polling.
 *
 * UDP source addresses can be forged, so the map of buckets is bounded: the source that was silent longest leaves
 * first, and the fresh bucket of a forged source still draws on the common one.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';
import { type Rate, TokenBucket } from '../../kernel/token-bucket.ts';

export interface RateBounds {
  readonly source: Rate;
  readonly overall: Rate;
  /** Sources whose buckets are kept. */
  readonly sources: number;
}

/**
 * A KS with thousands of GMs, or a relay in front of the whole fleet, is one source. A GM logs about seven messages a
 * registration, so 10,000 GMs that re-register within a minute make 1,200 messages a second.
 */
export const RATE_BOUNDS: RateBounds = {
  source: { perSecond: 2000, burst: 10_000 },
  overall: { perSecond: 10_000, burst: 20_000 },
  sources: 20_000,
};

export type RateVerdict = 'pass' | 'source_rate' | 'overall_rate';

export class RateLimit {
  readonly #bounds: RateBounds;
  readonly #clock: Clock;
  readonly #sources: LRUCache<string, TokenBucket>;
  readonly #overall: TokenBucket;

  constructor(bounds: RateBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#sources = new LRUCache({ max: bounds.sources });
    this.#overall = new TokenBucket(bounds.overall, clock.monoMs());
  }

  /** Whether one more message from `host` may pass. A refusal takes no token. */
  take(host: string): RateVerdict {
    const nowMs = this.#clock.monoMs();
    const bucket = this.#bucketOf(host, nowMs);
    if (bucket.left(nowMs) < 1) return 'source_rate';
    if (!this.#overall.take(nowMs)) return 'overall_rate';
    bucket.spend(1, nowMs);
    return 'pass';
  }

  /** Sources remembered now. */
  get sources(): number {
    return this.#sources.size;
  }

  #bucketOf(host: string, nowMs: number): TokenBucket {
    const known = this.#sources.get(host);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(this.#bounds.source, nowMs);
    this.#sources.set(host, bucket);
    return bucket;
  }
}
