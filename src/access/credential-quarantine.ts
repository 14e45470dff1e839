/**
 * Keeps one wrong password from locking an AAA account: who may try a credential, and when.
 *
 * A device that refused a credential waits an hour. If three devices refuse one credential and none accepts it
 * meanwhile, devices that never accepted it wait for 30 minutes; then one of them probes. A device that
 * accepted this very secret goes on: refusals by others say nothing about it. But if three devices that had accepted it
 * refuse it, again with no success in between, the password was changed on the device side: then all wait, and one
 * device at a time probes, less and less often. A success lifts everything; so does a changed secret.
 *
 * While refusals are counted, no more attempts are under way than refusals are left, so a sweep costs three at most.
 */
import { sameSecret } from '../kernel/same-fields.ts';
import type { Secret } from '../kernel/secret.ts';

export const REFUSALS_TO_QUARANTINE = 3;
const QUARANTINE_MS = 30 * 60_000;
export const REFUSED_DEVICE_WAIT_MS = 60 * 60_000;
/** Waits before the probes of a credential that devices no longer accept; the last one repeats. */
const PROBE_WAITS_MS = [2 * 60_000, 10 * 60_000, QUARANTINE_MS] as const;

/** The secrets of a credential; compared, never shown. */
export type CredentialSecrets = ReadonlyArray<Secret | null>;

/** Which device would try which credential. */
export interface CredentialUse {
  readonly credentialName: string;
  readonly secrets: CredentialSecrets;
  readonly device: string;
}

export interface Refusal {
  readonly kind: 'device_waits' | 'quarantined';
  readonly waitMs: number;
}

export type Admission = { readonly kind: 'try' } | { readonly kind: 'wait'; readonly until: Promise<void> } | Refusal;

/** Why a device is forgotten. */
export interface Forgetting {
  /** It is the same router at the same place, to be asked in another way: credentials that it accepted stay so. */
  readonly isSameRouter?: boolean;
}

export type AttemptOutcome = 'accepted' | 'refused' | 'unknown';

/** Refusals in a row by one kind of device, and what they led to. */
interface Refusals {
  readonly by: Set<string>;
  quarantinedUntilMs: number | null;
  /** Probes that were refused. */
  probes: number;
}

interface CredentialState {
  secrets: CredentialSecrets;
  /** No refusal since the last success. */
  proved: boolean;
  /** Devices that accepted these secrets and have not refused them since. */
  readonly acceptedBy: Set<string>;
  /** By any device: hold back devices that never accepted the secrets. */
  readonly refusals: Refusals;
  /** By devices that had accepted the secrets: hold back every device. */
  readonly withdrawals: Refusals;
  /** Attempts under way, by device, and what a refusal will count as. */
  readonly trying: Map<string, Refusals>;
  waiting: Array<() => void>;
}

/** A quarantine as other agents need to know it. */
export interface KeptQuarantine {
  /** Which devices refused: those that never accepted the secrets, or those that had. */
  readonly of: 'refusals' | 'withdrawals';
  readonly waitMs: number;
  /** Devices that refused. */
  readonly by: readonly string[];
  readonly acceptedBy: readonly string[];
}

export class CredentialQuarantine {
  readonly #credentials = new Map<string, CredentialState>();
  readonly #deviceWaits = new Map<string, { readonly untilMs: number; readonly secrets: CredentialSecrets }>();

  /** Whether the device may try the credential now. `try` must be followed by `ended`. */
  admit(use: CredentialUse, nowMs: number): Admission {
    const refusal = this.peek(use, nowMs);
    if (refusal !== null) return refusal;
    const state = this.#stateOf(use);
    const held = holding(state, use.device);
    const counting = held === state.withdrawals ? held.by.size > 0 : !state.proved;
    const probing = held.quarantinedUntilMs !== null;
    if (!probing && counting && underWay(state, held) >= REFUSALS_TO_QUARANTINE - held.by.size) {
      return { kind: 'wait', until: new Promise((resolve) => state.waiting.push(resolve)) };
    }
    state.trying.set(use.device, held);
    return { kind: 'try' };
  }

  /** Why nobody may try now, asked before a connection is made; null: ask `admit` once there is one. */
  peek(use: CredentialUse, nowMs: number): Refusal | null {
    const state = this.#stateOf(use);
    const wait = this.#deviceWaits.get(use.device);
    if (wait !== undefined) {
      if (!sameSecrets(wait.secrets, use.secrets) || nowMs >= wait.untilMs) this.#deviceWaits.delete(use.device);
      else return { kind: 'device_waits', waitMs: wait.untilMs - nowMs };
    }
    const held = holding(state, use.device);
    const { quarantinedUntilMs } = held;
    if (quarantinedUntilMs === null) return null;
    if (nowMs < quarantinedUntilMs) return { kind: 'quarantined', waitMs: quarantinedUntilMs - nowMs };
    // The time is over: one probe; the others hear `quarantined` until it has ended.
    return underWay(state, held) > 0 ? { kind: 'quarantined', waitMs: 0 } : null;
  }

  /** The result of an attempt; `unknown`: it ended before the device judged the credential. */
  ended(
    use: CredentialUse,
    outcome: AttemptOutcome,
    nowMs: number,
  ): { readonly newQuarantine: KeptQuarantine['of'] | null } {
    const { device, secrets } = use;
    if (outcome === 'refused') this.#deviceWaits.set(device, { untilMs: nowMs + REFUSED_DEVICE_WAIT_MS, secrets });
    const state = this.#credentials.get(use.credentialName);
    // A reload changed the secret meanwhile: this result says nothing about the new one.
    if (state === undefined || !sameSecrets(state.secrets, secrets)) return { newQuarantine: null };
    const held = state.trying.get(device) ?? holding(state, device);
    state.trying.delete(device);
    const before = isQuarantined(state);
    if (outcome === 'accepted') lift(state, device);
    else if (outcome === 'refused') {
      state.proved = false;
      refuse(state.refusals, device, nowMs, [QUARANTINE_MS]);
      if (state.acceptedBy.delete(device) || held === state.withdrawals) {
        refuse(state.withdrawals, device, nowMs, PROBE_WAITS_MS);
      }
    }
    for (const wake of state.waiting.splice(0)) wake();
    return { newQuarantine: before ? null : (this.kept(use, nowMs)?.of ?? null) };
  }

  /**
   * The device left, or its target changed: its own wait ends, and what it accepted no longer counts, unless it is the
   * same router.
   */
  forget(device: string, { isSameRouter = false }: Forgetting = {}): void {
    this.#deviceWaits.delete(device);
    if (isSameRouter) return;
    for (const { acceptedBy } of this.#credentials.values()) acceptedBy.delete(device);
  }

  /** Another agent was refused by the device, and this much of the wait is left. */
  restoreWait({ device, secrets }: CredentialUse, waitMs: number, nowMs: number): void {
    if (!this.#deviceWaits.has(device)) this.#deviceWaits.set(device, { untilMs: nowMs + waitMs, secrets });
  }

  /**
   * Another agent has put the credential into quarantine, and this much of it is left. What this agent learned itself
   * counts more.
   */
  restore(use: CredentialUse, { of, waitMs, by, acceptedBy }: KeptQuarantine, nowMs: number): void {
    const state = this.#stateOf(use);
    if (state.proved || isQuarantined(state)) return;
    for (const device of acceptedBy) state.acceptedBy.add(device);
    for (const device of by) state[of].by.add(device);
    state[of].quarantinedUntilMs = nowMs + waitMs;
  }

  /** The quarantine that the credential is in; null: none. */
  kept({ credentialName }: CredentialUse, nowMs: number): KeptQuarantine | null {
    const state = this.#credentials.get(credentialName);
    const of = state?.withdrawals.quarantinedUntilMs == null ? 'refusals' : 'withdrawals';
    const untilMs = state?.[of].quarantinedUntilMs ?? null;
    if (state === undefined || untilMs === null) return null;
    return { of, waitMs: untilMs - nowMs, by: [...state[of].by], acceptedBy: [...state.acceptedBy] };
  }

  quarantined(): string[] {
    return [...this.#credentials].filter(([, state]) => isQuarantined(state)).map(([name]) => name);
  }

  #stateOf({ credentialName, secrets }: CredentialUse): CredentialState {
    const known = this.#credentials.get(credentialName);
    if (known !== undefined && sameSecrets(known.secrets, secrets)) return known;
    for (const wake of known?.waiting ?? []) wake();
    const fresh: CredentialState = {
      secrets,
      proved: false,
      acceptedBy: new Set(),
      refusals: noRefusals(),
      withdrawals: noRefusals(),
      trying: new Map(),
      waiting: [],
    };
    this.#credentials.set(credentialName, fresh);
    return fresh;
  }
}

/** The refusals that hold this device back. */
function holding(state: CredentialState, device: string): Refusals {
  const all = state.withdrawals.quarantinedUntilMs !== null;
  return all || state.acceptedBy.has(device) ? state.withdrawals : state.refusals;
}

function underWay({ trying }: CredentialState, refusals: Refusals): number {
  return [...trying.values()].filter((counted) => counted === refusals).length;
}

function isQuarantined({ refusals, withdrawals }: CredentialState): boolean {
  return refusals.quarantinedUntilMs !== null || withdrawals.quarantinedUntilMs !== null;
}

function noRefusals(): Refusals {
  return { by: new Set(), quarantinedUntilMs: null, probes: 0 };
}

function refuse(refusals: Refusals, device: string, nowMs: number, waitsMs: readonly number[]): void {
  if (refusals.quarantinedUntilMs !== null) refusals.probes += 1;
  refusals.by.add(device);
  if (refusals.by.size < REFUSALS_TO_QUARANTINE) return;
  refusals.quarantinedUntilMs = nowMs + (waitsMs[Math.min(refusals.probes, waitsMs.length - 1)] ?? QUARANTINE_MS);
}

function lift(state: CredentialState, device: string): void {
  state.proved = true;
  state.acceptedBy.add(device);
  for (const refusals of [state.refusals, state.withdrawals]) {
    refusals.by.clear();
    refusals.quarantinedUntilMs = null;
    refusals.probes = 0;
  }
}

function sameSecrets(left: CredentialSecrets, right: CredentialSecrets): boolean {
  return left.length === right.length && left.every((secret, index) => sameSecret(secret, right[index] ?? null));
}
