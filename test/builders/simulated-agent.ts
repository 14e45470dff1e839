/**
 * The real agent on a simulated fleet, with its schedule, its tracker and its read model, on a clock that tests move,
 * so that hours take seconds. Only the network is left out: a session asks the simulated device directly, and log
 * messages are passed on.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceAccess, DeviceSession, Reply } from '../../src/access/device-session.ts';
import type { DeviceErrorKind } from '../../src/access/device-error.ts';
import type { SnmpAccess } from '../../src/access/device-snmp.ts';
import { NO_SNMP } from './no-snmp.ts';
import type { ShowCommand } from '../../src/access/show-command.ts';
import { Agent } from '../../src/agent/agent.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import { writeSimulatedConfig } from '../../src/cli/simulated/simulated-config.ts';
import type { ResolvedConfig, ResolvedDevice } from '../../src/config/resolved-config.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { createFleetFromPlan, createSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import type { FleetPlan } from '../../src/simulator/scenarios/fleet-plan.ts';
import type { Lifetimes, ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import type { Maintenance } from '../../src/model/maintenance.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryLogger } from './memory-logger.ts';
import { FleetRestconf } from './fleet-restconf.ts';
import { varbindOf } from './simulated-varbind.ts';

/** All are asked on one grid, so a GM's answer comes while its KS is being asked, at every poll. */
const GM_LATENCY_MS = 80;
const KS_LATENCY_MS = 120;

const MESSAGES_EVERY_MS = 1000;

export const START_MS = Date.UTC(2026, 0, 1);

export interface SimulatedWatch {
  readonly scenario: ScenarioName;
  readonly pollInterval: string;
  readonly gms?: number;
  readonly kss?: number;
  readonly lifetimes?: Lifetimes;
  /** A plan instead of the scenario's. */
  readonly plan?: FleetPlan;
  /** The agent starts this long after the fleet; default: with it. */
  readonly agentStartsAtMs?: number;
  /** Everything is recorded. */
  readonly record?: boolean;
  /** Devices send their log messages to the agent. */
  readonly logs?: boolean;
  /** Devices that are polled; default: all. */
  readonly polled?: (device: { readonly name: string; readonly role: 'gm' | 'ks' }) => boolean;
  /**
   * How devices that show GDOI over RESTCONF are polled; default, and for the others: over SSH. `restconf`: GMs over it
   * alone, KSs beside SSH. `snmp`: all over SNMP alone.
   */
  readonly transport?: 'restconf' | 'ssh+restconf' | 'snmp';
  /** Devices that are also polled over SNMP, and how often; default: none. */
  readonly snmpBeside?: { readonly of: (device: string) => boolean; readonly everyMs: number };
  /** RESTCONF's own interval beside SSH; default: that of SSH. */
  readonly restconfEveryMs?: number;
  /** Maintenance windows. */
  readonly maintenance?: Maintenance;
  /** Another configuration of a device. */
  readonly configure?: (device: ResolvedDevice) => ResolvedDevice;
  /** How long a device's session takes to end; default: no time. */
  readonly forgettingMs?: number;
  /** Called when a back-off is to be shortened. */
  readonly waitAtMost?: DeviceAccess['waitAtMost'];
  /** How long a poll of a device takes to fail; default: no time. */
  readonly failingLookMs?: (device: string) => number;
  /** Devices that work, but that the agent does not reach this long after the start. */
  readonly outOfReach?: (device: string, elapsedMs: number) => boolean;
  /** How devices that work refuse the agent this long after the start; null: they let it in. Default: they do. */
  readonly refuses?: (device: string, elapsedMs: number) => DeviceErrorKind | null;
  /** Changes what a device prints. */
  readonly amend?: (device: string, command: ShowCommand, text: string) => string;
  /** How far the wall clock of the agent's machine is ahead of that of the fleet; default: not at all. */
  readonly wallAheadMs?: () => number;
  /** Timers fire only at multiples of this, as on a busy machine, so that days take seconds. Default: exactly. */
  readonly timerStepMs?: number;
}

export interface SimulatedAgent extends AsyncDisposable {
  readonly config: ResolvedConfig;
  /** As they are configured. */
  readonly configured: readonly ResolvedDevice[];
  /** Another one after a restart. */
  readonly agent: Agent;
  /** Stops it; another one continues from what it stored. */
  readonly restart: () => Promise<void>;
  readonly clock: FakeClock;
  readonly fleet: SimulatedFleet;
  readonly events: readonly GdoiEvent[];
  readonly store: EventStore;
  readonly restconf: FleetRestconf;
  readonly logger: MemoryLogger;
  /** Stops the agent and reads what it recorded. */
  readonly recording: () => Promise<string>;
}

export async function simulatedAgent(watched: SimulatedWatch): Promise<SimulatedAgent> {
  const clock = watched.timerStepMs === undefined ? new FakeClock(START_MS) : new CoarseClock(watched.timerStepMs);
  const fleet = groupOf(watched);
  if (watched.agentStartsAtMs !== undefined) await clock.advance(watched.agentStartsAtMs);
  fleet.advance(clock.wallMs());
  const devices = fleet.devices.filter(watched.polled ?? (() => true));
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-simulated-'));
  const file = await writeSimulatedConfig({
    directory,
    devices,
    ports: new Map(devices.map(({ name }) => [name, 22])),
    addresses: new Map(devices.map(({ name, address }) => [name, address])),
    password: 'unused',
    listen: '127.0.0.1:0',
    interval: watched.pollInterval,
    record: watched.record === true,
  });
  const { config } = await readConfig(file);
  const { outOfReach = () => false } = watched;
  const isGone = (device: string) => !fleet.isUp(device) || outOfReach(device, clock.wallMs() - START_MS);
  const restconf = new FleetRestconf(fleet, clock, isGone);
  const events: GdoiEvent[] = [];
  const logger = new MemoryLogger();
  const { configure = (device) => device } = watched;
  const configured = config.devices.map((device) => configure(withSnmp(overRestconf(device, watched, fleet), watched)));
  const store = createMemoryStore();
  const { wallAheadMs = () => 0 } = watched;
  const { monoMs, sleep, yieldToIo } = clock;
  const ownClock = { wallMs: () => clock.wallMs() + wallAheadMs(), monoMs, sleep, yieldToIo };
  const options: Parameters<typeof Agent.open>[0] = {
    config: { ...config, devices: configured },
    clock: ownClock,
    networkClock: ownClock,
    access: {
      ...accessTo(fleet, clock, watched),
      ...(watched.waitAtMost === undefined ? {} : { waitAtMost: watched.waitAtMost }),
    },
    snmp: watched.snmpBeside === undefined && watched.transport !== 'snmp' ? NO_SNMP : snmpOf(fleet, clock, watched),
    restconf,
    lookup: (host) => Promise.resolve([host]),
    store,
    logger,
    ...(watched.maintenance === undefined ? {} : { maintenance: watched.maintenance }),
    onEvents: (fresh) => events.push(...fresh),
  };
  let agent = await Agent.open(options);
  if (watched.logs === true) {
    fleet.onLog(({ hostname, line, device }) =>
      agent.pushed({
        kind: 'syslog',
        receivedAtMs: ownClock.wallMs(),
        host: fleet.devices.find(({ name }) => name === device)?.address ?? '',
        claimedHost: hostname,
        text: line,
      }),
    );
  }
  const messages = new AbortController();
  if (watched.logs === true) void onTime(fleet, clock, messages.signal);
  let stopped: Promise<void> | null = null;
  const restart = async () => {
    await agent[Symbol.asyncDispose]();
    agent = await Agent.open(options);
    agent.start();
  };
  const stop = () => (stopped ??= agent[Symbol.asyncDispose]());
  return {
    config: { ...config, devices: configured },
    configured,
    get agent() {
      return agent;
    },
    restart,
    clock,
    fleet,
    events,
    store,
    restconf,
    logger,
    async recording() {
      await stop();
      const captures = join(directory, 'captures');
      const files = (await readdir(captures)).toSorted();
      return (await Promise.all(files.map((file) => readFile(join(captures, file), 'utf8')))).join('');
    },
    async [Symbol.asyncDispose]() {
      messages.abort();
      await stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** Messages arrive when they are sent, and not with the next poll of some device. */
async function onTime(fleet: SimulatedFleet, clock: FakeClock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(MESSAGES_EVERY_MS, signal).catch(() => undefined);
    fleet.advance(clock.wallMs());
  }
}

function groupOf({ scenario, plan, gms, kss, lifetimes }: SimulatedWatch): SimulatedFleet {
  const at = { seed: 5, startMs: START_MS };
  if (plan !== undefined) return createFleetFromPlan(plan, { ...at, scenario });
  return createSimulatedFleet({
    ...at,
    scenario,
    ...(gms === undefined ? {} : { gms }),
    ...(kss === undefined ? {} : { kss }),
    ...(lifetimes === undefined ? {} : { lifetimes }),
  });
}

function overRestconf(
  device: ResolvedDevice,
  { transport, restconfEveryMs }: SimulatedWatch,
  fleet: SimulatedFleet,
): ResolvedDevice {
  const shown = fleet.devices.find(({ name, yangGdoi }) => name === device.name && yangGdoi);
  if (transport === undefined || transport === 'snmp' || shown === undefined) return device;
  // The model shows less of a KS than its commands do.
  const alone = transport === 'restconf' && shown.role === 'gm';
  return {
    ...device,
    transport: alone ? 'restconf' : 'ssh+restconf',
    ssh: alone ? null : device.ssh,
    restconf: {
      credentialName: 'rc',
      credential: { username: 'monitor', password: new Secret('unused'), client: null },
      port: 443,
      schedule: restconfEveryMs === undefined ? device.schedule : { kind: 'every', ms: restconfEveryMs },
      trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'strict' },
    },
  };
}

function withSnmp(device: ResolvedDevice, { snmpBeside, transport }: SimulatedWatch): ResolvedDevice {
  const snmp = (schedule: ResolvedDevice['schedule']) => ({
    credentialName: 'public',
    credential: { version: '2c', community: new Secret('unused') } as const,
    port: 161,
    schedule,
  });
  if (transport === 'snmp') return { ...device, transport, ssh: null, snmp: snmp(device.schedule) };
  if (snmpBeside?.of(device.name) !== true) return device;
  return { ...device, transport: 'ssh+snmp', snmp: snmp({ kind: 'every', ms: snmpBeside.everyMs }) };
}

/** What the fleet shows over SNMP, without a network. */
function snmpOf(fleet: SimulatedFleet, clock: FakeClock, { outOfReach = () => false }: SimulatedWatch): SnmpAccess {
  return {
    ...NO_SNMP,
    read: ({ device }) => {
      const nowMs = clock.wallMs();
      fleet.advance(nowMs);
      if (!fleet.isUp(device) || outOfReach(device, nowMs - START_MS)) {
        const error = { kind: 'timeout', operation: 'get', message: `${device} gives no answer` } as const;
        return Promise.resolve({ kind: 'failed', error });
      }
      const varbinds = fleet.managedObjects(device).objects.map(varbindOf);
      return Promise.resolve({
        kind: 'values',
        sentAtMs: nowMs,
        receivedAtMs: nowMs,
        varbinds,
        emptyColumns: [],
        engine: null,
      });
    },
  };
}

/** Delays of devices stay exact. */
class CoarseClock extends FakeClock {
  readonly exactly = this.sleep;

  constructor(stepMs: number) {
    super(START_MS);
    this.sleep = (ms, signal) => {
      const nowMs = this.monoMs();
      return this.exactly(Math.ceil((nowMs + ms) / stepMs) * stepMs - nowMs, signal);
    };
  }
}

function accessTo(fleet: SimulatedFleet, clock: FakeClock, watched: SimulatedWatch): DeviceAccess {
  const {
    amend = (_device, _command, text) => text,
    failingLookMs = () => 0,
    outOfReach = () => false,
    refuses = () => null,
    wallAheadMs = () => 0,
  } = watched;
  const sessions = new Map<string, { readonly session: DeviceSession; readonly bootedAtMs: number }>();
  const isGone = (device: string) => !fleet.isUp(device) || outOfReach(device, clock.wallMs() - START_MS);
  const noAnswer = async (device: string, signal: AbortSignal) => {
    const takesMs = failingLookMs(device);
    if (takesMs > 0) await clock.sleep(takesMs, signal).catch(() => undefined);
    return {
      kind: 'failed',
      error: { kind: 'timeout', operation: 'connect', message: `${device} gives no answer` },
    } as const;
  };
  const sessionOf = (device: string): DeviceSession => {
    const bootedAtMs = fleet.bootedAtMs(device);
    const open = sessions.get(device);
    if (open?.bootedAtMs === bootedAtMs) return open.session;
    const session: DeviceSession = {
      hostname: device,
      run: async (command, signal) => {
        fleet.advance(clock.wallMs());
        if (isGone(device)) return { ...(await noAnswer(device, signal)), command };
        const aheadMs = wallAheadMs();
        const reply = await answerOf(fleet, clock, device, command);
        if (reply.kind !== 'output') return reply;
        const { sentAtMs, receivedAtMs } = reply;
        return {
          ...reply,
          text: amend(device, command, reply.text),
          sentAtMs: sentAtMs + aheadMs,
          receivedAtMs: receivedAtMs + wallAheadMs(),
        };
      },
    };
    sessions.set(device, { session, bootedAtMs });
    return session;
  };
  return {
    async withSession({ device }, signal, use) {
      fleet.advance(clock.wallMs());
      if (isGone(device)) return noAnswer(device, signal);
      const refusal = refuses(device, clock.wallMs() - START_MS);
      if (refusal !== null) {
        const error = { kind: refusal, operation: 'login', message: `${device} does not let the agent in` } as const;
        return { kind: 'failed', error };
      }
      return { kind: 'done', value: await use(sessionOf(device)) };
    },
    waitAtMost: () => 0,
    forget: async (device) => {
      sessions.delete(device);
      if (watched.forgettingMs !== undefined) await clock.sleep(watched.forgettingMs);
    },
    status: () => ({
      openSessions: sessions.size,
      handshakesActive: 0,
      handshakesWaiting: 0,
      quarantinedCredentials: [],
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The device answers as of half the latency. */
async function answerOf(fleet: SimulatedFleet, clock: FakeClock, device: string, command: ShowCommand): Promise<Reply> {
  const sentAtMs = clock.wallMs();
  const sleep = clock instanceof CoarseClock ? clock.exactly : clock.sleep;
  const halfMs = (fleet.devices.find(({ name }) => name === device)?.role === 'ks' ? KS_LATENCY_MS : GM_LATENCY_MS) / 2;
  await sleep(halfMs);
  const text = fleet.answer(device, command, clock.wallMs());
  await sleep(halfMs);
  if (/^% Invalid input/mu.test(text)) return { kind: 'rejected', command, reason: 'invalid', line: text.trim() };
  return { kind: 'output', command, text, logLines: [], sentAtMs, receivedAtMs: clock.wallMs() };
}
