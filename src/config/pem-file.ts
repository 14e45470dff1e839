/** Files of certificates that the configuration names. */
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { quoted, type SettingPath } from './finding.ts';
import { readText } from './read-file.ts';
import type { SecretSource } from './secret-source.ts';

/** All public authorities together have about 200 KiB. */
const MAX_PEM_BYTES = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export type PemFile =
  | { readonly kind: 'read'; readonly pem: string }
  /** `reason`: the end of a finding's message. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Certificates, each checked. `path`: the setting that names the file; relative names start at that setting's file. */
export async function readPem(source: SecretSource, file: string, path: SettingPath): Promise<PemFile> {
  const read = await readUncheckedPem(source, file, path);
  if (read.kind === 'failed') return read;
  const certificates = read.pem.match(CERTIFICATE) ?? [];
  if (certificates.length > 0 && certificates.every(isCertificate)) return read;
  return { kind: 'failed', reason: `${quoted(besideSetting(source, file, path))} is not a certificate in PEM form` };
}

/** The same, unchecked, for callers that check when they use it. */
export async function readUncheckedPem(source: SecretSource, file: string, path: SettingPath): Promise<PemFile> {
  const absolute = besideSetting(source, file, path);
  const read = await readText(source.readFile, absolute, MAX_PEM_BYTES);
  return read.kind === 'read'
    ? { kind: 'read', pem: read.text }
    : { kind: 'failed', reason: `${quoted(absolute)} cannot be read: ${read.reason}` };
}

function besideSetting({ directoryOf }: SecretSource, file: string, path: SettingPath): string {
  return resolve(directoryOf(path), file);
}

/** OpenSSL throws if it is not one. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
