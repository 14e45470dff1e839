/**
 * Access to the fleet over SNMP: one read per device at a time, a bound for reads under way, back-off before a silent
 * device is asked again, quarantine of a credential that devices refuse. What a device showed of itself (engine, number of
 * rows) is kept between reads and forgotten with the first failure.
 */
import { isIP } from 'node:net';
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import { BackOff, type BackOffTimes } from '../../kernel/back-off.ts';
import type { AccessParts } from '../access-parts.ts';
import {
  type AttemptOutcome,
  CredentialQuarantine,
  type CredentialSecrets,
  type CredentialUse,
  quarantinedError,
  sameSecrets,
} from '../credential-quarantine.ts';
import type { RefusalsOfWay } from '../kept-refusals.ts';
import { DeviceTraffic } from '../device-traffic.ts';
import { backOffError, type DeviceError } from '../device-error.ts';
import type {
  SnmpAccess,
  SnmpAccessStatus,
  SnmpCredential,
  SnmpReply,
  SnmpRequest,
  SnmpTarget,
} from '../device-snmp.ts';
import { DeviceTurns } from '../device-turns.ts';
import { ReadGate } from '../read-gate.ts';
import { renewedSnmpTarget } from '../renewed-secrets.ts';
import { EitherSignal } from '../../kernel/either-signal.ts';
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

/** Answers that wait in the kernel and sockets that are open, over the fleet; a read takes a few round trips. */
const MAX_READS = 64;
/** Sockets that are kept between reads. */
const MAX_IDLE_SOCKETS = 128;
/** A whole read may take as long as this many requests that are answered at the last moment. */
const REQUEST_TIMES_A_READ = 4;
/** A request costs a device nothing when it is down and little when it is not: asked again sooner than over SSH. */
const SNMP_BACK_OFF: BackOffTimes = { firstMs: 5_000, longestMs: 60_000 };

export interface SnmpAccessOptions extends AccessParts {
  readonly maxReads?: number;
  readonly bounds?: WalkBounds;
}

/** One device's place: who has its turn, and what is known of it. */
interface Slot {
  readonly turns: DeviceTurns;
  forgotten: boolean;
  target: SnmpTarget | null;
  /** The same, with the secrets that the session is made with. */
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
  readonly #gate: ReadGate;
  readonly #quarantine = new CredentialQuarantine();
  readonly #refusals: RefusalsOfWay | null;
  readonly #slots = new Map<string, Slot>();
  readonly #stopping = new AbortController();
  readonly #sockets: SocketPool;
  readonly #secrets: KnownSecrets;
  readonly #traffic: DeviceTraffic;
  #dropped = 0;

  constructor(options: SnmpAccessOptions) {
    this.#options = options;
    this.#refusals = options.refusals?.of('snmp', this.#quarantine) ?? null;
    this.#secrets = options.secrets ?? new KnownSecrets();
    this.#traffic = options.traffic ?? new DeviceTraffic();
    this.#gate = new ReadGate(options.maxReads ?? MAX_READS);
    this.#sockets = new SocketPool(MAX_IDLE_SOCKETS, () => this.#drop());
  }

  async read(target: SnmpTarget, request: SnmpRequest, signal: AbortSignal): Promise<SnmpReply> {
    const slot = this.#slotOf(target.device);
    const stop = new EitherSignal(signal, this.#stopping.signal);
    const turn = slot.turns.take();
    try {
      if (slot.turns.users > 1 || stop.aborted) await untilAborted(turn.before, stop.signal);
      return await this.#readInTurn(slot, target, request, stop);
    } catch (error) {
      if (error instanceof ReadFailure) return { kind: 'failed', error: error.deviceError };
      if (stop.aborted && error === stop.signal.reason) return { kind: 'failed', error: givenUp(target) };
      throw error;
    } finally {
      stop.unlink();
      turn.done();
      if (slot.forgotten && slot.turns.users === 0) this.#dropSlot(target.device, slot);
    }
  }

  forget(device: string): void {
    this.#quarantine.forget(device);
    const slot = this.#slots.get(device);
    if (slot === undefined) return;
    slot.forgotten = true;
    if (slot.turns.users === 0) this.#dropSlot(device, slot);
  }

  status(): SnmpAccessStatus {
    return {
      requestsActive: this.#gate.active,
      datagramsDropped: this.#dropped,
      quarantinedCredentials: this.#quarantine.quarantined(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('SNMP access is closing'));
    await Promise.all([...this.#slots.values()].map(({ turns }) => turns.over()));
    for (const [device, slot] of this.#slots) this.#dropSlot(device, slot);
    this.#sockets.closeAll();
  }

  async #readInTurn(slot: Slot, target: SnmpTarget, request: SnmpRequest, stop: EitherSignal): Promise<SnmpReply> {
    const { clock } = this.#options;
    if (slot.target !== null && !sameTarget(slot.target, target)) {
      startAfresh(slot);
      this.#sockets.forget(target.device);
    }
    slot.target = target;
    const waitMs = slot.backOff.waitMs(clock.monoMs());
    if (waitMs > 0) return { kind: 'failed', error: backOffError('read', waitMs) };
    const using = await this.#withSecrets(slot, target, stop);
    if (!this.#gate.tryEnter()) await this.#gate.enter(stop.signal);
    try {
      const refusal = await this.#admit(using, stop);
      if (refusal !== null) return { kind: 'failed', error: refusal };
      return await this.#askAndJudge(slot, using, request, stop);
    } finally {
      this.#gate.leave();
    }
  }

  /** A session goes on with the secrets it was made with; a new one is made with those of now. */
  async #withSecrets(slot: Slot, target: SnmpTarget, stop: EitherSignal): Promise<SnmpTarget> {
    if (slot.session !== null && slot.using !== null) return { ...target, credential: slot.using.credential };
    const using = await untilAborted(renewedSnmpTarget(target), stop.signal);
    slot.using = using;
    this.#secrets.learn(...secretsOf(using.credential));
    return using;
  }

  /** What follows from how the read went: for the credential, the back-off, and what is known of the device. */
  async #askAndJudge(slot: Slot, target: SnmpTarget, request: SnmpRequest, stop: EitherSignal): Promise<SnmpReply> {
    let outcome: AttemptOutcome = 'unknown';
    try {
      const reply = await this.#ask(slot, target, request, stop);
      outcome = 'accepted';
      slot.backOff.succeeded();
      return reply;
    } catch (error) {
      startAfresh(slot);
      if (error instanceof ReadFailure && isPerhapsRefused(error, target)) {
        for (const secret of secretsOf(target.credential)) secret?.refused();
      }
      if (error instanceof ReadFailure && error.credentialRefused) outcome = 'refused';
      else if (!stop.aborted) slot.backOff.failed(this.#options.clock.monoMs());
      throw error;
    } finally {
      await this.#judged(target, outcome);
    }
  }

  /** The read itself: a socket, a session, the walk over them. */
  async #ask(slot: Slot, target: SnmpTarget, request: SnmpRequest, stop: EitherSignal): Promise<SnmpReply> {
    const { clock, bounds } = this.#options;
    const socket = await this.#socketFor(target, stop);
    let answered = false;
    try {
      const walk = new ColumnWalk(request, slot.walked, bounds ?? WALK_BOUNDS);
      using exchange = new Exchange({
        clock,
        socket,
        watchdog: slot.watchdog,
        timeoutMs: target.timeoutMs,
        totalMs: target.timeoutMs * REQUEST_TIMES_A_READ,
        security: securityOf(target.credential),
        onDropped: () => this.#drop(),
        count: {
          request: () => this.#traffic.command(target.device),
          octets: (received, sent) => this.#traffic.bytes(target.device, received, sent),
        },
      });
      slot.exchange = exchange;
      const release = stop.onAbort(() => exchange.abort());
      const sentAtMs = clock.wallMs();
      try {
        await runWalk(target, walk, exchange, {
          current: () =>
            (slot.session ??= new NetSnmpSession(
              target.credential,
              (datagram) => slot.exchange?.send(datagram),
              target.context,
            )),
          renew: () => closeSession(slot),
        });
      } finally {
        release();
        slot.exchange = null;
      }
      slot.walked = walk.memory;
      answered = true;
      return {
        kind: 'values',
        sentAtMs,
        receivedAtMs: clock.wallMs(),
        varbinds: withoutSecrets(walk.varbinds, this.#secrets),
        emptyColumns: walk.emptyColumns,
        engine: slot.session?.engine() ?? null,
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

  /** Null: the credential may be tried, and `#judged` is to follow. */
  async #admit(target: SnmpTarget, stop: EitherSignal): Promise<DeviceError | null> {
    const use = judgedUse(target);
    if (use === null) return null;
    if (this.#refusals !== null) await untilAborted(this.#refusals.recall(use), stop.signal);
    for (;;) {
      const admission = this.#quarantine.admit(use, this.#options.clock.monoMs());
      if (admission.kind === 'try') return null;
      if (admission.kind !== 'wait') return quarantinedError(target, admission.kind, admission.waitMs);
      await untilAborted(admission.until, stop.signal);
    }
  }

  async #judged(target: SnmpTarget, outcome: AttemptOutcome): Promise<void> {
    const { clock, logger } = this.#options;
    const { credentialName: credential, device } = target;
    const use = judgedUse(target);
    if (use === null) return;
    const { newlyQuarantined } = this.#quarantine.ended(use, outcome, clock.monoMs());
    if (newlyQuarantined) {
      logger.error(
        { credential, device },
        'SNMP credential quarantined: several devices in a row refused it; only devices that accepted it are asked until a probe succeeds or its secret changes',
      );
    }
    await this.#refusals?.ended(use, outcome);
  }

  /** Rejects when the name of a host is not resolved in time; the system's resolver knows no deadline. */
  async #lateName(timeoutMs: number, target: SnmpTarget, calledOff: AbortSignal): Promise<never> {
    await this.#options.clock.sleep(timeoutMs, calledOff);
    throw new ReadFailure(target, 'timeout', `the name was not resolved within ${timeoutMs} ms`);
  }

  #drop(): void {
    this.#dropped += 1;
  }

  #slotOf(device: string): Slot {
    let slot = this.#slots.get(device);
    if (slot === undefined) {
      slot = {
        turns: new DeviceTurns(),
        forgotten: false,
        target: null,
        using: null,
        session: null,
        exchange: null,
        walked: NOTHING_WALKED,
        backOff: new BackOff(this.#options.random, this.#options.backOff ?? SNMP_BACK_OFF),
        watchdog: new Watchdog(this.#options.clock),
      };
      this.#slots.set(device, slot);
    }
    return slot;
  }

  #dropSlot(device: string, slot: Slot): void {
    slot.watchdog.stop();
    closeSession(slot);
    this.#sockets.forget(device);
    if (this.#slots.get(device) === slot) this.#slots.delete(device);
  }
}

function closeSession(slot: Slot): void {
  slot.session?.close();
  slot.session = null;
}

function startAfresh(slot: Slot): void {
  closeSession(slot);
  slot.walked = NOTHING_WALKED;
}

function givenUp(target: SnmpTarget): DeviceError {
  return { kind: 'closed', operation: 'read', message: `${target.device}: given up by the agent` };
}

function sameTarget(left: SnmpTarget, right: SnmpTarget): boolean {
  const sameSource = (left.sourceAddress ?? null) === (right.sourceAddress ?? null);
  return (
    left.host === right.host &&
    left.port === right.port &&
    sameSource &&
    left.context === right.context &&
    left.anySource === right.anySource &&
    sameCredential(left.credential, right.credential)
  );
}

function sameCredential(left: SnmpCredential, right: SnmpCredential): boolean {
  if (left === right) return true;
  if (left.version === '2c' || right.version === '2c') {
    return left.version === '2c' && right.version === '2c' && left.community.equals(right.community);
  }
  return (
    left.username === right.username &&
    left.auth?.protocol === right.auth?.protocol &&
    left.privacy?.protocol === right.privacy?.protocol &&
    sameSecrets(passwordsOf(left), passwordsOf(right))
  );
}

/** All that a device could echo. */
function secretsOf(credential: SnmpCredential): CredentialSecrets {
  return credential.version === '2c' ? [credential.community] : passwordsOf(credential);
}

type UserCredential = Extract<SnmpCredential, { version: 3 }>;

function passwordsOf({ auth, privacy }: UserCredential): CredentialSecrets {
  return [auth?.password ?? null, privacy?.password ?? null];
}

/** What a device can refuse; null: nothing, a wrong community meets silence. */
function judgedUse({ credentialName, credential, device }: SnmpTarget): CredentialUse | null {
  return credential.version === 3 ? { credentialName, secrets: passwordsOf(credential), device } : null;
}

/** A wrong community meets silence, as does a dead device. */
function isPerhapsRefused(error: ReadFailure, { credential }: SnmpTarget): boolean {
  return error.credentialRefused || (credential.version === '2c' && error.deviceError.kind === 'timeout');
}

/** msgFlags of a secured answer: 1 authenticated, 2 encrypted. */
function securityOf(credential: SnmpCredential): number {
  if (credential.version === '2c' || credential.auth === null) return 0;
  return credential.privacy === null ? 1 : 3;
}
