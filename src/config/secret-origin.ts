/**
 * Where a secret came from, to be asked again while the agent runs.
 *
 * A file and a variable are read again before each login: that costs next to nothing beside one. A program is asked
 * again only after its secret was refused, once: it may be slow, and may write an audit record each time. As long as it
 * gives the same secret, further refusals ask nothing for ten minutes.
 *
 * What cannot be read now leaves the secret as it was: a file that is being replaced must not stop a login.
 */
import type { Clock } from '../kernel/clock.ts';
import { Secret, type SecretOrigin } from '../kernel/secret.ts';

/** What is at a place now. `message` names the place and never the secret. */
export type SecretReading =
  | { readonly kind: 'right'; readonly value: string }
  | { readonly kind: 'wrong'; readonly message: string };

export interface OriginOptions {
  readonly read: () => Promise<SecretReading>;
  readonly renewal: 'each login' | 'after a refusal';
  readonly clock: Clock;
  /** Told once for each new reason why it cannot be read again. */
  readonly report: (message: string) => void;
}

/** Between two askings for a secret that is refused and stays the same. */
const ASKED_AGAIN_MS = 10 * 60_000;
/** After an asking that failed. */
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
    // Somebody else's refusal led to another secret meanwhile, or the same one has been asked for just now.
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
      // A secret that has not been refused yet may be asked for at once when it is.
      this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    }
    return this.#latest;
  }
}
