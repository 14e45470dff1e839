/**
 * How long a device that failed is left alone: 5 s, doubling to 600 s, less a random part so that a fleet does not come
 * back in step. Monotonic instants only.
 */
import type { Random } from '../kernel/random.ts';
import type { DeviceError } from './device-error.ts';

export interface BackOffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

export const BACK_OFF: BackOffTimes = { firstMs: 5_000, longestMs: 600_000 };

export class BackOff {
  #failures = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  readonly #random: Random;
  readonly #times: BackOffTimes;

  constructor(random: Random, times: BackOffTimes = BACK_OFF) {
    this.#random = random;
    this.#times = times;
  }

  /** Milliseconds still to wait at `nowMs`; 0: may try. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    const full = Math.min(this.#times.longestMs, this.#times.firstMs * 2 ** Math.min(this.#failures - 1, 30));
    this.#untilMs = nowMs + full * (0.5 + this.#random() / 2);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }
}

/** Why a device was not tried. */
export function backOffError(device: string, operation: string, waitMs: number): DeviceError {
  return {
    kind: 'backoff',
    operation,
    message: `${device}: not tried after failures; next try in ${Math.ceil(waitMs / 1000)} s`,
  };
}
