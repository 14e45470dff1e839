/** Which devices are at risk now, in one line. */
import { counted, everyOne } from '../gdoi/events/counted.ts';
import type { HealthStatus } from '../gdoi/health/health-check.ts';

export type StatusCount = Readonly<Record<HealthStatus, number>>;

export function headline(devices: StatusCount, groups: readonly { readonly status: HealthStatus }[]): string {
  const all = sum(devices);
  if (all === 0) return 'No devices';
  const criticalGroups = groups.filter(({ status }) => status === 'critical').length;
  const ofGroups =
    criticalGroups === 0 ? '' : `${criticalGroups} ${criticalGroups === 1 ? 'group' : 'groups'} critical; `;
  const ofDevices = (['critical', 'warning', 'unknown'] as const)
    .filter((status) => devices[status] > 0)
    .map((status) => `${devices[status]} ${status}`)
    .join(', ');
  if (ofDevices !== '') return `${ofGroups}${ofDevices} of ${counted(all, 'device')}`;
  return `${ofGroups}${everyOne(all, 'device')} ${all === 1 ? 'is' : 'are'} well`.replace(/^./, (first) =>
    first.toUpperCase(),
  );
}

/** When the agent is gone: known trouble is still shown, and nothing says that all is well. */
export function lastKnown(devices: StatusCount, groups: readonly { readonly status: HealthStatus }[]): string {
  const last = headline(devices, groups);
  const isTrouble = devices.ok < sum(devices) || groups.some(({ status }) => status === 'critical');
  return isTrouble
    ? `Last known: ${last.replace(/^./, (first) => first.toLowerCase())}`
    : 'The present state of the fleet is not known';
}

export function sum(devices: StatusCount): number {
  return devices.ok + devices.unknown + devices.warning + devices.critical;
}
