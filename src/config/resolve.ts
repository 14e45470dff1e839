/** From the file's own shape to what the agent uses: defaults, overrides and references followed, secrets read. */
import { resolve } from 'node:path';
import type { Secret } from '../ports/secret.ts';
import type { CheckedConfig } from './check.ts';
import { didYouMean } from './did-you-mean.ts';
import { errorAt, type Problem, pathText, quoted, type SettingPath, warningAt } from './finding.ts';
import type { ResolvedConfig, ResolvedDevice, ResolvedSsh } from './resolved-config.ts';
import type { CredentialEntry, CredentialRef, DeviceEntry } from './schema.ts';
import { type SecretKind, SecretReader, type SecretSource } from './secret-source.ts';

const SSH_PORT = 22;
const SNMP_PORT = 161;
const DEFAULT_STORE = 'gdoiwatch.db';

type SshCredential = Pick<ResolvedSsh, 'username' | 'password' | 'privateKey' | 'passphrase' | 'enablePassword'>;

/** `wrong`: has a problem of its own, so what refers to it has none. */
type Credential = ({ readonly kind: 'ssh' } & SshCredential) | { readonly kind: 'snmp' } | { readonly kind: 'wrong' };

type Settings = Readonly<Record<string, unknown>>;

/** `config` is right only where `problems` holds no error. */
export async function resolveConfig(
  config: CheckedConfig,
  file: string,
  source: SecretSource,
): Promise<{ readonly config: ResolvedConfig; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const secrets = new SecretReader(source, problems);
  const credentials = new Map<string, Credential>();
  for (const [name, entry] of Object.entries(config.credentials)) {
    credentials.set(name, await resolveCredential(name, entry, secrets, problems));
  }
  checkTrapCredentials(config, credentials, problems);
  return {
    config: {
      file,
      listen: config.listen,
      log: config.log,
      limits: { concurrentPolls: config.limits.concurrent_polls },
      ssh: {
        knownHostsPath: resolve(source.directory, config.ssh.known_hosts),
        maxHandshakes: config.ssh.max_handshakes,
      },
      record: config.record === undefined ? null : resolve(source.directory, config.record),
      store: {
        sqlitePath: resolve(source.directory, config.store.sqlite ?? DEFAULT_STORE),
        retentionMs: config.store.retention,
      },
      devices: resolveDevices(config, credentials, problems),
    },
    problems,
  };
}

async function resolveCredential(
  name: string,
  entry: CredentialEntry,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Credential> {
  const path = ['credentials', name];
  const problemsBefore = problems.length;
  const wrong = (message: string, at: SettingPath = path) => problems.push(errorAt(at, message));

  const read = async (
    section: Settings,
    at: SettingPath,
    key: string,
    kind: SecretKind = 'line',
  ): Promise<Secret | null | undefined> => {
    const { [`${key}_env`]: variable, [`${key}_file`]: file } = section;
    if (variable !== undefined && file !== undefined) {
      wrong(`either ${key}_env or ${key}_file, not both`, at);
      return null;
    }
    if (typeof variable === 'string') return secrets.fromEnv([...at, `${key}_env`], variable);
    return typeof file === 'string' ? secrets.fromFile([...at, `${key}_file`], file, kind) : undefined;
  };
  const need = async (section: Settings, at: SettingPath, key: string): Promise<void> => {
    if ((await read(section, at, key)) === undefined) wrong(`needs ${key}_env or ${key}_file`, at);
  };

  const { snmp, ...ssh } = entry;
  if (snmp !== undefined) {
    const at = [...path, 'snmp'];
    if (Object.values(ssh).some((value) => value !== undefined)) wrong('is for SSH or for SNMP, not both: make it two');
    if (snmp.version === '2c') await need(snmp, at, 'community');
    else {
      if (snmp.auth !== undefined) await need(snmp.auth, [...at, 'auth'], 'password');
      if (snmp.privacy !== undefined) {
        await need(snmp.privacy, [...at, 'privacy'], 'password');
        if (snmp.auth === undefined) wrong('SNMPv3 has privacy only with auth', at);
      }
    }
    return problems.slice(problemsBefore).some(isError) ? { kind: 'wrong' } : { kind: 'snmp' };
  }

  const password = await read(ssh, path, 'password');
  const privateKey = await read(ssh, path, 'private_key', 'private key');
  const passphrase = await read(ssh, path, 'passphrase');
  const enablePassword = await read(ssh, path, 'enable_password');
  if (ssh.username === undefined) wrong('needs a username (SSH), or snmp');
  if (password === undefined && privateKey === undefined) {
    wrong('needs password_env, password_file or private_key_file (SSH), or snmp');
  }
  if (passphrase !== undefined && privateKey === undefined) wrong('a passphrase is of use only with private_key_file');
  if (ssh.username === undefined || problems.slice(problemsBefore).some(isError)) return { kind: 'wrong' };
  return {
    kind: 'ssh',
    username: ssh.username,
    password: password ?? null,
    privateKey: privateKey ?? null,
    passphrase: passphrase ?? null,
    enablePassword: enablePassword ?? null,
  };
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

function checkTrapCredentials(
  config: CheckedConfig,
  credentials: ReadonlyMap<string, Credential>,
  problems: Problem[],
): void {
  config.traps?.credentials.forEach((name, index) => {
    const path = ['traps', 'credentials', index];
    const credential = credentials.get(name);
    if (credential === undefined) problems.push(errorAt(path, unknownCredential(name, credentials)));
    else if (credential.kind === 'ssh') problems.push(errorAt(path, `${quoted(name)} is not an SNMP credential`));
  });
}

function resolveDevices(
  config: CheckedConfig,
  credentials: ReadonlyMap<string, Credential>,
  problems: Problem[],
): ResolvedDevice[] {
  if (config.devices === undefined && config.targets === undefined) {
    problems.push(errorAt(['devices'], 'missing; needs a list of devices'));
  }
  const reported = new Set<string>();
  const problemOnce = (path: SettingPath, message: string) => {
    // What is wrong with a default is wrong for every device that uses it.
    const key = `${pathText(path)} ${message}`;
    if (!reported.has(key)) problems.push(errorAt(path, message));
    reported.add(key);
  };
  const sshOf = sharedSsh(config, credentials);
  const firstOfName = new Map<string, number>();
  const devices: ResolvedDevice[] = [];
  config.devices?.forEach((entry, index) => {
    if (entry === null) return;
    const path = ['devices', index];
    const first = firstOfName.get(entry.name);
    if (first === undefined) firstOfName.set(entry.name, index);
    else problems.push(errorAt([...path, 'name'], `${quoted(entry.name)} is the name of devices[${first}] already`));
    checkSshOverrides(entry, path, problems);

    const transport = entry.transport ?? config.defaults.transport;
    const ref = entry.credentials ?? config.defaults.credentials;
    const refPath = entry.credentials === undefined ? ['defaults', 'credentials'] : [...path, 'credentials'];
    if (transport === 'ssh+snmp' && (typeof ref === 'string' || ref.ssh === undefined || ref.snmp === undefined)) {
      problemOnce(refPath, 'transport ssh+snmp needs { ssh: NAME, snmp: NAME }');
      return;
    }
    const used: [string, Credential][] = [];
    for (const kind of transport === 'ssh+snmp' ? (['ssh', 'snmp'] as const) : [transport]) {
      const found = findCredential(kind, ref, refPath, credentials, problemOnce);
      if (found !== null) used.push(found);
    }
    const ssh = used.find(([, credential]) => credential.kind === 'ssh');
    devices.push({
      name: entry.name,
      host: entry.host,
      port: entry.port ?? (transport === 'snmp' ? SNMP_PORT : SSH_PORT),
      role: entry.role ?? config.defaults.role,
      transport,
      schedule: entry.interval ?? config.defaults.interval,
      timeoutMs: entry.timeout ?? config.defaults.timeout,
      detailIntervalMs: entry.detail_interval ?? config.defaults.detail_interval,
      collect: [...new Set(entry.collect ?? config.defaults.collect)],
      phaseAware: entry.phase_aware ?? config.defaults.phase_aware,
      labels: entry.labels ?? {},
      ssh: ssh === undefined ? null : sshOf(entry, ssh[0]),
    });
  });
  return devices;
}

function checkSshOverrides(entry: DeviceEntry, path: SettingPath, problems: Problem[]): void {
  for (const key of ['host_keys', 'algorithms', 'session'] as const) {
    if (entry[key] !== undefined && entry.ssh?.[key] !== undefined) {
      problems.push(errorAt([...path, key], `stands in ssh.${key} too; once is enough`, 'key'));
    }
  }
  if (entry.ssh?.max_handshakes !== undefined) {
    problems.push(
      warningAt([...path, 'ssh', 'max_handshakes'], 'of no effect: a device has one session, the limit is for all'),
    );
  }
}

/** The credential that `ref` names for this kind of access; null, with a problem, when there is none. */
function findCredential(
  kind: 'ssh' | 'snmp',
  ref: CredentialRef,
  refPath: SettingPath,
  credentials: ReadonlyMap<string, Credential>,
  problem: (path: SettingPath, message: string) => void,
): [string, Credential] | null {
  const name = typeof ref === 'string' ? ref : ref[kind];
  const path = typeof ref === 'string' ? refPath : [...refPath, kind];
  if (name === undefined) {
    problem(path, `missing; transport ${kind} needs the name of a credential`);
    return null;
  }
  const credential = credentials.get(name);
  if (credential === undefined) {
    problem(path, unknownCredential(name, credentials));
    return null;
  }
  if (credential.kind === 'wrong') return null;
  if (credential.kind === kind) return [name, credential];
  problem(
    path,
    kind === 'ssh'
      ? `${quoted(name)} is an SNMP credential; transport ssh needs one with a username and a password or key`
      : `${quoted(name)} is an SSH credential; transport snmp needs one with snmp`,
  );
  return null;
}

const MAX_NAMED = 10;

function unknownCredential(name: string, credentials: ReadonlyMap<string, Credential>): string {
  if (credentials.size === 0) return `${quoted(name)} is not one of the credentials: none are configured`;
  const near = credentials.size > 1000 ? null : didYouMean(name, credentials.keys());
  if (near !== null) return `${quoted(name)} is not one of the credentials; did you mean ${near}?`;
  const named = [...credentials.keys()].slice(0, MAX_NAMED).join(', ');
  return `${quoted(name)} is not one of the credentials (${named}${credentials.size > MAX_NAMED ? ', ...' : ''})`;
}

/** One object per combination of credential and settings: a fleet has few, and a reload compares them once. */
function sharedSsh(config: CheckedConfig, credentials: ReadonlyMap<string, Credential>) {
  const shared = new Map<string, ResolvedSsh>();
  return (entry: DeviceEntry, credentialName: string): ResolvedSsh | null => {
    const hostKeys = entry.ssh?.host_keys ?? entry.host_keys ?? config.ssh.host_keys;
    const algorithms = entry.ssh?.algorithms ?? entry.algorithms ?? config.ssh.algorithms;
    const session = entry.ssh?.session ?? entry.session ?? config.ssh.session;
    const key = `${hostKeys} ${algorithms} ${session} ${credentialName}`;
    const known = shared.get(key);
    if (known !== undefined) return known;
    const credential = credentials.get(credentialName);
    if (credential?.kind !== 'ssh') return null;
    const { username, password, privateKey, passphrase, enablePassword } = credential;
    const ssh = {
      credentialName,
      username,
      password,
      privateKey,
      passphrase,
      enablePassword,
      hostKeys,
      algorithms,
      session,
    };
    shared.set(key, ssh);
    return ssh;
  };
}
