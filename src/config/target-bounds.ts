/**
 * What service discovery may do with a target, whoever controls its source: use the credentials that the configuration
 * names for it, at the addresses that it names, and make the connection stricter. Never looser: a list that could
 * choose a host and have any host key accepted could collect passwords.
 */
import type { AddressRanges } from './address-range.ts';
import { quoted } from './finding.ts';
import type { ResolvedDevice } from './resolved-config.ts';
import type { DeviceEntry } from './schema.ts';

export interface TargetBounds {
  /** Names of credentials. */
  readonly credentials: ReadonlySet<string>;
  /** Null: any. */
  readonly addresses: AddressRanges | null;
  /** As the configuration has it for every device. */
  readonly ssh: Pick<DeviceEntry, 'host_keys' | 'algorithms'>;
  readonly tls: NonNullable<DeviceEntry['tls']>;
}

/** The strictest first. */
const STRICTNESS = { host_keys: ['strict', 'accept-new'], algorithms: ['modern', 'legacy'] } as const;

/** The settings without those that are looser than the configuration, and a line for each of these. */
export function tightened<Settings extends TargetBounds['ssh']>(
  settings: Settings,
  { ssh }: TargetBounds,
): { readonly settings: Settings; readonly leftOut: readonly string[] } {
  const looser = (['host_keys', 'algorithms'] as const).filter((key) => {
    const [strictest] = STRICTNESS[key];
    return settings[key] !== undefined && settings[key] !== strictest && ssh[key] === strictest;
  });
  const kept = { ...settings };
  for (const key of looser) delete kept[key];
  return {
    settings: kept,
    leftOut: looser.map((key) => `label __gdoi_${key} left out: a target may only tighten ${ssh[key]}`),
  };
}

/** Why the device is not allowed; null: it is. */
export function outOfBounds(device: ResolvedDevice, { credentials, addresses, tls }: TargetBounds): string | null {
  for (const name of [device.ssh?.credentialName, device.snmp?.credentialName, device.restconf?.credentialName]) {
    if (name !== undefined && !credentials.has(name)) {
      return `credential ${quoted(name)} may not be used by targets (targets.credentials)`;
    }
  }
  // Whoever writes the list could name a host of his own with a certificate from a public authority.
  const anyHost = addresses === null && tls.ca_file === undefined && tls.fingerprint === undefined;
  if (device.restconf !== null && anyHost) {
    return 'transport restconf: targets may have it only if targets.addresses or defaults.tls.ca_file says whom to trust';
  }
  if (addresses === null || addresses.includes(device.host)) return null;
  return `host ${quoted(device.host)} may not be used by targets (targets.addresses)`;
}
