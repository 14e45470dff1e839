/**
 * Devices that the agent leaves alone after failures, and that show they are back: by SNMP, by a message of their own,
 * by a GM that they served. They are tried soon, not at the end of the back-off; never sooner after a failure than the
 * first wait of a back-off, so that whoever forges such signs makes no storm of logins.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';

const SOON_MS = 5_000;
/** A KS is looked at more often while it is away: all its GMs wait for it. */
const KS_LONGEST_WAIT_MS = 60_000;

export interface ReturningOptions {
  /** Shortens a device's back-off; returns what is left to wait, ms. */
  readonly waitAtMost: (device: string, ms: number) => number;
  /** That of connections. */
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

  /** There is a sign of it. */
  seen(device: string): void {
    if (this.#coming.has(device)) return;
    const { waitAtMost, clock, poll } = this.#options;
    this.#coming.add(device);
    void later(clock, waitAtMost(device, SOON_MS), this.#stop.signal, () => {
      this.#coming.delete(device);
      poll(device);
    });
  }

  /** Before each poll of a KS. */
  serves(device: string): void {
    this.#options.waitAtMost(device, KS_LONGEST_WAIT_MS);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}
