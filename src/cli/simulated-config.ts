/** The configuration of a simulated fleet, as a user would write it for real routers: what `run` takes. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { SimulatedDevice } from '../simulator/fleet.ts';

export const SIMULATED_USER = 'monitor';

/** A password for the simulated devices, fresh each time: nothing to find in a package. */
export function freshPassword(): string {
  return randomBytes(12).toString('base64url');
}

export interface SimulatedConfigOptions {
  readonly directory: string;
  readonly devices: readonly SimulatedDevice[];
  readonly ports: ReadonlyMap<string, number>;
  readonly password: string;
  readonly listen: string;
  readonly interval: string;
  /** Record every answer into `captures/`. */
  readonly record?: boolean;
}

/** Write `gdoiwatch.yml` and its password file into `directory`; returns the path of the configuration. */
export async function writeSimulatedConfig(options: SimulatedConfigOptions): Promise<string> {
  const { directory, devices, ports } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'gdoiwatch.yml');
  const config = {
    listen: options.listen,
    ...(options.record === true ? { record: 'captures' } : {}),
    defaults: { interval: options.interval, credentials: 'simulated', collect: ['replay', 'dataplane'] },
    credentials: { simulated: { username: SIMULATED_USER, password_file: 'password' } },
    ssh: { known_hosts: 'known_hosts', host_keys: 'accept-new' },
    devices: devices.map((device) => ({
      name: device.name,
      host: '127.0.0.1',
      port: ports.get(device.name),
      role: device.role,
    })),
  };
  await writeFile(join(directory, 'password'), `${options.password}\n`, { mode: 0o600 });
  await writeFile(
    file,
    `# A simulated fleet: gdoiwatch run --config ${file}\n${stringify(config, { flowCollectionPadding: true })}`,
  );
  return file;
}
