/**
 * Devices in back-off that show that they are up again: over SNMP, by a message of their own, or by a GM that they
 * served. They are tried soon instead of at the end of the back-off, but never sooner after a failure than its first
 * wait, so that forged signs cause no storm of logins.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';

const SOON_MS = 5_000;
/** A KS that is down is tried more often: all its GMs depend on it. */
const KS_LONGEST_WAIT_MS = 60_000;

export interface ReturningOptions {
  /** Shortens a device's back-off; returns the remaining wait in ms. */
  readonly waitAtMost: (device: string, ms: number) => number;
  /** The clock of connections. */
  readonly clock: Clock;
  readonly poll: (device: string) => void;
}

export class Returning implements Disposable {
  readonly #options: ReturningOptions;
  readonly #coming = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: ReturningOptions) {
    this.#options = options;
  }

  /** Something shows that the device is up. */
  seen(device: string): void {
    if (this.#coming.has(device)) return;
    const { waitAtMost, clock, poll } = this.#options;
    this.#coming.add(device);
    void later(clock, waitAtMost(device, SOON_MS), this.#stop.signal, () => {
      this.#coming.delete(device);
      poll(device);
    });
  }

  /** Call before each poll of a KS. */
  serves(device: string): void {
    this.#options.waitAtMost(device, KS_LONGEST_WAIT_MS);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}
