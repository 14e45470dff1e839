/**
 * What one Alertmanager still has to be told: only the latest of each alert, oldest first, bounded. Nothing waits
 * longer than it is useful.
 */
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { PostableAlert } from './alert-message.ts';

export interface QueuedAlert {
  /** The same for all messages about one alert. */
  readonly key: string;
  readonly alert: PostableAlert;
  /** By then the alert has ended by itself, whether or not it was delivered. */
  readonly uselessAtMs: EpochMs;
}

/** `overflow`: too many waited; `expired`: waited too long; `refused`: Alertmanager does not accept it. */
export type DropReason = 'overflow' | 'expired' | 'refused';

/** About 15 MB; Prometheus's own queue holds as many. */
const MAX_QUEUED = 10_000;

export class AlertQueue {
  #waiting = new Map<string, QueuedAlert>();
  readonly dropped: Record<DropReason, number> = { overflow: 0, expired: 0, refused: 0 };

  get size(): number {
    return this.#waiting.size;
  }

  put(queued: QueuedAlert): void {
    this.#waiting.delete(queued.key);
    this.#waiting.set(queued.key, queued);
    this.#keepBound();
  }

  /** Removes the oldest ones from the queue. */
  take(most: number, nowMs: EpochMs): readonly QueuedAlert[] {
    const batch: QueuedAlert[] = [];
    for (const [key, queued] of this.#waiting) {
      if (batch.length === most) break;
      this.#waiting.delete(key);
      if (queued.uselessAtMs > nowMs) batch.push(queued);
      else this.dropped.expired += 1;
    }
    return batch;
  }

  /** Returns an undelivered batch to the front, except for alerts of which something newer waits. */
  giveBack(batch: readonly QueuedAlert[]): void {
    const front = batch.filter(({ key }) => !this.#waiting.has(key)).map((queued) => [queued.key, queued] as const);
    this.#waiting = new Map([...front, ...this.#waiting]);
    this.#keepBound();
  }

  #keepBound(): void {
    for (const key of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_QUEUED) break;
      this.#waiting.delete(key);
      this.dropped.overflow += 1;
    }
  }
}
