/**
 * Access to the fleet over RESTCONF: one kept connection and one read per device at a time, limits for connections
 * being made and reads under way, back-off after failures, quarantine of a credential that devices refuse.
 */
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import { linkSignals } from '../../kernel/link-signals.ts';
import { untilAborted } from '../../kernel/until-aborted.ts';
import { Watchdog } from '../../kernel/watchdog.ts';
import { BackOff } from '../../kernel/back-off.ts';
import type { AccessParts } from '../access-parts.ts';
import { CredentialAdmission } from '../credential-admission.ts';
import type { AttemptOutcome, CredentialUse, Forgetting } from '../credential-quarantine.ts';
import { backOffError } from '../device-error.ts';
import type {
  PathAnswer,
  RestconfAccess,
  RestconfAccessStatus,
  RestconfReply,
  RestconfTarget,
} from '../device-restconf.ts';
import { DeviceSlots } from '../device-slots.ts';
import { Gate } from '../gate.ts';
import { renewedRestconfTarget } from '../renewed-secrets.ts';
import type { RestconfPath } from '../restconf-path.ts';
import { sameRestconfTarget } from '../same-target.ts';
import { decideTrust } from './certificate-trust.ts';
import type { AcceptedKeys } from '../accepted-keys.ts';
import { sharedCertificates } from './shared-certificates.ts';
import { createKnownCertificates, type KnownCertificates } from './known-certificates.ts';
import type { RestconfConnection } from './restconf-connection.ts';
import { RestconfFailure } from './restconf-error.ts';

/** Reads under way over the fleet. */
const MAX_READS = 64;

export interface RestconfAccessOptions extends AccessParts {
  /** File of accepted certificates. */
  readonly knownCertificatesPath: string;
  /** Certificates that other agents accepted; absent: there are no other agents. */
  readonly acceptedCertificates?: AcceptedKeys;
}

interface Asked {
  readonly paths: readonly RestconfPath[];
  readonly signal: AbortSignal;
}

/** What is known of one device. */
interface Known {
  target: RestconfTarget | null;
  /** The target with the secrets that the connection was made with. */
  using: RestconfTarget | null;
  connection: RestconfConnection | null;
  /** The number of the connection that is open now. */
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
  readonly #gate = new Gate(() => MAX_READS);
  readonly #admission: CredentialAdmission;
  readonly #slots: DeviceSlots<Known>;
  readonly #secrets: KnownSecrets;
  #opened = 0;
  #open = 0;

  constructor(options: RestconfAccessOptions) {
    this.#options = options;
    this.#admission = new CredentialAdmission('restconf', options);
    this.#secrets = options.secrets ?? new KnownSecrets();
    this.#slots = new DeviceSlots(
      () => nothingKnown(options),
      (_, known) => closeConnection(known),
    );
    const file = createKnownCertificates(options.knownCertificatesPath);
    const { acceptedCertificates: accepted } = options;
    this.#known = accepted === undefined ? file : sharedCertificates(file, accepted);
  }

  async read(target: RestconfTarget, paths: readonly RestconfPath[], signal: AbortSignal): Promise<RestconfReply> {
    return this.#slots.inTurn(target.device, signal, (known, stop) =>
      this.#readInTurn(known, target, { paths, signal: stop.signal }),
    );
  }

  async forget(device: string, why?: Forgetting): Promise<void> {
    this.#admission.forget(device, why);
    await this.#slots.forget(device);
  }

  status(): RestconfAccessStatus {
    return {
      openConnections: this.#open,
      requestsActive: this.#gate.active,
      quarantinedCredentials: this.#admission.quarantined(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slots.close('RESTCONF access is closing');
  }

  async #readInTurn(known: Known, target: RestconfTarget, asked: Asked): Promise<RestconfReply> {
    const nowMs = this.#options.clock.monoMs();
    if (known.target !== null && !sameRestconfTarget(known.target, target)) await closeConnection(known);
    known.target = target;
    const waitMs = Math.max(known.backOff.waitMs(nowMs), known.leaveAloneUntilMs - nowMs);
    if (waitMs > 0) return { kind: 'failed', error: backOffError('read', waitMs) };
    const using = await this.#withSecrets(known, target, asked.signal);
    await this.#gate.enter(asked.signal);
    try {
      return await this.#readAdmitted(known, using, asked);
    } finally {
      this.#gate.leave();
    }
  }

  /** A connection keeps the secrets it was made with; a new one gets the present ones. */
  async #withSecrets(known: Known, target: RestconfTarget, signal: AbortSignal): Promise<RestconfTarget> {
    if (known.connection !== null && known.using !== null) return known.using;
    const using = await untilAborted(renewedRestconfTarget(target), signal);
    known.using = using;
    this.#secrets.learn(...secretsOf(using));
    return using;
  }

  async #readAdmitted(known: Known, target: RestconfTarget, asked: Asked): Promise<RestconfReply> {
    const refusal = await this.#admission.admit(useOf(target), asked);
    if (refusal !== null) return { kind: 'failed', error: refusal };
    let outcome: AttemptOutcome = 'unknown';
    try {
      const answers = await this.#ask(known, target, asked);
      outcome = 'accepted';
      known.backOff.succeeded();
      return { kind: 'answers', answers, connection: known.opened };
    } catch (error) {
      const { monoMs } = this.#options.clock;
      if (error instanceof RestconfFailure) {
        if (error.credentialRefused) outcome = 'refused';
        else known.backOff.failed(monoMs());
        if (error.retryAfterMs !== null) known.leaveAloneUntilMs = monoMs() + error.retryAfterMs;
      }
      await closeConnection(known);
      throw error;
    } finally {
      await this.#admission.ended(useOf(target), outcome);
    }
  }

  /** One request after the other; each has the whole configured time. */
  async #ask(known: Known, target: RestconfTarget, { paths, signal }: Asked): Promise<readonly PathAnswer[]> {
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
        const answer = await this.#get(known, target, { path, signal: either.signal });
        if (answer.kind === 'document') this.#options.traffic?.bytes(target.device, answer.bytes, 0);
        answers.push(answer);
      }
      return answers;
    } finally {
      watchdog.stop();
      either.unlink();
    }
  }

  /**
   * A device may close a kept connection just when it is used again: then the request is sent once more, on a new one.
   */
  async #get(
    known: Known,
    target: RestconfTarget,
    { path, signal }: { readonly path: RestconfPath; readonly signal: AbortSignal },
  ): Promise<PathAnswer> {
    const kept = known.connection;
    const connection = kept ?? (await this.#connectionTo(known, target));
    known.connection = connection;
    try {
      return await connection.get(path, signal);
    } catch (error) {
      const closed = error instanceof RestconfFailure && error.deviceError.kind === 'closed';
      if (kept === null || !closed || signal.aborted) throw error;
      await closeConnection(known);
      known.connection = await this.#connectionTo(known, target);
      return known.connection.get(path, signal);
    }
  }

  /** The library comes with the first connection: most agents and checks make none, and it is large. */
  async #connectionTo(known: Known, target: RestconfTarget): Promise<RestconfConnection> {
    const { RestconfConnection: Connection } = await import('./restconf-connection.ts');
    const { clock, logger } = this.#options;
    return new Connection({
      target,
      clock,
      redact: (text) => this.#secrets.redact(text),
      decide: (shown) => decideTrust(this.#known, target, shown, logger),
      onOpen: () => {
        this.#opened += 1;
        this.#open += 1;
        known.opened = this.#opened;
      },
      onClose: () => {
        this.#open -= 1;
      },
    });
  }
}

function nothingKnown({ random, backOff }: RestconfAccessOptions): Known {
  return {
    target: null,
    using: null,
    connection: null,
    opened: 0,
    leaveAloneUntilMs: Number.NEGATIVE_INFINITY,
    backOff: new BackOff(random, backOff),
  };
}

async function closeConnection(known: Known): Promise<void> {
  const { connection } = known;
  known.connection = null;
  await connection?.close();
}

function useOf(target: RestconfTarget): CredentialUse {
  return { credentialName: target.credentialName, device: target.device, secrets: secretsOf(target) };
}

/** The secrets that a device can refuse. */
function secretsOf({ credential: { password, client } }: RestconfTarget) {
  return [password, client?.key ?? null];
}
