/** A credential of RESTCONF with its secrets read: what stands in its files has to fit together. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { errorAt, type Problem, type SettingPath } from './finding.ts';
import { readPem } from './pem-file.ts';
import { readSecret } from './read-secret.ts';
import type { RestconfCredential } from './resolved-config.ts';
import type { CredentialEntry } from './schema.ts';
import type { SecretKind, SecretReader } from './secret-source.ts';

type RestconfEntry = NonNullable<CredentialEntry['restconf']>;

/** `at`: place of the section. null: `problems` say why. */
export async function resolveRestconfCredential(
  entry: RestconfEntry,
  at: SettingPath,
  secrets: SecretReader,
  problems: Problem[],
): Promise<RestconfCredential | null> {
  const before = problems.length;
  const wrong = (message: string) => problems.push(errorAt(at, message));
  const read = async (key: string, kind: SecretKind = 'line') =>
    (await readSecret({ section: entry, at, key, kind }, secrets, problems)) ?? null;

  const password = await read('password');
  const hasPassword = [entry.password_env, entry.password_file, entry.password_command].some(isSet);
  if (entry.username === undefined && hasPassword) wrong('a password needs a username');
  if (entry.username !== undefined && !hasPassword && entry.client_cert_file === undefined) {
    wrong('a username needs password_env, password_file or password_command');
  }
  if (entry.username === undefined && !hasPassword && entry.client_cert_file === undefined) {
    wrong(
      'needs a username with password_env, password_file or password_command, or client_cert_file with client_key_file',
    );
  }
  const client = await clientOf(entry, at, secrets, problems);
  return problems.length > before ? null : { username: entry.username ?? null, password, client };
}

async function clientOf(
  entry: RestconfEntry,
  at: SettingPath,
  secrets: SecretReader,
  problems: Problem[],
): Promise<RestconfCredential['client']> {
  const wrong = (key: string, message: string) => problems.push(errorAt([...at, key], message));
  const passphraseSetting = { section: entry, at, key: 'client_key_passphrase', kind: 'line' } as const;
  const passphrase = (await readSecret(passphraseSetting, secrets, problems)) ?? null;
  const { client_cert_file: certificateFile } = entry;
  const keySetting = { section: entry, at, key: 'client_key', kind: 'private key' } as const;
  const key = await readSecret(keySetting, secrets, problems);
  if (certificateFile === undefined || key === undefined) {
    if (certificateFile !== undefined) problems.push(errorAt(at, 'client_cert_file needs client_key_file'));
    else if (key !== undefined) problems.push(errorAt(at, 'client_key_file needs client_cert_file'));
    else if (passphrase !== null) problems.push(errorAt(at, 'a passphrase is of use only with client_key_file'));
    return null;
  }
  const certificate = await readPem(secrets.source, certificateFile, at);
  if (certificate.kind === 'failed') wrong('client_cert_file', certificate.reason);
  if (certificate.kind === 'failed' || key === null) return null;
  const misfit = misfitOf(certificate.pem, key.reveal(), passphrase?.reveal() ?? null);
  if (misfit !== null) wrong(entry.client_key_file === undefined ? 'client_key_command' : 'client_key_file', misfit);
  return { certificate: certificate.pem, key, passphrase };
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
