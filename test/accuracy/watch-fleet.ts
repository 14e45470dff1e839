/**
 * One simulated fleet, watched as the agent would watch it: with its own choice of commands and instants, text answers
 * through the real parsers, SNMP and pushed messages through the real decoders. Some polls and messages are lost, and
 * the agent's clock may be wrong.
 */
import {
  followUpCommands,
  leadingCommands,
  NOTHING_LEARNT,
  type PollMemory,
  rememberAnswer,
  rememberShown,
} from '../../src/agent/poll/poll-memory.ts';
import { observationsOf, groupsOf, observationsOfReading, readingResult } from '../../src/agent/poll/observations.ts';
import type { ShowCommand } from '../../src/access/show-command.ts';
import type { TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { messageMeaning } from '../../src/gdoi/log/known-messages.ts';
import { parseLogMessage } from '../../src/ios/log/log-message.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import { observationsBeside } from '../../src/model/poll-report.ts';
import { type Random, seededRandom } from '../../src/kernel/random.ts';
import type { SimulatedDevice, SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { agentClock } from './agent-clock.ts';
import {
  AgentModel,
  type EmittedEvent,
  type Look,
  type RecordedObservation,
  type Said,
  type Schedule,
} from './agent-model.ts';
import { RestconfReader } from './restconf-reader.ts';
import { SnmpReader, trapOf } from './snmp-reader.ts';
import type { Pushed, Watch } from './watch.ts';

export interface Watched {
  readonly watch: Watch;
  readonly emitted: readonly EmittedEvent[];
  readonly observations: readonly RecordedObservation[];
  readonly said: readonly Said[];
  readonly truth: readonly TruthEvent[];
  /** The end of the watch, before the last extra looks: warnings are judged up to here. */
  readonly endMs: EpochMs;
  /** Per device: the instants of its answers, in true time. */
  readonly answers: ReadonlyMap<string, readonly EpochMs[]>;
  readonly polls: number;
  readonly groupHours: number;
  readonly largestStateBytes: number;
  /** True time -> the agent's. */
  readonly clock: (trueMs: EpochMs) => EpochMs;
}

interface Device {
  readonly name: string;
  readonly role: 'gm' | 'ks';
  /** The only transport; null: SSH decides. */
  readonly alone: 'snmp' | 'restconf' | null;
  readonly jitter: number;
  readonly answersMs: EpochMs[];
  nextRegularMs: EpochMs;
  nextMs: EpochMs;
  /** The look between two SSH polls. */
  nextBesideMs: EpochMs;
  bootMs: EpochMs;
  newSession: boolean;
  changedAtMs: EpochMs | null;
  /**
   * From here on the device can be polled again, as the last answer has come: it is asked one thing at a time.
   */
  freeMs: EpochMs;
  memory: PollMemory;
}

interface Arriving {
  readonly atMs: EpochMs;
  readonly device: string;
  /** The observation for an arrival at this instant of the agent's clock. */
  readonly observation: (at: EpochMs) => Observation;
  readonly worthAPoll: boolean;
}

export interface WatchOptions {
  readonly seed: number;
  readonly startMs: EpochMs;
  readonly hours: number;
  /** Called with what is known about a group after each look at one of its devices. */
  readonly onLook?: (look: Look) => void;
}

export function watchFleet(fleet: SimulatedFleet, watch: Watch, options: WatchOptions): Watched {
  return new FleetWatch(fleet, watch, options).run();
}

/** Between polls the fleet advances in steps of this, so that messages arrive. */
const TICK_MS = 5_000;
const DETAIL_MS = 300_000;
/** The interval of SNMP or RESTCONF looks between SSH polls. */
const BESIDE_MS = 60_000;
/** The state size is measured at every 16th poll only: more JSON would cost more than the tracker. */
const STATE_SIZE_EVERY = 16;
/** A message that is worth a poll triggers it after some seconds, spread over the fleet. */
const CONFIRM_MS = { from: 6_000, spread: 10_000 } as const;

class FleetWatch {
  readonly #fleet: SimulatedFleet;
  readonly #watch: Watch;
  readonly #options: WatchOptions;
  readonly #random: Random;
  readonly #clock: (trueMs: EpochMs) => EpochMs;
  readonly #agent: AgentModel;
  readonly #snmp: SnmpReader;
  readonly #restconf: RestconfReader;
  readonly #devices: readonly Device[];
  readonly #byName: ReadonlyMap<string, Device>;
  #arriving: Arriving[] = [];
  #polls = 0;
  #largestStateBytes = 0;

  constructor(fleet: SimulatedFleet, watch: Watch, options: WatchOptions) {
    this.#fleet = fleet;
    this.#watch = watch;
    this.#options = options;
    this.#random = seededRandom(options.seed * 7 + 3);
    this.#clock = agentClock(watch.clockErrors, options.startMs, this.#random);
    this.#agent = new AgentModel({ pollIntervalMs: watch.intervalMs, detailIntervalMs: DETAIL_MS }, options.onLook);
    this.#snmp = new SnmpReader(fleet);
    this.#restconf = new RestconfReader(fleet);
    this.#devices = fleet.devices
      .filter(({ role }) => (role === 'gm' ? !watch.ksOnly : !watch.withoutKs))
      .map((device) => this.#deviceOf(device));
    this.#byName = new Map(this.#devices.map((device) => [device.name, device]));
    if (watch.logs !== null) this.#hearLogs(watch.logs);
    if (watch.traps !== null) this.#hearTraps(watch.traps);
  }

  run(): Watched {
    const { startMs, hours } = this.#options;
    const endMs = startMs + hours * 3_600_000;
    const fleet = this.#fleet;
    const listens = this.#watch.logs !== null || this.#watch.traps !== null;
    for (;;) {
      const next = this.#devices.reduce((a, b) => (dueMs(b) < dueMs(a) ? b : a));
      const tickMs = listens ? Math.min(dueMs(next), fleet.nowMs + TICK_MS) : dueMs(next);
      if (tickMs > endMs) break;
      fleet.advance(tickMs);
      this.#deliver(fleet.nowMs);
      if (tickMs < dueMs(next)) continue;
      const nowMs = Math.max(dueMs(next), fleet.nowMs);
      if (next.nextBesideMs < next.nextMs) {
        this.#lookBeside(next, nowMs);
        continue;
      }
      this.#poll(next, nowMs, true);
      this.#plan(next, nowMs);
    }
    // Two extra looks, so that only what the agent could see is judged.
    for (const afterMs of [120_000, 240_000]) {
      for (const device of this.#devices) this.#poll(device, Math.max(endMs + afterMs, fleet.nowMs + 1), false);
    }
    this.#agent.end(fleet.nowMs);
    return this.#watched(endMs);
  }

  #watched(endMs: EpochMs): Watched {
    const { hours } = this.#options;
    const gmGroups = this.#fleet.devices
      .filter(({ name, role }) => role === 'gm' && this.#byName.has(name))
      .reduce((sum, { groups }) => sum + groups.length, 0);
    return {
      watch: this.#watch,
      emitted: this.#agent.emitted,
      observations: this.#agent.observations,
      said: this.#agent.said,
      truth: this.#fleet.groundTruth(),
      endMs,
      answers: new Map(this.#devices.map((device) => [device.name, device.answersMs])),
      polls: this.#polls,
      groupHours: gmGroups * hours,
      largestStateBytes: this.#largestStateBytes,
      clock: this.#clock,
    };
  }

  #deviceOf({ name, role, gdoiMib, yangGdoi }: SimulatedDevice): Device {
    const { startMs } = this.#options;
    const { intervalMs, transport } = this.#watch;
    const first = startMs + this.#random() * Math.min(intervalMs, 60_000);
    // A release without the MIB or the model, and every KS, is polled over SSH whatever the transport.
    const has = { ssh: true, snmp: gdoiMib !== 'none', restconf: yangGdoi };
    const shows = (of: 'snmp' | 'restconf') => role === 'gm' && has[of];
    const alone = transport === 'snmp' || transport === 'restconf' ? transport : null;
    const beside = (transport === 'ssh+snmp' && shows('snmp')) || (transport === 'ssh+restconf' && shows('restconf'));
    return {
      name,
      role,
      alone: alone !== null && shows(alone) ? alone : null,
      jitter: this.#random(),
      answersMs: [],
      nextRegularMs: first,
      nextMs: first,
      nextBesideMs: beside ? first + BESIDE_MS / 2 : Infinity,
      bootMs: 0,
      newSession: true,
      changedAtMs: null,
      freeMs: 0,
      memory: NOTHING_LEARNT,
    };
  }

  #hearLogs(pushed: Pushed): void {
    this.#fleet.onLog((log) => {
      if (log.severity > pushed.mostSeverity) return;
      const message = parseLogMessage(log.line);
      const meaning = message === null ? null : messageMeaning(message.facility, message.mnemonic);
      if (message === null || meaning === null) return;
      this.#arrive(pushed, log.atMs, {
        device: log.device,
        worthAPoll: meaning.use === 'poll',
        observation: (at) => ({
          kind: 'log',
          device: log.device,
          sentAtMs: at,
          receivedAtMs: at,
          messages: [message],
          pushed: true,
        }),
      });
    });
  }

  #hearTraps(pushed: Pushed): void {
    this.#fleet.onNotification((notification) => {
      const trap = trapOf(notification);
      const { device } = notification;
      if (trap === null) return;
      this.#arrive(pushed, notification.atMs, {
        device,
        worthAPoll: trap.name === 'GmRegistrationComplete',
        observation: (at) => ({ kind: 'trap', device, sentAtMs: at, receivedAtMs: at, trap }),
      });
    });
  }

  #arrive({ lost, delayMs }: Pushed, atMs: EpochMs, message: Omit<Arriving, 'atMs'>): void {
    if (this.#random() < lost) return;
    this.#arriving.push({ ...message, atMs: atMs + Math.ceil(this.#random() * delayMs) });
  }

  #deliver(nowMs: EpochMs): void {
    if (this.#arriving.length === 0) return;
    const due = this.#arriving.filter(({ atMs }) => atMs <= nowMs).toSorted((a, b) => a.atMs - b.atMs);
    this.#arriving = this.#arriving.filter(({ atMs }) => atMs > nowMs);
    for (const message of due) {
      const device = this.#byName.get(message.device);
      if (device === undefined) continue;
      this.#feed(device, [message.observation(this.#clock(message.atMs))], message.atMs);
      if (!message.worthAPoll || device.role === 'ks') continue;
      device.nextMs = Math.min(device.nextMs, message.atMs + CONFIRM_MS.from + device.jitter * CONFIRM_MS.spread);
    }
  }

  #feed(device: Device, observations: readonly Observation[], trueMs: EpochMs, schedule?: Schedule): void {
    const changed = this.#agent.take(device.name, observations, {
      trueMs,
      clockOffsetMs: this.#clock(trueMs) - trueMs,
      ...(schedule === undefined ? {} : { schedule }),
    });
    if (changed) device.changedAtMs = this.#clock(trueMs);
  }

  #poll(device: Device, nowMs: EpochMs, mayFail: boolean): void {
    this.#polls += 1;
    if (this.#polls % STATE_SIZE_EVERY === 0) {
      this.#largestStateBytes = Math.max(this.#largestStateBytes, stateBytes(this.#agent.stateOf(device.name)));
    }
    const fleet = this.#fleet;
    fleet.advance(nowMs);
    this.#deliver(nowMs);
    const latencyMs = this.#latencyMs();
    if (!fleet.isUp(device.name) || (mayFail && this.#random() < this.#watch.lost)) {
      device.newSession = true;
      const sentAtMs = this.#clock(nowMs - latencyMs);
      const receivedAtMs = this.#clock(nowMs);
      const failure = { kind: 'failure', device: device.name, sentAtMs, receivedAtMs, result: 'timeout' } as const;
      this.#feed(device, [failure], nowMs, this.#scheduleOf(device));
      this.#answeredAt(device, nowMs);
      return;
    }
    if (fleet.bootedAtMs(device.name) !== device.bootMs) device.newSession = true;
    device.bootMs = fleet.bootedAtMs(device.name);
    if (device.alone !== null) {
      this.#look(device, nowMs, latencyMs);
      device.answersMs.push(nowMs);
      return;
    }
    this.#askAll(device, nowMs, latencyMs);
  }

  /** The commands of one poll, as `device-poller` sends them; `versionFirst` changes their order. */
  #askAll(device: Device, nowMs: EpochMs, latencyMs: number): void {
    const { newSession } = device;
    const common = { detailIntervalMs: DETAIL_MS, nowMonoMs: nowMs };
    const { buffer, versionFirst } = this.#watch;
    const collect = buffer && device.role === 'gm' ? (['logging'] as const) : [];
    let askedMs = nowMs;
    const ask = (command: ShowCommand) => {
      const answer = this.#ask(device, command, askedMs, latencyMs);
      askedMs += 2 * latencyMs;
      device.memory = rememberAnswer(device.memory, command, nowMs);
      return answer;
    };
    const observations: Observation[] = [];
    if (versionFirst && newSession) observations.push(...ask('show version').observations);
    for (const command of leadingCommands({ memory: device.memory, collect, ...common, detailIntervalMs: 0 })) {
      observations.push(...ask(command).observations);
    }
    device.answersMs.push(askedMs);
    const main = ask('show crypto gdoi');
    observations.push(...main.observations);
    const followUp = followUpCommands({
      memory: device.memory,
      snapshots: main.groups,
      newSession: newSession && !versionFirst,
      collect: [],
      ...common,
    });
    for (const command of followUp) observations.push(...ask(command).observations);
    device.memory = rememberShown(device.memory, main.groups);
    device.newSession = false;
    this.#feed(device, observations, this.#fleet.nowMs, this.#scheduleOf(device));
    this.#answeredAt(device, askedMs - latencyMs);
  }

  #answeredAt(device: Device, atMs: EpochMs): void {
    device.freeMs = atMs + this.#watch.latencyMs;
  }

  #ask(device: Device, command: ShowCommand, atMs: EpochMs, latencyMs: number) {
    const text = this.#fleet.answer(device.name, command, atMs);
    // The device went down during the poll, which ended its session.
    if (!this.#fleet.isUp(device.name)) return { groups: [], observations: [] };
    const parsed = parseCommandOutput(command, text, 'prompt');
    if (parsed.kind === 'failed') return { groups: [], observations: [] };
    const at = {
      device: device.name,
      sentAtMs: this.#clock(atMs - latencyMs),
      receivedAtMs: this.#clock(atMs + latencyMs),
    };
    return { groups: groupsOf(parsed), observations: observationsOf(parsed, at) };
  }

  #lookBeside(device: Device, nowMs: EpochMs): void {
    device.nextBesideMs = nowMs + BESIDE_MS;
    if (!this.#fleet.isUp(device.name) || this.#random() < this.#watch.lost) return;
    this.#look(device, nowMs, this.#latencyMs());
  }

  #look(device: Device, nowMs: EpochMs, latencyMs: number): void {
    const { transport } = this.#watch;
    if (transport === 'restconf' || transport === 'ssh+restconf') this.#lookOverRestconf(device, nowMs, latencyMs);
    else this.#lookOverSnmp(device, nowMs, latencyMs);
    this.#answeredAt(device, Math.max(nowMs + latencyMs, this.#fleet.nowMs));
  }

  #lookOverRestconf(device: Device, nowMs: EpochMs, latencyMs: number): void {
    const beside = device.alone === null;
    const interest = { role: device.role, collect: [], detailIntervalMs: DETAIL_MS, beside };
    const looking = { device: device.name, nowMs, latencyMs, clock: this.#clock };
    const observations = this.#restconf.read(looking, interest);
    if (observations === null) return;
    const schedule = beside ? undefined : this.#scheduleOf(device);
    this.#feed(device, beside ? observationsBeside({ observations }) : observations, this.#fleet.nowMs, schedule);
  }

  #lookOverSnmp(device: Device, nowMs: EpochMs, latencyMs: number): void {
    const at = {
      device: device.name,
      sentAtMs: this.#clock(nowMs - latencyMs),
      receivedAtMs: this.#clock(nowMs + latencyMs),
    };
    const reading = this.#snmp.read(device.name, at);
    if (readingResult(reading) !== 'ok') return;
    const beside = this.#watch.transport === 'ssh+snmp';
    const observations = observationsOfReading(reading, at).filter(({ kind }) => !beside || kind !== 'facts');
    this.#feed(device, observations, nowMs, beside ? undefined : this.#scheduleOf(device));
  }

  #latencyMs(): number {
    return 20 + this.#random() * (this.#watch.latencyMs - 20);
  }

  #intervalMs({ role }: Device): number {
    const { intervalMs } = this.#watch;
    return role === 'ks' ? Math.max(intervalMs, DETAIL_MS) : intervalMs;
  }

  #scheduleOf(device: Device): Schedule {
    const { phaseAware, jitterMs } = this.#watch;
    // With uneven intervals, the longest possible one: until then no poll is overdue.
    const intervalMs = this.#intervalMs(device) + jitterMs;
    return { intervalMs, phaseAware, jitter: device.jitter, changedAtMs: device.changedAtMs };
  }

  #plan(device: Device, nowMs: EpochMs): void {
    const { intervalMs, phaseAware, jitterMs } = this.#watch;
    while (device.nextRegularMs <= nowMs) device.nextRegularMs += this.#intervalMs(device);
    device.nextMs = device.nextRegularMs + (jitterMs === 0 ? 0 : this.#random() * jitterMs);
    if (!phaseAware) return;
    const [first] = this.#agent.planned(device.name, {
      nowMs: this.#clock(nowMs),
      intervalMs,
      jitter: device.jitter,
      changedAtMs: device.changedAtMs,
    });
    if (first === undefined) return;
    const offsetMs = this.#clock(nowMs) - nowMs;
    device.nextMs = Math.min(device.nextMs, Math.max(first - offsetMs, nowMs + 1000));
  }
}

function dueMs({ nextMs, nextBesideMs, freeMs }: Device): EpochMs {
  return Math.max(Math.min(nextMs, nextBesideMs), freeMs);
}

function stateBytes(state: TrackerState): number {
  const { groups, ...ofDevice } = state;
  return JSON.stringify([ofDevice, ...groups]).length / Math.max(1, groups.size);
}
