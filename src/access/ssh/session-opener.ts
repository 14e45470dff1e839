/**
 * Opens one session: TCP, a place at the handshake gate, permission to try the credential, host key, login, prompt.
 *
 * A host that does not answer TCP gives its place at the gate back after a moment, so that dead hosts do not delay the
 * others; for the same reason the credential is reserved only once TCP is open.
 */
import type { Clock } from '../../kernel/clock.ts';
import { DeadlineExceeded } from '../../kernel/deadline.ts';
import type { JumpTarget, SshTarget } from '../device-session.ts';
import type { DeviceTraffic } from '../device-traffic.ts';
import type { DeviceError, DeviceErrorKind } from '../device-error.ts';
import type { KnownSecrets } from '../../kernel/known-secrets.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { CredentialAdmission } from '../credential-admission.ts';
import {
  type AttemptOutcome,
  type CredentialSecrets,
  type CredentialUse,
  REFUSED_DEVICE_WAIT_MS,
} from '../credential-quarantine.ts';
import type { ConversationHooks, Conversations, ConversationTraffic } from './conversation.ts';
import type { HandshakeGate, HandshakePass } from './handshake-gate.ts';
import { decideHostKey } from './host-key-policy.ts';
import type { HostKeyStore } from './known-hosts.ts';
import { later } from '../../kernel/later.ts';
import { SessionError, ShellSession } from './shell-session.ts';
import { type HostLogin, type ShellLogin, TransportError } from './shell-transport.ts';
import { hostPlaceText } from './host-place.ts';
import { Watchdog } from '../../kernel/watchdog.ts';

/** How long a connecting host keeps its place at the gate. */
const CONNECT_HOLD_MS = 250;

export interface OpenerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hostKeys: HostKeyStore;
  readonly gate: HandshakeGate;
  readonly admission: CredentialAdmission;
  /** Where the conversation with a device runs. */
  readonly conversationsWith: (target: SshTarget) => Conversations;
  readonly secrets: KnownSecrets;
  readonly traffic: DeviceTraffic;
}

/** Opens a session, or throws `SessionError`; when `signal` aborts, its kind is `closed`. */
export async function openSession(
  parts: OpenerParts,
  target: SshTarget,
  signal: AbortSignal,
  /** It answered last time, so it goes before those that did not. */
  answered = false,
): Promise<ShellSession> {
  return new Opening(parts, target, signal, answered).run();
}

function secretsOf(target: SshTarget): CredentialSecrets {
  return [target.password, target.privateKey, target.passphrase, target.enablePassword];
}

export function credentialUseOf(target: SshTarget): CredentialUse {
  return { credentialName: target.credentialName, secrets: secretsOf(target), device: target.device };
}

export function secretsOfJumps(target: SshTarget): CredentialSecrets {
  return (target.jumps ?? []).flatMap(({ password, privateKey, passphrase }) => [password, privateKey, passphrase]);
}

/** All secrets that the device, or a host on the way to it, could echo. */
function secretsOnTheWay(target: SshTarget): CredentialSecrets {
  return [...secretsOf(target), ...secretsOfJumps(target)];
}

/** What the transport needs, with secrets revealed. */
async function shellLogin(target: SshTarget, hostKeys: HostKeyStore): Promise<ShellLogin> {
  const plain = async (host: Omit<JumpTarget, 'name' | 'hostKeys'>): Promise<HostLogin> => ({
    host: host.host,
    port: host.port,
    username: host.username,
    password: host.password?.reveal() ?? null,
    privateKey: host.privateKey?.reveal() ?? null,
    passphrase: host.passphrase?.reveal() ?? null,
    agent: host.agent ?? null,
    algorithms: host.algorithms,
    knownKeyTypes: await hostKeys.knownTypes(host.host, host.port).catch(() => []),
  });
  const jumps = (target.jumps ?? []).map(async (jump) => {
    const { name, hostKeys: policy } = jump;
    return { ...(await plain(jump)), name, hostKeys: policy };
  });
  return { ...(await plain(target)), jumps: await Promise.all(jumps), sourceAddress: target.sourceAddress ?? null };
}

/** What ends an attempt. */
interface Bounds {
  readonly parent: AbortSignal;
  readonly attempt: AbortController;
  readonly watchdog: Watchdog;
}

/** The conversation that it opens keeps this object, to report traffic and a host key that is shown again. */
class Opening implements ConversationHooks {
  readonly #parts: OpenerParts;
  readonly #target: SshTarget;
  readonly #answered: boolean;
  /** Null: it is over. This object lives on, see above. */
  #bounds: Bounds | null;
  #pass: HandshakePass | null = null;
  #step: 'connect' | 'login' = 'connect';
  #admitted = false;
  /** It has its place among the logins of this second. */
  #begun = false;
  #hostKeyProblem: string | null = null;

  constructor(parts: OpenerParts, target: SshTarget, parent: AbortSignal, answered: boolean) {
    this.#answered = answered;
    this.#parts = parts;
    this.#target = target;
    this.#bounds = { parent, attempt: new AbortController(), watchdog: new Watchdog(parts.clock) };
    parts.secrets.learn(...secretsOnTheWay(target));
  }

  async run(): Promise<ShellSession> {
    const bounds = this.#boundsNow();
    const { parent, attempt, watchdog } = bounds;
    const onParent = () => attempt.abort(parent.reason);
    if (parent.aborted) onParent();
    parent.addEventListener('abort', onParent, { once: true });
    let outcome: AttemptOutcome = 'unknown';
    try {
      const opened = await this.#open(bounds, () => {
        outcome = 'accepted';
      });
      return opened;
    } catch (error) {
      if (this.#step === 'connect' && this.#begun) this.#parts.gate.cameToNothing();
      const deviceError = this.#translate(error, attempt.signal);
      if (deviceError.kind === 'auth') outcome = 'refused';
      // A worker that died no longer waits for a credential; nor does this side.
      attempt.abort(error);
      throw new SessionError(deviceError);
    } finally {
      parent.removeEventListener('abort', onParent);
      watchdog.stop();
      this.#bounds = null;
      this.#releasePass();
      if (this.#admitted) await this.#parts.admission.ended(credentialUseOf(this.#target), outcome);
    }
  }

  #boundsNow(): Bounds {
    if (this.#bounds === null) throw new Error('the attempt to open a session is over');
    return this.#bounds;
  }

  async #open({ attempt, watchdog }: Bounds, onAuthenticated: () => void): Promise<ShellSession> {
    const { clock, hostKeys, gate, conversationsWith, secrets } = this.#parts;
    const target = this.#target;
    const { signal } = attempt;
    const login = await shellLogin(target, hostKeys);
    this.#pass = await gate.begin(signal, this.#answered);
    this.#begun = true;
    this.#armWatchdog();
    this.#letGoIfSlow(signal);
    const conversation = await conversationsWith(target).open(login, this, signal);
    this.#pass?.release();
    watchdog.disarm();
    onAuthenticated();
    const session = new ShellSession(clock, target, conversation, secrets);
    await session.logIn(signal);
    return session;
  }

  /** TCP is open: waits for a place at the gate and permission to try the credential, in whatever order they come. */
  async beforeHandshake(): Promise<void> {
    const { gate, admission, traffic } = this.#parts;
    const { attempt, watchdog } = this.#boundsNow();
    this.#step = 'login';
    watchdog.disarm();
    const use = credentialUseOf(this.#target);
    const refusal = await admission.admit(use, attempt, {
      take: async () => {
        this.#pass ??= await gate.pass(attempt.signal, true);
      },
      giveBack: () => this.#releasePass(),
    });
    // It ended in the same moment: nobody else gives the place and the attempt back.
    const over = this.#bounds === null;
    if (over) this.#releasePass();
    if (refusal !== null) throw new SessionError(refusal);
    if (over) {
      await admission.ended(use, 'unknown');
      attempt.signal.throwIfAborted();
    }
    this.#admitted = true;
    traffic.login(this.#target.device);
    this.#armWatchdog();
  }

  onTraffic(traffic: ConversationTraffic): void {
    this.#parts.traffic.count(this.#target.device, traffic);
  }

  async verifyHostKey(key: Buffer): Promise<boolean> {
    const decision = await decideHostKey(this.#parts.hostKeys, this.#target, key, this.#parts.logger);
    if (decision.kind === 'accepted') return true;
    this.#hostKeyProblem = decision.message;
    return false;
  }

  #armWatchdog(): void {
    const { timeoutMs } = this.#target;
    const { attempt, watchdog } = this.#boundsNow();
    watchdog.arm(timeoutMs, () => attempt.abort(new DeadlineExceeded(timeoutMs)));
  }

  #letGoIfSlow(signal: AbortSignal): void {
    const pass = this.#pass;
    void later(this.#parts.clock, CONNECT_HOLD_MS, signal, () => {
      if (this.#step !== 'connect') return;
      pass?.release();
      this.#pass = null;
    });
  }

  #releasePass(): void {
    this.#pass?.release();
    this.#pass = null;
  }

  #translate(error: unknown, attempt: AbortSignal): DeviceError {
    const { message, ...raw } = this.#translateAny(error, attempt);
    const translated = { ...raw, message: this.#parts.secrets.redact(message) };
    if (translated.kind !== 'auth' || !this.#admitted) return translated;
    const minutes = REFUSED_DEVICE_WAIT_MS / 60_000;
    return {
      ...translated,
      message: `${translated.message}; not tried again for ${minutes} min or until its secret changes`,
    };
  }

  #translateAny(error: unknown, attempt: AbortSignal): DeviceError {
    if (error instanceof SessionError) return error.deviceError;
    const { device, timeoutMs } = this.#target;
    const say = (kind: DeviceErrorKind, operation: string, message: string): DeviceError => ({
      kind,
      operation,
      message: `${device}: ${operation}: ${message}`,
    });
    if (error instanceof TransportError) {
      const message = error.kind === 'host_key' && this.#hostKeyProblem !== null ? this.#hostKeyProblem : error.message;
      return say(error.kind, error.operation, message);
    }
    if (attempt.aborted) {
      const { reason } = attempt as { readonly reason: unknown };
      const late = reason instanceof DeadlineExceeded;
      return say(
        late ? 'timeout' : 'closed',
        this.#step,
        late ? `${hostPlaceText(this.#target)}: no answer within ${timeoutMs} ms` : 'given up by the agent',
      );
    }
    throw error;
  }
}
