/**
 * Certificates of agents that share devices: the agent's own file first; a host that is not in it may be known to the
 * others.
 */
import type { AcceptedKeys } from '../accepted-keys.ts';
import { type KnownCertificates, knownCertificateLine } from './known-certificates.ts';

export function sharedCertificates(file: KnownCertificates, accepted: AcceptedKeys): KnownCertificates {
  const nameOf = (host: string, port: number) => knownCertificateLine(host, port, '').trim();
  return {
    path: file.path,
    async of(host, port) {
      const own = await file.of(host, port);
      if (own.length > 0) return own;
      const known = await accepted.get(nameOf(host, port));
      return known === null ? [] : [known];
    },
    async add(host, port, fingerprint) {
      const first = await accepted.putFirst(nameOf(host, port), fingerprint);
      if (first !== fingerprint) return [first];
      try {
        return await file.add(host, port, fingerprint);
      } catch {
        // For example a file mounted read-only: the other agents and the next start know it all the same.
        return [fingerprint];
      }
    },
  };
}
