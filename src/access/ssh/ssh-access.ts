/**
 * Access to the fleet over SSH: at most one session per device and one user of it at a time, handshakes limited over
 * the fleet, back-off and quarantine before a device is tried again, sessions kept open between polls.
 */
import type { AccessParts } from '../access-parts.ts';
import { DeviceTurns } from '../device-turns.ts';
import type { AccessStatus, DeviceAccess, DeviceSession, Reply, SshTarget } from '../device-session.ts';
import { DeviceTraffic } from '../device-traffic.ts';
import { backOffError, type DeviceError } from '../device-error.ts';
import { renewedSshTarget } from '../renewed-secrets.ts';
import { sameSshTarget } from '../same-target.ts';
import type { ShowCommand } from '../show-command.ts';
import { InternalErrors } from '../../kernel/internal-errors.ts';
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import { type LinkedSignal, linkSignals } from '../../kernel/link-signals.ts';
import { packageFile } from '../../kernel/package-file.ts';
import { untilAborted } from '../../kernel/until-aborted.ts';
import { type AnswerBounds, DEFAULT_BOUNDS } from './answer-reader.ts';
import { BACK_OFF, BackOff, type BackOffTimes } from '../../kernel/back-off.ts';
import { CredentialAdmission } from '../credential-admission.ts';
import type { Forgetting } from '../credential-quarantine.ts';
import type { Conversations } from './conversation.ts';
import { sayGoodbyes } from './goodbyes.ts';
import { HandshakeGate } from './handshake-gate.ts';
import { LoginPace } from './login-pace.ts';
import { decideHostKey } from './host-key-policy.ts';
import type { AcceptedKeys } from '../accepted-keys.ts';
import { sharedHostKeys } from './shared-host-keys.ts';
import { createKnownHosts, type HostKeyStore } from './known-hosts.ts';
import { credentialUseOf, type OpenerParts, openSession, secretsOfJumps } from './session-opener.ts';
import { SessionError, type ShellSession } from './shell-session.ts';
import { createShellConversations } from './shell-conversation.ts';
import type { VerifyJumpKey } from './shell-transport.ts';
import { createTransportOnDemand } from './transport-on-demand.ts';
import { WorkerConversations } from './worker-conversations.ts';
import type { WorkerKind } from './worker-start.ts';

/** After a device sent more than the limits: it would do so again on each connection. */
const FLOOD_BACK_OFF: BackOffTimes = { firstMs: 30_000, longestMs: 3_600_000 };

/** How long a device may take to hang up after `exit`. */
const POLITE_MS = 1_000;

/** Where host keys are known from: a known_hosts file, or another store. */
type HostKeySource =
  /** `acceptedHostKeys`: those that other agents accepted; absent: there are no other agents. */
  | { readonly knownHostsPath: string; readonly acceptedHostKeys?: AcceptedKeys }
  | { readonly hostKeyStore: HostKeyStore };

export type SshAccessOptions = AccessParts &
  HostKeySource & {
    /** Handshakes and logins under way at once, over the fleet. */
    readonly maxHandshakes: number;
    /** Logins that may begin in a second, over the fleet; absent: any number. */
    readonly loginsPerSecond?: number;
    /**
     * This agent's share of these two limits, above 0 and at most 1; absent: all. Other agents that share its devices
     * have the rest.
     */
    readonly share?: () => number;
    /** Sessions that may stay open between two polls; further devices log in at each poll. Absent: any number. */
    readonly maxOpenSessions?: number;
    /**
     * Number of workers for sessions; absent or 0: sessions run in this thread. Old key exchanges have a worker of
     * their own in either case, and sessions through a jump host run where its connection does: here.
     */
    readonly workers?: number;
    /** Threads beside this one, the default, or processes. */
    readonly workerKind?: WorkerKind;
    /** The compiled module of such a worker; default: `session-worker`, which leaves reading to its owner. */
    readonly workerUrl?: URL;
    readonly bounds?: AnswerBounds;
    /** Told of our bugs in a worker; default: they are logged. */
    readonly errors?: InternalErrors;
  };

/** One device's place: whose turn it is, its session, its record of failures. */
interface Slot {
  readonly turns: DeviceTurns;
  session: ShellSession | null;
  lent: LentSession | null;
  target: SshTarget | null;
  readonly backOff: BackOff;
  /** Grows with each connection that was cut for what the device sent, even between two good answers. */
  readonly conduct: BackOff;
  /** It answered at the last poll. */
  answered: boolean;
  /** Sessions in a row that ended inside a command. */
  brokenSessions: number;
}

export function createSshAccess(options: SshAccessOptions): DeviceAccess {
  return new SshAccess(options);
}

class SshAccess implements DeviceAccess {
  readonly #options: SshAccessOptions;
  readonly #opener: OpenerParts;
  readonly #gate: HandshakeGate;
  readonly #admission: CredentialAdmission;
  readonly #here: Conversations;
  /** Where old key exchanges delay nobody else. */
  readonly #legacy: WorkerConversations;
  /** Null: there are none. */
  readonly #workers: WorkerConversations | null;
  readonly #slots = new Map<string, Slot>();
  /** Devices whose sessions stay open between two polls. */
  readonly #kept = new Set<Slot>();
  readonly #stopping = new AbortController();

  constructor(options: SshAccessOptions) {
    this.#options = options;
    const { clock, random, logger } = options;
    const hostKeys = hostKeysOf(options);
    const verifyJumpKey: VerifyJumpKey = async (jump, key) => {
      const decision = await decideHostKey(hostKeys, { ...jump, device: `jump host ${jump.name}` }, key, logger);
      return decision.kind === 'accepted' ? null : decision.message;
    };
    const transport = createTransportOnDemand({ clock, random, verifyJumpKey });
    const bounds = options.bounds ?? DEFAULT_BOUNDS;
    this.#here = createShellConversations({ clock, transport, bounds });
    const url = options.workerUrl ?? packageFile('dist/workers/session-worker.js');
    const secrets = options.secrets ?? new KnownSecrets();
    const errors = options.errors ?? new InternalErrors(logger);
    const { workers = 0, workerKind: kind = 'thread' } = options;
    const around = { kind, clock, random, logger, secrets, errors, url, verifyJumpKey, bounds };
    this.#legacy = new WorkerConversations({ ...around, workers: 1, name: 'ssh legacy' });
    this.#workers = workers === 0 ? null : new WorkerConversations({ ...around, workers, name: 'ssh' });
    const { loginsPerSecond, maxHandshakes, share } = options;
    const pace = loginsPerSecond === undefined ? null : new LoginPace(clock, loginsPerSecond, share);
    this.#gate = new HandshakeGate(maxHandshakes, pace, share);
    this.#admission = new CredentialAdmission('ssh', options);
    this.#opener = {
      clock,
      logger,
      hostKeys,
      gate: this.#gate,
      admission: this.#admission,
      secrets,
      traffic: options.traffic ?? new DeviceTraffic(),
      conversationsWith: (target) => this.#conversationsWith(target),
    };
  }

  async withSession<T>(
    target: SshTarget,
    signal: AbortSignal,
    use: (session: DeviceSession) => Promise<T>,
  ): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly error: DeviceError }> {
    const slot = this.#slotOf(target.device);
    const release = slot.turns.take();
    let link: LinkedSignal | null = null;
    // Made only if there is something to wait for: most polls find the session open and free.
    const either = (): AbortSignal => {
      link ??= linkSignals(signal, this.#stopping.signal);
      return link.signal;
    };
    const aborted = () => signal.aborted || this.#stopping.signal.aborted;
    try {
      // Nobody is before us: at most a polite goodbye is left to wait for, which has its own limit.
      if (slot.turns.users === 1 && !aborted()) await release.before;
      else await untilAborted(release.before, either());
      if (slot.session !== null && !isFor(slot, target)) await this.#closeSession(slot);
      if (slot.session !== null) slot.session.timeoutMs = target.timeoutMs;
      this.#noteFlood(slot, target);
      const fresh = slot.session === null || !slot.session.alive;
      if (fresh) await this.#connect(slot, target, either());
      const lent = this.#lend(slot, fresh ? null : () => this.#connect(slot, target, either()));
      try {
        return { kind: 'done', value: await use(lent) };
      } finally {
        lent.revoke();
        this.#account(slot, lent, fresh);
        if (target.session === 'per_poll' || !this.#mayStay(slot)) release.keepUntil(this.#closeSession(slot));
      }
    } catch (error) {
      if (error instanceof SessionError) return { kind: 'failed', error: error.deviceError };
      if (aborted() && error === either().reason) return { kind: 'failed', error: givenUp(target) };
      throw error;
    } finally {
      unlink(link);
      release.done();
    }
  }

  async forget(device: string, why?: Forgetting): Promise<void> {
    const slot = this.#slots.get(device);
    this.#admission.forget(device, why);
    if (slot === undefined) return;
    const release = slot.turns.take();
    await release.before;
    try {
      await this.#closeSession(slot);
      this.#admission.forget(device, why);
      slot.backOff.succeeded();
      slot.conduct.succeeded();
      slot.brokenSessions = 0;
    } finally {
      release.done();
      if (slot.turns.users === 0) this.#slots.delete(device);
    }
  }

  status(): AccessStatus {
    let openSessions = 0;
    for (const { session } of this.#slots.values()) if (session?.alive === true) openSessions += 1;
    return {
      openSessions,
      handshakesActive: this.#gate.active,
      handshakesWaiting: this.#gate.waiting,
      quarantinedCredentials: this.#admission.quarantined(),
      workers: this.#workers?.running ?? 0,
      workersLost: this.#legacy.lost + (this.#workers?.lost ?? 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('SSH access is closing'));
    const goodbyes = Array.from(this.#slots.values(), (slot) => () => this.#closeSession(slot));
    await sayGoodbyes(this.#options.clock, goodbyes);
    await Promise.all([...this.#slots.values()].map((slot) => slot.turns.over()));
    const held = [this.#here, this.#legacy, ...(this.#workers === null ? [] : [this.#workers])];
    await Promise.all(held.map((conversations) => conversations[Symbol.asyncDispose]()));
    this.#slots.clear();
  }

  waitAtMost(device: string, ms: number): number {
    const slot = this.#slots.get(device);
    if (slot === undefined) return 0;
    const nowMs = this.#options.clock.monoMs();
    return Math.max(slot.backOff.waitAtMost(ms, nowMs), slot.conduct.waitMs(nowMs));
  }

  #conversationsWith({ algorithms, jumps }: SshTarget): Conversations {
    if (algorithms === 'legacy') return this.#legacy;
    // One connection to a jump host carries many devices, and its limits are kept beside it.
    return (jumps ?? []).length > 0 || this.#workers === null ? this.#here : this.#workers;
  }

  #slotOf(device: string): Slot {
    let slot = this.#slots.get(device);
    if (slot === undefined) {
      slot = {
        turns: new DeviceTurns(),
        session: null,
        lent: null,
        target: null,
        backOff: new BackOff(this.#options.random, this.#options.backOff ?? BACK_OFF),
        conduct: new BackOff(this.#options.random, FLOOD_BACK_OFF),
        answered: false,
        brokenSessions: 0,
      };
      this.#slots.set(device, slot);
    }
    return slot;
  }

  /** The same object while the connection is the same, so that the borrower can tell a new session. */
  #lend(slot: Slot, reconnect: (() => Promise<void>) | null): LentSession {
    if (slot.lent === null || slot.lent.madeFor !== slot.session) slot.lent = new LentSession(slot);
    slot.lent.begin(reconnect);
    return slot.lent;
  }

  async #connect(slot: Slot, target: SshTarget, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    slot.session = null;
    this.#kept.delete(slot);
    slot.target = target;
    const waitMs = Math.max(slot.backOff.waitMs(clock.monoMs()), slot.conduct.waitMs(clock.monoMs()));
    if (waitMs > 0) throw new SessionError(backOffError('connect', waitMs));
    const fresh = await untilAborted(renewedSshTarget(target), signal);
    const objection = await this.#admission.objection(credentialUseOf(fresh), { signal });
    if (objection !== null) throw new SessionError(objection);
    try {
      slot.session = await openSession(this.#opener, fresh, signal, slot.answered);
    } catch (error) {
      slot.answered = false;
      if (error instanceof SessionError && isRefusedByJumpHost(error.deviceError)) {
        for (const secret of secretsOfJumps(fresh)) secret?.refused();
      }
      if (error instanceof SessionError && !signal.aborted && countsForBackOff(error.deviceError)) {
        slot.backOff.failed(clock.monoMs());
        if (error.deviceError.kind === 'too_large') slot.conduct.failed(clock.monoMs());
      }
      throw error;
    }
  }

  /** A device with a place among the sessions that stay open keeps it until the session ends. */
  #mayStay(slot: Slot): boolean {
    // Why a dead one ended is reported at the next poll.
    if (slot.session === null || !slot.session.alive || this.#kept.has(slot)) return true;
    if (this.#kept.size >= (this.#options.maxOpenSessions ?? Number.POSITIVE_INFINITY)) return false;
    this.#kept.add(slot);
    return true;
  }

  async #closeSession(slot: Slot): Promise<void> {
    const { session } = slot;
    slot.session = null;
    this.#kept.delete(slot);
    await session?.close(POLITE_MS);
  }

  /** A session that broke inside a command: once is bad luck; a device that does it repeatedly is left alone. */
  #account(slot: Slot, lent: LentSession, fresh: boolean): void {
    slot.answered = lent.answered && !lent.broke;
    if (lent.flooded) slot.conduct.failed(this.#options.clock.monoMs());
    if (lent.broke) {
      slot.session = null;
      slot.brokenSessions += 1;
      if (slot.brokenSessions > 1) slot.backOff.failed(this.#options.clock.monoMs());
    } else if (lent.answered) {
      slot.brokenSessions = 0;
      slot.backOff.succeeded();
      // It kept quiet from the last poll to this one.
      if (!fresh) slot.conduct.succeeded();
    }
  }

  /** The session was cut between two polls: this poll reports it, and the device waits. */
  #noteFlood(slot: Slot, { device, host, port }: SshTarget): void {
    const why = slot.session?.floodedBy ?? null;
    if (why === null) return;
    slot.session = null;
    slot.conduct.failed(this.#options.clock.monoMs());
    throw new SessionError({
      kind: 'too_large',
      operation: 'idle',
      message: `${device} (${host} port ${port}): between two polls: ${why}`,
    });
  }
}

/** The session as its user sees it; unusable after the loan. Reconnects once, silently, if the shell was found dead. */
class LentSession implements DeviceSession {
  readonly #slot: Slot;
  readonly madeFor: ShellSession | null;
  #reconnect: (() => Promise<void>) | null = null;
  #lent = false;
  #running = false;
  #failure: DeviceError | null = null;
  answered = false;
  broke = false;

  constructor(slot: Slot) {
    this.#slot = slot;
    this.madeFor = slot.session;
  }

  /** A loan begins; `reconnect` is given if the session is older than the loan. */
  begin(reconnect: (() => Promise<void>) | null): void {
    this.#reconnect = reconnect;
    this.#lent = true;
    this.#failure = null;
    this.answered = false;
    this.broke = false;
  }

  /** The connection was cut because of what the device sent. */
  get flooded(): boolean {
    return this.#failure?.kind === 'too_large';
  }

  get hostname(): string {
    return this.#slot.session?.hostname ?? '';
  }

  async run(command: ShowCommand, signal: AbortSignal): Promise<Reply> {
    if (!this.#lent) throw new Error('a session was used after its loan');
    if (this.#running) throw new Error('two commands at once on one session');
    this.#running = true;
    try {
      return await this.#run(command, signal);
    } finally {
      this.#running = false;
    }
  }

  revoke(): void {
    this.#lent = false;
    this.#reconnect = null;
  }

  async #run(command: ShowCommand, signal: AbortSignal): Promise<Reply> {
    const { session } = this.#slot;
    if (session === null || this.#failure !== null) {
      const error = this.#failure ?? { kind: 'closed', operation: command, message: 'the session has ended' };
      return { kind: 'failed', command, error };
    }
    const reply = await session.run(command, signal);
    if (reply.kind !== 'failed') {
      this.answered = true;
      this.#reconnect = null;
      return reply;
    }
    const reconnect = this.#reconnect;
    // exec-timeout, or a firewall that dropped the connection: none of the answer had come, so nothing is lost.
    if (reconnect !== null && reply.error.kind === 'closed' && session.bytesOfLastAnswer === 0 && !signal.aborted) {
      this.#reconnect = null;
      try {
        await reconnect();
      } catch (error) {
        if (!(error instanceof SessionError)) throw error;
        this.#failure = error.deviceError;
        return { kind: 'failed', command, error: error.deviceError };
      }
      return this.#run(command, signal);
    }
    this.#failure = reply.error;
    this.broke = !signal.aborted;
    return reply;
  }
}

function hostKeysOf(source: HostKeySource): HostKeyStore {
  if ('hostKeyStore' in source) return source.hostKeyStore;
  const file = createKnownHosts(source.knownHostsPath);
  return source.acceptedHostKeys === undefined ? file : sharedHostKeys(file, source.acceptedHostKeys);
}

function unlink(link: LinkedSignal | null): void {
  link?.unlink();
}

function countsForBackOff(error: DeviceError): boolean {
  // A jump host that fails has a wait of its own; it says nothing about the devices behind it.
  if (error.operation === 'jump') return false;
  return error.kind !== 'auth' && error.kind !== 'quarantined' && error.kind !== 'backoff';
}

function isRefusedByJumpHost({ kind, operation }: DeviceError): boolean {
  return operation === 'jump' && kind === 'auth';
}

function givenUp(target: SshTarget): DeviceError {
  return { kind: 'closed', operation: 'connect', message: `${target.device}: given up by the agent` };
}

function isFor({ target: madeFor }: Slot, target: SshTarget): boolean {
  return madeFor !== null && sameSshTarget(madeFor, target);
}
