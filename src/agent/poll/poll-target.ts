/** What a poll needs of a configured device: how to reach it over each transport, and how long details count. */
import type { SshTarget } from '../../access/device-session.ts';
import type { RestconfTarget } from '../../access/device-restconf.ts';
import type { SnmpTarget } from '../../access/device-snmp.ts';
import type { AccessWay } from '../../access/same-target.ts';
import type { ResolvedDevice, Schedule } from '../../config/resolved-config.ts';
import { longestCronGapMs } from '../schedule/cron-gap.ts';
import { inCell } from '../../gdoi/seen/cell.ts';
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import type { ConfiguredDevice } from '../../model/device-view.ts';
import type { DeviceSettings } from '../../model/fleet-step.ts';
import type { BesideTransport } from '../../model/poll-report.ts';

/** A detail counts for this many of its intervals without an answer. */
const PART_LIFETIME_INTERVALS = 3;

/** How long a detail part counts without an answer. It is asked for at polls only. */
export function partLifetimeMs(device: {
  readonly detailIntervalMs: number;
  readonly regularIntervalMs: number;
}): number {
  return PART_LIFETIME_INTERVALS * Math.max(device.detailIntervalMs, device.regularIntervalMs);
}

/** `turns`: one poll in this many turns of the schedule; more than 1 while the device is busy. */
export function configuredView(device: ResolvedDevice, turns = 1): Omit<ConfiguredDevice, BesideTransport> {
  return {
    device: device.name,
    ...inCell(device.cell),
    host: device.host,
    configuredRole: device.role,
    labels: device.labels,
    regularIntervalMs: turns * scheduleMs(device),
  };
}

export function sshTarget(device: ResolvedDevice): SshTarget | null {
  const { ssh, name, host, port, timeoutMs } = device;
  return ssh && { device: name, host, port, timeoutMs, ...ssh };
}

export function snmpTarget(device: ResolvedDevice): SnmpTarget | null {
  const { snmp, name, host, timeoutMs } = device;
  if (snmp === null) return null;
  const { schedule: _pace, ...asked } = snmp;
  return { device: name, host, timeoutMs, ...asked };
}

export function restconfTarget(device: ResolvedDevice): RestconfTarget | null {
  const { restconf, name, host, timeoutMs } = device;
  if (restconf === null) return null;
  const { schedule: _pace, ...asked } = restconf;
  return { device: name, host, timeoutMs, ...asked };
}

/** The way by which it is asked for what decides its state. */
export function decidingWay({ ssh, restconf }: ResolvedDevice): AccessWay {
  if (ssh !== null) return 'ssh';
  return restconf === null ? 'snmp' : 'restconf';
}

export interface Beside {
  readonly by: BesideTransport;
  readonly schedule: Schedule;
}

/** What is polled beside SSH, which decides the device's state, and at what interval; null: nothing. */
export function polledBeside(device: ResolvedDevice): Beside | null {
  const { ssh, restconf, snmp } = device;
  if (ssh === null) return null;
  if (restconf !== null) return { by: 'restconf', schedule: restconf.schedule };
  return snmp && { by: 'snmp', schedule: snmp.schedule };
}

/** The settings that decide what is concluded from its answers. */
export function deviceSettings(device: ResolvedDevice, turns = 1): DeviceSettings {
  const regularIntervalMs = turns * scheduleMs(device);
  return {
    ...inCell(device.cell),
    host: device.host,
    configuredRole: device.role,
    regularIntervalMs,
    partLifetimeMs: partLifetimeMs({ detailIntervalMs: device.detailIntervalMs, regularIntervalMs }),
    phaseAware: device.phaseAware,
  };
}

/** The tolerances of a group follow its slowest common interval. */
export function fleetSettings(devices: readonly ResolvedDevice[]): FleetSettings {
  const slowest = (paces: readonly number[]) => paces.reduce((slower, pace) => Math.max(slower, pace), 0);
  return {
    pollIntervalMs: slowest(devices.map(scheduleMs)),
    detailIntervalMs: slowest(devices.map(({ detailIntervalMs }) => detailIntervalMs)),
  };
}

/** Longest time between two regular polls. */
function scheduleMs({ schedule }: ResolvedDevice): number {
  return schedule.kind === 'every' ? schedule.ms : longestCronGapMs(schedule.expression);
}
