/**
 * One look at a device without a running agent: one poll, through the fleet's step like the agent's polls. Repeated
 * looks with the same `DeviceCheck` show changes.
 */
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import { type GroupView, groupView } from '../../gdoi/fleet/group-view.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import { groupKey } from '../../gdoi/seen/cell.ts';
import { NOTHING_LEARNT_BY_SNMP, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createDevicePoller } from './device-poller.ts';
import { type DeviceView, newDeviceView } from '../../model/device-view.ts';
import { type FleetMemory, fleetStep, type GroupMemory } from '../../model/fleet-step.ts';
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
  #state: TrackerState | null = null;
  readonly #groups = new Map<string, GroupMemory>();
  readonly #memory: FleetMemory = {
    state: () => this.#state,
    group: (name) => this.#groups.get(name) ?? null,
    groups: () => this.#groups.values(),
  };

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
    const step = fleetStep({ memory: this.#memory, before: this.#view }, { kind: 'polled', report }, settings);
    this.#state = step.state;
    this.#view = step.view;
    for (const [name, { memory }] of step.groups) this.#groups.set(name, memory);
    return { view: this.#view, groupOf: (group) => this.#groupOf(group, isOnly) };
  }

  #groupOf(group: string, isOnly: boolean): GroupView | null {
    const known = this.#groups.get(groupKey(this.#view.cell, group));
    if (known === undefined || !isOnly) return known?.view ?? null;
    const { state, view, last } = known;
    const explanations = last.explanations.filter(({ phase }) => phase !== 'unclear');
    return groupView(state, view.atMs, { ...last, explanations });
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
