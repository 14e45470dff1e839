/** The `credentials` section with its secrets, and what refers to it by name. */
import { didYouMean } from './did-you-mean.ts';
import { errorAt, hasError, type Problem, problemsOf, quoted, type WithProblems } from './finding.ts';
import { needSecret, readSecret } from './read-secret.ts';
import type { RestconfCredential } from '../access/device-restconf.ts';
import type { SnmpCredential } from '../access/device-snmp.ts';
import type { ResolvedSsh } from './resolved-config.ts';
import { resolveRestconfCredential } from './restconf-credential.ts';
import type { CredentialEntry } from './schema.ts';
import type { SecretKind, SecretReader } from './secret-source.ts';

type SshCredential = Pick<
  ResolvedSsh,
  'username' | 'password' | 'privateKey' | 'passphrase' | 'enablePassword' | 'agent'
>;

/** `wrong`: it has a problem itself, so what refers to it has none. */
export type Credential =
  | { readonly kind: 'ssh'; readonly ssh: SshCredential }
  | { readonly kind: 'snmp'; readonly snmp: SnmpCredential }
  | { readonly kind: 'restconf'; readonly restconf: RestconfCredential }
  | { readonly kind: 'wrong' };

export type Credentials = ReadonlyMap<string, Credential>;

export async function resolveCredentials(
  entries: Readonly<Record<string, CredentialEntry>>,
  secrets: SecretReader,
): Promise<WithProblems<Credentials>> {
  // In parallel: each may have to wait for a program.
  const resolved = await Promise.all(
    Object.entries(entries).map(async ([name, entry]) => ({ name, ...(await resolveOne(name, entry, secrets)) })),
  );
  const credentials = new Map<string, Credential>();
  for (const { name, value, problems } of resolved) {
    credentials.set(name, value === null || hasError(problems) ? { kind: 'wrong' } : value);
  }
  return { value: credentials, problems: problemsOf(resolved) };
}

/** The kinds of credentials as a user knows them. */
export const KIND_NAMES = { ssh: 'an SSH', snmp: 'an SNMP', restconf: 'a RESTCONF' } as const;

async function resolveOne(
  name: string,
  entry: CredentialEntry,
  secrets: SecretReader,
): Promise<WithProblems<Credential | null>> {
  const { value, problems } = await resolveFirstKind(name, entry, secrets);
  return { value, problems: [...checkOneKind(name, entry), ...problems] };
}

async function resolveFirstKind(
  name: string,
  entry: CredentialEntry,
  secrets: SecretReader,
): Promise<WithProblems<Credential | null>> {
  const { snmp, restconf } = entry;
  if (snmp !== undefined) return resolveSnmp({ name, snmp }, secrets);
  if (restconf === undefined) return resolveSsh(name, entry, secrets);
  const { value, problems } = await resolveRestconfCredential(restconf, ['credentials', name, 'restconf'], secrets);
  return { value: value && { kind: 'restconf', restconf: value }, problems };
}

function checkOneKind(name: string, { snmp, restconf, ...ssh }: CredentialEntry): readonly Problem[] {
  const kinds = [
    ...(Object.values(ssh).some((value) => value !== undefined) ? ['SSH'] : []),
    ...(snmp === undefined ? [] : ['SNMP']),
    ...(restconf === undefined ? [] : ['RESTCONF']),
  ];
  if (kinds.length < 2) return [];
  const several = `is for ${kinds.join(' or for ')}, not both: make it ${kinds.length === 2 ? 'two' : 'three'}`;
  return [errorAt(['credentials', name], several)];
}

async function resolveSsh(
  name: string,
  entry: CredentialEntry,
  secrets: SecretReader,
): Promise<WithProblems<Credential | null>> {
  const at = ['credentials', name];
  const read = (key: string, kind: SecretKind = 'line') => readSecret({ section: entry, at, key, kind }, secrets);

  const password = await read('password');
  const privateKey = await read('private_key', 'private key');
  const passphrase = await read('passphrase');
  const enablePassword = await read('enable_password');
  const problems = [...problemsOf([password, privateKey, passphrase, enablePassword])];
  const wrong = (message: string) => problems.push(errorAt(at, message));
  if (entry.username === undefined) wrong('needs a username (SSH), snmp or restconf');
  const agent = entry.agent === true ? secrets.agentSocket([...at, 'agent']) : null;
  if (password.value === undefined && privateKey.value === undefined && entry.agent !== true) {
    wrong(
      'needs password_env, password_file, password_command, private_key_file or agent: true (SSH), snmp or restconf',
    );
  }
  if (passphrase.value !== undefined && privateKey.value === undefined) {
    wrong('a passphrase is only for a private key');
  }
  if (entry.username === undefined) return { value: null, problems };
  const ssh = {
    username: entry.username,
    password: password.value ?? null,
    privateKey: privateKey.value ?? null,
    passphrase: passphrase.value ?? null,
    enablePassword: enablePassword.value ?? null,
    ...(agent === null ? {} : { agent }),
  };
  return { value: { kind: 'ssh', ssh }, problems };
}

interface SnmpEntry {
  readonly name: string;
  readonly snmp: NonNullable<CredentialEntry['snmp']>;
}

async function resolveSnmp({ name, snmp }: SnmpEntry, secrets: SecretReader): Promise<WithProblems<Credential | null>> {
  const at = ['credentials', name, 'snmp'];
  if (snmp.version === '2c') {
    const { value, problems } = await needSecret({ section: snmp, at, key: 'community', kind: 'line' }, secrets);
    return { value: value && { kind: 'snmp', snmp: { version: '2c', community: value } }, problems };
  }

  const passwordOf = async (key: 'auth' | 'privacy') => {
    const section = snmp[key];
    if (section === undefined) return { value: null, problems: [] };
    return needSecret({ section, at: [...at, key], key: 'password', kind: 'snmp password' }, secrets);
  };
  const authPassword = await passwordOf('auth');
  const privacyPassword = await passwordOf('privacy');
  const { username, auth, privacy } = snmp;
  const lacksAuth = privacy !== undefined && auth === undefined;
  const credential: SnmpCredential = {
    version: 3,
    username,
    auth:
      auth === undefined || authPassword.value === null
        ? null
        : { protocol: auth.protocol, password: authPassword.value },
    privacy:
      privacy === undefined || privacyPassword.value === null
        ? null
        : { protocol: privacy.protocol, password: privacyPassword.value },
  };
  return {
    value: { kind: 'snmp', snmp: credential },
    problems: [
      ...problemsOf([authPassword, privacyPassword]),
      ...(lacksAuth ? [errorAt(at, 'SNMPv3 has privacy only with auth')] : []),
    ],
  };
}

const MAX_NAMED = 10;

/** The message for an unknown credential. */
export function unknownCredential(name: string, credentials: Credentials): string {
  if (credentials.size === 0) return `${quoted(name)} is not one of the credentials: none are configured`;
  const near = credentials.size > 1000 ? null : didYouMean(name, credentials.keys());
  if (near !== null) return `${quoted(name)} is not one of the credentials; did you mean ${near}?`;
  const named = [...credentials.keys()].slice(0, MAX_NAMED).join(', ');
  return `${quoted(name)} is not one of the credentials (${named}${credentials.size > MAX_NAMED ? ', ...' : ''})`;
}
