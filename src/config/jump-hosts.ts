/** The `jump_hosts` section with its credentials, and the ways that `ssh.jump` names. */
import type { CheckedConfig } from './check.ts';
import { type Credentials, KIND_NAMES, unknownCredential } from './credentials.ts';
import { didYouMean } from './did-you-mean.ts';
import { errorAt, type Problem, quoted, type SettingPath, type WithProblems } from './finding.ts';
import type { JumpTarget } from '../access/device-session.ts';

/** `wrong`: has a problem itself, which `checkJumpHosts` reports, so what goes through it has none. */
type JumpHosts = ReadonlyMap<string, JumpTarget | 'wrong'>;

type Sections = Pick<CheckedConfig, 'jump_hosts' | 'ssh'>;

export function resolveJumpHosts({ jump_hosts: entries, ssh }: Sections, credentials: Credentials): JumpHosts {
  const hosts = new Map<string, JumpTarget | 'wrong'>();
  for (const [name, entry] of Object.entries(entries)) {
    const credential = credentials.get(entry.credentials);
    if (credential?.kind !== 'ssh') {
      hosts.set(name, 'wrong');
      continue;
    }
    const { host, port } = entry;
    const { username, password, privateKey, passphrase, agent } = credential.ssh;
    hosts.set(name, {
      name,
      host,
      port,
      username,
      password,
      privateKey,
      passphrase,
      ...(agent === undefined ? {} : { agent }),
      hostKeys: entry.host_keys ?? ssh.host_keys,
      algorithms: entry.algorithms ?? ssh.algorithms,
    });
  }
  return hosts;
}

/** What is wrong with the jump hosts themselves. */
export function checkJumpHosts({ jump_hosts: entries }: Sections, credentials: Credentials): readonly Problem[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    const path = ['jump_hosts', name, 'credentials'];
    const credential = credentials.get(entry.credentials);
    if (credential === undefined) return [errorAt(path, unknownCredential(entry.credentials, credentials))];
    if (credential.kind === 'ssh' || credential.kind === 'wrong') return [];
    const kind = KIND_NAMES[credential.kind];
    return [errorAt(path, `${quoted(entry.credentials)} is ${kind} credential; a jump host needs one of SSH`)];
  });
}

/** The hosts on the way, the nearest first; null: a problem, here or at the host, makes the device unreachable. */
export function jumpsOf(
  names: readonly string[],
  hosts: JumpHosts,
  path: SettingPath,
): WithProblems<readonly JumpTarget[] | null> {
  const problems: Problem[] = [];
  const jumps: JumpTarget[] = [];
  for (const [index, name] of names.entries()) {
    const host = hosts.get(name);
    if (host === undefined) problems.push(errorAt(path, unknownJumpHost(name, hosts)));
    else if (names.indexOf(name) !== index) problems.push(errorAt(path, `${quoted(name)} stands twice`));
    else if (host !== 'wrong') jumps.push(host);
  }
  return { value: jumps.length === names.length ? jumps : null, problems };
}

function unknownJumpHost(name: string, hosts: JumpHosts): string {
  if (hosts.size === 0) return `${quoted(name)} is not one of the jump_hosts: none are configured`;
  const near = didYouMean(name, hosts.keys());
  const hint = near === null ? ` (${[...hosts.keys()].slice(0, 10).join(', ')})` : `; did you mean ${near}?`;
  return `${quoted(name)} is not one of the jump_hosts${hint}`;
}
