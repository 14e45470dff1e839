/** The `tls_server_config` of a web configuration file, with its files read and checked against each other. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { append } from '../../kernel/append.ts';
import { Secret } from '../../kernel/secret.ts';
import { errorAt, type Problem, quoted } from '../finding.ts';
import { readText } from '../read-file.ts';
import { SecretReader, type SecretSource } from '../secret-source.ts';
import type { ResolvedTls } from './resolved-web.ts';
import { opensslCiphers, opensslCurves, TLS_VERSIONS } from './tls-names.ts';
import { MAX_CHAIN_CHARS, type WebConfig } from './web-config-schema.ts';

type TlsSection = NonNullable<WebConfig['tls_server_config']>;

const SECTION = 'tls_server_config';
/** PEM is ASCII: as many as may stand in the configuration itself. */
const MAX_CHAIN_BYTES = MAX_CHAIN_CHARS;

/** null: TLS is off, or `problems` says what is wrong. */
export async function resolveTls(
  tls: TlsSection,
  source: SecretSource,
  problems: Problem[],
): Promise<ResolvedTls | null> {
  const secrets = new SecretReader(source);
  const { cert: _c, key: _k, client_ca: _ca, cert_file: _cf, key_file: _kf, client_ca_file: _caf } = tls;
  const verify = tls.client_auth_type === 'RequireAndVerifyClientCert';
  // The toolkit's rule: only these switch TLS on.
  if (!verify && [_c, _k, _ca, _cf, _kf, _caf].every((value) => value === undefined)) return null;

  const certificates = async (name: 'cert' | 'client_ca'): Promise<string | null> => {
    const inline = tls[name];
    const file = tls[`${name}_file`];
    if (inline !== undefined && file !== undefined) {
      problems.push(errorAt([SECTION, name], `either ${name} or ${name}_file, not both`, 'key'));
      return null;
    }
    if (inline !== undefined) return checkedPem(inline, [SECTION, name], 'the value', problems);
    if (file === undefined) return null;
    const at = [SECTION, `${name}_file`];
    const absolute = resolve(source.directoryOf(['web']), file);
    const read = await readText(source.readFile, absolute, MAX_CHAIN_BYTES);
    if (read.kind === 'read') return checkedPem(read.text, at, quoted(absolute), problems);
    problems.push(errorAt(at, `${quoted(absolute)} cannot be read: ${read.reason}`));
    return null;
  };

  const before = problems.length;
  const cert = await certificates('cert');
  const key = await keyOf(tls, secrets, problems);
  append(problems, secrets.problems);
  const clientCa = await certificates('client_ca');
  const need = (name: 'cert' | 'key' | 'client_ca', why: string) => {
    if (tls[name] === undefined && tls[`${name}_file`] === undefined) {
      problems.push(errorAt([SECTION], `needs ${name}_file (or ${name}) ${why}`));
    }
  };
  need('cert', 'for TLS');
  need('key', 'for TLS');
  if (verify) need('client_ca', 'for client_auth_type RequireAndVerifyClientCert');
  else if (tls.client_ca !== undefined || tls.client_ca_file !== undefined) {
    problems.push(errorAt([SECTION], 'a client CA is of use only with client_auth_type: RequireAndVerifyClientCert'));
  }
  if (tls.min_version === 'TLS13' && tls.max_version === 'TLS12') {
    problems.push(errorAt([SECTION, 'max_version'], 'is below min_version'));
  }
  // A key that everyone can read is a doubt: TLS is not switched off for it.
  const wrong = problems.slice(before).some(({ severity }) => severity === 'error');
  if (cert === null || key === null || wrong) return null;

  const resolved: ResolvedTls = {
    cert,
    key,
    clientCa,
    minVersion: TLS_VERSIONS[tls.min_version],
    maxVersion: TLS_VERSIONS[tls.max_version],
    ciphers: opensslCiphers(tls.cipher_suites),
    honorCipherOrder: tls.prefer_server_cipher_suites,
    ecdhCurve: opensslCurves(tls.curve_preferences),
  };
  checkTogether(resolved, tls, problems);
  return resolved;
}

async function keyOf(tls: TlsSection, secrets: SecretReader, problems: Problem[]): Promise<Secret | null> {
  if (tls.key !== undefined && tls.key_file !== undefined) {
    problems.push(errorAt([SECTION, 'key'], 'either key or key_file, not both', 'key'));
    return null;
  }
  if (tls.key !== undefined) return new Secret(tls.key);
  return tls.key_file === undefined ? null : secrets.fromFile([SECTION, 'key_file'], tls.key_file, 'private key');
}

function checkedPem(pem: string, at: readonly string[], shown: string, problems: Problem[]): string | null {
  if (attempt(() => new X509Certificate(pem)) !== null) return pem;
  problems.push(errorAt(at, `${shown} is not a certificate in PEM form`));
  return null;
}

/** Files that are each right may still not fit each other, or OpenSSL's level of security. */
function checkTogether(resolved: ResolvedTls, tls: TlsSection, problems: Problem[]): void {
  const keyPath = [SECTION, tls.key === undefined ? 'key_file' : 'key'];
  const key = attempt((): KeyObject => createPrivateKey(resolved.key.reveal()));
  if (key === null) {
    problems.push(errorAt(keyPath, 'is not a private key without a passphrase'));
  } else if (!new X509Certificate(resolved.cert).checkPrivateKey(key)) {
    problems.push(errorAt(keyPath, 'is not the key of the certificate'));
  } else if (attempt(() => secureContext(resolved)) === null) {
    problems.push(errorAt([SECTION], 'is refused by OpenSSL: a key that is too short, or settings that leave nothing'));
  }
}

function secureContext({ cert, key, clientCa, minVersion, maxVersion, ciphers, ecdhCurve }: ResolvedTls): object {
  return createSecureContext({
    cert,
    key: key.reveal(),
    minVersion,
    maxVersion,
    ...(clientCa === null ? {} : { ca: clientCa }),
    ...(ciphers === null ? {} : { ciphers }),
    ...(ecdhCurve === null ? {} : { ecdhCurve }),
  });
}

/** null where OpenSSL throws; its messages may quote what it read. */
function attempt<T extends object>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
