/** What a reload changes, so that only that is touched: a session that may stay open stays open. */
import { isDeepStrictEqual } from 'node:util';
import type { Secret } from '../ports/secret.ts';
import type { ResolvedConfig, ResolvedDevice, ResolvedSsh } from './resolved-config.ts';

/** Devices as they are to be; removed ones as they were. */
export interface ConfigDiff {
  readonly added: readonly ResolvedDevice[];
  readonly removed: readonly ResolvedDevice[];
  /** Another address, credential or way to connect: the session has to be made anew. */
  readonly changed: readonly ResolvedDevice[];
  /** Another pace, role, timeout, label or collector: the session stays. */
  readonly rescheduled: readonly ResolvedDevice[];
  readonly unchanged: readonly ResolvedDevice[];
  /** Settings that differ but take effect only with a restart, `listen` for one. */
  readonly restartNeeded: readonly string[];
}

/** Settings that cannot change while running. */
const FIXED: readonly (readonly [setting: string, value: (config: ResolvedConfig) => unknown])[] = [
  ['listen', (config) => config.listen],
  ['log.level', (config) => config.log.level],
  ['limits.concurrent_polls', (config) => config.limits.concurrentPolls],
  ['store', (config) => config.store],
  ['ssh.known_hosts', (config) => config.ssh.knownHostsPath],
  ['ssh.max_handshakes', (config) => config.ssh.maxHandshakes],
  ['record', (config) => config.record],
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
    restartNeeded: FIXED.filter(([, value]) => !isDeepStrictEqual(value(before), value(after))).map(([name]) => name),
  };
}

type SameSsh = (a: ResolvedSsh, b: ResolvedSsh) => boolean;

function sameConnection(a: ResolvedDevice, b: ResolvedDevice, sameSsh: SameSsh): boolean {
  if (a.host !== b.host || a.port !== b.port || a.transport !== b.transport) return false;
  return a.ssh === null || b.ssh === null ? a.ssh === b.ssh : sameSsh(a.ssh, b.ssh);
}

function samePolling(a: ResolvedDevice, b: ResolvedDevice): boolean {
  return (
    a.role === b.role &&
    a.timeoutMs === b.timeoutMs &&
    a.detailIntervalMs === b.detailIntervalMs &&
    a.phaseAware === b.phaseAware &&
    isDeepStrictEqual(a.schedule, b.schedule) &&
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
    sameSecret(a.enablePassword, b.enablePassword)
  );
}

function sameSecret(a: Secret | null, b: Secret | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}
