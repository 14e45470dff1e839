/**
 * Access to the fleet over SNMP: one read per device at a time, a limit for reads under way, back-off for silent
 * devices, quarantine of a credential that devices refuse. What a device showed of itself (engine, number of rows) is
 * kept between reads and dropped at the first failure.
 */
import { isIP } from 'node:net';
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import { BackOff, type BackOffTimes } from '../../kernel/back-off.ts';
import type { AccessParts } from '../access-parts.ts';
import { CredentialAdmission } from '../credential-admission.ts';
import type { AttemptOutcome, CredentialSecrets, CredentialUse, Forgetting } from '../credential-quarantine.ts';
import { DeviceTraffic } from '../device-traffic.ts';
import { backOffError } from '../device-error.ts';
import type {
  SnmpAccess,
  SnmpAccessStatus,
  SnmpCredential,
  SnmpReply,
  SnmpRequest,
  SnmpTarget,
} from '../device-snmp.ts';
import { DeviceSlots } from '../device-slots.ts';
import { Gate } from '../gate.ts';
import { renewedSnmpTarget } from '../renewed-secrets.ts';
import { sameSnmpTarget } from '../same-target.ts';
import type { EitherSignal } from '../../kernel/either-signal.ts';
import { untilAborted } from '../../kernel/until-aborted.ts';
import { Watchdog } from '../../kernel/watchdog.ts';
import { withoutSecrets } from '../redacted-varbinds.ts';
import { ColumnWalk, NOTHING_WALKED, WALK_BOUNDS, type WalkBounds, type WalkMemory } from './column-walk.ts';
import type { DeviceSocket } from './device-socket.ts';
import { Exchange } from './exchange.ts';
import { NetSnmpSession } from './net-snmp.ts';
import { runWalk } from './run-walk.ts';
import { networkFailure, ReadFailure } from './snmp-error.ts';
import { SocketPool } from './socket-pool.ts';

/** Limits open sockets and answers that wait in the kernel, over the fleet; a read takes a few round trips. */
const MAX_READS = 64;
/** Sockets that are kept between reads. */
const MAX_IDLE_SOCKETS = 128;
/** A whole read may take as long as this many requests that are answered at the last moment. */
const REQUEST_TIMES_A_READ = 4;
/** A request costs a device little, and nothing if it is down: asked again sooner than over SSH. */
const SNMP_BACK_OFF: BackOffTimes = { firstMs: 5_000, longestMs: 60_000 };

export interface SnmpAccessOptions extends AccessParts {
  readonly maxReads?: number;
  readonly bounds?: WalkBounds;
}

/** What is known of one device. */
interface Known {
  target: SnmpTarget | null;
  /** The target with the secrets that the session was made with. */
  using: SnmpTarget | null;
  session: NetSnmpSession | null;
  /** Where the session's datagrams go; null between reads. */
  exchange: Exchange | null;
  walked: WalkMemory;
  readonly backOff: BackOff;
  readonly watchdog: Watchdog;
}

export function createSnmpAccess(options: SnmpAccessOptions): SnmpAccess {
  return new PollingAccess(options);
}

class PollingAccess implements SnmpAccess {
  readonly #options: SnmpAccessOptions;
  readonly #gate: Gate;
  readonly #admission: CredentialAdmission;
  readonly #slots: DeviceSlots<Known>;
  readonly #sockets: SocketPool;
  readonly #secrets: KnownSecrets;
  readonly #traffic: DeviceTraffic;
  #dropped = 0;

  constructor(options: SnmpAccessOptions) {
    this.#options = options;
    this.#admission = new CredentialAdmission('snmp', options);
    this.#secrets = options.secrets ?? new KnownSecrets();
    this.#traffic = options.traffic ?? new DeviceTraffic();
    const { maxReads = MAX_READS } = options;
    this.#gate = new Gate(() => maxReads);
    this.#slots = new DeviceSlots(
      () => nothingKnown(options),
      (device, known) => {
        known.watchdog.stop();
        closeSession(known);
        this.#sockets.forget(device);
      },
    );
    this.#sockets = new SocketPool(MAX_IDLE_SOCKETS, () => this.#drop());
  }

  async read(target: SnmpTarget, request: SnmpRequest, signal: AbortSignal): Promise<SnmpReply> {
    return this.#slots.inTurn(target.device, signal, (known, stop) => this.#readInTurn(known, target, request, stop));
  }

  async forget(device: string, why?: Forgetting): Promise<void> {
    this.#admission.forget(device, why);
    await this.#slots.forget(device);
  }

  status(): SnmpAccessStatus {
    return {
      requestsActive: this.#gate.active,
      datagramsDropped: this.#dropped,
      quarantinedCredentials: this.#admission.quarantined(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slots.close('SNMP access is closing');
    this.#sockets.closeAll();
  }

  async #readInTurn(known: Known, target: SnmpTarget, request: SnmpRequest, stop: EitherSignal): Promise<SnmpReply> {
    const { clock } = this.#options;
    if (known.target !== null && !sameSnmpTarget(known.target, target)) {
      startAfresh(known);
      this.#sockets.forget(target.device);
    }
    known.target = target;
    const waitMs = known.backOff.waitMs(clock.monoMs());
    if (waitMs > 0) return { kind: 'failed', error: backOffError('read', waitMs) };
    const using = await this.#withSecrets(known, target, stop);
    if (!this.#gate.tryEnter()) await this.#gate.enter(stop.signal);
    try {
      const use = judgedUse(using);
      const refusal = use === null ? null : await this.#admission.admit(use, stop);
      if (refusal !== null) return { kind: 'failed', error: refusal };
      return await this.#askAndJudge(known, using, request, stop);
    } finally {
      this.#gate.leave();
    }
  }

  /** A session keeps the secrets it was made with; a new one gets the present ones. */
  async #withSecrets(known: Known, target: SnmpTarget, stop: EitherSignal): Promise<SnmpTarget> {
    if (known.session !== null && known.using !== null) return { ...target, credential: known.using.credential };
    const using = await untilAborted(renewedSnmpTarget(target), stop.signal);
    known.using = using;
    this.#secrets.learn(...secretsOf(using.credential));
    return using;
  }

  /** Reads, and applies the result: to the credential, the back-off, and what is known of the device. */
  async #askAndJudge(known: Known, target: SnmpTarget, request: SnmpRequest, stop: EitherSignal): Promise<SnmpReply> {
    let outcome: AttemptOutcome = 'unknown';
    try {
      const reply = await this.#ask(known, target, request, stop);
      outcome = 'accepted';
      known.backOff.succeeded();
      return reply;
    } catch (error) {
      startAfresh(known);
      if (error instanceof ReadFailure && error.deviceError.kind === 'timeout') metSilence(target.credential);
      if (error instanceof ReadFailure && error.credentialRefused) outcome = 'refused';
      else if (!stop.aborted) known.backOff.failed(this.#options.clock.monoMs());
      throw error;
    } finally {
      const use = judgedUse(target);
      if (use !== null) await this.#admission.ended(use, outcome);
    }
  }

  /** The read itself: a socket, a session, and the walk over them. */
  async #ask(known: Known, target: SnmpTarget, request: SnmpRequest, stop: EitherSignal): Promise<SnmpReply> {
    const { clock, bounds } = this.#options;
    const socket = await this.#socketFor(target, stop);
    let answered = false;
    try {
      const walk = new ColumnWalk(request, known.walked, bounds ?? WALK_BOUNDS);
      using exchange = new Exchange({
        clock,
        socket,
        watchdog: known.watchdog,
        timeoutMs: target.timeoutMs,
        totalMs: target.timeoutMs * REQUEST_TIMES_A_READ,
        security: securityOf(target.credential),
        onDropped: () => this.#drop(),
        count: {
          request: () => this.#traffic.command(target.device),
          octets: (received, sent) => this.#traffic.bytes(target.device, received, sent),
        },
      });
      known.exchange = exchange;
      const release = stop.onAbort(() => exchange.abort());
      const sentAtMs = clock.wallMs();
      try {
        await runWalk(target, walk, exchange, {
          current: () =>
            (known.session ??= new NetSnmpSession(
              target.credential,
              (datagram) => known.exchange?.send(datagram),
              target.context,
            )),
          renew: () => closeSession(known),
        });
      } finally {
        release();
        known.exchange = null;
      }
      known.walked = walk.memory;
      answered = true;
      return {
        kind: 'values',
        sentAtMs,
        receivedAtMs: clock.wallMs(),
        varbinds: withoutSecrets(walk.varbinds, this.#secrets),
        emptyColumns: walk.emptyColumns,
        engine: known.session?.engine() ?? null,
      };
    } finally {
      if (answered) this.#sockets.keep(target.device, socket);
      else this.#sockets.close(socket);
    }
  }

  async #socketFor(target: SnmpTarget, stop: EitherSignal): Promise<DeviceSocket> {
    const { device, host, port, timeoutMs } = target;
    const idle = this.#sockets.idle(device, host, port);
    if (idle !== null) return idle;
    const opening = this.#sockets.connect(host, port, {
      sourceAddress: target.sourceAddress ?? null,
      anySource: target.anySource ?? false,
    });
    const late = new AbortController();
    try {
      const given =
        isIP(host) === 0 ? Promise.race([opening, this.#lateName(timeoutMs, target, late.signal)]) : opening;
      return await untilAborted(given, stop.signal);
    } catch (error) {
      opening.then(
        (unwanted) => this.#sockets.close(unwanted),
        () => undefined,
      );
      if (stop.aborted || error instanceof ReadFailure) throw error;
      throw networkFailure(target, error);
    } finally {
      late.abort();
    }
  }

  /** Rejects if a host name is not resolved in time, because the system's resolver has no deadline. */
  async #lateName(timeoutMs: number, target: SnmpTarget, calledOff: AbortSignal): Promise<never> {
    await this.#options.clock.sleep(timeoutMs, calledOff);
    throw new ReadFailure(target, 'timeout', `the name was not resolved within ${timeoutMs} ms`);
  }

  #drop(): void {
    this.#dropped += 1;
  }
}

function nothingKnown({ random, clock, backOff }: SnmpAccessOptions): Known {
  return {
    target: null,
    using: null,
    session: null,
    exchange: null,
    walked: NOTHING_WALKED,
    backOff: new BackOff(random, backOff ?? SNMP_BACK_OFF),
    watchdog: new Watchdog(clock),
  };
}

function closeSession(known: Known): void {
  known.session?.close();
  known.session = null;
}

function startAfresh(known: Known): void {
  closeSession(known);
  known.walked = NOTHING_WALKED;
}

/** All secrets that a device could echo. */
function secretsOf(credential: SnmpCredential): CredentialSecrets {
  return credential.version === '2c' ? [credential.community] : passwordsOf(credential);
}

type UserCredential = Extract<SnmpCredential, { version: 3 }>;

function passwordsOf({ auth, privacy }: UserCredential): CredentialSecrets {
  return [auth?.password ?? null, privacy?.password ?? null];
}

/** The secrets that a device can refuse; null: none, because a wrong community is answered by silence. */
function judgedUse({ credentialName, credential, device }: SnmpTarget): CredentialUse | null {
  return credential.version === 3 ? { credentialName, secrets: passwordsOf(credential), device } : null;
}

/** A wrong community is answered by silence, and so is a request to a dead device: the secret may be out of date. */
function metSilence(credential: SnmpCredential): void {
  if (credential.version === '2c') credential.community.refused();
}

/** msgFlags of a secured answer: 1 authenticated, 2 encrypted. */
function securityOf(credential: SnmpCredential): number {
  if (credential.version === '2c' || credential.auth === null) return 0;
  return credential.privacy === null ? 1 : 3;
}
