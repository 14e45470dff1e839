/**
 * How many messages a listener takes: a token bucket for each source address and one for all together, so that one
 * chatty or hostile sender cannot crowd out the rest, and many cannot crowd out polling.
 *
 * Source addresses of UDP can be made up: the map of buckets is bounded, the source heard of longest ago leaves first,
 * and a made-up source's fresh bucket still draws on the one for all.
 */
import type { Clock } from '../../kernel/clock.ts';

export interface Rate {
  readonly perSecond: number;
  /** Messages that may come at once. */
  readonly burst: number;
}

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

interface Bucket {
  tokens: number;
  filledMonoMs: number;
}

export class RateLimit {
  readonly #bounds: RateBounds;
  readonly #clock: Clock;
  readonly #sources = new Map<string, Bucket>();
  readonly #overall: Bucket;

  constructor(bounds: RateBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#overall = { tokens: bounds.overall.burst, filledMonoMs: clock.monoMs() };
  }

  /** May one more message from `host` pass? A refusal costs nobody a token. */
  take(host: string): RateVerdict {
    const nowMs = this.#clock.monoMs();
    const bucket = this.#bucketOf(host, nowMs);
    fill(bucket, this.#bounds.source, nowMs);
    if (bucket.tokens < 1) return 'source_rate';
    fill(this.#overall, this.#bounds.overall, nowMs);
    if (this.#overall.tokens < 1) return 'overall_rate';
    bucket.tokens -= 1;
    this.#overall.tokens -= 1;
    return 'pass';
  }

  /** Sources remembered now. */
  get sources(): number {
    return this.#sources.size;
  }

  #bucketOf(host: string, nowMs: number): Bucket {
    const known = this.#sources.get(host);
    // A map keeps the order of insertion: taken out and put back, a source that is heard stays.
    if (known !== undefined) this.#sources.delete(host);
    else if (this.#sources.size >= this.#bounds.sources) {
      const [longestAgo] = this.#sources.keys();
      if (longestAgo !== undefined) this.#sources.delete(longestAgo);
    }
    const bucket = known ?? { tokens: this.#bounds.source.burst, filledMonoMs: nowMs };
    this.#sources.set(host, bucket);
    return bucket;
  }
}

function fill(bucket: Bucket, rate: Rate, nowMs: number): void {
  bucket.tokens = Math.min(rate.burst, bucket.tokens + ((nowMs - bucket.filledMonoMs) / 1000) * rate.perSecond);
  bucket.filledMonoMs = nowMs;
}
