/**
 * A simulated GETVPN fleet: devices, answers to commands, ground truth, and the acts of scenarios and tests.
 *
 * The same scenario, seed and instants give the same fleet. Time moves only by `advance` (or by the instant of an
 * answer).
 */
import type { EpochMs } from '../../kernel/clock.ts';
import { type Random, seededRandom } from '../../kernel/random.ts';
import { renderAnswer } from '../render/answer.ts';
import { peersFound, peersLost, settleRoles } from '../world/coop.ts';
import type { FleetPlan, FleetOperations, GroupPlan } from '../scenarios/fleet-plan.ts';
import { GroupMember } from '../world/group-member.ts';
import type { TruthEvent } from '../world/ground-truth.ts';
import type { Happening } from '../world/happening.ts';
import { KeyServer, type KsGroupConfig } from '../world/key-server.ts';
import { type RekeyTimers, kekCreationAfter } from '../world/keys.ts';
import { renderYang, showsGdoi, type YangDocument, type YangView } from '../render/render-yang.ts';
import { type MibRevision, notificationOid } from '../snmp-wire/mib-objects.ts';
import { notificationOf, notificationVarbinds } from '../render/notification.ts';
import { HARDWARE, RELEASES, type ReleaseName } from '../world/release.ts';
import { upTimeTicks, type ManagedObjects, renderManagedObjects } from '../render/render-mib.ts';
import { logLine } from '../render/render-text.ts';
import { type Scenario, type ScenarioName, scenarioNamed } from '../scenarios/scenario.ts';
import type { Varbind } from '../snmp-wire/pdu.ts';
import type { Oid } from '../snmp-wire/oid.ts';
import type { EngineInstant } from '../snmp-wire/usm.ts';
import { type LogMessage, type Path, SimDevice, World } from '../world/world.ts';

export interface SimulatedDevice {
  readonly name: string;
  readonly hostname: string;
  readonly role: 'gm' | 'ks';
  readonly groups: readonly string[];
  /** Its address in the simulated network, not where its SSH server listens. */
  readonly address: string;
  readonly version: string;
  readonly platform: string;
  /** The revision of CISCO-GDOI-MIB in its release. */
  readonly gdoiMib: MibRevision;
  /** Whether its release shows GDOI over RESTCONF. */
  readonly yangGdoi: boolean;
}

export interface SimulatedLog {
  readonly device: string;
  readonly hostname: string;
  readonly atMs: EpochMs;
  readonly severity: number;
  readonly mnemonic: string;
  readonly text: string;
  /** Messages since the boot, this one included. */
  readonly sequence: number;
  /** As in the device's log buffer: mark, time stamp, `%FAC-n-MNEMONIC: text`. */
  readonly line: string;
}

export interface SimulatedNotification {
  readonly device: string;
  readonly atMs: EpochMs;
  /** `cgmGdoiGmReRegister`. */
  readonly name: string;
  readonly trapOid: Oid;
  readonly upTimeTicks: number;
  /** What follows sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[];
}

export interface SimulatedFleet extends FleetOperations {
  readonly scenario: string;
  /** In a fixed order: KSs, then GMs. */
  readonly devices: readonly SimulatedDevice[];
  readonly nowMs: EpochMs;
  /** Runs the fleet up to `toMs`; an earlier instant changes nothing. */
  advance(toMs: EpochMs): void;
  /** False while a device reloads or is dead: then it accepts no connection. */
  isUp(device: string): boolean;
  /** Instant of the last boot. */
  bootedAtMs(device: string): EpochMs;
  /** What the device prints at `nowMs` for a command line: LF line ends, no echo, no prompt. Advances the fleet. */
  answer(device: string, command: string, nowMs: EpochMs): string;
  /** Everything that happened so far (at most a million events), in order, including the history before `startMs`. */
  groundTruth(): readonly TruthEvent[];
  /** Has the device log a message now; returns its line as printed, empty if the device is down. */
  logNow(device: string, mnemonic: string, text: string): string;
  /** Called during `advance` for each log message. Returns a function that ends it. */
  onLog(listener: (log: SimulatedLog) => void): () => void;
  /** `snmpEngineID` of a device. */
  engineId(device: string): Buffer;
  /** `snmpEngineBoots` and `snmpEngineTime` at the fleet's present instant: boots rise with each boot. */
  engineInstant(device: string): EngineInstant;
  /** What the device's SNMP agent shows at the fleet's present instant; `change` alters it. */
  managedObjects(device: string, change?: ManagedObjectsChange): ManagedObjects;
  /** The device's document of a RESTCONF path at `nowMs`. Advances the fleet. */
  yangDocument(device: string, path: string, nowMs: EpochMs, view: YangView): YangDocument;
  /** Called during `advance` for each notification that the device's MIB has. Returns a function that ends it. */
  onNotification(listener: (notification: SimulatedNotification) => void): () => void;
}

interface ManagedObjectsChange {
  readonly revision?: MibRevision;
  readonly at?: EngineInstant;
}

export interface SimulatedFleetOptions {
  readonly scenario: ScenarioName;
  readonly seed: number;
  /** Numbers of devices; a scenario has its own defaults and minimum. */
  readonly gms?: number;
  readonly kss?: number;
  /** The instant of the first answer; everything before is simulated as history. */
  readonly startMs: EpochMs;
  /** Instead of the scenario's own: for example KEK 86400 and TEK 3600 s, the defaults of the devices. */
  readonly lifetimes?: { readonly kekSeconds: number; readonly tekSeconds: number };
}

const DAY_MS = 86_400_000;
/** GMs register within this time after their KS made its first keys. */
const FIRST_REGISTRATIONS_MS = { from: 2_000, to: 40_000 } as const;
const GM_BOOT_MS = { from: 60_000, to: 95_000 } as const;
const KS_BOOT_MS = 90_000;
/** `snmpEngineBoots` of the first device of each role; the next one has one more. */
const FIRST_BOOTS = 3;
/** Between two packets that fail the check: a router logs only some of them. */
const REPLAY_FAILURE_MS = { from: 3_000, to: 20_000 } as const;
const BOOT_TO_REGISTRATION_MS = { from: 5_000, to: 25_000 } as const;

export function createSimulatedFleet(options: SimulatedFleetOptions): SimulatedFleet {
  const scenario: Scenario = scenarioNamed(options.scenario);
  const plan = scenario.plan({
    gms: Math.max(scenario.minimum.gms, options.gms ?? scenario.defaults.gms),
    kss: Math.max(scenario.minimum.kss, options.kss ?? scenario.defaults.kss),
    lifetimes: options.lifetimes ?? scenario.lifetimes,
  });
  return createFleetFromPlan(plan, { seed: options.seed, startMs: options.startMs, scenario: options.scenario });
}

/** A fleet with a plan of its own. */
export function createFleetFromPlan(
  plan: FleetPlan,
  options: { readonly seed: number; readonly startMs: EpochMs; readonly scenario?: string },
): SimulatedFleet {
  return new Fleet(plan, options.seed, options.startMs, options.scenario ?? 'custom');
}

interface Entry {
  readonly device: SimDevice;
  readonly shown: SimulatedDevice;
  readonly memberships: GroupMember[];
  readonly keyServers: KeyServer[];
}

class Fleet implements SimulatedFleet {
  readonly scenario: string;
  readonly devices: readonly SimulatedDevice[];
  readonly #world: World;
  readonly #entries = new Map<string, Entry>();
  /** By group: its key servers. */
  readonly #groups = new Map<string, KeyServer[]>();

  constructor(plan: FleetPlan, seed: number, startMs: EpochMs, scenario: string) {
    this.scenario = scenario;
    const random = seededRandom(seed);
    const beginnings = new Map(plan.groups.map((group) => [group.name, groupBeginMs(group, plan, startMs)]));
    this.#world = new World(Math.min(startMs, ...beginnings.values()), random);
    this.#addKeyServers(plan, startMs, random);
    this.#addGroupMembers(plan, startMs, random, beginnings);
    for (const [group, keyServers] of this.#groups) {
      this.#world.at(beginnings.get(group) ?? startMs, () => settleRoles(keyServers, { quiet: true }));
    }
    for (const path of plan.paths) this.setPath(path.gm, path.ks, path);
    for (const step of plan.script) this.#world.at(startMs + step.atSeconds * 1000, () => step.act(this));
    this.devices = [...this.#entries.values()].map((entry) => entry.shown);
    this.#world.advance(startMs);
  }

  get nowMs(): EpochMs {
    return this.#world.nowMs;
  }

  advance(toMs: EpochMs): void {
    this.#world.advance(toMs);
  }

  isUp(device: string): boolean {
    return this.#entry(device).device.up;
  }

  bootedAtMs(device: string): EpochMs {
    return this.#entry(device).device.bootMs;
  }

  answer(device: string, command: string, nowMs: EpochMs): string {
    this.#world.advance(nowMs);
    return renderAnswer(this.#entry(device), command, this.#world.nowMs);
  }

  groundTruth(): readonly TruthEvent[] {
    return this.#world.truth;
  }

  logNow(device: string, mnemonic: string, text: string): string {
    const entry = this.#entry(device);
    const message = this.#world.log(entry.device, mnemonic, text);
    return message === null ? '' : logLine(entry.device, message);
  }

  onLog(listener: (log: SimulatedLog) => void): () => void {
    const forward = (device: SimDevice, message: LogMessage) =>
      listener({
        device: device.name,
        hostname: device.hostname,
        atMs: message.atMs,
        severity: Number(message.mnemonic.split('-')[1] ?? 5),
        mnemonic: message.mnemonic,
        text: message.text,
        sequence: message.sequence,
        line: logLine(device, message),
      });
    this.#world.logListeners.add(forward);
    return () => this.#world.logListeners.delete(forward);
  }

  engineId(device: string): Buffer {
    return engineIdOf(this.#entry(device).device);
  }

  engineInstant(device: string): EngineInstant {
    const { boots, bootMs } = this.#entry(device).device;
    return { boots, timeSeconds: Math.max(0, Math.floor((this.#world.nowMs - bootMs) / 1000)) };
  }

  managedObjects(device: string, change: ManagedObjectsChange = {}): ManagedObjects {
    const entry = this.#entry(device);
    return renderManagedObjects(entry, this.#world.nowMs, {
      revision: change.revision ?? entry.device.release.gdoiMib,
      engineId: engineIdOf(entry.device),
      at: change.at ?? this.engineInstant(device),
    });
  }

  yangDocument(device: string, path: string, nowMs: EpochMs, view: YangView): YangDocument {
    this.#world.advance(nowMs);
    return renderYang(this.#entry(device), path, this.#world.nowMs, view);
  }

  onNotification(listener: (notification: SimulatedNotification) => void): () => void {
    const forward = (device: SimDevice, happening: Happening) => {
      const notification = notificationOf(happening, device.release.gdoiMib);
      if (notification === null) return;
      const { nowMs } = this.#world;
      listener({
        device: device.name,
        atMs: nowMs,
        name: notification.name,
        trapOid: notificationOid(notification.number),
        upTimeTicks: upTimeTicks(device.bootMs, nowMs),
        varbinds: notificationVarbinds(happening),
      });
    };
    this.#world.happeningListeners.add(forward);
    return () => this.#world.happeningListeners.delete(forward);
  }

  reloadDevice(name: string, downSeconds?: number): void {
    const entry = this.#entry(name);
    if (!entry.device.up) return;
    const downMs =
      downSeconds === undefined
        ? entry.device.role === 'ks'
          ? KS_BOOT_MS
          : this.#world.uniform(GM_BOOT_MS.from, GM_BOOT_MS.to)
        : downSeconds * 1000;
    const { nowMs } = this.#world;
    this.#world.record({ kind: 'reload', atMs: nowMs, upAtMs: nowMs + downMs, device: name });
    this.#down(entry);
    this.#world.after(downMs, () => this.#boot(entry));
  }

  clearGm(name: string): void {
    for (const gm of this.#entry(name).memberships) gm.clear();
  }

  setPath(gm: string, ks: string, change: Partial<Path>): void {
    this.#world.setPath(gm, ks, change);
  }

  killKs(name: string): void {
    const entry = this.#entry(name);
    if (!entry.device.up) return;
    this.#world.record({ kind: 'ks_down', atMs: this.#world.nowMs, device: name });
    this.#down(entry);
  }

  reviveKs(name: string): void {
    const entry = this.#entry(name);
    if (entry.device.up) return;
    this.#world.record({ kind: 'ks_up', atMs: this.#world.nowMs, device: name });
    this.#boot(entry);
  }

  upgradeKs(name: string, release: ReleaseName = '17.6.3'): void {
    const entry = this.#entry(name);
    this.reloadDevice(name);
    entry.device.release = RELEASES[release];
  }

  cutCoop(a: string, b: string): void {
    this.#world.cutPeers(a, b, true);
    for (const keyServers of this.#coopGroupsOf(a, b)) peersLost(this.#world, keyServers);
  }

  healCoop(a: string, b: string): void {
    this.#world.cutPeers(a, b, false);
    for (const keyServers of this.#coopGroupsOf(a, b)) {
      peersFound(
        this.#world,
        keyServers,
        keyServers.filter((keyServer) => keyServer.device.name === a),
      );
    }
  }

  clearKsMembers(name: string): void {
    for (const keyServer of this.#entry(name).keyServers) keyServer.clearMembers();
  }

  rekeyNow(name: string): void {
    for (const keyServer of this.#entry(name).keyServers) keyServer.rekeyNow();
  }

  replacePolicy(name: string): void {
    for (const keyServer of this.#entry(name).keyServers) keyServer.replacePolicy();
  }

  flapInterface(name: string, downSeconds: number): void {
    const { device, memberships } = this.#entry(name);
    if (!device.up || !device.interfaceUp) return;
    const world = this.#world;
    const { incarnation } = device;
    const upAtMs = world.nowMs + downSeconds * 1000;
    world.record({ kind: 'flap', atMs: world.nowMs, upAtMs, device: name });
    this.#turnInterface(device, 'down');
    world.at(upAtMs, () => {
      if (device.incarnation !== incarnation) return;
      this.#turnInterface(device, 'up');
      for (const gm of memberships) gm.interfaceCameUp();
    });
  }

  #turnInterface(device: SimDevice, state: 'up' | 'down'): void {
    const { cryptoInterface } = HARDWARE[device.release.hardware];
    device.interfaceUp = state === 'up';
    this.#world.log(device, 'LINK-3-UPDOWN', `Interface ${cryptoInterface}, changed state to ${state}`);
    this.#world.log(
      device,
      'LINEPROTO-5-UPDOWN',
      `Line protocol on Interface ${cryptoInterface}, changed state to ${state}`,
    );
  }

  loseTeks(name: string): void {
    for (const gm of this.#entry(name).memberships) gm.loseTeks();
  }

  failReplayChecks(name: string, forSeconds: number): void {
    const { device, memberships } = this.#entry(name);
    const world = this.#world;
    const untilMs = world.nowMs + forSeconds * 1000;
    const failOne = () => {
      if (world.nowMs >= untilMs) return;
      for (const gm of memberships) gm.failReplayCheck();
      world.after(world.uniform(REPLAY_FAILURE_MS.from, REPLAY_FAILURE_MS.to), failOne);
    };
    if (device.up) failOne();
  }

  setDeviceClock(name: string, offsetSeconds: number): void {
    this.#entry(name).device.clockOffsetMs = offsetSeconds * 1000;
  }

  #coopGroupsOf(a: string, b: string): readonly KeyServer[][] {
    return [...this.#groups.values()].filter(
      (keyServers) =>
        keyServers.some((keyServer) => keyServer.device.name === a) &&
        keyServers.some((keyServer) => keyServer.device.name === b),
    );
  }

  #down(entry: Entry): void {
    entry.device.up = false;
    entry.device.interfaceUp = true;
    entry.device.incarnation += 1;
    for (const gm of entry.memberships) gm.lose();
    for (const keyServer of entry.keyServers) {
      keyServer.lose();
      const keyServers = this.#groups.get(keyServer.config.name) ?? [];
      if (keyServers.length > 1) peersLost(this.#world, keyServers);
    }
  }

  #boot(entry: Entry): void {
    const { device } = entry;
    const world = this.#world;
    if (device.up) return;
    device.up = true;
    device.incarnation += 1;
    device.bootMs = world.nowMs;
    device.boots += 1;
    device.clearLog();
    world.log(device, 'SYS-5-RESTART', 'System restarted --');
    world.log(device, 'CRYPTO-6-GDOI_ON_OFF', 'GDOI is OFF');
    world.log(device, 'CRYPTO-6-GDOI_ON_OFF', 'GDOI is ON');
    for (const gm of entry.memberships)
      gm.boot(world.uniform(BOOT_TO_REGISTRATION_MS.from, BOOT_TO_REGISTRATION_MS.to));
    for (const keyServer of entry.keyServers) {
      const keyServers = this.#groups.get(keyServer.config.name) ?? [];
      peersFound(world, keyServers, [keyServer]);
    }
  }

  #addKeyServers(plan: FleetPlan, startMs: EpochMs, random: Random): void {
    const groups = new Map(plan.groups.map((group) => [group.name, ksGroupConfig(group)]));
    for (const [index, ks] of plan.kss.entries()) {
      const device = new SimDevice({
        name: ks.name,
        hostname: ks.hostname ?? ks.name.toUpperCase(),
        address: `10.1.${11 + index}.2`,
        role: 'ks',
        release: RELEASES[ks.release],
        bootMs: startMs - (20 + random() * 300) * DAY_MS,
        boots: FIRST_BOOTS + index,
        clockState: ks.clock ?? 'ntp',
        sequenceNumbers: ks.sequenceNumbers ?? false,
      });
      const entry: Entry = { device, shown: shown(device, ks.groups), memberships: [], keyServers: [] };
      for (const name of ks.groups) {
        const config = groups.get(name);
        if (config === undefined) throw new Error(`plan: ${ks.name} is in unknown group ${name}`);
        const own = { priority: ks.priority ?? 100, rsaKey: ks.rsaKey ?? 'shared' };
        const keyServer = new KeyServer(this.#world, device, config, own);
        entry.keyServers.push(keyServer);
        this.#groups.set(name, [...(this.#groups.get(name) ?? []), keyServer]);
      }
      this.#entries.set(ks.name, entry);
    }
    for (const keyServers of this.#groups.values()) {
      for (const keyServer of keyServers) keyServer.peers = keyServers.filter((peer) => peer !== keyServer);
    }
  }

  #addGroupMembers(plan: FleetPlan, startMs: EpochMs, random: Random, beginnings: ReadonlyMap<string, EpochMs>): void {
    const identities = new Map(plan.groups.map((group) => [group.name, group.identity]));
    for (const [index, gm] of plan.gms.entries()) {
      const release = RELEASES[gm.release];
      const device = new SimDevice({
        name: gm.name,
        hostname: gm.hostname ?? gm.name.toUpperCase(),
        address: `10.${16 + (index >> 8)}.${index & 255}.2`,
        role: 'gm',
        release,
        bootMs: startMs - (2 + random() * 200) * DAY_MS,
        boots: FIRST_BOOTS + index,
        clockState: gm.clock ?? 'ntp',
        sequenceNumbers: gm.sequenceNumbers ?? false,
        staysRegistered: gm.staysRegistered ?? false,
      });
      const entry: Entry = { device, shown: shown(device, gm.groups), memberships: [], keyServers: [] };
      for (const name of gm.groups) {
        const all = this.#groups.get(name) ?? [];
        const keyServers = (gm.keyServers ?? all.map((keyServer) => keyServer.device.name)).flatMap((ksName) =>
          all.filter((keyServer) => keyServer.device.name === ksName),
        );
        const membership = new GroupMember(this.#world, device, {
          name,
          identity: identities.get(name) ?? '0',
          keyServers,
          interface: HARDWARE[release.hardware].cryptoInterface,
        });
        entry.memberships.push(membership);
        const delayMs = this.#world.uniform(FIRST_REGISTRATIONS_MS.from, FIRST_REGISTRATIONS_MS.to);
        membership.start((beginnings.get(name) ?? startMs) - this.#world.nowMs + delayMs);
      }
      this.#entries.set(gm.name, entry);
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`no simulated device ${name}`);
    return entry;
  }
}

/** Enterprise 9, format 3 (MAC address): Cisco's own form. The octets are those of the address. */
function engineIdOf(device: SimDevice): Buffer {
  return Buffer.from([0x80, 0, 0, 9, 3, 2, 0, ...device.address.split('.').map(Number)]);
}

function shown(device: SimDevice, groups: readonly string[]): SimulatedDevice {
  return {
    name: device.name,
    hostname: device.hostname,
    role: device.role,
    groups,
    address: device.address,
    get version() {
      return device.release.version;
    },
    get yangGdoi() {
      return showsGdoi(device.release.version);
    },
    get gdoiMib() {
      return device.release.gdoiMib;
    },
    get platform() {
      return HARDWARE[device.release.hardware].model;
    },
  };
}

function timersOf(group: GroupPlan): RekeyTimers {
  return {
    kekLifetimeMs: group.kekLifetimeSeconds * 1000,
    tekLifetimeMs: group.tekLifetimeSeconds * 1000,
    transport: group.transport,
    retransmitPeriodMs: (group.retransmit?.periodSeconds ?? 10) * 1000,
    retransmitAttempts: group.retransmit?.attempts ?? 2,
  };
}

function ksGroupConfig(group: GroupPlan): KsGroupConfig {
  return {
    name: group.name,
    identity: group.identity,
    timers: timersOf(group),
    multicastAddress: '239.192.1.190',
    acl: [
      'deny ospf any any',
      'deny eigrp any any',
      'deny udp any port = 848 any port = 848',
      'deny tcp any any port = 22',
      'permit ip any any',
    ],
    aclName: `${group.name}-acl`,
    transform: group.cipher === 'AES' ? 'esp-256-aes esp-sha256-hmac' : 'esp-3des esp-sha-hmac',
    kekCipher: group.cipher,
    antiReplay: group.antiReplay,
  };
}

/** When the KSs of a group make their first keys, so that at `startMs` the KEK has the remaining life of the plan. */
function groupBeginMs(group: GroupPlan, plan: FleetPlan, startMs: EpochMs): EpochMs {
  const gms = plan.gms.filter((gm) => gm.groups.includes(group.name)).length;
  const primary = plan.kss
    .filter((ks) => ks.groups.includes(group.name))
    .toSorted((a, b) => (b.priority ?? 100) - (a.priority ?? 100))[0];
  const behavior = primary === undefined ? 'timer' : RELEASES[primary.release].kekBehavior;
  const lastCreation = kekCreationAfter(group.pastKekCycles, timersOf(group), behavior, gms);
  return startMs - (group.kekLifetimeSeconds - group.kekRemainingSeconds) * 1000 - lastCreation;
}
