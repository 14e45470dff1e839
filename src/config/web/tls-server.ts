/** The `tls_server_config` of a web configuration file, with its files read and checked against each other. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Secret } from '../../kernel/secret.ts';
import { errorAt, hasError, type Problem, problemsOf, quoted, type WithProblems } from '../finding.ts';
import { readText } from '../read-file.ts';
import { SecretReader, type SecretSource } from '../secret-source.ts';
import type { ResolvedTls } from '../resolved-web.ts';
import { opensslCiphers, opensslCurves, TLS_VERSIONS } from './tls-names.ts';
import { MAX_CHAIN_CHARS, type WebConfig } from './web-config-schema.ts';

type TlsSection = NonNullable<WebConfig['tls_server_config']>;

const SECTION = 'tls_server_config';
/** PEM is ASCII: as many as may be in the configuration itself. */
const MAX_CHAIN_BYTES = MAX_CHAIN_CHARS;

/** Null: TLS is off, or one of the problems is an error. */
export async function resolveTls(tls: TlsSection, source: SecretSource): Promise<WithProblems<ResolvedTls | null>> {
  if (!isSwitchedOn(tls)) return { value: null, problems: [] };
  const cert = await certificates(tls, 'cert', source);
  const key = await keyOf(tls, source);
  const clientCa = await certificates(tls, 'client_ca', source);
  const problems = [...problemsOf([cert, key, clientCa]), ...checkSettings(tls)];
  // A key that everyone can read is only a doubt: TLS is not switched off because of it.
  if (cert.value === null || key.value === null || hasError(problems)) return { value: null, problems };

  const resolved: ResolvedTls = {
    cert: cert.value,
    key: key.value,
    clientCa: clientCa.value,
    minVersion: TLS_VERSIONS[tls.min_version],
    maxVersion: TLS_VERSIONS[tls.max_version],
    ciphers: opensslCiphers(tls.cipher_suites),
    honorCipherOrder: tls.prefer_server_cipher_suites,
    ecdhCurve: opensslCurves(tls.curve_preferences),
  };
  return { value: resolved, problems: [...problems, ...checkTogether(resolved, tls)] };
}

/** The toolkit's rule: only these switch TLS on. */
function isSwitchedOn(tls: TlsSection): boolean {
  const files = [tls.cert, tls.key, tls.client_ca, tls.cert_file, tls.key_file, tls.client_ca_file];
  return verifiesClients(tls) || files.some((value) => value !== undefined);
}

function verifiesClients({ client_auth_type: type }: TlsSection): boolean {
  return type === 'RequireAndVerifyClientCert';
}

/** Null: none are set, or a problem. */
async function certificates(
  tls: TlsSection,
  name: 'cert' | 'client_ca',
  source: SecretSource,
): Promise<WithProblems<string | null>> {
  const inline = tls[name];
  const file = tls[`${name}_file`];
  if (inline !== undefined && file !== undefined) return twice(name);
  if (inline !== undefined) return checkedPem(inline, [SECTION, name], 'the value');
  if (file === undefined) return { value: null, problems: [] };
  const at = [SECTION, `${name}_file`];
  const absolute = resolve(source.directoryOf(['web']), file);
  const read = await readText(source.readFile, absolute, MAX_CHAIN_BYTES);
  return read.kind === 'read'
    ? checkedPem(read.text, at, quoted(absolute))
    : { value: null, problems: [errorAt(at, `${quoted(absolute)} cannot be read: ${read.reason}`)] };
}

/** Null: none is set, or a problem. */
async function keyOf(tls: TlsSection, source: SecretSource): Promise<WithProblems<Secret | null>> {
  if (tls.key !== undefined && tls.key_file !== undefined) return twice('key');
  if (tls.key !== undefined) return { value: new Secret(tls.key), problems: [] };
  if (tls.key_file === undefined) return { value: null, problems: [] };
  const secrets = new SecretReader(source);
  const value = await secrets.fromFile([SECTION, 'key_file'], tls.key_file, 'private key');
  return { value, problems: secrets.problems };
}

function twice(name: 'cert' | 'key' | 'client_ca'): WithProblems<null> {
  return { value: null, problems: [errorAt([SECTION, name], `either ${name} or ${name}_file, not both`, 'key')] };
}

function checkedPem(pem: string, at: readonly string[], shown: string): WithProblems<string | null> {
  if (attempt(() => new X509Certificate(pem)) !== null) return { value: pem, problems: [] };
  return { value: null, problems: [errorAt(at, `${shown} is not a certificate in PEM form`)] };
}

/** Settings that are missing, or without effect, together with the others. */
function checkSettings(tls: TlsSection): readonly Problem[] {
  const problems: Problem[] = [];
  const need = (name: 'cert' | 'key' | 'client_ca', why: string) => {
    if (tls[name] === undefined && tls[`${name}_file`] === undefined) {
      problems.push(errorAt([SECTION], `needs ${name}_file (or ${name}) ${why}`));
    }
  };
  need('cert', 'for TLS');
  need('key', 'for TLS');
  if (verifiesClients(tls)) need('client_ca', 'for client_auth_type RequireAndVerifyClientCert');
  else if (tls.client_ca !== undefined || tls.client_ca_file !== undefined) {
    problems.push(errorAt([SECTION], 'a client CA is only for client_auth_type: RequireAndVerifyClientCert'));
  }
  if (tls.min_version === 'TLS13' && tls.max_version === 'TLS12') {
    problems.push(errorAt([SECTION, 'max_version'], 'is below min_version'));
  }
  return problems;
}

/** Files that are right by themselves may not fit each other, or OpenSSL's security level. */
function checkTogether(resolved: ResolvedTls, tls: TlsSection): readonly Problem[] {
  const keyPath = [SECTION, tls.key === undefined ? 'key_file' : 'key'];
  const key = attempt((): KeyObject => createPrivateKey(resolved.key.reveal()));
  if (key === null) return [errorAt(keyPath, 'is not a private key without a passphrase')];
  if (!new X509Certificate(resolved.cert).checkPrivateKey(key)) {
    return [errorAt(keyPath, 'is not the key of the certificate')];
  }
  if (attempt(() => secureContext(resolved)) !== null) return [];
  return [errorAt([SECTION], 'is refused by OpenSSL: the key is too short, or the settings leave nothing to use')];
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

/** Null if OpenSSL throws; its messages may quote what it read. */
function attempt<T extends object>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
