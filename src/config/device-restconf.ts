/**
 * A device's RESTCONF settings: its own, those of `defaults`, and the certificates of the authorities that they name.
 */
import type { CheckedConfig } from './check.ts';
import type { Credentials } from './credentials.ts';
import { errorAt, type Problem, type SettingPath, warningAt, type WithProblems } from './finding.ts';
import { readPem } from './pem-file.ts';
import type { ResolvedRestconf } from './resolved-config.ts';
import type { DeviceEntry } from './schema.ts';
import type { SecretSource } from './secret-source.ts';

const RESTCONF_PORT = 443;

/** `ca_file` as written in the file -> its content; a file that cannot be used is missing. */
export type Authorities = ReadonlyMap<string, string>;

/** Reads every `tls.ca_file` once. */
export async function readAuthorities(
  { defaults, devices }: Pick<CheckedConfig, 'defaults' | 'devices'>,
  source: SecretSource,
): Promise<WithProblems<Authorities>> {
  const first = new Map<string, SettingPath>();
  const name = (file: string | undefined, path: SettingPath) => {
    if (file !== undefined && !first.has(file)) first.set(file, [...path, 'tls', 'ca_file']);
  };
  name(defaults.tls.ca_file, ['defaults']);
  devices?.forEach((entry, index) => name(entry?.tls?.ca_file, ['devices', index]));
  const authorities = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [file, path] of first) {
    const read = await readPem(source, file, path);
    if (read.kind === 'read') authorities.set(file, read.pem);
    else problems.push(errorAt(path, read.reason));
  }
  return { value: authorities, problems };
}

/** `alone`: no other transport decides. Null: the credential is of another kind, or the authorities have a problem. */
export function restconfOf(
  entry: DeviceEntry,
  {
    config,
    credentials,
    authorities,
  }: {
    readonly config: Pick<CheckedConfig, 'defaults' | 'ssh'>;
    readonly credentials: Credentials;
    readonly authorities: Authorities;
  },
  { credentialName, alone }: { readonly credentialName: string; readonly alone: boolean },
): ResolvedRestconf | null {
  const { defaults, ssh } = config;
  const credential = credentials.get(credentialName);
  if (credential?.kind !== 'restconf') return null;
  const file = entry.tls?.ca_file ?? defaults.tls.ca_file;
  const vouching = file === undefined ? null : authorities.get(file);
  if (vouching === undefined) return null;
  const sourceAddress = entry.source_address ?? defaults.source_address;
  return {
    credentialName,
    credential: credential.restconf,
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    port: entry.restconf?.port ?? (alone ? entry.port : undefined) ?? defaults.restconf.port ?? RESTCONF_PORT,
    schedule:
      entry.restconf?.interval ??
      (alone ? entry.interval : undefined) ??
      defaults.restconf.interval ??
      entry.interval ??
      defaults.interval,
    trust: {
      authorities: vouching,
      serverName: entry.tls?.server_name ?? defaults.tls.server_name ?? null,
      fingerprint: entry.tls?.fingerprint ?? defaults.tls.fingerprint ?? null,
      certificates: entry.ssh?.host_keys ?? entry.host_keys ?? ssh.host_keys,
    },
  };
}

/** Settings that have no effect with this transport, or say the same twice. */
export function checkRestconf(entry: DeviceEntry, transport: string, path: SettingPath): readonly Problem[] {
  const problems: Problem[] = [];
  const used = transport === 'restconf' || transport === 'ssh+restconf';
  for (const key of ['restconf', 'tls'] as const) {
    if (entry[key] !== undefined && !used) {
      problems.push(warningAt([...path, key], `has no effect: the transport is ${transport}`, 'key'));
    }
  }
  if (used && entry.tls?.fingerprint !== undefined) {
    for (const key of ['ca_file', 'server_name'] as const) {
      if (entry.tls[key] === undefined) continue;
      problems.push(
        warningAt([...path, 'tls', key], 'has no effect: with tls.fingerprint nothing else decides', 'key'),
      );
    }
  }
  for (const key of ['port', 'interval'] as const) {
    if (transport === 'restconf' && entry[key] !== undefined && entry.restconf?.[key] !== undefined) {
      problems.push(
        errorAt([...path, key], `is also set in restconf.${key}; set it once with transport restconf`, 'key'),
      );
    }
  }
  return problems;
}
