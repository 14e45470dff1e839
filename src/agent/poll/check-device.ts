/**
 * A look at one device without a running agent: one poll, through the same view, tracker and fleet as the agent's. Looks
 * repeated on the same `DeviceCheck` see movement; what an agent knew before (`knownState`) makes even the first one wiser.
 */
import type { DeviceAccess } from '../../access/device-session.ts';
import type { SnmpAccess } from '../../access/device-snmp.ts';
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import { trackFleet } from '../../gdoi/fleet/fleet.ts';
import { type FleetState, initialFleetState } from '../../gdoi/fleet/fleet-state.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetView } from '../../gdoi/fleet/fleet-view.ts';
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { track } from '../../gdoi/tracker/tracker.ts';
import { initialTrackerState, type TrackerState } from '../../gdoi/memory/tracker-state.ts';
import { NOTHING_LEARNT as NOTHING_LEARNT_BY_SNMP, type SnmpMemory } from '../../mib/snmp-memory.ts';
import type { Clock } from '../../kernel/clock.ts';
import { createDevicePoller } from './device-poller.ts';
import { afterPoll, type DeviceView, newDeviceView } from '../../model/device-view.ts';
import { membershipChanges, trackingOf, trackOptions } from '../../model/group-tracking.ts';
import { observationsOfReport } from './observations.ts';
import { NOTHING_LEARNT, type PollMemory } from './poll-memory.ts';
import { configuredView, partLifetimeMs, snmpTarget, sshTarget } from './poll-target.ts';
import { createSnmpPoller } from './snmp-poller.ts';

export interface CheckedDevice {
  readonly view: DeviceView;
  readonly fleetOf: (group: string) => FleetView | null;
  /** What this look found to have happened. */
  readonly events: readonly GdoiEvent[];
}

export class DeviceCheck {
  readonly #device: ResolvedDevice;
  readonly #ssh: ReturnType<typeof createDevicePoller>;
  readonly #snmp: ReturnType<typeof createSnmpPoller>;
  #memory: PollMemory = NOTHING_LEARNT;
  #snmpMemory: SnmpMemory = NOTHING_LEARNT_BY_SNMP;
  #view: DeviceView;
  #state: TrackerState;
  readonly #fleets = new Map<string, FleetState>();
  readonly #fleetViews = new Map<string, FleetView>();

  constructor(options: {
    readonly device: ResolvedDevice;
    readonly access: DeviceAccess;
    readonly snmp: SnmpAccess;
    readonly clock: Clock;
    readonly knownState: TrackerState | null;
  }) {
    const { device, access, snmp, clock, knownState } = options;
    this.#device = device;
    this.#ssh = createDevicePoller({ access, clock });
    this.#snmp = createSnmpPoller({ access: snmp, clock });
    this.#view = newDeviceView(configuredView(device));
    this.#state = knownState ?? initialTrackerState(device.name);
  }

  async look(signal: AbortSignal): Promise<CheckedDevice> {
    const fleetOf = (group: string) => this.#fleetViews.get(group) ?? null;
    const report = await this.#poll(signal);
    const events: GdoiEvent[] = [];
    for (const observation of observationsOfReport(report)) {
      const tracked = track(this.#state, observation, trackOptions(fleetOf));
      this.#state = tracked.state;
      events.push(...tracked.events);
    }
    const before = this.#view;
    const seen = afterPoll(before, report, partLifetimeMs(this.#device));
    const after = { ...seen, tracking: trackingOf(seen, this.#state, fleetOf) };
    for (const [group, facts] of membershipChanges(before, after, this.#state, report.finishedAtMs)) {
      const tracked = trackFleet(this.#fleets.get(group) ?? initialFleetState(group), [facts], DEFAULT_FLEET_SETTINGS);
      this.#fleets.set(group, tracked.state);
      this.#fleetViews.set(group, tracked.view);
    }
    // Once more, with what the device itself says of its groups as a KS.
    this.#view = { ...seen, tracking: trackingOf(seen, this.#state, fleetOf) };
    return { view: this.#view, fleetOf, events };
  }

  async #poll(signal: AbortSignal) {
    const { collect, detailIntervalMs, role } = this.#device;
    const ssh = sshTarget(this.#device);
    if (ssh !== null) {
      const report = await this.#ssh.poll({ ssh, collect, detailIntervalMs }, this.#memory, signal);
      this.#memory = report.memory;
      return report;
    }
    const snmp = snmpTarget(this.#device);
    if (snmp === null) throw new Error('a device is polled by SSH or by SNMP');
    const report = await this.#snmp(snmp, role, this.#snmpMemory, signal);
    this.#snmpMemory = report.memory;
    return report;
  }
}
