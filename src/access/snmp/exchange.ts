/**
 * The requests and answers of one read over one socket, one request at a time: repeats unanswered requests, accepts
 * only what can answer the open request, and ends at once when told to. Never rejects: the result is a value.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { Watchdog } from '../../kernel/watchdog.ts';
import type { BulkRequest } from './column-walk.ts';
import type { DeviceSocket } from './device-socket.ts';
import { canAnswer, type MessageHead, messageHead } from './message-head.ts';
import type { BulkOutcome, NetSnmpSession } from './net-snmp.ts';

/** A request is sent up to three times; waits of 1, 2 and 4 parts fill the time for one request. */
const SENDS = 3;
const PARTS = 2 ** SENDS - 1;

/** The result of a request: what the session makes of the answer, and the answer's octets, or why there is none. */
export type ExchangeOutcome =
  | (BulkOutcome & { readonly octets: number })
  /** `unreadable`: datagrams that came from the device meanwhile and are no message, or hold what SNMP does not have. */
  | { readonly kind: 'silent'; readonly answeredDiscovery: boolean; readonly unreadable: number }
  | { readonly kind: 'out_of_time' }
  | { readonly kind: 'socket_failed'; readonly error: Error }
  | { readonly kind: 'aborted' };

export interface ExchangeParts {
  readonly clock: Clock;
  readonly socket: DeviceSocket;
  /** The device's own, which outlives the exchange, so that a read needs no timer of its own. */
  readonly watchdog: Watchdog;
  /** Limit for one request with its repetitions, ms. */
  readonly timeoutMs: number;
  /** Limit for all requests, ms. */
  readonly totalMs: number;
  /** How the user's messages are secured: msgFlags of an answer. */
  readonly security: number;
  readonly onDropped: () => void;
  /** Counts requests and octets. */
  readonly count: { request(): void; octets(received: number, sent: number): void };
}

export class Exchange implements Disposable {
  readonly #parts: ExchangeParts;
  readonly #deadlineMs: number;
  #session: NetSnmpSession | null = null;
  #done: ((outcome: ExchangeOutcome) => void) | null = null;
  #sent: { readonly datagram: Buffer; readonly head: MessageHead } | null = null;
  #sends = 0;
  /** Datagrams of the open request that got another answer: a discovery, a Report. */
  #stepsAnswered = 0;
  /** Of the open request. */
  #unreadable = 0;
  #octets = 0;
  #failure: ExchangeOutcome | null = null;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#deadlineMs = parts.clock.monoMs() + parts.totalMs;
    parts.socket.use({
      datagram: (datagram) => this.#received(datagram),
      failed: (error) => this.#fail({ kind: 'socket_failed', error }),
    });
  }

  /** Sends what the session wants sent. */
  send(datagram: Buffer): void {
    const head = messageHead(datagram);
    if (head === null) throw new Error('the library made a message that we cannot read');
    if (this.#sent !== null) this.#stepsAnswered += 1;
    this.#sent = { datagram, head };
    this.#sends = 1;
    this.#transmit();
  }

  /** Sends a request; always resolves with a result. */
  ask(session: NetSnmpSession, request: BulkRequest): Promise<ExchangeOutcome> {
    if (this.#parts.clock.monoMs() >= this.#deadlineMs) this.#fail({ kind: 'out_of_time' });
    if (this.#failure !== null) return Promise.resolve(this.#failure);
    return new Promise((resolve) => {
      this.#session = session;
      this.#done = resolve;
      this.#sent = null;
      this.#stepsAnswered = 0;
      this.#unreadable = 0;
      this.#octets = 0;
      this.#parts.count.request();
      session.getBulk(request, (outcome) => {
        if (outcome.kind === 'not_authentic') this.#parts.onDropped();
        this.#end({ ...outcome, octets: this.#octets });
      });
    });
  }

  abort(): void {
    this.#fail({ kind: 'aborted' });
  }

  [Symbol.dispose](): void {
    this.abort();
    this.#parts.watchdog.disarm();
    this.#parts.socket.use(null);
  }

  #received(datagram: Buffer): void {
    this.#parts.count.octets(datagram.length, 0);
    const head = messageHead(datagram);
    const sent = this.#sent;
    if (head === null) this.#dropUnreadable();
    else if (sent === null || this.#done === null || !canAnswer(sent.head, head, this.#parts.security)) {
      this.#parts.onDropped();
    } else {
      this.#octets = datagram.length;
      if (this.#session?.receive(datagram) === false) this.#dropUnreadable();
    }
  }

  #dropUnreadable(): void {
    this.#unreadable += 1;
    this.#parts.onDropped();
  }

  #transmit(): void {
    if (this.#sent === null) return;
    const { clock, socket, timeoutMs, watchdog } = this.#parts;
    const waitMs = (timeoutMs * 2 ** (this.#sends - 1)) / PARTS;
    const leftMs = this.#deadlineMs - clock.monoMs();
    watchdog.arm(Math.max(0, Math.min(waitMs, leftMs)), () => this.#unanswered());
    this.#parts.count.octets(0, this.#sent.datagram.length);
    socket.send(this.#sent.datagram);
  }

  /** Repeats the request, or gives up. */
  #unanswered(): void {
    if (this.#parts.clock.monoMs() >= this.#deadlineMs) {
      this.#fail({ kind: 'out_of_time' });
    } else if (this.#sends >= SENDS) {
      this.#fail({
        kind: 'silent',
        answeredDiscovery: this.#stepsAnswered > 0,
        unreadable: this.#unreadable,
      });
    } else {
      this.#sends += 1;
      this.#transmit();
    }
  }

  #end(outcome: ExchangeOutcome): void {
    const done = this.#done;
    this.#done = null;
    this.#sent = null;
    done?.(outcome);
  }

  /** Ends this exchange. */
  #fail(failure: ExchangeOutcome): void {
    this.#failure ??= failure;
    this.#session?.cancel();
    this.#end(failure);
  }
}
