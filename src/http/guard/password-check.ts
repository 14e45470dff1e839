/**
 * Is this the user's password? bcrypt takes a tenth of a second by design, and Prometheus asks every few seconds: a pair
 * that was right is remembered, as a keyed digest, until the user's hash changes. Only a few are computed at once.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { compare } from 'bcryptjs';
import type { Secret } from '../../kernel/secret.ts';

/** Pairs that are remembered: more than any site has users. */
const MAX_REMEMBERED = 256;
/** bcrypt runs on the thread that polls. */
const MAX_AT_ONCE = 2;

export type PasswordVerdict = 'right' | 'wrong' | 'too_many_at_once';

export class PasswordCheck {
  readonly #key = randomBytes(32);
  readonly #right = new Set<string>();
  /** A page asks for several things at once with the same credentials. */
  readonly #running = new Map<string, Promise<boolean>>();

  /** Known to be right, without computing anything. */
  remembers(users: ReadonlyMap<string, Secret>, user: string, password: string): boolean {
    const hash = users.get(user);
    return hash !== undefined && this.#right.has(this.#digest(user, password, hash));
  }

  async check(users: ReadonlyMap<string, Secret>, user: string, password: string): Promise<PasswordVerdict> {
    // An unknown user costs the same time as a known one.
    const [anyone] = users.values();
    const hash = users.get(user) ?? anyone;
    if (hash === undefined) return 'wrong';
    const digest = this.#digest(user, password, hash);
    let comparing = this.#running.get(digest);
    if (comparing === undefined) {
      if (this.#running.size >= MAX_AT_ONCE) return 'too_many_at_once';
      comparing = compare(password, hash.reveal()).finally(() => this.#running.delete(digest));
      this.#running.set(digest, comparing);
    }
    const same = await comparing;
    if (!same || !users.has(user)) return 'wrong';
    this.#remember(digest);
    return 'right';
  }

  #digest(user: string, password: string, hash: Secret): string {
    const pair = JSON.stringify([user, password, hash.reveal()]);
    return createHmac('sha256', this.#key).update(pair).digest('base64');
  }

  #remember(digest: string): void {
    const [oldest] = this.#right;
    if (this.#right.size >= MAX_REMEMBERED && oldest !== undefined) this.#right.delete(oldest);
    this.#right.add(digest);
  }
}
