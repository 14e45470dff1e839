/**
 * Keeps one wrong password from locking an AAA account: who may try a credential, and when.
 *
 * A device that refused waits an hour. When three devices in a row refuse the same credential, with no success in
 * between, nobody tries it for 30 minutes; then one device probes. A credential that has not proved good since its last
 * refusal has as many tries under way as refusals are left, so that a sweep cannot spend more than three. A success
 * lifts everything; so does a changed secret.
 */
import type { Secret } from '../kernel/secret.ts';
import type { DeviceError } from './device-error.ts';

export const REFUSALS_TO_QUARANTINE = 3;
const QUARANTINE_MS = 30 * 60_000;
export const REFUSED_DEVICE_WAIT_MS = 60 * 60_000;

/** The secrets a credential stands for; compared, never shown. */
export type CredentialSecrets = ReadonlyArray<Secret | null>;

export type Admission =
  | { readonly kind: 'try' }
  | { readonly kind: 'wait'; readonly until: Promise<void> }
  | { readonly kind: 'device_waits' | 'quarantined'; readonly waitMs: number };

export type AttemptOutcome = 'accepted' | 'refused' | 'unknown';

interface CredentialState {
  secrets: CredentialSecrets;
  /** No refusal since the last success. */
  proved: boolean;
  refusedBy: Set<string>;
  underWay: number;
  quarantinedUntilMs: number | null;
  waiting: Array<() => void>;
}

export class CredentialQuarantine {
  readonly #credentials = new Map<string, CredentialState>();
  readonly #deviceWaits = new Map<string, { readonly untilMs: number; readonly secrets: CredentialSecrets }>();

  /** May `device` try the credential now? `try` must be followed by `ended`. */
  admit(name: string, secrets: CredentialSecrets, device: string, nowMs: number): Admission {
    const refusal = this.peek(name, secrets, device, nowMs);
    if (refusal !== null) return refusal;
    const state = this.#stateOf(name, secrets);
    const probing = state.quarantinedUntilMs !== null;
    if (!probing && !state.proved && state.underWay >= REFUSALS_TO_QUARANTINE - state.refusedBy.size) {
      return { kind: 'wait', until: new Promise((resolve) => state.waiting.push(resolve)) };
    }
    state.underWay += 1;
    return { kind: 'try' };
  }

  /** Why nobody may try now, before a connection is made for it; null: ask `admit` once there is one. */
  peek(
    name: string,
    secrets: CredentialSecrets,
    device: string,
    nowMs: number,
  ): { readonly kind: 'device_waits' | 'quarantined'; readonly waitMs: number } | null {
    const state = this.#stateOf(name, secrets);
    const wait = this.#deviceWaits.get(device);
    if (wait !== undefined) {
      if (!sameSecrets(wait.secrets, secrets) || nowMs >= wait.untilMs) this.#deviceWaits.delete(device);
      else return { kind: 'device_waits', waitMs: wait.untilMs - nowMs };
    }
    if (state.quarantinedUntilMs === null) return null;
    if (nowMs < state.quarantinedUntilMs) return { kind: 'quarantined', waitMs: state.quarantinedUntilMs - nowMs };
    // The time is over: one probe; the others hear `quarantined` until it has ended.
    return state.underWay > 0 ? { kind: 'quarantined', waitMs: 0 } : null;
  }

  /** How a try went; `unknown`: the device did not get as far as judging the credential. */
  ended(
    name: string,
    secrets: CredentialSecrets,
    device: string,
    outcome: AttemptOutcome,
    nowMs: number,
  ): { readonly newlyQuarantined: boolean } {
    const state = this.#credentials.get(name);
    if (outcome === 'refused') {
      this.#deviceWaits.set(device, { untilMs: nowMs + REFUSED_DEVICE_WAIT_MS, secrets });
    }
    // A reload changed the secret meanwhile: this outcome says nothing about the new one.
    if (state === undefined || !sameSecrets(state.secrets, secrets)) return { newlyQuarantined: false };
    state.underWay = Math.max(0, state.underWay - 1);
    let newlyQuarantined = false;
    if (outcome === 'accepted') {
      state.proved = true;
      state.refusedBy.clear();
      state.quarantinedUntilMs = null;
    } else if (outcome === 'refused') {
      state.proved = false;
      state.refusedBy.add(device);
      if (state.refusedBy.size >= REFUSALS_TO_QUARANTINE) {
        newlyQuarantined = state.quarantinedUntilMs === null;
        state.quarantinedUntilMs = nowMs + QUARANTINE_MS;
      }
    }
    for (const wake of state.waiting.splice(0)) wake();
    return { newlyQuarantined };
  }

  /** The device left, or its target changed: its own wait is over. */
  forget(device: string): void {
    this.#deviceWaits.delete(device);
  }

  quarantined(): string[] {
    return [...this.#credentials].filter(([, state]) => state.quarantinedUntilMs !== null).map(([name]) => name);
  }

  #stateOf(name: string, secrets: CredentialSecrets): CredentialState {
    const known = this.#credentials.get(name);
    if (known !== undefined && sameSecrets(known.secrets, secrets)) return known;
    for (const wake of known?.waiting ?? []) wake();
    const fresh: CredentialState = {
      secrets,
      proved: false,
      refusedBy: new Set(),
      underWay: 0,
      quarantinedUntilMs: null,
      waiting: [],
    };
    this.#credentials.set(name, fresh);
    return fresh;
  }
}

/** Why a device was not tried: `device_waits` or `quarantined`. */
export function quarantinedError(
  target: { readonly device: string; readonly credentialName: string },
  kind: 'device_waits' | 'quarantined',
  waitMs: number,
): DeviceError {
  const minutes = Math.max(1, Math.ceil(waitMs / 60_000));
  return {
    kind: 'quarantined',
    operation: 'login',
    message:
      kind === 'device_waits'
        ? `${target.device}: not tried: the device refused the credential "${target.credentialName}"; next try in ${minutes} min, or when its secret changes`
        : `${target.device}: not tried: several devices in a row refused the credential "${target.credentialName}"; a probe in ${minutes} min, or when its secret changes`,
  };
}

export function sameSecrets(left: CredentialSecrets, right: CredentialSecrets): boolean {
  return left.length === right.length && left.every((secret, index) => sameSecret(secret, right[index] ?? null));
}

function sameSecret(left: Secret | null, right: Secret | null): boolean {
  return left === null || right === null ? left === right : left.equals(right);
}
