/**
 * One simulated fleet, watched as an agent would: polls at an interval (or at the KEK's instants as well), answers as
 * text through the real parsers, log messages, lost polls and a clock that is wrong. Gives the tracker's events and what
 * really happened.
 */
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { groupLead, ksLead, type KsLead } from '../../src/gdoi/keys/ks-lead.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { nextPollInstants } from '../../src/gdoi/keys/poll-instants.ts';
import { kekBehaviorOf } from '../../src/gdoi/seen/release.ts';
import type { GroupSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { initialTrackerState, settle, track } from '../../src/gdoi/tracker/tracker.ts';
import type { TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { parseLogMessage } from '../../src/ios/log/log-message.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import type { SimulatedFleet, SimulatedLog, SimulatedNotification } from '../../src/simulator/fleet/fleet.ts';
import type { TruthEvent } from '../../src/simulator/world/ground-truth.ts';
import { agentClock } from './accuracy-clock.ts';
import { SnmpReader, trapOf } from './accuracy-snmp.ts';

export interface Watch {
  readonly name: string;
  readonly intervalMs: number;
  readonly phaseAware: boolean;
  readonly logs: boolean;
  /** Share of polls without an answer. */
  readonly lost: number;
  /** The agent's clock drifts, and is set by up to half a minute every few hours. */
  readonly clockErrors: boolean;
  /** Before each answer the device's clock and its log buffer are read. */
  readonly buffer?: boolean;
  readonly traps?: boolean;
  /** `transport: snmp`: no CLI at all. */
  readonly snmpAlone?: boolean;
  /** The KSs are not polled: no lead, no lifetimes. */
  readonly withoutKs?: boolean;
}

export interface Watched {
  readonly events: readonly GdoiEvent[];
  readonly truth: readonly TruthEvent[];
  /** When each event was told, by its id, in true time: the agent's own clock may be wrong. */
  readonly toldAtMs: ReadonlyMap<string, number>;
  /** The last look for events that were due: warnings are judged up to here. */
  readonly endMs: number;
  /** Per device: the instants of its answers, in true time. */
  readonly answers: ReadonlyMap<string, readonly number[]>;
  readonly polls: number;
  readonly groupHours: number;
  readonly largestStateBytes: number;
}

interface Device {
  readonly name: string;
  readonly role: 'gm' | 'ks';
  state: TrackerState;
  nextRegularMs: number;
  nextMs: number;
  version: string | null;
  bootMs: number;
  newSession: boolean;
  counters: Map<string, string>;
  showsKekLifetime: boolean;
  changedAtMs: number | null;
  readonly jitter: number;
  readonly answersMs: number[];
}

const TICK_MS = 5_000;
const DETAIL_MS = 300_000;

export function watchFleet(
  fleet: SimulatedFleet,
  watch: Watch,
  options: { seed: number; startMs: number; hours: number },
): Watched {
  const random = seededRandom(options.seed * 7 + 3);
  const { startMs } = options;
  const endMs = startMs + options.hours * 3_600_000;
  const clock = agentClock(watch.clockErrors, startMs, random);
  const events: GdoiEvent[] = [];
  const toldAtMs = new Map<string, number>();
  const logs: SimulatedLog[] = [];
  if (watch.logs) fleet.onLog((log) => logs.push(log));
  const traps: SimulatedNotification[] = [];
  if (watch.traps === true) fleet.onNotification((notification) => traps.push(notification));
  const snmp = new SnmpReader(fleet);
  const leads = new Map<string, Map<string, KsLead>>();
  const ksExpiry = new Map<string, number>();
  const tekLifetimes = new Map<string, number>();
  const kekLifetimes = new Map<string, number>();
  let polls = 0;
  let largestStateBytes = 0;

  const watchedDevices = fleet.devices.filter(({ role }) => role === 'gm' || watch.withoutKs !== true);
  const devices: Device[] = watchedDevices.map((device) => {
    const first = startMs + random() * Math.min(watch.intervalMs, 60_000);
    return {
      name: device.name,
      role: device.role,
      state: initialTrackerState(device.name),
      nextRegularMs: first,
      nextMs: first,
      version: null,
      bootMs: 0,
      newSession: true,
      counters: new Map(),
      showsKekLifetime: false,
      changedAtMs: null,
      jitter: random(),
      answersMs: [],
    };
  });
  const byName = new Map(devices.map((device) => [device.name, device]));

  const feed = (device: Device, observation: Observation): void => {
    const ksLeadSeconds = (group: string) => groupLead([...(leads.get(group)?.values() ?? [])]).seconds;
    const tekLifetimeSeconds = (group: string) => tekLifetimes.get(group) ?? null;
    const kekLifetimeSeconds = (group: string) => kekLifetimes.get(group) ?? null;
    const tracked = track(device.state, observation, { ksLeadSeconds, kekLifetimeSeconds, tekLifetimeSeconds });
    device.state = tracked.state;
    if (tracked.events.length > 0) device.changedAtMs = observation.receivedAtMs;
    events.push(...tracked.events);
    for (const { id } of tracked.events) toldAtMs.set(id, fleet.nowMs);
  };

  const feedLogs = (): void => {
    for (const log of logs.splice(0)) {
      const device = byName.get(log.device);
      const message = parseLogMessage(log.line);
      if (device === undefined || message === null) continue;
      const at = clock(log.atMs + 40);
      feed(device, {
        kind: 'log',
        device: log.device,
        sentAtMs: at,
        receivedAtMs: at,
        messages: [message],
        pushed: true,
      });
      if (device.role === 'gm' && LOOK_AT.test(log.mnemonic)) {
        device.nextMs = Math.min(device.nextMs, log.atMs + 6_000 + device.jitter * 10_000);
      }
    }
  };

  const feedTraps = (): void => {
    for (const notification of traps.splice(0)) {
      const device = byName.get(notification.device);
      const trap = trapOf(notification);
      if (device === undefined || trap === null) continue;
      const at = clock(notification.atMs + 40);
      feed(device, { kind: 'trap', device: device.name, sentAtMs: at, receivedAtMs: at, trap });
      if (trap.name === 'GmRegistrationComplete') {
        device.nextMs = Math.min(device.nextMs, notification.atMs + 6_000 + device.jitter * 10_000);
      }
    }
  };

  const readSnmp = (device: Device, nowMs: number, latencyMs: number): void => {
    const at = { sentAtMs: clock(nowMs - latencyMs), receivedAtMs: clock(nowMs + latencyMs) };
    const { snapshots, facts } = snmp.read(device.name, at);
    const base = { ...at, device: device.name };
    feed(device, { ...base, kind: 'groups', origin: 'snmp', command: 'CISCO-GDOI-MIB', snapshots, unknownLines: 0 });
    if (facts !== null) feed(device, { ...base, kind: 'facts', facts });
    device.answersMs.push(nowMs);
    device.showsKekLifetime = true;
    largestStateBytes = Math.max(largestStateBytes, stateBytes(device.state));
  };

  const ask = (device: Device, command: string, nowMs: number, latencyMs: number): GroupSnapshot[] | null => {
    const text = fleet.answer(device.name, command, nowMs);
    feedLogs();
    const parsed = parseCommandOutput(command, text, 'prompt');
    if (parsed.kind === 'failed') return null;
    const sentAtMs = clock(nowMs - latencyMs);
    const receivedAtMs = clock(nowMs + latencyMs);
    const base = { device: device.name, sentAtMs, receivedAtMs };
    const groups = parsed.snapshots.filter((snapshot) => snapshot.role === 'gm' || snapshot.role === 'ks');
    for (const snapshot of parsed.snapshots) {
      if (snapshot.role === 'clock') feed(device, { ...base, kind: 'clock', clock: snapshot });
      if (snapshot.role === 'log') feed(device, { ...base, kind: 'log', messages: snapshot.messages, pushed: false });
      if (snapshot.role !== 'device') continue;
      device.version = snapshot.version;
      feed(device, { ...base, kind: 'facts', facts: snapshot });
    }
    if (groups.length > 0)
      feed(device, { ...base, kind: 'groups', origin: 'cli', command, snapshots: groups, unknownLines: 0 });
    return groups;
  };

  const poll = (device: Device, nowMs: number, mayFail: boolean): void => {
    polls += 1;
    fleet.advance(nowMs);
    feedLogs();
    feedTraps();
    const latencyMs = 20 + random() * 200;
    const up = fleet.isUp(device.name);
    if (!up || (mayFail && random() < watch.lost)) {
      device.newSession = true;
      const sentAtMs = clock(nowMs - latencyMs);
      feed(device, { kind: 'failure', device: device.name, sentAtMs, receivedAtMs: clock(nowMs), result: 'timeout' });
      return;
    }
    if (fleet.bootedAtMs(device.name) !== device.bootMs) device.newSession = true;
    device.bootMs = fleet.bootedAtMs(device.name);
    if (watch.snmpAlone === true && device.role === 'gm') {
      readSnmp(device, nowMs, latencyMs);
      return;
    }
    if (watch.buffer === true && device.role === 'gm') {
      ask(device, 'show clock', nowMs, latencyMs);
      ask(device, 'show logging', nowMs, latencyMs);
    }
    const groups = ask(device, 'show crypto gdoi', nowMs, latencyMs);
    if (groups === null) return;
    device.answersMs.push(nowMs);
    const hint = hints(device, groups);
    if (device.newSession || hint) ask(device, 'show version', nowMs, latencyMs);
    device.newSession = false;
    if (device.role === 'ks') {
      for (const ks of ask(device, 'show crypto gdoi ks policy', nowMs, latencyMs) ?? []) {
        if (ks.role !== 'ks') continue;
        const group = leads.get(ks.group) ?? new Map<string, KsLead>();
        const role = groups.find((other) => other.role === 'ks' && other.group === ks.group);
        group.set(device.name, ksLead({ ...ks, localRole: role?.role === 'ks' ? role.localRole : null }));
        leads.set(ks.group, group);
        const tek = ks.teks?.[0]?.lifetimeSeconds;
        if (tek != null) tekLifetimes.set(ks.group, tek);
        if (ks.kek?.lifetimeSeconds != null) kekLifetimes.set(ks.group, ks.kek.lifetimeSeconds);
        if (ks.kek?.remainingSeconds != null) ksExpiry.set(ks.group, clock(nowMs) + ks.kek.remainingSeconds * 1000);
      }
    }
    device.showsKekLifetime =
      groups.some((group) => group.role === 'gm' && group.kek?.remainingSeconds != null) || device.showsKekLifetime;
    largestStateBytes = Math.max(largestStateBytes, stateBytes(device.state));
  };

  const plan = (device: Device, nowMs: number): void => {
    while (device.nextRegularMs <= nowMs) {
      device.nextRegularMs += device.role === 'ks' ? Math.max(watch.intervalMs, DETAIL_MS) : watch.intervalMs;
    }
    device.nextMs = device.nextRegularMs;
    if (!watch.phaseAware || device.role === 'ks') return;
    const offset = clock(nowMs) - nowMs;
    for (const [name, group] of device.state.groups) {
      const behavior = kekBehaviorOf(device.version, device.showsKekLifetime);
      const expiry = group.view?.kek?.expiry;
      const kekExpiryMs =
        behavior === 'legacy'
          ? (ksExpiry.get(name) ?? null)
          : expiry === undefined
            ? null
            : (expiry.fromMs + expiry.toMs) / 2;
      const instants = nextPollInstants(
        {
          nowMs: clock(nowMs),
          role: 'gm',
          kekBehavior: behavior,
          kekExpiryMs,
          leadSeconds: groupLead([...(leads.get(name)?.values() ?? [])]).seconds,
          reregistersAtMs:
            group.view?.timer === null || group.view === null
              ? null
              : (group.view.timer.fromMs + group.view.timer.toMs) / 2,
          changedAtMs: device.changedAtMs,
          failuresInARow: device.state.failures?.inARow ?? 0,
          regularIntervalMs: watch.intervalMs,
          jitter: device.jitter,
        },
        { enabled: true },
      );
      const first = instants[0];
      if (first !== undefined) device.nextMs = Math.min(device.nextMs, Math.max(first - offset, nowMs + 1000));
    }
  };

  for (;;) {
    const next = devices.reduce((a, b) => (b.nextMs < a.nextMs ? b : a));
    const tickMs = watch.logs || watch.traps === true ? Math.min(next.nextMs, fleet.nowMs + TICK_MS) : next.nextMs;
    if (tickMs > endMs) break;
    if (tickMs < next.nextMs) {
      fleet.advance(tickMs);
      feedLogs();
      feedTraps();
      continue;
    }
    const nowMs = Math.max(next.nextMs, fleet.nowMs);
    poll(next, nowMs, true);
    plan(next, nowMs);
  }
  // Two last looks, so that nothing is judged that the agent could not see yet.
  for (const afterMs of [120_000, 240_000]) {
    for (const device of devices) poll(device, Math.max(endMs + afterMs, fleet.nowMs + 1), false);
  }
  for (const device of devices) events.push(...settle(device.state).events);
  const gmGroups = fleet.devices
    .filter(({ role }) => role === 'gm')
    .reduce((sum, { groups }) => sum + groups.length, 0);
  return {
    events,
    truth: fleet.groundTruth(),
    toldAtMs,
    answers: new Map(devices.map((device) => [device.name, device.answersMs])),
    endMs,
    polls,
    groupHours: gmGroups * options.hours,
    largestStateBytes,
  };
}

const LOOK_AT = /GM_REGS_COMPL|GM_CLEAR_REGISTER|GM_DELETE_EXPIRED_KEK|GM_RECV_DELETE/u;

/** As the agent does (poll-memory): a registration count that moved, or a rekey counter that fell. */
function hints(device: Device, groups: readonly GroupSnapshot[]): boolean {
  let hint = false;
  for (const group of groups) {
    if (group.role !== 'gm') continue;
    const known = device.counters.get(group.group)?.split(' ').map(Number);
    const succeeded = group.registrations.succeeded ?? -1;
    const received = group.rekeys.received ?? -1;
    if (known !== undefined && (known[0] !== succeeded || received < (known[1] ?? -1))) hint = true;
    device.counters.set(group.group, `${succeeded} ${received}`);
  }
  return hint;
}

function stateBytes(state: TrackerState): number {
  const groups = Math.max(1, state.groups.size);
  return JSON.stringify(state).length / groups;
}
