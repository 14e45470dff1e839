/**
 * Host keys of agents that share devices: the agent's own known_hosts first, because that is what people edit; a host
 * that is not in it may be known to the others. They are told about each key that is accepted, and about those in the
 * file.
 */
import type { AcceptedKeys } from '../accepted-keys.ts';
import { fingerprint, type HostKeyStore, type HostKeyVerdict, keyType, knownHostsName } from './known-hosts.ts';

export function sharedHostKeys(file: HostKeyStore, accepted: AcceptedKeys): HostKeyStore {
  /** Keys that the others were told about: a login asks nothing more. */
  const told = new Map<string, string>();

  const tell = async (name: string, key: string): Promise<void> => {
    if (told.get(name) === key) return;
    told.set(name, key);
    // The file decides here in any case; the others are told at the next login.
    await accepted.put(name, key).catch(() => told.delete(name));
  };

  const verdictOf = (known: string, key: Buffer): HostKeyVerdict => {
    if (known === key.toString('base64')) return { kind: 'known' };
    const other = Buffer.from(known, 'base64');
    return { kind: 'changed', knownFingerprints: [`${keyType(other)} ${fingerprint(other)}`] };
  };

  return {
    description: file.description,
    howToReplace: (name) => `put its new line in place of those of ${name} in ${file.description}`,
    async check(host, port, key) {
      const name = knownHostsName(host, port);
      const verdict = await file.check(host, port, key);
      // A login does not wait for it; it never rejects.
      if (verdict.kind === 'known') void tell(name, key.toString('base64'));
      if (verdict.kind !== 'unknown') return verdict;
      const known = await accepted.get(name);
      return known === null ? verdict : verdictOf(known, key);
    },
    async knownTypes(host, port) {
      const types = await file.knownTypes(host, port);
      if (types.length > 0) return types;
      const known = await accepted.get(knownHostsName(host, port));
      return known === null ? [] : [keyType(Buffer.from(known, 'base64'))];
    },
    async add(host, port, key) {
      const name = knownHostsName(host, port);
      const text = key.toString('base64');
      const verdict = verdictOf(await accepted.putFirst(name, text), key);
      if (verdict.kind !== 'known') return verdict;
      told.set(name, text);
      try {
        return await file.add(host, port, key);
      } catch {
        // For example a file mounted read-only: the other agents and the next start know the key all the same.
        return verdict;
      }
    },
  };
}
