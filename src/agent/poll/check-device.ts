/**
 * One look at a device without a running agent: one poll, through the fleet's step like the agent's polls. Repeated
 * looks with the same `DeviceCheck` show changes.
 */
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import { groupKey } from '../../gdoi/seen/cell.ts';
import { NOTHING_LEARNT_BY_SNMP, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createDevicePoller } from './device-poller.ts';
import { type DeviceView, newDeviceView } from '../../model/device-view.ts';
import { judgedAlone } from '../../model/fleet-step.ts';
import { KnownFleet } from '../../model/known-fleet.ts';
import { NOTHING_LEARNT, type PollMemory } from './poll-memory.ts';
import type { Ways } from './device-asker.ts';
import { configuredView, deviceSettings, restconfTarget, snmpTarget, sshTarget } from './poll-target.ts';
import { NOTHING_LEARNT_BY_RESTCONF, type RestconfMemory } from './restconf-memory.ts';
import { createRestconfPoller } from './restconf-poller.ts';
import { createSnmpPoller } from './snmp-poller.ts';

export interface CheckedDevice {
  readonly view: DeviceView;
  readonly groupOf: (group: string) => GroupView | null;
}

export class DeviceCheck {
  readonly #device: ResolvedDevice;
  readonly #fleet: FleetSettings;
  readonly #ssh: ReturnType<typeof createDevicePoller>;
  readonly #snmp: ReturnType<typeof createSnmpPoller>;
  readonly #restconf: ReturnType<typeof createRestconfPoller>;
  #polled: PollMemory = NOTHING_LEARNT;
  #restconfMemory: RestconfMemory = NOTHING_LEARNT_BY_RESTCONF;
  #snmpMemory: SnmpMemory = NOTHING_LEARNT_BY_SNMP;
  #view: DeviceView;
  readonly #known = new KnownFleet();

  /** `fleet`: the settings of the fleet that the device belongs to. */
  constructor(
    options: Ways & { readonly device: ResolvedDevice; readonly fleet: FleetSettings; readonly clock: Clock },
  ) {
    const { device, fleet, access, snmp, restconf, clock } = options;
    this.#device = device;
    this.#fleet = fleet;
    this.#ssh = createDevicePoller({ access, clock });
    this.#snmp = createSnmpPoller({ access: snmp, clock });
    this.#restconf = createRestconfPoller({ access: restconf, clock });
    this.#view = newDeviceView(configuredView(device));
  }

  /** `isOnly`: no later look will decide what is still unclear, so the checks stand alone there. */
  async look(signal: AbortSignal, isOnly: boolean): Promise<CheckedDevice> {
    const report = await this.#poll(signal);
    const settings = { fleet: this.#fleet, maintenance: [], device: deviceSettings(this.#device) };
    this.#view = this.#known.step(this.#view, { kind: 'polled', report }, settings).view;
    return { view: this.#view, groupOf: (group) => this.#groupOf(group, isOnly) };
  }

  #groupOf(group: string, isOnly: boolean): GroupView | null {
    const known = this.#known.group(groupKey(this.#view.cell, group));
    return known !== null && isOnly ? judgedAlone(known) : (known?.view ?? null);
  }

  async #poll(signal: AbortSignal) {
    const { collect, detailIntervalMs, role } = this.#device;
    const ssh = sshTarget(this.#device);
    if (ssh !== null) {
      const report = await this.#ssh.poll({ ssh, collect, detailIntervalMs }, this.#polled, signal);
      this.#polled = report.memory;
      return report;
    }
    const restconf = restconfTarget(this.#device);
    if (restconf !== null) {
      const interest = { role, collect, detailIntervalMs, beside: false };
      const report = await this.#restconf(restconf, interest, this.#restconfMemory, signal);
      this.#restconfMemory = report.memory;
      return report;
    }
    const snmp = snmpTarget(this.#device);
    if (snmp === null) throw new Error('a device is polled by SSH, by RESTCONF or by SNMP');
    const report = await this.#snmp(snmp, role, this.#snmpMemory, signal);
    this.#snmpMemory = report.memory;
    return report;
  }
}
