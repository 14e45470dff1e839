/**
 * Where a secret came from, to be read again while the agent runs.
 *
 * A file and a variable are read again before each login: that costs next to nothing beside one. A program is run again
 * only after its secret was refused, and once: it may be slow, and may write an audit record each time. While it prints
 * the same secret, it is not run again for ten minutes.
 *
 * If it cannot be read, the secret stays as it was: a file that is being replaced must not stop a login.
 */
import type { Clock } from '../kernel/clock.ts';
import { Secret, type SecretOrigin } from '../kernel/secret.ts';

/** The present value. `message` names the source and never the secret. */
export type SecretReading =
  | { readonly kind: 'right'; readonly value: string }
  | { readonly kind: 'wrong'; readonly message: string };

export interface OriginOptions {
  readonly read: () => Promise<SecretReading>;
  readonly renewal: 'each login' | 'after a refusal';
  readonly clock: Clock;
  /** Called once for each new reason why it cannot be read again. */
  readonly report: (message: string) => void;
}

/** Between two runs for a secret that is refused and stays the same. */
const ASKED_AGAIN_MS = 10 * 60_000;
/** After a failed run. */
const FAILED_AGAIN_MS = 60_000;

export class RenewableSecret implements SecretOrigin {
  readonly #options: OriginOptions;
  #latest: Secret;
  #reading: Promise<Secret> | null = null;
  #due: boolean;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #told: string | null = null;

  constructor(value: string, options: OriginOptions) {
    this.#options = options;
    this.#due = options.renewal === 'each login';
    this.#latest = new Secret(value, this);
  }

  get latest(): Secret {
    return this.#latest;
  }

  async renew(held: Secret): Promise<Secret> {
    const { renewal, clock } = this.#options;
    if (this.#due && (renewal === 'each login' || clock.monoMs() >= this.#notBeforeMs)) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
    return this.#latest.equals(held) ? held : this.#latest;
  }

  refused(held: Secret): void {
    // Another refusal has led to another secret meanwhile, or the program has just been run for this one.
    if (!this.#latest.equals(held) || this.#options.clock.monoMs() < this.#notBeforeMs) return;
    this.#due = true;
  }

  async #read(): Promise<Secret> {
    const { read, renewal, clock, report } = this.#options;
    const reading = await read();
    const asksSeldom = renewal === 'after a refusal';
    if (reading.kind === 'wrong') {
      this.#notBeforeMs = clock.monoMs() + FAILED_AGAIN_MS;
      if (this.#told !== reading.message) report(reading.message);
      this.#told = reading.message;
      return this.#latest;
    }
    this.#told = null;
    if (asksSeldom) {
      this.#due = false;
      this.#notBeforeMs = clock.monoMs() + ASKED_AGAIN_MS;
    }
    if (this.#latest.reveal() !== reading.value) {
      this.#latest = new Secret(reading.value, this);
      // For a secret that has not been refused yet, the program may be run at once.
      this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    }
    return this.#latest;
  }
}
