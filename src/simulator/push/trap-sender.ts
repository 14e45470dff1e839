/**
 * `snmp-server host`: the notifications of simulated devices as v2c or v3 traps or informs, each from its device's
 * address. For a trap the device is the authoritative engine; for an inform it is the receiver, whose engine is learned
 * from its reports (RFC 3414, 3.2 and 4).
 */
import { type Socket, createSocket } from 'node:dgram';
import type { Clock } from '../../kernel/clock.ts';
import type { SimulatedFleet, SimulatedNotification } from '../fleet/fleet.ts';
import { SNMP_TRAP_OID, SYSTEM_OBJECTS } from '../snmp-wire/mib-objects.ts';
import { BerError } from '../snmp-wire/ber.ts';
import {
  type V3Envelope,
  type V3Message,
  decodeMessage,
  decodeScopedPdu,
  encodeV2c,
  encodeV3,
  saltOf,
} from '../snmp-wire/message.ts';
import type { Pdu, Varbind } from '../snmp-wire/pdu.ts';
import { type EngineInstant, LocalizedUser, type SnmpUser } from '../snmp-wire/usm.ts';

export interface TrapTarget {
  readonly host: string;
  readonly port: number;
  readonly credential: { readonly community: string } | { readonly user: SnmpUser };
  /** Default trap. */
  readonly kind?: 'trap' | 'inform';
}

/** `snmp-server inform retries 3 timeout 15 pending 25`: the defaults of IOS. */
const INFORM = { retries: 3, timeoutMs: 15_000, pending: 25 } as const;
const NOTHING = Buffer.alloc(0);

export interface TrapCounters {
  /** Datagrams, including repetitions. */
  sent: number;
  acknowledged: number;
  /** Informs that nobody acknowledged, or for which too many others were waiting. */
  dropped: number;
}

export class TrapSender implements AsyncDisposable {
  readonly counters: TrapCounters = { sent: 0, acknowledged: 0, dropped: 0 };
  readonly #fleet: SimulatedFleet;
  readonly #clock: Clock;
  readonly #target: TrapTarget;
  readonly #addressOf: (device: string) => string;
  readonly #origins = new Map<string, Origin>();
  readonly #informs = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #end: () => void;

  constructor(fleet: SimulatedFleet, clock: Clock, target: TrapTarget, addressOf: (device: string) => string) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#target = target;
    this.#addressOf = addressOf;
    this.#end = fleet.onNotification((notification) => this.#send(notification));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    this.#stop.abort(new Error('trap sender stopped'));
    await Promise.allSettled(this.#informs);
    await Promise.all([...this.#origins.values()].map((origin) => origin.close()));
  }

  #send(notification: SimulatedNotification): void {
    const origin = this.#originOf(notification.device);
    const inform = this.#target.kind === 'inform';
    const pdu: Pdu = {
      type: inform ? 'inform' : 'trap',
      requestId: origin.nextId(),
      first: 0,
      second: 0,
      varbinds: notificationList(notification),
    };
    if (!inform) {
      origin.sendTrap(pdu, this.#fleet.engineInstant(notification.device));
      return;
    }
    if (origin.pending >= INFORM.pending) {
      this.counters.dropped += 1;
      return;
    }
    const done: Promise<void> = this.#inform(origin, pdu).finally(() => this.#informs.delete(done));
    this.#informs.add(done);
  }

  /** Until it is acknowledged or out of retries. */
  async #inform(origin: Origin, pdu: Pdu): Promise<void> {
    for (let attempt = 0; attempt <= INFORM.retries; attempt += 1) {
      const answered = new AbortController();
      origin.sendInform(pdu, () => answered.abort(new Error('acknowledged')));
      const signal = AbortSignal.any([answered.signal, this.#stop.signal]);
      await this.#clock.sleep(INFORM.timeoutMs, signal, { unref: true }).catch(() => undefined);
      if (answered.signal.aborted) {
        this.counters.acknowledged += 1;
        return;
      }
      if (this.#stop.signal.aborted) return;
    }
    origin.forget(pdu.requestId);
    this.counters.dropped += 1;
  }

  #originOf(device: string): Origin {
    const known = this.#origins.get(device);
    if (known !== undefined) return known;
    const origin = new Origin({
      engineId: this.#fleet.engineId(device),
      address: this.#addressOf(device),
      target: this.#target,
      clock: this.#clock,
      counters: this.counters,
    });
    this.#origins.set(device, origin);
    return origin;
  }
}

function notificationList({ upTimeTicks, trapOid, varbinds }: SimulatedNotification): Varbind[] {
  return [
    { oid: SYSTEM_OBJECTS.sysUpTime, value: { type: 'timeticks', value: upTimeTicks } },
    { oid: SNMP_TRAP_OID, value: { type: 'oid', value: trapOid } },
    ...varbinds,
  ];
}

interface OriginOptions {
  readonly engineId: Buffer;
  readonly address: string;
  readonly target: TrapTarget;
  readonly clock: Clock;
  readonly counters: TrapCounters;
}

/** An inform under way. */
interface Waiting {
  readonly pdu: Pdu;
  readonly acknowledged: () => void;
  /** It was sent again because a report gave new facts about the receiver's engine; once is enough. */
  corrections: number;
}

/** A receiver's engine according to its last report. */
interface KnownEngine {
  readonly user: LocalizedUser;
  readonly at: EngineInstant;
  readonly knownAtMs: number;
}

/** Reports that an inform may answer: one tells the engine, one its time. */
const MAX_CORRECTIONS = 2;

/** One device's socket towards the receiver. */
class Origin {
  readonly #options: OriginOptions;
  readonly #socket: Socket;
  /** Message id is the request id. */
  readonly #waiting = new Map<number, Waiting>();
  #own: LocalizedUser | null = null;
  #receiver: KnownEngine | null = null;
  #ids = 0;

  constructor(options: OriginOptions) {
    this.#options = options;
    this.#socket = createSocket('udp4');
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (datagram) => this.#receive(datagram));
    this.#socket.bind(0, options.address);
    this.#socket.unref();
  }

  get pending(): number {
    return this.#waiting.size;
  }

  nextId(): number {
    this.#ids = (this.#ids % 0x7f_ff_ff_ff) + 1;
    return this.#ids;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  forget(requestId: number): void {
    this.#waiting.delete(requestId);
  }

  sendTrap(pdu: Pdu, at: EngineInstant): void {
    const { credential } = this.#options.target;
    if ('community' in credential) {
      this.#datagram(encodeV2c(credential.community, pdu));
      return;
    }
    this.#own ??= new LocalizedUser(credential.user, this.#options.engineId);
    this.#datagram(this.#encode(pdu, this.#own, at, false));
  }

  sendInform(pdu: Pdu, acknowledged: () => void): void {
    this.#waiting.set(pdu.requestId, { pdu, acknowledged, corrections: 0 });
    this.#transmit(pdu);
  }

  #transmit(pdu: Pdu): void {
    const { target, clock } = this.#options;
    const { credential } = target;
    if ('community' in credential) {
      this.#datagram(encodeV2c(credential.community, pdu));
      return;
    }
    const receiver = this.#receiver;
    if (receiver === null) {
      this.#datagram(discovery(pdu.requestId));
      return;
    }
    const elapsedSeconds = Math.floor((clock.monoMs() - receiver.knownAtMs) / 1000);
    const at = { ...receiver.at, timeSeconds: receiver.at.timeSeconds + elapsedSeconds };
    this.#datagram(this.#encode(pdu, receiver.user, at, true));
  }

  #encode(pdu: Pdu, user: LocalizedUser, at: EngineInstant, reportable: boolean): Buffer {
    return encodeV3(pdu, {
      messageId: pdu.requestId,
      reportable,
      engineId: user.engineId,
      at,
      contextEngineId: this.#options.engineId,
      userName: user.user.name,
      security: { user, salt: saltOf(this.nextId()) },
    });
  }

  #receive(datagram: Buffer): void {
    try {
      const message = decodeMessage(datagram);
      if (message.version === '2c') this.#acknowledged(message.pdu);
      else this.#receiveV3(message, datagram);
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
    }
  }

  #receiveV3(message: V3Message, datagram: Buffer): void {
    const { clock, target } = this.#options;
    if ('community' in target.credential) return;
    const known = this.#receiver?.user.engineId.equals(message.engineId) === true ? this.#receiver.user : null;
    const authentic = known !== null && known.authentic(datagram, message.digestOffset, message.digest);
    if (message.auth && known !== null && !authentic) return;
    const body =
      message.privacy && known !== null ? known.decrypt(message.body, message.at, message.salt) : message.body;
    const pdu = decodeScopedPdu(body);
    if (pdu.type === 'response') {
      this.#acknowledged(pdu);
      return;
    }
    const waiting = this.#waiting.get(message.messageId);
    if (pdu.type !== 'report' || waiting === undefined || waiting.corrections >= MAX_CORRECTIONS) return;
    waiting.corrections += 1;
    this.#receiver = {
      user: known ?? new LocalizedUser(target.credential.user, Buffer.from(message.engineId)),
      at: message.at,
      knownAtMs: clock.monoMs(),
    };
    this.#transmit(waiting.pdu);
  }

  #acknowledged(pdu: Pdu): void {
    const waiting = this.#waiting.get(pdu.requestId);
    if (pdu.type !== 'response' || waiting === undefined) return;
    this.#waiting.delete(pdu.requestId);
    waiting.acknowledged();
  }

  #datagram(datagram: Buffer): void {
    const { target, counters } = this.#options;
    counters.sent += 1;
    this.#socket.send(datagram, target.port, target.host, () => undefined);
  }
}

/** An empty request that every engine answers with a report of itself. */
function discovery(messageId: number): Buffer {
  const envelope: V3Envelope = {
    messageId,
    reportable: true,
    engineId: NOTHING,
    at: { boots: 0, timeSeconds: 0 },
    contextEngineId: NOTHING,
    userName: '',
    security: null,
  };
  return encodeV3({ type: 'get', requestId: messageId, first: 0, second: 0, varbinds: [] }, envelope);
}
