/**
 * Asks devices, over SSH or SNMP, and keeps what each one taught. A device is asked one thing at a time: SNMP beside SSH
 * gives way, since SSH shows more.
 */
import type { DeviceAccess } from '../../access/device-session.ts';
import type { SnmpAccess } from '../../access/device-snmp.ts';
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import { NOTHING_LEARNT as NOTHING_LEARNT_BY_SNMP, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createDevicePoller } from './device-poller.ts';
import { NOTHING_LEARNT, type PollMemory } from './poll-memory.ts';
import type { PollReport } from '../../model/poll-report.ts';
import { snmpTarget, sshTarget } from './poll-target.ts';
import { createSnmpPoller } from './snmp-poller.ts';

interface Learnt {
  ssh: PollMemory;
  snmp: SnmpMemory;
  /** Details are asked at the next poll, whatever their pace. */
  detailsDue: boolean;
  /** SSH decides and is asking. */
  asking: boolean;
  /** The SNMP poll beside SSH that is under way. */
  beside: Promise<unknown> | null;
}

export class DeviceAsker {
  readonly #access: DeviceAccess;
  readonly #snmpAccess: SnmpAccess;
  readonly #ssh: ReturnType<typeof createDevicePoller>;
  readonly #snmp: ReturnType<typeof createSnmpPoller>;
  /** A device that was replaced has another entry: an answer to the old one is nobody's. */
  readonly #learnt = new Map<string, Learnt>();

  constructor(options: { readonly access: DeviceAccess; readonly snmp: SnmpAccess; readonly clock: Clock }) {
    const { access, snmp, clock } = options;
    this.#access = access;
    this.#snmpAccess = snmp;
    this.#ssh = createDevicePoller({ access, clock });
    this.#snmp = createSnmpPoller({ access: snmp, clock });
  }

  add(device: string): void {
    this.#learnt.set(device, {
      ssh: NOTHING_LEARNT,
      snmp: NOTHING_LEARNT_BY_SNMP,
      detailsDue: false,
      asking: false,
      beside: null,
    });
  }

  async forget(device: string): Promise<void> {
    this.#learnt.delete(device);
    this.#ssh.forget(device);
    this.#snmpAccess.forget(device);
    await this.#access.forget(device);
  }

  detailsAreDue(device: string): void {
    const learnt = this.#learnt.get(device);
    if (learnt !== undefined) learnt.detailsDue = true;
  }

  /** A poll by the transport that decides the device's state. null: stopped, removed or replaced meanwhile. */
  async ask(device: ResolvedDevice, signal: AbortSignal): Promise<PollReport | null> {
    const learnt = this.#learnt.get(device.name);
    if (learnt === undefined) return null;
    const target = sshTarget(device);
    if (target === null) return this.#askSnmp(device, learnt, signal);
    await learnt.beside;
    learnt.asking = true;
    try {
      const { collect } = device;
      const detailIntervalMs = learnt.detailsDue ? 0 : device.detailIntervalMs;
      learnt.detailsDue = false;
      const report = await this.#ssh.poll({ ssh: target, collect, detailIntervalMs }, learnt.ssh, signal);
      if (signal.aborted || this.#learnt.get(device.name) !== learnt) return null;
      learnt.ssh = report.memory;
      return report;
    } finally {
      learnt.asking = false;
    }
  }

  /** SNMP between two SSH polls. null: as for `ask`, or SSH asks already. */
  async askBeside(device: ResolvedDevice, signal: AbortSignal): Promise<PollReport | null> {
    const learnt = this.#learnt.get(device.name);
    if (learnt === undefined || learnt.asking) return null;
    const asking = this.#askSnmp(device, learnt, signal);
    learnt.beside = asking;
    return asking.finally(() => {
      learnt.beside = null;
    });
  }

  async #askSnmp(device: ResolvedDevice, learnt: Learnt, signal: AbortSignal): Promise<PollReport | null> {
    const target = snmpTarget(device);
    if (target === null) return null;
    const report = await this.#snmp(target, device.role, learnt.snmp, signal);
    if (signal.aborted || this.#learnt.get(device.name) !== learnt) return null;
    learnt.snmp = report.memory;
    return report;
  }
}
