/** Files of certificates that the configuration names. */
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { quoted, type SettingPath } from './finding.ts';
import { readText } from './read-file.ts';
import type { SecretSource } from './secret-source.ts';

/** All public authorities together are about 200 KiB. */
const MAX_PEM_BYTES = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export type PemFile =
  | { readonly kind: 'read'; readonly pem: string }
  /** `reason`: for the end of a finding. */
  | { readonly kind: 'failed'; readonly reason: string };

/** `path`: the setting that names it, whose file it lies beside. */
export async function readPem(
  { readFile, directoryOf }: SecretSource,
  file: string,
  path: SettingPath,
): Promise<PemFile> {
  const absolute = resolve(directoryOf(path), file);
  const read = await readText(readFile, absolute, MAX_PEM_BYTES);
  if (read.kind === 'failed') return { kind: 'failed', reason: `${quoted(absolute)} cannot be read: ${read.reason}` };
  const certificates = read.text.match(CERTIFICATE) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate)
    ? { kind: 'read', pem: read.text }
    : { kind: 'failed', reason: `${quoted(absolute)} is not a certificate in PEM form` };
}

/** OpenSSL throws at what is none. */
function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
