/**
 * Whether this is the user's password. bcrypt takes a tenth of a second by design, and Prometheus asks every few
 * seconds: a pair that was right is remembered, as a keyed digest, until the user's hash changes. Other pairs wait for
 * the bcrypt thread, a few from one address and some more in all.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Secret } from '../../kernel/secret.ts';

/** Most remembered pairs: more than any site has users. */
const MAX_REMEMBERED = 256;
/** At a tenth of a second each, the last one waits for three. */
const MAX_WAITING = 32;
/** From one network, so that guesses from one do not delay the others. */
const MAX_WAITING_OF_ONE = 4;

export type PasswordVerdict = 'right' | 'wrong' | 'too_many_at_once';

/** A user name and a password, not yet checked. */
export interface PasswordClaim {
  readonly user: string;
  readonly password: string;
  /** Where the claim comes from: an address or network. */
  readonly network: string;
}

interface Comparing {
  readonly network: string;
  readonly same: Promise<boolean>;
}

export class PasswordCheck {
  readonly #key = randomBytes(32);
  readonly #right = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  /** A page requests several things at once with the same credentials. */
  readonly #running = new Map<string, Comparing>();
  readonly #compare: (password: string, hash: string) => Promise<boolean>;

  constructor(compare: (password: string, hash: string) => Promise<boolean>) {
    this.#compare = compare;
  }

  /** Known to be right, without computing anything. */
  remembers(users: ReadonlyMap<string, Secret>, user: string, password: string): boolean {
    const hash = users.get(user);
    return hash !== undefined && this.#right.has(this.#digest(user, password, hash));
  }

  async check(users: ReadonlyMap<string, Secret>, claim: PasswordClaim): Promise<PasswordVerdict> {
    const { user, password, network } = claim;
    // An unknown user costs the same time as a known one.
    const [anyone] = users.values();
    const hash = users.get(user) ?? anyone;
    if (hash === undefined) return 'wrong';
    const digest = this.#digest(user, password, hash);
    const running = this.#running.get(digest);
    if (running === undefined && !this.#hasRoomFor(network)) return 'too_many_at_once';
    const same = await (running ?? this.#start(digest, network, () => this.#compare(password, hash.reveal()))).same;
    if (!same || !users.has(user)) return 'wrong';
    this.#right.set(digest, true);
    return 'right';
  }

  #hasRoomFor(network: string): boolean {
    if (this.#running.size >= MAX_WAITING) return false;
    return [...this.#running.values()].filter((other) => other.network === network).length < MAX_WAITING_OF_ONE;
  }

  #start(digest: string, network: string, compare: () => Promise<boolean>): Comparing {
    const comparing = { network, same: compare().finally(() => this.#running.delete(digest)) };
    this.#running.set(digest, comparing);
    return comparing;
  }

  #digest(user: string, password: string, hash: Secret): string {
    const pair = JSON.stringify([user, password, hash.reveal()]);
    return createHmac('sha256', this.#key).update(pair).digest('base64');
  }
}
