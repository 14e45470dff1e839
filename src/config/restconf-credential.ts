/** A RESTCONF credential with its secrets; checks that the contents of its files fit together. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { errorAt, type Problem, problemsOf, type SettingPath, type WithProblems } from './finding.ts';
import { readPem } from './pem-file.ts';
import { readSecret } from './read-secret.ts';
import type { RestconfCredential } from '../access/device-restconf.ts';
import type { CredentialEntry } from './schema.ts';
import type { SecretKind, SecretReader } from './secret-source.ts';

type RestconfEntry = NonNullable<CredentialEntry['restconf']>;

/** `at`: path of the section. Null: the problems say why. */
export async function resolveRestconfCredential(
  entry: RestconfEntry,
  at: SettingPath,
  secrets: SecretReader,
): Promise<WithProblems<RestconfCredential | null>> {
  const password = await readSecret({ section: entry, at, key: 'password', kind: 'line' }, secrets);
  const client = await clientOf(entry, at, secrets);
  const misuse = loginMisuse(entry);
  const ofLogin = misuse === null ? [] : [errorAt(at, misuse)];
  const problems = [...password.problems, ...ofLogin, ...client.problems];
  if (problems.length > 0) return { value: null, problems };
  return {
    value: { username: entry.username ?? null, password: password.value ?? null, client: client.value },
    problems,
  };
}

/** Null: it has what it needs to log in. */
function loginMisuse(entry: RestconfEntry): string | null {
  const hasPassword = [entry.password_env, entry.password_file, entry.password_command].some(isSet);
  if (hasPassword) return entry.username === undefined ? 'a password needs a username' : null;
  if (entry.client_cert_file !== undefined) return null;
  return entry.username === undefined
    ? 'needs a username with password_env, password_file or password_command, or client_cert_file with client_key_file'
    : 'a username needs password_env, password_file or password_command';
}

async function clientOf(
  entry: RestconfEntry,
  at: SettingPath,
  secrets: SecretReader,
): Promise<WithProblems<RestconfCredential['client']>> {
  const read = (key: string, kind: SecretKind) => readSecret({ section: entry, at, key, kind }, secrets);
  const passphrase = await read('client_key_passphrase', 'line');
  const key = await read('client_key', 'private key');
  const ofSecrets = problemsOf([passphrase, key]);
  const without = (...problems: readonly Problem[]) => ({ value: null, problems: [...ofSecrets, ...problems] });

  const { client_cert_file: certificateFile } = entry;
  if (certificateFile === undefined) {
    if (key.value !== undefined) return without(errorAt(at, 'client_key_file needs client_cert_file'));
    return passphrase.value ? without(errorAt(at, 'a passphrase is only for client_key_file')) : without();
  }
  if (key.value === undefined) return without(errorAt(at, 'client_cert_file needs client_key_file'));
  const certificate = await readPem(secrets.source, certificateFile, at);
  if (certificate.kind === 'failed') return without(errorAt([...at, 'client_cert_file'], certificate.reason));
  if (key.value === null) return without();
  const client = { certificate: certificate.pem, key: key.value, passphrase: passphrase.value ?? null };
  const misfit = misfitOf(client.certificate, client.key.reveal(), client.passphrase?.reveal() ?? null);
  const keyName = entry.client_key_file === undefined ? 'client_key_command' : 'client_key_file';
  return misfit === null ? { value: client, problems: ofSecrets } : without(errorAt([...at, keyName], misfit));
}

function isSet(value: unknown): boolean {
  return value !== undefined;
}

/** OpenSSL's own messages may quote what it read. */
function misfitOf(certificate: string, key: string, passphrase: string | null): string | null {
  try {
    const opened = createPrivateKey({ key, ...(passphrase === null ? {} : { passphrase }) });
    return new X509Certificate(certificate).checkPrivateKey(opened) ? null : 'is not the key of client_cert_file';
  } catch {
    return passphrase === null
      ? 'is not a private key in PEM form without a passphrase; with one: client_key_passphrase_env or client_key_passphrase_file'
      : 'is not a private key in PEM form with this passphrase';
  }
}
