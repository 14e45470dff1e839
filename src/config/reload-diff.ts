/** What a reload changes, so that only that is touched: a session that may stay open stays open. */
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import type { Secret } from '../kernel/secret.ts';
import type {
  ResolvedConfig,
  ResolvedDevice,
  ResolvedSnmp,
  ResolvedJumpHost,
  ResolvedRestconf,
  ResolvedPostgres,
  ResolvedStore,
  ResolvedSsh,
  ResolvedTraps,
  SnmpCredential,
} from './resolved-config.ts';

/** Devices as they are to be; removed ones as they were. */
export interface ConfigDiff {
  readonly added: readonly ResolvedDevice[];
  readonly removed: readonly ResolvedDevice[];
  /** Another address, credential, way to connect or cell: it begins anew. */
  readonly changed: readonly ResolvedDevice[];
  /** Another pace, role, timeout, label, source address or collector: the session stays. */
  readonly rescheduled: readonly ResolvedDevice[];
  readonly unchanged: readonly ResolvedDevice[];
  /** Settings that differ but take effect only with a restart, `listen` for one. */
  readonly restartNeeded: readonly string[];
}

type Same = (before: ResolvedConfig, after: ResolvedConfig) => boolean;

const sameValue =
  (of: (config: ResolvedConfig) => unknown): Same =>
  (before, after) =>
    isDeepStrictEqual(of(before), of(after));

/** Settings that cannot change while running. Of `web`, certificates, users, tokens and headers can; TLS or none cannot. */
const FIXED: readonly (readonly [setting: string, same: Same])[] = [
  ['listen', sameValue((config) => config.listen)],
  ['web: TLS', sameValue(({ web }) => [web.tls !== null, web.tls !== null && web.tls.clientCa !== null])],
  ['log.level', sameValue((config) => config.log.level)],
  ['metrics', sameValue((config) => config.metrics)],
  ['limits.concurrent_polls', sameValue((config) => config.limits.concurrentPolls)],
  ['store', (before, after) => sameStore(before.store, after.store)],
  ['ssh.known_hosts', sameValue((config) => config.ssh.knownHostsPath)],
  ['ssh.max_handshakes', sameValue((config) => config.ssh.maxHandshakes)],
  ['ssh.logins_per_second', sameValue((config) => config.ssh.loginsPerSecond)],
  ['restconf.known_certificates', sameValue((config) => config.restconf.knownCertificatesPath)],
  ['record', sameValue((config) => config.record)],
  ['syslog.listen', sameValue((config) => config.syslog?.listens)],
  ['traps', (before, after) => sameTraps(before.traps, after.traps)],
];

export function diffConfig(before: ResolvedConfig, after: ResolvedConfig): ConfigDiff {
  const old = new Map(before.devices.map((device) => [device.name, device]));
  const names = new Set(after.devices.map((device) => device.name));
  const added: ResolvedDevice[] = [];
  const changed: ResolvedDevice[] = [];
  const rescheduled: ResolvedDevice[] = [];
  const unchanged: ResolvedDevice[] = [];
  const sameSsh = rememberedSameSsh();
  for (const device of after.devices) {
    const was = old.get(device.name);
    if (was === undefined) added.push(device);
    else if (!sameConnection(was, device, sameSsh)) changed.push(device);
    else if (!samePolling(was, device)) rescheduled.push(device);
    else unchanged.push(device);
  }
  return {
    added,
    removed: before.devices.filter((device) => !names.has(device.name)),
    changed,
    rescheduled,
    unchanged,
    restartNeeded: FIXED.filter(([, same]) => !same(before, after)).map(([name]) => name),
  };
}

type SameSsh = (a: ResolvedSsh, b: ResolvedSsh) => boolean;

function sameConnection(a: ResolvedDevice, b: ResolvedDevice, sameSsh: SameSsh): boolean {
  if ((a.cell ?? DEFAULT_CELL) !== (b.cell ?? DEFAULT_CELL)) return false;
  if (a.host !== b.host || a.port !== b.port || a.transport !== b.transport) return false;
  const same = a.ssh === null || b.ssh === null ? a.ssh === b.ssh : sameSsh(a.ssh, b.ssh);
  return same && sameSnmp(a.snmp, b.snmp) && sameRestconf(a.restconf, b.restconf);
}

function samePolling(a: ResolvedDevice, b: ResolvedDevice): boolean {
  return (
    // Cells are shown from now on, or no longer.
    a.cell === b.cell &&
    a.role === b.role &&
    a.timeoutMs === b.timeoutMs &&
    a.detailIntervalMs === b.detailIntervalMs &&
    a.phaseAware === b.phaseAware &&
    isDeepStrictEqual(a.schedule, b.schedule) &&
    isDeepStrictEqual(a.snmp?.schedule, b.snmp?.schedule) &&
    isDeepStrictEqual(a.restconf?.schedule, b.restconf?.schedule) &&
    isDeepStrictEqual(new Set(a.sourceAddresses), new Set(b.sourceAddresses)) &&
    isDeepStrictEqual(new Set(a.collect), new Set(b.collect)) &&
    isDeepStrictEqual(a.labels, b.labels)
  );
}

/** Devices share the objects of their credential, so a fleet has few pairs to compare. */
function rememberedSameSsh(): SameSsh {
  const known = new Map<ResolvedSsh, { readonly other: ResolvedSsh; readonly same: boolean }>();
  return (a, b) => {
    const last = known.get(a);
    if (last?.other === b) return last.same;
    const same = sameSsh(a, b);
    known.set(a, { other: b, same });
    return same;
  };
}

function sameSsh(a: ResolvedSsh, b: ResolvedSsh): boolean {
  return (
    a.credentialName === b.credentialName &&
    a.username === b.username &&
    a.hostKeys === b.hostKeys &&
    a.algorithms === b.algorithms &&
    a.session === b.session &&
    sameSecret(a.password, b.password) &&
    sameSecret(a.privateKey, b.privateKey) &&
    sameSecret(a.passphrase, b.passphrase) &&
    sameSecret(a.enablePassword, b.enablePassword) &&
    (a.agent ?? null) === (b.agent ?? null) &&
    (a.sourceAddress ?? null) === (b.sourceAddress ?? null) &&
    sameWay(a.jumps ?? [], b.jumps ?? [])
  );
}

function sameWay(a: readonly ResolvedJumpHost[], b: readonly ResolvedJumpHost[]): boolean {
  return (
    a.length === b.length &&
    a.every((jump, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        jump.name === other.name &&
        jump.host === other.host &&
        jump.port === other.port &&
        jump.username === other.username &&
        jump.hostKeys === other.hostKeys &&
        jump.algorithms === other.algorithms &&
        (jump.agent ?? null) === (other.agent ?? null) &&
        sameSecret(jump.password, other.password) &&
        sameSecret(jump.privateKey, other.privateKey) &&
        sameSecret(jump.passphrase, other.passphrase)
      );
    })
  );
}

function sameSnmp(a: ResolvedSnmp | null, b: ResolvedSnmp | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.credentialName === b.credentialName &&
    a.port === b.port &&
    (a.sourceAddress ?? null) === (b.sourceAddress ?? null) &&
    (a.context ?? null) === (b.context ?? null) &&
    (a.anySource ?? false) === (b.anySource ?? false) &&
    sameCredential(a.credential, b.credential)
  );
}

function sameRestconf(a: ResolvedRestconf | null, b: ResolvedRestconf | null): boolean {
  if (a === null || b === null) return a === b;
  const [mine, other] = [a.credential, b.credential];
  return (
    a.credentialName === b.credentialName &&
    a.port === b.port &&
    (a.sourceAddress ?? null) === (b.sourceAddress ?? null) &&
    mine.username === other.username &&
    sameSecret(mine.password, other.password) &&
    mine.client?.certificate === other.client?.certificate &&
    sameSecret(mine.client?.key ?? null, other.client?.key ?? null) &&
    sameSecret(mine.client?.passphrase ?? null, other.client?.passphrase ?? null) &&
    isDeepStrictEqual(a.trust, b.trust)
  );
}

function sameStore(a: ResolvedStore, b: ResolvedStore): boolean {
  if (a.retentionMs !== b.retentionMs || a.kind !== b.kind) return false;
  if (a.kind === 'sqlite' || b.kind === 'sqlite')
    return a.kind === b.kind && a.kind === 'sqlite' && b.kind === 'sqlite' && a.path === b.path;
  const plain = ({ password: _p, tls, ...rest }: ResolvedPostgres) => ({ ...rest, tls: tls && { ...tls, key: null } });
  return (
    a.leaseMs === b.leaseMs &&
    isDeepStrictEqual(plain(a.postgres), plain(b.postgres)) &&
    sameSecret(a.postgres.password, b.postgres.password) &&
    sameSecret(a.postgres.tls?.key ?? null, b.postgres.tls?.key ?? null)
  );
}

function sameTraps(a: ResolvedTraps | null, b: ResolvedTraps | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    isDeepStrictEqual(a.listen, b.listen) &&
    a.credentials.size === b.credentials.size &&
    [...a.credentials].every(([name, credential]) => {
      const other = b.credentials.get(name);
      return other !== undefined && sameCredential(credential, other);
    })
  );
}

function sameCredential(a: SnmpCredential, b: SnmpCredential): boolean {
  if (a.version === '2c' || b.version === '2c') {
    return a.version === '2c' && b.version === '2c' && a.community.equals(b.community);
  }
  return a.username === b.username && sameSecurity(a.auth, b.auth) && sameSecurity(a.privacy, b.privacy);
}

type Security = { readonly protocol: string; readonly password: Secret } | null;

function sameSecurity(a: Security, b: Security): boolean {
  return a?.protocol === b?.protocol && sameSecret(a?.password ?? null, b?.password ?? null);
}

function sameSecret(a: Secret | null, b: Secret | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}
