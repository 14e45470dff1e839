/**
 * What devices push (log messages, traps) on its way into the core: which device it is from, what it says, and whether
 * it is worth a poll.
 *
 * Messages that come together are handed on together, device by device, so that a flood costs one look per device and
 * not one per message. A message is a hint: it narrows down when something happened and triggers a poll; the answer
 * decides. Messages about something else than GETVPN, or from unknown senders, are counted and dropped.
 */
import type { PushedMessage } from '../../access/pushed.ts';
import type { GdoiTrapName } from '../../gdoi/seen/gdoi-trap.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import { messageMeaning } from '../../gdoi/log/known-messages.ts';
import { parseLogMessage } from '../../ios/log/log-message.ts';
import { decodeTrap } from '../../mib/decode-trap.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { PushedCounts, PushedResult } from '../../model/pushed-counts.ts';
import type { Senders } from './senders.ts';

/** Real time in which messages gather. */
const GATHER_MS = 20;
/** Messages of one device that are handled together; a re-registration writes about ten. */
const MAX_PER_DEVICE = 100;

export interface PushedFromDevice {
  readonly device: string;
  /** The messages, and in the same order what they say. */
  readonly messages: readonly PushedMessage[];
  readonly observations: readonly Observation[];
  /** Something changed that an answer will show. */
  readonly worthAPoll: boolean;
}

interface Waiting {
  readonly messages: PushedMessage[];
  readonly observations: Observation[];
  worthAPoll: boolean;
}

export class PushedMessages implements AsyncDisposable {
  readonly #senders: Senders;
  readonly #clock: Clock;
  readonly #errors: InternalErrors;
  readonly #onPushed: (pushed: PushedFromDevice) => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #counts = { syslog: noCounts(), trap: noCounts() };
  readonly #stop = new AbortController();
  #gathering: Promise<void> | null = null;

  constructor(options: {
    readonly senders: Senders;
    /** The network's own clock: a fast one would shorten the gathering. */
    readonly clock: Clock;
    readonly errors: InternalErrors;
    readonly onPushed: (pushed: PushedFromDevice) => void;
  }) {
    this.#senders = options.senders;
    this.#clock = options.clock;
    this.#errors = options.errors;
    this.#onPushed = options.onPushed;
  }

  get counts(): PushedCounts {
    return this.#counts;
  }

  take(message: PushedMessage): void {
    const result = this.#errors.guard('message', {}, () => this.#takeOne(message), 'unreadable');
    this.#counts[message.kind][result] += 1;
  }

  #takeOne(message: PushedMessage): PushedResult {
    const read = message.kind === 'syslog' ? readSyslog(message) : readTrap(message);
    if (typeof read === 'string') return read;
    const device = this.#senders.deviceOf(message.host, message.kind === 'syslog' ? message.claimedHost : null);
    if (device === null) return 'unknown_device';
    const waiting = this.#waiting.get(device) ?? { messages: [], observations: [], worthAPoll: false };
    if (waiting.observations.length >= MAX_PER_DEVICE) return 'overflow';
    this.#waiting.set(device, waiting);
    waiting.messages.push(message);
    waiting.observations.push({ device, ...read.observation });
    waiting.worthAPoll ||= read.worthAPoll;
    this.#gathering ??= this.#gather();
    return 'used';
  }

  async #gather(): Promise<void> {
    await this.#clock.sleep(GATHER_MS, this.#stop.signal).catch(() => undefined);
    this.#gathering = null;
    const gathered = [...this.#waiting];
    this.#waiting.clear();
    for (const [device, waiting] of gathered) {
      this.#errors.guard('message', { device }, () => this.#onPushed({ device, ...waiting }), undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await this.#gathering;
  }
}

/** Traps that a KS sends for every GM without saying for which one: its members are polled at their own interval. */
const ROUTINE_TRAPS: ReadonlySet<GdoiTrapName> = new Set<GdoiTrapName>([
  'KeyServerNewRegistration',
  'KeyServerRegistrationComplete',
]);

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type Read = { readonly observation: DistributiveOmit<Observation, 'device'>; readonly worthAPoll: boolean };

function readSyslog({ text, receivedAtMs }: Extract<PushedMessage, { kind: 'syslog' }>): Read | PushedResult {
  const message = parseLogMessage(text);
  if (message === null) return 'unreadable';
  const meaning = messageMeaning(message.facility, message.mnemonic);
  if (meaning === null) return 'other';
  return {
    observation: { kind: 'log', sentAtMs: receivedAtMs, receivedAtMs, messages: [message], pushed: true },
    worthAPoll: meaning.use === 'poll',
  };
}

function readTrap({ trapOid, varbinds, receivedAtMs }: Extract<PushedMessage, { kind: 'trap' }>): Read | PushedResult {
  const trap = decodeTrap(trapOid, varbinds);
  if (trap === null) return 'other';
  return {
    observation: { kind: 'trap', sentAtMs: receivedAtMs, receivedAtMs, trap },
    worthAPoll: !ROUTINE_TRAPS.has(trap.name),
  };
}

function noCounts(): Record<PushedResult, number> {
  return { used: 0, unknown_device: 0, other: 0, unreadable: 0, overflow: 0 };
}
