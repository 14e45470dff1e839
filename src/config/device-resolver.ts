/**
 * Completes one device's settings from the defaults, the `ssh` section and its credentials, whether it is in the file's
 * `devices` or found by service discovery. Problems carry paths; those of a default are the default's.
 */
import type { JumpTarget } from '../access/device-session.ts';
import type { CheckedConfig } from './check.ts';
import { DEFAULT_CELL, inCell } from '../gdoi/seen/cell.ts';
import { isCellName } from './cell-name.ts';
import { type Credential, type Credentials, KIND_NAMES, unknownCredential } from './credentials.ts';
import { type Authorities, checkRestconf, restconfOf } from './device-restconf.ts';
import { errorAt, type Problem, quoted, type SettingPath, warningAt, type WithProblems } from './finding.ts';
import { jumpsOf, resolveJumpHosts } from './jump-hosts.ts';
import type { Matching } from './match-rules.ts';
import type { ResolvedDevice, ResolvedSnmp, ResolvedSsh, Schedule, Transport } from './resolved-config.ts';
import type { CredentialRef, DeviceEntry } from './schema.ts';

const SSH_PORT = 22;
const SNMP_PORT = 161;
/** SNMP costs the device little: beside SSH it is polled at least this often. */
const SNMP_BESIDE_SSH_MS = 30_000;

/** Null: something that it refers to is missing or wrong, which is one of the problems or has one itself. */
export type DeviceResolver = (entry: DeviceEntry, path: SettingPath) => WithProblems<ResolvedDevice | null>;

type Kind = 'ssh' | 'snmp' | 'restconf';

const KINDS: Readonly<Record<Transport, readonly Kind[]>> = {
  ssh: ['ssh'],
  snmp: ['snmp'],
  'ssh+snmp': ['ssh', 'snmp'],
  restconf: ['restconf'],
  'ssh+restconf': ['ssh', 'restconf'],
};

export function createDeviceResolver(
  config: Pick<CheckedConfig, 'defaults' | 'ssh' | 'jump_hosts' | 'cluster'>,
  credentials: Credentials,
  { authorities, matching }: { readonly authorities: Authorities; readonly matching: Matching },
): DeviceResolver {
  const { defaults } = config;
  const sshOf = sharedSsh(config, credentials);
  const jumpHosts = resolveJumpHosts(config, credentials);
  return (given, path) => {
    const { entry, pathOf } = matching.apply(given, path);
    const transport = entry.transport ?? defaults.transport;
    // A setting from a rule is not a second setting of the device.
    const contradictions = [...checkOverrides(given, transport, path), ...checkRestconf(given, transport, path)];
    const found = findCredentials(
      transport,
      entry.credentials === undefined
        ? { ref: defaults.credentials, refPath: ['defaults', 'credentials'] }
        : { ref: entry.credentials, refPath: pathOf('credentials') },
      credentials,
    );
    const names = found.value;
    if (names === null) return { value: null, problems: [...contradictions, ...found.problems] };
    const jumpPath = entry.ssh?.jump === undefined ? ['ssh', 'jump'] : pathOf('jump');
    const jumps = jumpsOf(entry.ssh?.jump ?? config.ssh.jump, jumpHosts, jumpPath);
    if (jumps.value === null) return { value: null, problems: [...contradictions, ...jumps.problems] };
    const cell = cellOf(entry, config.cluster.cell_label, path);
    const interval = entry.interval ?? defaults.interval;
    const snmp =
      names.snmp === null ? null : snmpOf(entry, { transport, credentialName: names.snmp }, { credentials, defaults });
    // Credentials and jump hosts that were found have no problems.
    const problems = [...contradictions, ...cell.problems, ...checkContext(entry, snmp, path)];
    const alone = transport === 'restconf';
    const restconf =
      names.restconf === null
        ? null
        : restconfOf(entry, { config, credentials, authorities }, { credentialName: names.restconf, alone });
    if (restconf === null && names.restconf !== null) return { value: null, problems };
    // A device that is polled over one of them alone has that one's port and interval.
    const only = transport === 'snmp' ? snmp : alone ? restconf : null;
    const device: ResolvedDevice = {
      name: entry.name,
      ...inCell(cell.value),
      host: entry.host,
      sourceAddresses: entry.source_addresses ?? [],
      port: only?.port ?? entry.port ?? SSH_PORT,
      role: entry.role ?? defaults.role,
      transport,
      schedule: only?.schedule ?? interval,
      timeoutMs: entry.timeout ?? defaults.timeout,
      detailIntervalMs: entry.detail_interval ?? defaults.detail_interval,
      collect: [...new Set(entry.collect ?? defaults.collect)],
      phaseAware: entry.phase_aware ?? defaults.phase_aware,
      labels: entry.labels ?? {},
      ssh: names.ssh === null ? null : sshOf(entry, names.ssh, jumps.value),
      snmp,
      restconf,
    };
    return { value: device, problems };
  };
}

function snmpOf(
  entry: DeviceEntry,
  { transport, credentialName }: { readonly transport: Transport; readonly credentialName: string },
  { credentials, defaults }: { readonly credentials: Credentials; readonly defaults: CheckedConfig['defaults'] },
): ResolvedSnmp | null {
  const credential = credentials.get(credentialName);
  if (credential?.kind !== 'snmp') return null;
  const interval = entry.interval ?? defaults.interval;
  const alone = transport === 'snmp';
  const context = entry.snmp?.context ?? defaults.snmp.context;
  return {
    credentialName,
    credential: credential.snmp,
    ...(context === undefined || credential.snmp.version === '2c' ? {} : { context }),
    ...((entry.snmp?.any_source ?? defaults.snmp.any_source) === true ? { anySource: true } : {}),
    ...sourceOf(entry.source_address ?? defaults.source_address),
    port: entry.snmp?.port ?? (alone ? entry.port : undefined) ?? defaults.snmp.port ?? SNMP_PORT,
    schedule:
      entry.snmp?.interval ??
      (alone ? entry.interval : undefined) ??
      defaults.snmp.interval ??
      (alone ? interval : besideSsh(interval)),
  };
}

function checkContext(entry: DeviceEntry, snmp: ResolvedSnmp | null, path: SettingPath): readonly Problem[] {
  if (entry.snmp?.context === undefined || snmp?.credential.version !== '2c') return [];
  return [warningAt([...path, 'snmp', 'context'], 'has no effect: SNMPv2c has no contexts')];
}

/** Undefined: the default one. */
function cellOf(
  { cell, labels }: DeviceEntry,
  cellLabel: string | undefined,
  path: SettingPath,
): WithProblems<string | undefined> {
  if (cell !== undefined) return { value: cell === DEFAULT_CELL ? undefined : cell, problems: [] };
  const label = cellLabel === undefined ? undefined : labels?.[cellLabel];
  if (cellLabel === undefined || label === undefined || label === '' || label === DEFAULT_CELL) {
    return { value: undefined, problems: [] };
  }
  if (isCellName(label)) return { value: label, problems: [] };
  const wrong = `${quoted(label)} is not the name of a cell: text of at most 64 characters`;
  return { value: undefined, problems: [errorAt([...path, 'labels', cellLabel], wrong)] };
}

function besideSsh(ssh: Schedule): Schedule {
  return ssh.kind === 'every' && ssh.ms < SNMP_BESIDE_SSH_MS ? ssh : { kind: 'every', ms: SNMP_BESIDE_SSH_MS };
}

function checkOverrides(entry: DeviceEntry, transport: Transport, path: SettingPath): readonly Problem[] {
  const problems: Problem[] = [];
  for (const key of ['host_keys', 'algorithms', 'session'] as const) {
    if (entry[key] !== undefined && entry.ssh?.[key] !== undefined) {
      problems.push(errorAt([...path, key], `is also set in ssh.${key}; set it once`, 'key'));
    }
  }
  if (entry.ssh?.max_handshakes !== undefined) {
    problems.push(
      warningAt(
        [...path, 'ssh', 'max_handshakes'],
        'has no effect: a device has one session, and the limit is for all devices together',
      ),
    );
  }
  if (entry.snmp !== undefined && !KINDS[transport].includes('snmp')) {
    problems.push(warningAt([...path, 'snmp'], `has no effect: the transport is ${transport}`, 'key'));
  }
  for (const key of ['port', 'interval'] as const) {
    if (transport === 'snmp' && entry[key] !== undefined && entry.snmp?.[key] !== undefined) {
      problems.push(errorAt([...path, key], `is also set in snmp.${key}; set it once with transport snmp`, 'key'));
    }
  }
  return problems;
}

/** Names of the credentials that the transport uses; null if one is missing, wrong or does not fit. */
function findCredentials(
  transport: Transport,
  { ref, refPath }: { readonly ref: CredentialRef; readonly refPath: SettingPath },
  credentials: Credentials,
): WithProblems<Readonly<Record<Kind, string | null>> | null> {
  const kinds = KINDS[transport];
  if (kinds.length > 1 && (typeof ref === 'string' || kinds.some((kind) => ref[kind] === undefined))) {
    const needed = kinds.map((kind) => `${kind}: NAME`).join(', ');
    return { value: null, problems: [errorAt(refPath, `transport ${transport} needs { ${needed} }`)] };
  }
  const problems: Problem[] = [];
  const names: Record<Kind, string | null> = { ssh: null, snmp: null, restconf: null };
  for (const kind of kinds) {
    const name = typeof ref === 'string' ? ref : ref[kind];
    const path = typeof ref === 'string' ? refPath : [...refPath, kind];
    const problem =
      name === undefined
        ? `missing; transport ${kind} needs the name of a credential`
        : misfit(kind, name, credentials.get(name), credentials);
    if (problem !== null) problems.push(errorAt(path, problem));
    names[kind] = name ?? null;
  }
  const right = kinds.every((kind) => credentials.get(names[kind] ?? '')?.kind === kind);
  return { value: right ? names : null, problems };
}

/** Null: it fits, or has a problem itself. */
function misfit(kind: Kind, name: string, credential: Credential | undefined, credentials: Credentials): string | null {
  if (credential === undefined) return unknownCredential(name, credentials);
  if (credential.kind === 'wrong' || credential.kind === kind) return null;
  return `${quoted(name)} is ${KIND_NAMES[credential.kind]} credential; transport ${kind} needs one with ${NEEDED[kind]}`;
}

const NEEDED: Readonly<Record<Kind, string>> = {
  ssh: 'a username and a password or key',
  snmp: 'snmp',
  restconf: 'restconf',
};

function sourceOf(sourceAddress: string | undefined): { readonly sourceAddress?: string } {
  return sourceAddress === undefined ? {} : { sourceAddress };
}

/** One object per combination of credential and settings: a fleet has few, and a reload compares them once. */
function sharedSsh(config: Pick<CheckedConfig, 'defaults' | 'ssh'>, credentials: Credentials) {
  const shared = new Map<string, ResolvedSsh>();
  return (entry: DeviceEntry, credentialName: string, jumps: readonly JumpTarget[]): ResolvedSsh | null => {
    const source = entry.source_address ?? config.defaults.source_address;
    const hostKeys = entry.ssh?.host_keys ?? entry.host_keys ?? config.ssh.host_keys;
    const algorithms = entry.ssh?.algorithms ?? entry.algorithms ?? config.ssh.algorithms;
    const session = entry.ssh?.session ?? entry.session ?? config.ssh.session;
    const way = JSON.stringify([source ?? null, jumps.map(({ name }) => name)]);
    const key = `${hostKeys} ${algorithms} ${session} ${credentialName} ${way}`;
    const known = shared.get(key);
    if (known !== undefined) return known;
    const credential = credentials.get(credentialName);
    if (credential?.kind !== 'ssh') return null;
    const through = jumps.length === 0 ? {} : { jumps };
    const ssh = {
      credentialName,
      ...credential.ssh,
      hostKeys,
      algorithms,
      session,
      ...through,
      ...sourceOf(source),
    };
    shared.set(key, ssh);
    return ssh;
  };
}
