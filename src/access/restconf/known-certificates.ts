/**
 * Device certificates that were accepted once: a file of lines `host:port SHA256-fingerprint`, each appended by one
 * write. The file is read again after it has changed on disk, so that a line added or removed by hand counts at once.
 */
import { createHash } from 'node:crypto';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { parseFingerprint } from '../../kernel/certificate-fingerprint.ts';

export interface KnownCertificates {
  /** Fingerprints accepted for a host; empty: none yet. */
  of(host: string, port: number): Promise<readonly string[]>;
  /** Remembers the first certificate of a host. Returns those known then: another one, if that was first. */
  add(host: string, port: number, fingerprint: string): Promise<readonly string[]>;
  /** Where a person finds the file. */
  readonly path: string;
}

/** Some hundred thousand devices; a larger file is something else. */
const MAX_BYTES = 32 * 1024 * 1024;

/** SHA-256 of the certificate's DER form, 64 hex digits: what `openssl x509 -fingerprint -sha256` shows. */
export function certificateFingerprint(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}

/** The line that makes a certificate known. */
export function knownCertificateLine(host: string, port: number, fingerprint: string): string {
  return `${nameOf(host, port)} ${fingerprint}`;
}

export function createKnownCertificates(path: string): KnownCertificates {
  let known = new Map<string, readonly string[]>();
  let version = '';
  let writing: Promise<unknown> = Promise.resolve();

  async function load(): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = await stat(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    const now = found === null ? 'absent' : `${found.ino}:${found.size}:${found.mtimeMs}`;
    if (now === version) return known;
    if (found !== null && found.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
    known = found === null ? new Map() : parse(await readFile(path, 'utf8'));
    version = now;
    return known;
  }

  async function append(host: string, port: number, fingerprint: string): Promise<readonly string[]> {
    const before = (await load()).get(nameOf(host, port));
    if (before !== undefined) return before;
    await appendFile(path, `${knownCertificateLine(host, port, fingerprint)}\n`, { mode: 0o600 });
    return [fingerprint];
  }

  return {
    path,
    of: async (host, port) => (await load()).get(nameOf(host, port)) ?? [],
    add(host, port, fingerprint) {
      const added = writing.then(() => append(host, port, fingerprint));
      writing = added.catch(() => undefined);
      return added;
    },
  };
}

function parse(text: string): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [name, written = ''] = line.trim().split(/\s+/);
    const fingerprint = parseFingerprint(written);
    if (name === undefined || name === '' || name.startsWith('#') || fingerprint === null) continue;
    known.set(name, [...(known.get(name) ?? []), fingerprint]);
  }
  return known;
}

function nameOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase()}:${port}`;
}
