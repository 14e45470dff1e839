/**
 * A password, passphrase, key or community from the moment it is read. String conversion, JSON and inspection give
 * `[secret]`; `reveal()` is called only where it is sent.
 *
 * A value does not change: whoever holds it compares like with like. Where it came from is asked again with `renewed`,
 * before it is used for another login.
 */

/** Where a secret came from: a file, a variable, a program. */
export interface SecretOrigin {
  /** The secret as it is there now: `held` where it is the same or cannot be read. Never rejects. */
  renew(held: Secret): Promise<Secret>;
  /** `held` was refused: what is kept of it may be out of date. */
  refused(held: Secret): void;
}

export class Secret {
  readonly #value: string;
  readonly #origin: SecretOrigin | null;

  constructor(value: string, origin: SecretOrigin | null = null) {
    this.#value = value;
    this.#origin = origin;
  }

  reveal(): string {
    return this.#value;
  }

  /** Same secret? What a reload compares, without either being shown. */
  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  /** What to log in with now: this one, unless it has changed where it came from. */
  async renewed(): Promise<Secret> {
    return this.#origin === null ? this : this.#origin.renew(this);
  }

  /** A device or a service refused it. */
  refused(): void {
    this.#origin?.refused(this);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
