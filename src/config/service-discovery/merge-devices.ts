/**
 * The devices of the configuration file and of service discovery as one list with unique names: the first of each name
 * stays.
 */
import type { ResolvedDevice } from '../resolved-config.ts';

interface DeviceList {
  /** For findings. */
  readonly name: string;
  readonly devices: readonly ResolvedDevice[];
}

export function mergeDevices(
  configured: readonly ResolvedDevice[],
  discovered: readonly DeviceList[],
): { readonly devices: readonly ResolvedDevice[]; readonly findings: readonly string[] } {
  const firstOf = new Map(configured.map((device) => [device.name, 'the configuration file']));
  const devices = [...configured];
  const findings: string[] = [];
  for (const { name: source, devices: found } of discovered) {
    for (const device of found) {
      const first = firstOf.get(device.name);
      if (first === undefined) {
        firstOf.set(device.name, source);
        devices.push(device);
      } else {
        findings.push(
          `${source}: ${device.name} is left out: ${first === source ? 'it' : first} already has a device of that name`,
        );
      }
    }
  }
  return { devices, findings };
}
