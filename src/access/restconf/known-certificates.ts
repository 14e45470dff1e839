/**
 * Device certificates that were accepted once: a file of lines `host:port SHA256-fingerprint`. New ones are appended.
 */
import { createHash } from 'node:crypto';
import { parseFingerprint } from '../../kernel/certificate-fingerprint.ts';
import { KnownFile } from '../known-file.ts';

export interface KnownCertificates {
  /** Fingerprints accepted for a host; empty: none yet. */
  of(host: string, port: number): Promise<readonly string[]>;
  /** Remembers the first certificate of a host. Returns those known then: another one, if that was first. */
  add(host: string, port: number, fingerprint: string): Promise<readonly string[]>;
  /** Where a person finds the file. */
  readonly path: string;
}

/** SHA-256 of the certificate's DER form, 64 hex digits: what `openssl x509 -fingerprint -sha256` shows. */
export function certificateFingerprint(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}

/** The line that makes a certificate known. */
export function knownCertificateLine(host: string, port: number, fingerprint: string): string {
  return `${nameOf(host, port)} ${fingerprint}`;
}

interface NewCertificate {
  readonly host: string;
  readonly port: number;
  readonly fingerprint: string;
}

/** By `nameOf`. */
type Fingerprints = Map<string, readonly string[]>;

/** `readText`: reads the file whole; a test counts how often. */
export function createKnownCertificates(path: string, readText?: (path: string) => Promise<string>): KnownCertificates {
  const file = new KnownFile<Fingerprints, NewCertificate, readonly string[]>({
    path,
    newIndex: () => new Map(),
    addLines,
    decide(indexes, { host, port, fingerprint }) {
      const known = indexes.flatMap((index) => index.get(nameOf(host, port)) ?? []);
      if (known.length > 0) return { verdict: known, line: null };
      return { verdict: [fingerprint], line: knownCertificateLine(host, port, fingerprint) };
    },
    ...(readText === undefined ? {} : { readText }),
  });
  return {
    path,
    of: async (host, port) => (await file.load()).get(nameOf(host, port)) ?? [],
    add: (host, port, fingerprint) => file.add({ host, port, fingerprint }),
  };
}

function addLines(known: Fingerprints, text: string): void {
  for (const line of text.split('\n')) {
    const [name, written = ''] = line.trim().split(/\s+/);
    const fingerprint = parseFingerprint(written);
    if (name === undefined || name === '' || name.startsWith('#') || fingerprint === null) continue;
    known.set(name, [...(known.get(name) ?? []), fingerprint]);
  }
}

function nameOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase()}:${port}`;
}
