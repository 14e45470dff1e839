/**
 * Asks devices over SSH, RESTCONF or SNMP and keeps what it learns about each. A device is asked one thing at a time;
 * polls beside SSH give way, since SSH decides.
 */
import type { RestconfAccess } from '../../access/device-restconf.ts';
import type { DeviceAccess } from '../../access/device-session.ts';
import type { SnmpAccess } from '../../access/device-snmp.ts';
import type { AccessWay } from '../../access/same-target.ts';
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import { NOTHING_LEARNT_BY_SNMP, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { Clock } from '../../kernel/clock.ts';
import { withoutRefusals } from './asked-when.ts';
import { createDevicePoller } from './device-poller.ts';
import { NOTHING_LEARNT, type PollMemory } from './poll-memory.ts';
import type { PollReport } from '../../model/poll-report.ts';
import { polledBeside, restconfTarget, snmpTarget, sshTarget } from './poll-target.ts';
import { hasRegistered, NOTHING_LEARNT_BY_RESTCONF, type RestconfMemory } from './restconf-memory.ts';
import { createRestconfPoller } from './restconf-poller.ts';
import { createSnmpPoller } from './snmp-poller.ts';

interface Learnt {
  ssh: PollMemory;
  snmp: SnmpMemory;
  restconf: RestconfMemory;
  /** Whose next poll is the first with another credential. */
  readonly renewed: Set<AccessWay>;
  /** Ask for the details at the next poll, whatever their interval. */
  detailsDue: boolean;
  /** RESTCONF beside SSH showed a registration: SSH is to ask for the uptime. */
  uptimeWanted: boolean;
  /** SSH, which decides, is asking. */
  asking: boolean;
  /** The poll beside SSH that is under way. */
  beside: Promise<unknown> | null;
}

/** The transports to devices. */
export interface Ways {
  readonly access: DeviceAccess;
  readonly snmp: SnmpAccess;
  readonly restconf: RestconfAccess;
}

export class DeviceAsker {
  readonly #ways: Ways;
  readonly #ssh: ReturnType<typeof createDevicePoller>;
  readonly #snmp: ReturnType<typeof createSnmpPoller>;
  readonly #restconf: ReturnType<typeof createRestconfPoller>;
  /** A replaced device gets a new entry, so an answer to the old one belongs to nobody. */
  readonly #learnt = new Map<string, Learnt>();

  constructor(options: Ways & { readonly clock: Clock }) {
    const { access, snmp, restconf, clock } = options;
    this.#ways = { access, snmp, restconf };
    this.#ssh = createDevicePoller({ access, clock });
    this.#snmp = createSnmpPoller({ access: snmp, clock });
    this.#restconf = createRestconfPoller({ access: restconf, clock });
  }

  add(device: string): void {
    this.#learnt.set(device, {
      ssh: NOTHING_LEARNT,
      snmp: NOTHING_LEARNT_BY_SNMP,
      restconf: NOTHING_LEARNT_BY_RESTCONF,
      renewed: new Set(),
      detailsDue: false,
      uptimeWanted: false,
      asking: false,
      beside: null,
    });
  }

  async forget(device: string): Promise<void> {
    this.#learnt.delete(device);
    this.#ssh.forget(device);
    const { access, snmp, restconf } = this.#ways;
    await Promise.all([access, snmp, restconf].map((way) => way.forget(device)));
  }

  /**
   * The same router is asked with other credentials. What it taught stays, but for what it did not let the old ones see.
   * A poll under way ends, and then the sessions.
   */
  async renew(device: string, ways: readonly AccessWay[]): Promise<void> {
    const learnt = this.#learnt.get(device);
    const { access, ...others } = this.#ways;
    const all = { ssh: access, ...others };
    for (const way of ways) learnt?.renewed.add(way);
    await Promise.all(ways.map((way) => all[way].forget(device, { isSameRouter: true })));
  }

  detailsAreDue(device: string): void {
    const learnt = this.#learnt.get(device);
    if (learnt !== undefined) learnt.detailsDue = true;
  }

  /** Polls by the transport that decides the device's state. Null: stopped, removed or replaced meanwhile. */
  async ask(device: ResolvedDevice, signal: AbortSignal): Promise<PollReport | null> {
    const learnt = this.#learnt.get(device.name);
    if (learnt === undefined) return null;
    const target = sshTarget(device);
    if (target === null) return this.#askWithoutSsh(device, learnt, signal);
    forgetRefusals(learnt, 'ssh');
    await learnt.beside;
    // By a reload meanwhile: `device` has the old credential.
    if (learnt.renewed.has('ssh')) return null;
    learnt.asking = true;
    try {
      const { collect } = device;
      const detailIntervalMs = takeDetailInterval(device, learnt);
      const { uptimeWanted } = learnt;
      const asked = { ssh: target, collect, detailIntervalMs, uptimeWanted };
      const report = await this.#ssh.poll(asked, learnt.ssh, signal);
      if (signal.aborted || this.#learnt.get(device.name) !== learnt) return null;
      learnt.ssh = report.memory;
      if (report.result === 'ok') learnt.uptimeWanted = false;
      return report;
    } finally {
      learnt.asking = false;
    }
  }

  /** Polls SNMP or RESTCONF between two SSH polls. Null: as for `ask`, or SSH is asking already. */
  async askBeside(device: ResolvedDevice, signal: AbortSignal): Promise<PollReport | null> {
    const learnt = this.#learnt.get(device.name);
    if (learnt === undefined || learnt.asking) return null;
    const asking = this.#askWithoutSsh(device, learnt, signal);
    learnt.beside = asking;
    return asking.finally(() => {
      learnt.beside = null;
    });
  }

  #askWithoutSsh(device: ResolvedDevice, learnt: Learnt, signal: AbortSignal): Promise<PollReport | null> {
    return device.restconf === null ? this.#askSnmp(device, learnt, signal) : this.#askRestconf(device, learnt, signal);
  }

  async #askRestconf(device: ResolvedDevice, learnt: Learnt, signal: AbortSignal): Promise<PollReport | null> {
    const target = restconfTarget(device);
    if (target === null) return null;
    forgetRefusals(learnt, 'restconf');
    const beside = polledBeside(device) !== null;
    const { role, collect } = device;
    const detailIntervalMs = beside ? device.detailIntervalMs : takeDetailInterval(device, learnt);
    const interest = { role, collect, detailIntervalMs, beside };
    const report = await this.#restconf(target, interest, learnt.restconf, signal);
    if (signal.aborted || this.#learnt.get(device.name) !== learnt) return null;
    if (beside && hasRegistered(learnt.restconf.registered, report.memory.registered)) learnt.uptimeWanted = true;
    learnt.restconf = report.memory;
    return report;
  }

  async #askSnmp(device: ResolvedDevice, learnt: Learnt, signal: AbortSignal): Promise<PollReport | null> {
    const target = snmpTarget(device);
    if (target === null) return null;
    forgetRefusals(learnt, 'snmp');
    const report = await this.#snmp(target, device.role, learnt.snmp, signal);
    if (signal.aborted || this.#learnt.get(device.name) !== learnt) return null;
    learnt.snmp = report.memory;
    return report;
  }
}

/** What a device did not show may have been hidden from the old credential only. */
function forgetRefusals(learnt: Learnt, way: AccessWay): void {
  if (!learnt.renewed.delete(way)) return;
  if (way === 'ssh') learnt.ssh = withoutRefusals(learnt.ssh);
  else if (way === 'snmp') learnt.snmp = { ...learnt.snmp, learntAtMs: null };
  else learnt.restconf = { ...withoutRefusals(learnt.restconf), learntAtMs: null };
}

/** 0 once after a message that something happened. */
function takeDetailInterval({ detailIntervalMs }: ResolvedDevice, learnt: Learnt): number {
  const due = learnt.detailsDue;
  learnt.detailsDue = false;
  return due ? 0 : detailIntervalMs;
}
