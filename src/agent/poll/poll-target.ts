/** What of a configured device a poll needs: whom to ask over SSH and over SNMP, and how long details count. */
import type { SshTarget } from '../../access/device-session.ts';
import type { SnmpTarget } from '../../access/device-snmp.ts';
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import { longestCronGapMs } from '../schedule/cron-gap.ts';
import type { ConfiguredDevice } from '../../model/device-view.ts';

/** A detail part counts this many of its intervals without an answer. */
const PART_LIFETIME_INTERVALS = 3;

export function configuredView(device: ResolvedDevice): Omit<ConfiguredDevice, 'snmp'> {
  return {
    device: device.name,
    host: device.host,
    configuredRole: device.role,
    labels: device.labels,
    regularIntervalMs: scheduleMs(device),
  };
}

export function sshTarget(device: ResolvedDevice): SshTarget | null {
  const { ssh, name, host, port, timeoutMs } = device;
  return ssh && { ...ssh, device: name, host, port, timeoutMs };
}

export function snmpTarget(device: ResolvedDevice): SnmpTarget | null {
  const { snmp, name, host, timeoutMs } = device;
  if (snmp === null) return null;
  const { port, credentialName, credential, sourceAddress } = snmp;
  const source = sourceAddress === undefined ? {} : { sourceAddress };
  return { device: name, host, port, credentialName, credential, timeoutMs, ...source };
}

/** SNMP of a device whose state SSH decides; null: there is none. */
export function snmpBeside(device: ResolvedDevice): ResolvedDevice['snmp'] {
  return device.ssh === null ? null : device.snmp;
}

export function partLifetimeMs(device: ResolvedDevice): number {
  return PART_LIFETIME_INTERVALS * Math.max(device.detailIntervalMs, scheduleMs(device));
}

/** Longest time between two regular polls. */
export function scheduleMs({ schedule }: ResolvedDevice): number {
  return schedule.kind === 'every' ? schedule.ms : longestCronGapMs(schedule.expression);
}
