/**
 * Permission to try a credential, and what follows from the result: for the quarantine, for other agents, for the
 * origin of the secret, and in the log. One for each transport, because their credentials are separate.
 */
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { untilAborted } from '../kernel/until-aborted.ts';
import type { AccessParts } from './access-parts.ts';
import {
  type AttemptOutcome,
  CredentialQuarantine,
  type CredentialUse,
  type Forgetting,
  type KeptQuarantine,
  type Refusal,
} from './credential-quarantine.ts';
import type { DeviceError } from './device-error.ts';
import type { RefusalsOfWay } from './kept-refusals.ts';
import type { AccessWay } from './same-target.ts';

/** Which devices refused it, in the terms of `KeptQuarantine`. */
const QUARANTINED: Readonly<Record<KeptQuarantine['of'], string>> = {
  refusals:
    'credential quarantined: several devices in a row refused it; only devices that accepted it are asked until a probe succeeds or its secret changes',
  withdrawals:
    'credential quarantined: several devices in a row refused it that had accepted it; all devices wait until a probe succeeds or its secret changes',
};

/** What an attempt needs; given back while attempts of others are awaited. */
interface Place {
  readonly take: () => Promise<void>;
  readonly giveBack: () => void;
}

export class CredentialAdmission {
  readonly #way: AccessWay;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #quarantine = new CredentialQuarantine();
  readonly #refusals: RefusalsOfWay | null;

  constructor(way: AccessWay, { clock, logger, refusals }: Pick<AccessParts, 'clock' | 'logger' | 'refusals'>) {
    this.#way = way;
    this.#clock = clock;
    this.#logger = logger;
    this.#refusals = refusals?.of(way, this.#quarantine) ?? null;
  }

  /** Why nobody may try now, asked before a connection is made; null: ask `admit` once there is one. */
  async objection(use: CredentialUse, stop: { readonly signal: AbortSignal }): Promise<DeviceError | null> {
    await this.#recall(use, stop);
    const refusal = this.#quarantine.peek(use, this.#clock.monoMs());
    return refusal === null ? null : quarantinedError(use, refusal);
  }

  /**
   * Null: the credential may be tried, and `ended` must follow. `stop.signal` is read only if there is something to
   * wait for.
   */
  async admit(use: CredentialUse, stop: { readonly signal: AbortSignal }, place?: Place): Promise<DeviceError | null> {
    await this.#recall(use, stop);
    for (;;) {
      await place?.take();
      const admission = this.#quarantine.admit(use, this.#clock.monoMs());
      if (admission.kind === 'try') return null;
      if (admission.kind !== 'wait') return quarantinedError(use, admission);
      place?.giveBack();
      await untilAborted(admission.until, stop.signal);
    }
  }

  /** The result of an attempt; resolves once other agents can know about it. */
  async ended(use: CredentialUse, outcome: AttemptOutcome): Promise<void> {
    const { credentialName: credential, device } = use;
    if (outcome === 'refused') for (const secret of use.secrets) secret?.refused();
    const { newQuarantine } = this.#quarantine.ended(use, outcome, this.#clock.monoMs());
    if (newQuarantine !== null) {
      this.#logger.error({ way: this.#way, credential, device }, QUARANTINED[newQuarantine]);
    }
    await this.#refusals?.ended(use, outcome);
  }

  forget(device: string, why?: Forgetting): void {
    this.#quarantine.forget(device, why);
  }

  quarantined(): string[] {
    return this.#quarantine.quarantined();
  }

  async #recall(use: CredentialUse, stop: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#refusals !== null) await untilAborted(this.#refusals.recall(use), stop.signal);
  }
}

/** Why a device was not tried. */
function quarantinedError({ device, credentialName }: CredentialUse, { kind, waitMs }: Refusal): DeviceError {
  const minutes = Math.max(1, Math.ceil(waitMs / 60_000));
  return {
    kind: 'quarantined',
    operation: 'login',
    message:
      kind === 'device_waits'
        ? `${device}: not tried: the device refused the credential "${credentialName}"; next try in ${minutes} min, or when its secret changes`
        : `${device}: not tried: several devices in a row refused the credential "${credentialName}"; a probe in ${minutes} min, or when its secret changes`,
  };
}
