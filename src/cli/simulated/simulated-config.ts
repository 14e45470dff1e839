/** The configuration of a simulated fleet, as a user would write it for real routers: `run` takes it. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { directoryReason, makeDirectory } from '../../kernel/make-directory.ts';
import { UserError } from '../../kernel/user-error.ts';
import type { SimulatedDevice } from '../../simulator/fleet/fleet.ts';
import { SHARED_ADDRESS } from '../../simulator/push/loopback-addresses.ts';

export const SIMULATED_USER = 'monitor';

/** A secret for the simulated devices, new each time, so that none is in the package. */
export function freshSecret(): string {
  return randomBytes(12).toString('base64url');
}

/** Loopback UDP ports to which log messages and traps are sent. */
export interface PushPorts {
  readonly syslog: number;
  readonly traps: number;
}

/** A fleet as its configuration describes it: where the devices answer, and with which secrets. */
export interface SimulatedPlaces {
  readonly devices: readonly SimulatedDevice[];
  /** Loopback address by device; default 127.0.0.1 for all. */
  readonly addresses?: ReadonlyMap<string, string>;
  /** SSH port by device. */
  readonly ports: ReadonlyMap<string, number>;
  readonly password: string;
  /** Absent: SSH only, and nothing is pushed. */
  readonly snmp?: {
    readonly ports: ReadonlyMap<string, number>;
    readonly community: string;
    readonly authPassword: string;
    readonly privacyPassword: string;
    readonly pushPorts: PushPorts;
  };
  /** Absent: no device is asked over RESTCONF. */
  readonly restconf?: { readonly ports: ReadonlyMap<string, number>; readonly password: string };
}

export interface SimulatedConfigOptions extends SimulatedPlaces {
  readonly directory: string;
  readonly listen: string;
  /** Interval over SSH. */
  readonly interval: string;
  /** Interval over SNMP of a device that is polled over both. */
  readonly snmpInterval?: string;
  /** Records every answer into `captures/`. */
  readonly record?: boolean;
}

/** Members without a login: quiet ones in the scenarios, so that what SNMP does not show is not missed. */
const WITHOUT_LOGIN: ReadonlySet<string> = new Set(['gm9', 'gm18']);

/** Of others nobody may look into it: secrets are there. */
const DIRECTORY_MODE = 0o700;

/**
 * Writes `gdoiwatch.yml` and the files of its secrets into `directory`; returns the path of the configuration. Rejects
 * with the `UserError` `output_inaccessible`.
 */
export async function writeSimulatedConfig(options: SimulatedConfigOptions): Promise<string> {
  const { directory } = options;
  try {
    await makeDirectory(directory, DIRECTORY_MODE);
    await writeSecrets(options);
    const file = join(directory, 'gdoiwatch.yml');
    const yaml = stringify(configOf(options), { flowCollectionPadding: true });
    await writeFile(file, `# A simulated fleet: gdoiwatch run --config ${file}\n${yaml}`);
    return file;
  } catch (error) {
    throw outputFailure(directory, error);
  }
}

/** What the system refused, as an error that the user can mend. */
export function outputFailure(directory: string, cause: unknown): UserError {
  const place = cause instanceof Error && 'path' in cause && typeof cause.path === 'string' ? cause.path : directory;
  return new UserError('output_inaccessible', `${place}: cannot be written: ${directoryReason(cause)}`, { cause });
}

function configOf(options: SimulatedConfigOptions) {
  const { devices, restconf, snmp } = options;
  return {
    listen: options.listen,
    ...(options.record === true ? { record: 'captures' } : {}),
    defaults: {
      interval: options.interval,
      credentials: 'simulated',
      ...(snmp === undefined ? {} : { snmp: { interval: options.snmpInterval } }),
      collect: ['replay', 'dataplane', 'certificates'],
    },
    credentials: {
      simulated: { username: SIMULATED_USER, password_file: 'password' },
      ...(snmp === undefined ? {} : SNMP_CREDENTIALS),
      ...(restconf === undefined ? {} : RESTCONF_CREDENTIAL),
    },
    ssh: { known_hosts: 'known_hosts', host_keys: 'accept-new' },
    ...(snmp === undefined ? {} : receivers(snmp.pushPorts)),
    devices: devices.map((device) => ({
      name: device.name,
      host: options.addresses?.get(device.name) ?? SHARED_ADDRESS,
      ...transportOf(device, options),
      role: device.role,
    })),
  };
}

async function writeSecrets({ directory, password, restconf, snmp }: SimulatedConfigOptions): Promise<void> {
  await writeSecret(directory, 'password', password);
  if (restconf !== undefined) await writeSecret(directory, 'restconf-password', restconf.password);
  if (snmp === undefined) return;
  await writeSecret(directory, 'snmp-community', snmp.community);
  await writeSecret(directory, 'snmp-auth', snmp.authPassword);
  await writeSecret(directory, 'snmp-privacy', snmp.privacyPassword);
}

function receivers({ syslog, traps }: PushPorts) {
  return {
    syslog: { listen: `udp://${SHARED_ADDRESS}:${syslog}` },
    traps: { listen: `udp://${SHARED_ADDRESS}:${traps}`, credentials: ['v3', 'v2c'] },
  };
}

const SNMP_CREDENTIALS = {
  v2c: { snmp: { version: '2c', community_file: 'snmp-community' } },
  v3: {
    snmp: {
      version: 3,
      username: SIMULATED_USER,
      auth: { protocol: 'sha256', password_file: 'snmp-auth' },
      privacy: { protocol: 'aes128', password_file: 'snmp-privacy' },
    },
  },
} as const;

const RESTCONF_CREDENTIAL = {
  restconf: { restconf: { username: SIMULATED_USER, password_file: 'restconf-password' } },
} as const;

/**
 * RESTCONF if the release shows GDOI there; otherwise SNMP and SSH if it has the MIB, and SSH alone if not. The oldest
 * MIB goes with v2c.
 */
function transportOf(device: SimulatedDevice, { ports, snmp, restconf }: SimulatedPlaces) {
  const port = ports.get(device.name);
  const restconfPort = restconf?.ports.get(device.name);
  if (restconfPort !== undefined) return restconfTransport(device, port, restconfPort);
  const snmpPort = snmp?.ports.get(device.name);
  if (snmpPort === undefined || device.gdoiMib === 'none') return { port };
  const credential = device.gdoiMib === '2010' ? 'v2c' : 'v3';
  if (WITHOUT_LOGIN.has(device.name)) return { port: snmpPort, transport: 'snmp', credentials: credential };
  return {
    port,
    transport: 'ssh+snmp',
    credentials: { ssh: 'simulated', snmp: credential },
    snmp: { port: snmpPort },
  };
}

/** RESTCONF has the whole state of a GM; a KS's details come from the CLI. */
function restconfTransport({ role }: SimulatedDevice, sshPort: number | undefined, restconfPort: number) {
  if (role === 'gm') return { port: restconfPort, transport: 'restconf', credentials: 'restconf' };
  return {
    port: sshPort,
    transport: 'ssh+restconf',
    credentials: { ssh: 'simulated', restconf: 'restconf' },
    restconf: { port: restconfPort },
  };
}

function writeSecret(directory: string, name: string, secret: string): Promise<void> {
  return writeFile(join(directory, name), `${secret}\n`, { mode: 0o600 });
}
