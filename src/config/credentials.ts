/** The `credentials` section with its secrets read, and what refers to it by name. */
import { append } from '../kernel/append.ts';
import { didYouMean } from './did-you-mean.ts';
import { errorAt, type Problem, quoted } from './finding.ts';
import { needSecret, readSecret } from './read-secret.ts';
import type { ResolvedSsh, RestconfCredential, SnmpCredential } from './resolved-config.ts';
import { resolveRestconfCredential } from './restconf-credential.ts';
import type { CredentialEntry } from './schema.ts';
import type { SecretKind, SecretReader } from './secret-source.ts';

type SshCredential = Pick<
  ResolvedSsh,
  'username' | 'password' | 'privateKey' | 'passphrase' | 'enablePassword' | 'agent'
>;

/** `wrong`: has a problem of its own, so what refers to it has none. */
export type Credential =
  | { readonly kind: 'ssh'; readonly ssh: SshCredential }
  | { readonly kind: 'snmp'; readonly snmp: SnmpCredential }
  | { readonly kind: 'restconf'; readonly restconf: RestconfCredential }
  | { readonly kind: 'wrong' };

export type Credentials = ReadonlyMap<string, Credential>;

export async function resolveCredentials(
  entries: Readonly<Record<string, CredentialEntry>>,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Credentials> {
  const credentials = new Map<string, Credential>();
  // Together: each may have to wait for a program.
  const resolved = await Promise.all(
    Object.entries(entries).map(async ([name, entry]) => {
      const own: Problem[] = [];
      const credential = await resolveOne(name, entry, secrets, own);
      return { name, credential, own };
    }),
  );
  for (const { name, credential, own } of resolved) {
    const wrong = credential === null || own.some(({ severity }) => severity === 'error');
    credentials.set(name, wrong ? { kind: 'wrong' } : credential);
    append(problems, own);
  }
  return credentials;
}

/** What a credential is called to a user. */
export const KIND_NAMES = { ssh: 'an SSH', snmp: 'an SNMP', restconf: 'a RESTCONF' } as const;

async function resolveOne(
  name: string,
  entry: CredentialEntry,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Credential | null> {
  checkOneKind(name, entry, problems);
  const { snmp, restconf } = entry;
  if (snmp !== undefined) return resolveSnmp({ name, snmp }, secrets, problems);
  if (restconf === undefined) return resolveSsh(name, entry, secrets, problems);
  const resolved = await resolveRestconfCredential(restconf, ['credentials', name, 'restconf'], secrets, problems);
  return resolved && { kind: 'restconf', restconf: resolved };
}

function checkOneKind(name: string, { snmp, restconf, ...ssh }: CredentialEntry, problems: Problem[]): void {
  const kinds = [
    ...(Object.values(ssh).some((value) => value !== undefined) ? ['SSH'] : []),
    ...(snmp === undefined ? [] : ['SNMP']),
    ...(restconf === undefined ? [] : ['RESTCONF']),
  ];
  if (kinds.length < 2) return;
  problems.push(
    errorAt(
      ['credentials', name],
      `is for ${kinds.join(' or for ')}, not both: make it ${kinds.length === 2 ? 'two' : 'three'}`,
    ),
  );
}

async function resolveSsh(
  name: string,
  entry: CredentialEntry,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Credential | null> {
  const at = ['credentials', name];
  const wrong = (message: string) => problems.push(errorAt(at, message));
  const read = (key: string, kind: SecretKind = 'line') =>
    readSecret({ section: entry, at, key, kind }, secrets, problems);

  const password = await read('password');
  const privateKey = await read('private_key', 'private key');
  const passphrase = await read('passphrase');
  const enablePassword = await read('enable_password');
  if (entry.username === undefined) wrong('needs a username (SSH), snmp or restconf');
  const agent = entry.agent === true ? secrets.agentSocket([...at, 'agent']) : null;
  if (password === undefined && privateKey === undefined && entry.agent !== true) {
    wrong(
      'needs password_env, password_file, password_command, private_key_file or agent: true (SSH), snmp or restconf',
    );
  }
  if (passphrase !== undefined && privateKey === undefined) wrong('a passphrase is of use only with a private key');
  if (entry.username === undefined) return null;
  return {
    kind: 'ssh',
    ssh: {
      username: entry.username,
      password: password ?? null,
      privateKey: privateKey ?? null,
      passphrase: passphrase ?? null,
      enablePassword: enablePassword ?? null,
      ...(agent === null ? {} : { agent }),
    },
  };
}

interface SnmpEntry {
  readonly name: string;
  readonly snmp: NonNullable<CredentialEntry['snmp']>;
}

async function resolveSnmp(
  { name, snmp }: SnmpEntry,
  secrets: SecretReader,
  problems: Problem[],
): Promise<Credential | null> {
  const at = ['credentials', name, 'snmp'];
  if (snmp.version === '2c') {
    const community = await needSecret({ section: snmp, at, key: 'community', kind: 'line' }, secrets, problems);
    return community === null ? null : { kind: 'snmp', snmp: { version: '2c', community } };
  }

  const passwordOf = async (key: 'auth' | 'privacy') => {
    const section = snmp[key];
    if (section === undefined) return null;
    return needSecret({ section, at: [...at, key], key: 'password', kind: 'snmp password' }, secrets, problems);
  };
  const authPassword = await passwordOf('auth');
  const privacyPassword = await passwordOf('privacy');
  if (snmp.privacy !== undefined && snmp.auth === undefined) {
    problems.push(errorAt(at, 'SNMPv3 has privacy only with auth'));
  }
  const { username, auth, privacy } = snmp;
  return {
    kind: 'snmp',
    snmp: {
      version: 3,
      username,
      auth: auth === undefined || authPassword === null ? null : { protocol: auth.protocol, password: authPassword },
      privacy:
        privacy === undefined || privacyPassword === null
          ? null
          : { protocol: privacy.protocol, password: privacyPassword },
    },
  };
}

const MAX_NAMED = 10;

/** What to say of a name that is none of them. */
export function unknownCredential(name: string, credentials: Credentials): string {
  if (credentials.size === 0) return `${quoted(name)} is not one of the credentials: none are configured`;
  const near = credentials.size > 1000 ? null : didYouMean(name, credentials.keys());
  if (near !== null) return `${quoted(name)} is not one of the credentials; did you mean ${near}?`;
  const named = [...credentials.keys()].slice(0, MAX_NAMED).join(', ');
  return `${quoted(name)} is not one of the credentials (${named}${credentials.size > MAX_NAMED ? ', ...' : ''})`;
}
