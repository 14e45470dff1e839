/**
 * Who asks, and is it allowed? Basic auth (users of the web config file) or a bearer token. If neither is configured
 * everyone may do everything; that the server then listens on loopback is up to the configuration.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type { HttpCounters } from '../base/counters.ts';
import type { BearerToken, Scope, WebAccess } from '../base/options.ts';
import { clientNetwork } from './client-network.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { PasswordCheck } from './password-check.ts';

/** Longest `Authorization` header that is checked. */
const MAX_HEADER = 4096;

export type WebAdmission =
  | { readonly kind: 'admitted'; readonly scope: Scope }
  /** `challenges`: values of `WWW-Authenticate`. */
  | { readonly kind: 'refused'; readonly challenges: readonly string[] }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

type Credential =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

export class Authentication {
  readonly #passwords: PasswordCheck;
  readonly #failures: FailedAttempts;
  readonly #counters: HttpCounters;

  /** `compare`: whether the hash is that of the password. */
  constructor(network: Clock, counters: HttpCounters, compare: (password: string, hash: string) => Promise<boolean>) {
    this.#passwords = new PasswordCheck(compare);
    this.#failures = new FailedAttempts(network);
    this.#counters = counters;
  }

  async admit(web: WebAccess, authorization: string | undefined, address: string): Promise<WebAdmission> {
    if (!needsCredentials(web)) return { kind: 'admitted', scope: 'operate' };
    const credential = authorization === undefined ? null : credentialOf(authorization);
    if (credential === null) return { kind: 'refused', challenges: challengesOf(web) };
    // Quick comparisons are never limited: a neighbour's failures must not stop Prometheus.
    const scope =
      credential.kind === 'bearer' ? this.#scopeOfToken(web, credential.token) : this.#known(web, credential);
    if (scope !== null) return { kind: 'admitted', scope };
    const waitSeconds = this.#failures.waitSeconds(address);
    if (waitSeconds > 0) return this.#limited(waitSeconds);
    if (credential.kind === 'basic') {
      const verdict = await this.#passwords.check(web.basicAuthUsers, {
        ...credential,
        network: clientNetwork(address),
      });
      if (verdict === 'right') return { kind: 'admitted', scope: 'operate' };
      if (verdict === 'too_many_at_once') return this.#limited(1);
    }
    this.#failures.failed(address);
    this.#counters.credentialsRefused += 1;
    return { kind: 'refused', challenges: challengesOf(web) };
  }

  #limited(retryAfterSeconds: number): WebAdmission {
    this.#counters.credentialsLimited += 1;
    return { kind: 'limited', retryAfterSeconds };
  }

  #known(web: WebAccess, { user, password }: Extract<Credential, { kind: 'basic' }>): Scope | null {
    return this.#passwords.remembers(web.basicAuthUsers, user, password) ? 'operate' : null;
  }

  #scopeOfToken(web: WebAccess, token: string): Scope | null {
    const digest = createHash('sha256').update(token).digest();
    let found: BearerToken | null = null;
    for (const candidate of web.tokens) {
      // All are compared, each in constant time, so that the time tells nothing.
      const known = Buffer.from(candidate.sha256.reveal(), 'hex');
      if (known.length === digest.length && timingSafeEqual(known, digest)) found = candidate;
    }
    return found?.scope ?? null;
  }
}

/** Something is configured, so nobody enters without credentials. */
export function needsCredentials(web: WebAccess): boolean {
  return web.basicAuthUsers.size > 0 || web.tokens.length > 0;
}

function challengesOf(web: WebAccess): readonly string[] {
  return [
    ...(web.basicAuthUsers.size > 0 ? ['Basic realm="gdoiwatch", charset="UTF-8"'] : []),
    ...(web.tokens.length > 0 ? ['Bearer realm="gdoiwatch"'] : []),
  ];
}

function credentialOf(authorization: string): Credential | null {
  if (authorization.length > MAX_HEADER) return null;
  const [, scheme, value] = /^([A-Za-z]{1,16}) +(\S+) *$/.exec(authorization) ?? [];
  if (scheme === undefined || value === undefined) return null;
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { kind: 'bearer', token: value };
    case 'basic': {
      const pair = Buffer.from(value, 'base64').toString();
      const colon = pair.indexOf(':');
      return colon < 0 ? null : { kind: 'basic', user: pair.slice(0, colon), password: pair.slice(colon + 1) };
    }
    default:
      return null;
  }
}
