/** Wrong credentials by client address: after a few in a minute, no more are checked from there for a while. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';
import { clientNetwork } from './client-network.ts';

const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Most addresses that are remembered; the one that failed longest ago goes first. */
const MAX_ADDRESSES = 1024;

export class FailedAttempts {
  readonly #clock: Clock;
  readonly #failures = new LRUCache<string, { count: number; readonly sinceMonoMs: number }>({ max: MAX_ADDRESSES });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until this address may try again; 0: now. */
  waitSeconds(address: string): number {
    const known = this.#of(clientNetwork(address));
    if (known === null || known.count < MAX_FAILURES) return 0;
    return Math.max(1, Math.ceil((known.sinceMonoMs + WINDOW_MS - this.#clock.monoMs()) / 1000));
  }

  failed(address: string): void {
    const network = clientNetwork(address);
    const known = this.#of(network);
    if (known !== null) {
      known.count += 1;
      return;
    }
    this.#failures.set(network, { count: 1, sinceMonoMs: this.#clock.monoMs() });
  }

  #of(network: string): { count: number; readonly sinceMonoMs: number } | null {
    const known = this.#failures.get(network);
    if (known === undefined) return null;
    if (this.#clock.monoMs() - known.sinceMonoMs < WINDOW_MS) return known;
    this.#failures.delete(network);
    return null;
  }
}
