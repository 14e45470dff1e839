/**
 * The simulated world in which the state machines act: time, randomness, paths between devices, devices with their log
 * buffers, and the record of what really happened. No I/O and no real clock: time moves only by `advance`.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import { EventHeap, type SimTimer } from './event-heap.ts';
import type { TruthEvent } from './ground-truth.ts';
import type { Happening } from './happening.ts';
import type { Release } from './release.ts';

/**
 * How a device's clock is set. `ntp`: right; `lost`: right, marked `.`; `never-set`: marked `*`, counts from 1 March
 * 1993 at boot, like routers without a battery.
 */
export type ClockState = 'ntp' | 'lost' | 'never-set';

export interface LogMessage {
  readonly atMs: EpochMs;
  /** Error of the device's clock when it wrote this: a stamp stays as it was written. */
  readonly clockOffsetMs: number;
  readonly sequence: number;
  /** `GDOI-4-GM_RE_REGISTER`. */
  readonly mnemonic: string;
  readonly text: string;
}

/** Lines a device keeps for `show logging`. */
const LOG_BUFFER_LINES = 200;

export class SimDevice {
  readonly name: string;
  readonly hostname: string;
  readonly address: string;
  readonly role: 'gm' | 'ks';
  readonly clockState: ClockState;
  readonly sequenceNumbers: boolean;
  /** For a GM: it shows `Registered` as long as it has a TEK. */
  readonly staysRegistered: boolean;
  release: Release;
  up = true;
  /** The interface that carries the crypto map. */
  interfaceUp = true;
  /** The device's clock minus the true time: somebody set it, or its crystal is bad. */
  clockOffsetMs = 0;
  bootMs: EpochMs;
  /** `snmpEngineBoots`. */
  boots: number;
  /** How busy its processor is, in the last five seconds as in the last minutes. */
  cpuPercent = 4;
  reloadReason = 'Reload Command';
  /** Counts boots: what was under way in an earlier one is void. */
  incarnation = 0;
  logged = 0;
  #log: LogMessage[] = [];

  constructor(options: {
    readonly name: string;
    readonly hostname: string;
    readonly address: string;
    readonly role: 'gm' | 'ks';
    readonly release: Release;
    readonly bootMs: EpochMs;
    readonly boots: number;
    readonly clockState: ClockState;
    readonly sequenceNumbers: boolean;
    readonly staysRegistered?: boolean;
  }) {
    this.name = options.name;
    this.hostname = options.hostname;
    this.address = options.address;
    this.role = options.role;
    this.release = options.release;
    this.bootMs = options.bootMs;
    this.boots = options.boots;
    this.clockState = options.clockState;
    this.sequenceNumbers = options.sequenceNumbers;
    this.staysRegistered = options.staysRegistered ?? false;
  }

  keep(message: LogMessage): void {
    this.#log.push(message);
    if (this.#log.length >= 2 * LOG_BUFFER_LINES) this.#log = this.#log.slice(-LOG_BUFFER_LINES);
  }

  clearLog(): void {
    this.#log = [];
    this.logged = 0;
  }

  /** Oldest first. */
  logBuffer(): readonly LogMessage[] {
    return this.#log.slice(-LOG_BUFFER_LINES);
  }
}

/** An interval of simulated time, end excluded. */
interface Interval {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** The path between a GM and a KS. Losses are probabilities per packet, cuts are intervals in which nothing passes. */
export interface Path {
  readonly rekeyLoss: number;
  /** Acknowledgements of rekeys: if only they are lost, the GM is well and the KS drops it in the end. */
  readonly ackLoss: number;
  /** Rekeys that carry a new KEK: larger, so the first to suffer from an MTU or a fragment filter. */
  readonly kekRekeyLoss: number;
  readonly registrationLoss: number;
  readonly rekeyCuts: readonly Interval[];
  readonly registrationCuts: readonly Interval[];
  /** The KS's authorization does not know the GM's identity: it refuses every registration. */
  readonly unauthorized: boolean;
}

const PERFECT_PATH: Path = {
  rekeyLoss: 0,
  ackLoss: 0,
  kekRekeyLoss: 0,
  registrationLoss: 0,
  rekeyCuts: [],
  registrationCuts: [],
  unauthorized: false,
};

/** Beyond it the older half is dropped: a fleet that runs for weeks must not grow. */
const MAX_TRUTH_EVENTS = 1_000_000;

export type WorldLogListener = (device: SimDevice, message: LogMessage) => void;
export type HappeningListener = (device: SimDevice, happening: Happening) => void;

export class World {
  readonly random: Random;
  readonly truth: TruthEvent[] = [];
  readonly #heap = new EventHeap();
  readonly #paths = new Map<string, Path>();
  readonly #cutPeers = new Set<string>();
  readonly logListeners = new Set<WorldLogListener>();
  readonly happeningListeners = new Set<HappeningListener>();
  #nowMs: EpochMs;

  constructor(startMs: EpochMs, random: Random) {
    this.#nowMs = startMs;
    this.random = random;
  }

  get nowMs(): EpochMs {
    return this.#nowMs;
  }

  /** Runs everything due up to `toMs`. Time never goes back: an earlier instant changes nothing. */
  advance(toMs: EpochMs): void {
    for (let timer = this.#heap.take(toMs); timer !== null; timer = this.#heap.take(toMs)) {
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.run();
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  at(atMs: EpochMs, run: () => void): SimTimer {
    return this.#heap.add(Math.max(atMs, this.#nowMs), run);
  }

  after(delayMs: number, run: () => void): SimTimer {
    return this.at(this.#nowMs + delayMs, run);
  }

  /** Uniform in [from, to], whole. */
  uniform(from: number, to: number): number {
    return Math.round(from + this.random() * (to - from));
  }

  record(event: TruthEvent): void {
    if (this.truth.length >= MAX_TRUTH_EVENTS) this.truth.splice(0, MAX_TRUTH_EVENTS / 2);
    this.truth.push(event);
  }

  log(device: SimDevice, mnemonic: string, text: string): LogMessage | null {
    if (!device.up) return null;
    device.logged += 1;
    const { clockOffsetMs } = device;
    const message: LogMessage = { atMs: this.#nowMs, clockOffsetMs, sequence: device.logged, mnemonic, text };
    device.keep(message);
    for (const listener of this.logListeners) listener(device, message);
    return message;
  }

  /** The device's SNMP agent may have a notification for it. */
  notify(device: SimDevice, happening: Happening): void {
    if (!device.up) return;
    for (const listener of this.happeningListeners) listener(device, happening);
  }

  path(gm: string, ks: string): Path {
    return this.#paths.get(`${gm} ${ks}`) ?? PERFECT_PATH;
  }

  setPath(gm: string, ks: string, change: Partial<Path>): void {
    this.#paths.set(`${gm} ${ks}`, { ...this.path(gm, ks), ...change });
  }

  passesRekey(gm: string, ks: string, newKek: boolean): boolean {
    const path = this.#paths.get(`${gm} ${ks}`);
    if (path === undefined) return true;
    if (within(path.rekeyCuts, this.#nowMs)) return false;
    return this.random() >= (newKek ? Math.max(path.rekeyLoss, path.kekRekeyLoss) : path.rekeyLoss);
  }

  passesAck(gm: string, ks: string): boolean {
    const path = this.#paths.get(`${gm} ${ks}`);
    if (path === undefined) return true;
    return !within(path.rekeyCuts, this.#nowMs) && this.random() >= path.ackLoss;
  }

  passesRegistration(gm: string, ks: string): boolean {
    const path = this.#paths.get(`${gm} ${ks}`);
    if (path === undefined) return true;
    return !within(path.registrationCuts, this.#nowMs) && this.random() >= path.registrationLoss;
  }

  cutPeers(a: string, b: string, cut: boolean): void {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    if (cut) this.#cutPeers.add(key);
    else this.#cutPeers.delete(key);
  }

  peersConnected(a: string, b: string): boolean {
    return !this.#cutPeers.has(a < b ? `${a} ${b}` : `${b} ${a}`);
  }
}

function within(intervals: readonly Interval[], atMs: EpochMs): boolean {
  return intervals.some((interval) => atMs >= interval.fromMs && atMs < interval.toMs);
}
