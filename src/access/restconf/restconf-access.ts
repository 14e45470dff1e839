/**
 * Access to the fleet over RESTCONF: one kept connection and one read per device at a time, bounds for connections that
 * are being made and for reads under way, back-off after failures, quarantine of a credential that devices refuse.
 */
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import { linkSignals } from '../../kernel/link-signals.ts';
import { untilAborted } from '../../kernel/until-aborted.ts';
import { Watchdog } from '../../kernel/watchdog.ts';
import { BackOff } from '../../kernel/back-off.ts';
import type { AccessParts } from '../access-parts.ts';
import {
  type AttemptOutcome,
  CredentialQuarantine,
  type CredentialUse,
  quarantinedError,
  sameSecrets,
} from '../credential-quarantine.ts';
import type { RefusalsOfWay } from '../kept-refusals.ts';
import { backOffError, type DeviceError } from '../device-error.ts';
import type {
  PathAnswer,
  RestconfAccess,
  RestconfAccessStatus,
  RestconfReply,
  RestconfTarget,
} from '../device-restconf.ts';
import { DeviceTurns } from '../device-turns.ts';
import { ReadGate } from '../read-gate.ts';
import { renewedRestconfTarget } from '../renewed-secrets.ts';
import type { RestconfPath } from '../restconf-path.ts';
import { decideTrust } from './certificate-trust.ts';
import type { AcceptedKeys } from '../accepted-keys.ts';
import { sharedCertificates } from './shared-certificates.ts';
import { createKnownCertificates, type KnownCertificates } from './known-certificates.ts';
import { RestconfConnection } from './restconf-connection.ts';
import { RestconfFailure } from './restconf-error.ts';

/** Reads under way over the fleet. */
const MAX_READS = 64;

export interface RestconfAccessOptions extends AccessParts {
  /** File of accepted certificates. */
  readonly knownCertificatesPath: string;
  /** Those that other agents accepted; absent: there are none. */
  readonly acceptedCertificates?: AcceptedKeys;
}

interface Slot {
  readonly turns: DeviceTurns;
  forgotten: boolean;
  target: RestconfTarget | null;
  /** The same, with the secrets that the connection is made with. */
  using: RestconfTarget | null;
  connection: RestconfConnection | null;
  /** Of the connection that is open now. */
  opened: number;
  /** `Retry-After`, monotonic ms. */
  leaveAloneUntilMs: number;
  readonly backOff: BackOff;
}

export function createRestconfAccess(options: RestconfAccessOptions): RestconfAccess {
  return new PollingRestconf(options);
}

class PollingRestconf implements RestconfAccess {
  readonly #options: RestconfAccessOptions;
  readonly #known: KnownCertificates;
  readonly #gate = new ReadGate(MAX_READS);
  readonly #quarantine = new CredentialQuarantine();
  readonly #refusals: RefusalsOfWay | null;
  readonly #slots = new Map<string, Slot>();
  readonly #stopping = new AbortController();
  readonly #secrets: KnownSecrets;
  #opened = 0;
  #open = 0;

  constructor(options: RestconfAccessOptions) {
    this.#options = options;
    this.#refusals = options.refusals?.of('restconf', this.#quarantine) ?? null;
    this.#secrets = options.secrets ?? new KnownSecrets();
    const file = createKnownCertificates(options.knownCertificatesPath);
    const { acceptedCertificates: accepted } = options;
    this.#known = accepted === undefined ? file : sharedCertificates(file, accepted);
  }

  async read(target: RestconfTarget, paths: readonly RestconfPath[], signal: AbortSignal): Promise<RestconfReply> {
    const slot = this.#slotOf(target.device);
    const stop = linkSignals(signal, this.#stopping.signal);
    const turn = slot.turns.take();
    try {
      await untilAborted(turn.before, stop.signal);
      return await this.#readInTurn(slot, target, { paths, signal: stop.signal });
    } catch (error) {
      if (error instanceof RestconfFailure) return { kind: 'failed', error: error.deviceError };
      if (stop.signal.aborted && error === stop.signal.reason) return { kind: 'failed', error: givenUp(target) };
      throw error;
    } finally {
      stop.unlink();
      turn.done();
      if (slot.forgotten && slot.turns.users === 0) await this.#dropSlot(target.device, slot);
    }
  }

  async forget(device: string): Promise<void> {
    this.#quarantine.forget(device);
    const slot = this.#slots.get(device);
    if (slot === undefined) return;
    slot.forgotten = true;
    if (slot.turns.users === 0) await this.#dropSlot(device, slot);
  }

  status(): RestconfAccessStatus {
    return {
      openConnections: this.#open,
      requestsActive: this.#gate.active,
      quarantinedCredentials: this.#quarantine.quarantined(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('RESTCONF access is closing'));
    await Promise.all([...this.#slots].map(([device, slot]) => this.#dropSlot(device, slot)));
  }

  async #readInTurn(
    slot: Slot,
    target: RestconfTarget,
    asked: { readonly paths: readonly RestconfPath[]; readonly signal: AbortSignal },
  ): Promise<RestconfReply> {
    const nowMs = this.#options.clock.monoMs();
    if (slot.target !== null && !sameTarget(slot.target, target)) await closeConnection(slot);
    slot.target = target;
    const waitMs = Math.max(slot.backOff.waitMs(nowMs), slot.leaveAloneUntilMs - nowMs);
    if (waitMs > 0) return { kind: 'failed', error: backOffError('read', waitMs) };
    const using = await this.#withSecrets(slot, target, asked.signal);
    await this.#gate.enter(asked.signal);
    try {
      return await this.#readAdmitted(slot, using, asked);
    } finally {
      this.#gate.leave();
    }
  }

  /** A connection goes on with the secrets it was made with; a new one is made with those of now. */
  async #withSecrets(slot: Slot, target: RestconfTarget, signal: AbortSignal): Promise<RestconfTarget> {
    if (slot.connection !== null && slot.using !== null) return slot.using;
    const using = await untilAborted(renewedRestconfTarget(target), signal);
    slot.using = using;
    this.#secrets.learn(...secretsOf(using));
    return using;
  }

  async #readAdmitted(
    slot: Slot,
    target: RestconfTarget,
    asked: { readonly paths: readonly RestconfPath[]; readonly signal: AbortSignal },
  ): Promise<RestconfReply> {
    const refusal = await this.#admit(target, asked.signal);
    if (refusal !== null) return { kind: 'failed', error: refusal };
    let outcome: AttemptOutcome = 'unknown';
    try {
      const answers = await this.#ask(slot, target, asked);
      outcome = 'accepted';
      slot.backOff.succeeded();
      return { kind: 'answers', answers, connection: slot.opened };
    } catch (error) {
      const { monoMs } = this.#options.clock;
      if (error instanceof RestconfFailure) {
        if (error.credentialRefused) outcome = 'refused';
        else slot.backOff.failed(monoMs());
        if (error.retryAfterMs !== null) slot.leaveAloneUntilMs = monoMs() + error.retryAfterMs;
      }
      await closeConnection(slot);
      throw error;
    } finally {
      await this.#judged(target, outcome);
    }
  }

  /** One request after the other; each has the whole time that the configuration gives. */
  async #ask(
    slot: Slot,
    target: RestconfTarget,
    { paths, signal }: { readonly paths: readonly RestconfPath[]; readonly signal: AbortSignal },
  ): Promise<readonly PathAnswer[]> {
    const answers: PathAnswer[] = [];
    const late = new AbortController();
    const either = linkSignals(signal, late.signal);
    const watchdog = new Watchdog(this.#options.clock);
    try {
      for (const path of paths) {
        watchdog.arm(2 * target.timeoutMs, () => {
          late.abort(new RestconfFailure(target, 'timeout', { operation: 'read', detail: 'no whole answer in time' }));
        });
        this.#options.traffic?.command(target.device);
        const answer = await this.#get(slot, target, { path, signal: either.signal });
        if (answer.kind === 'document') this.#options.traffic?.bytes(target.device, answer.bytes, 0);
        answers.push(answer);
      }
      return answers;
    } finally {
      watchdog.stop();
      either.unlink();
    }
  }

  /** A device may close a kept connection just when it is used again: then once more, on a new one. */
  async #get(
    slot: Slot,
    target: RestconfTarget,
    { path, signal }: { readonly path: RestconfPath; readonly signal: AbortSignal },
  ): Promise<PathAnswer> {
    const kept = slot.connection;
    const connection = kept ?? this.#connectionTo(slot, target);
    slot.connection = connection;
    try {
      return await connection.get(path, signal);
    } catch (error) {
      const closed = error instanceof RestconfFailure && error.deviceError.kind === 'closed';
      if (kept === null || !closed || signal.aborted) throw error;
      await closeConnection(slot);
      slot.connection = this.#connectionTo(slot, target);
      return slot.connection.get(path, signal);
    }
  }

  #connectionTo(slot: Slot, target: RestconfTarget): RestconfConnection {
    const { clock, logger } = this.#options;
    return new RestconfConnection({
      target,
      clock,
      redact: (text) => this.#secrets.redact(text),
      decide: (shown) => decideTrust(this.#known, target, shown, logger),
      onOpen: () => {
        this.#opened += 1;
        this.#open += 1;
        slot.opened = this.#opened;
      },
      onClose: () => {
        this.#open -= 1;
      },
    });
  }

  /** Null: the credential may be tried, and `#judged` is to follow. */
  async #admit(target: RestconfTarget, signal: AbortSignal): Promise<DeviceError | null> {
    if (this.#refusals !== null) await untilAborted(this.#refusals.recall(useOf(target)), signal);
    for (;;) {
      const now = this.#options.clock.monoMs();
      const admission = this.#quarantine.admit(useOf(target), now);
      if (admission.kind === 'try') return null;
      if (admission.kind !== 'wait') return quarantinedError(target, admission.kind, admission.waitMs);
      await untilAborted(admission.until, signal);
    }
  }

  async #judged(target: RestconfTarget, outcome: AttemptOutcome): Promise<void> {
    const { clock, logger } = this.#options;
    const { credentialName: credential, device } = target;
    if (outcome === 'refused') for (const secret of secretsOf(target)) secret?.refused();
    const { newlyQuarantined } = this.#quarantine.ended(useOf(target), outcome, clock.monoMs());
    if (newlyQuarantined) {
      logger.error(
        { credential, device },
        'RESTCONF credential quarantined: several devices in a row refused it; not used until a probe succeeds or its secret changes',
      );
    }
    await this.#refusals?.ended(useOf(target), outcome);
  }

  #slotOf(device: string): Slot {
    let slot = this.#slots.get(device);
    if (slot === undefined) {
      slot = {
        turns: new DeviceTurns(),
        forgotten: false,
        target: null,
        using: null,
        connection: null,
        opened: 0,
        leaveAloneUntilMs: Number.NEGATIVE_INFINITY,
        backOff: new BackOff(this.#options.random, this.#options.backOff),
      };
      this.#slots.set(device, slot);
    }
    return slot;
  }

  async #dropSlot(device: string, slot: Slot): Promise<void> {
    if (this.#slots.get(device) === slot) this.#slots.delete(device);
    await closeConnection(slot);
  }
}

async function closeConnection(slot: Slot): Promise<void> {
  const { connection } = slot;
  slot.connection = null;
  await connection?.close();
}

function givenUp(target: RestconfTarget): DeviceError {
  return { kind: 'closed', operation: 'read', message: `${target.device}: given up by the agent` };
}

function useOf(target: RestconfTarget): CredentialUse {
  return { credentialName: target.credentialName, device: target.device, secrets: secretsOf(target) };
}

/** What a device can refuse. */
function secretsOf({ credential: { password, client } }: RestconfTarget) {
  return [password, client?.key ?? null];
}

function sameTarget(left: RestconfTarget, right: RestconfTarget): boolean {
  return (
    left.host === right.host &&
    left.port === right.port &&
    (left.sourceAddress ?? null) === (right.sourceAddress ?? null) &&
    left.timeoutMs === right.timeoutMs &&
    left.credential.username === right.credential.username &&
    left.credential.client?.certificate === right.credential.client?.certificate &&
    sameSecrets(secretsOf(left), secretsOf(right)) &&
    left.trust.authorities === right.trust.authorities &&
    left.trust.serverName === right.trust.serverName &&
    left.trust.fingerprint === right.trust.fingerprint &&
    left.trust.certificates === right.trust.certificates
  );
}
