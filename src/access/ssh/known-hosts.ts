/**
 * Host keys in OpenSSH's known_hosts format: plain and hashed names, `[host]:port`, wildcards, negation and `@revoked`
 * are read; new keys are appended.
 *
 * A host that has keys here and shows another one is `changed`, whatever the type: nobody slips in with a key type not
 * seen before.
 */
import { createHash, createHmac } from 'node:crypto';
import { globMatches } from '../../kernel/glob.ts';
import { KnownFile } from '../known-file.ts';

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'changed'; readonly knownFingerprints: readonly string[] };

export interface HostKeyStore {
  check(host: string, port: number, key: Buffer): Promise<HostKeyVerdict>;
  /** Key types known for the host, to ask the server for. */
  knownTypes(host: string, port: number): Promise<readonly string[]>;
  /** Remembers a key for a host that has none yet; if it has one by now, returns the verdict. */
  add(host: string, port: number, key: Buffer): Promise<HostKeyVerdict>;
  /** Where a person finds the keys. */
  readonly description: string;
  /** What a person does who knows that this host has a new key. */
  howToReplace(name: string): string;
}

/** `SHA256:...`, as OpenSSH and `show ip ssh` users write it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=$/, '')}`;
}

/** `ssh-ed25519` of a key in SSH wire format. */
export function keyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  const name = key.toString('latin1', 4, 4 + Math.min(length, 64));
  return /^[\w@.-]{1,64}$/.test(name) ? name : 'unknown';
}

/** `host`, or `[host]:port` for a port that is not 22. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** The line that makes a key known. */
export function knownHostsLine(host: string, port: number, key: Buffer): string {
  return `${knownHostsName(host, port)} ${keyType(key)} ${key.toString('base64')}`;
}

interface Entry {
  readonly revoked: boolean;
  readonly patterns: readonly string[];
  readonly type: string;
  readonly key: string;
}

/** The entries of a known_hosts file; comments, broken lines and certificate authorities are skipped. */
export function parseKnownHosts(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [names, type, key] = words;
    if (names === undefined || names.startsWith('#') || type === undefined || key === undefined) continue;
    if (marker !== undefined && marker !== '@revoked') continue;
    entries.push({ revoked: marker === '@revoked', patterns: names.split(','), type, key });
  }
  return entries;
}

/** Entries by host: most names are literal, and only the others are compared one by one. */
class HostIndex {
  readonly #named = new Map<string, Entry[]>();
  readonly #patterned: Entry[] = [];

  add(entry: Entry): void {
    const names = entry.patterns.map((pattern) => pattern.toLowerCase());
    if (names.some((name) => /[*?!|]/.test(name))) {
      this.#patterned.push(entry);
      return;
    }
    for (const name of new Set(names)) {
      const known = this.#named.get(name) ?? [];
      this.#named.set(name, known);
      known.push(entry);
    }
  }

  of(host: string, port: number): readonly Entry[] {
    const named = this.#named.get(knownHostsName(host, port)) ?? [];
    return [...named, ...this.#patterned.filter((entry) => matchesHost(entry, host, port))];
  }
}

interface NewHost {
  readonly host: string;
  readonly port: number;
  readonly key: Buffer;
}

/** `readText`: reads the file whole; a test counts how often. */
export function createKnownHosts(path: string, readText?: (path: string) => Promise<string>): HostKeyStore {
  const file = new KnownFile<HostIndex, NewHost, HostKeyVerdict>({
    path,
    newIndex: () => new HostIndex(),
    addLines: (index, text) => {
      for (const entry of parseKnownHosts(text)) index.add(entry);
    },
    decide(indexes, { host, port, key }) {
      const matching = indexes.flatMap((index) => index.of(host, port));
      const verdict = verdictOf(matching, key);
      if (verdict.kind !== 'unknown') return { verdict, line: null };
      return { verdict: { kind: 'known' }, line: knownHostsLine(host, port, key) };
    },
    ...(readText === undefined ? {} : { readText }),
  });
  return {
    description: path,
    howToReplace: (name) => `delete the lines of ${name} from ${path}`,
    check: async (host, port, key) => verdictOf((await file.load()).of(host, port), key),
    add: (host, port, key) => file.add({ host, port, key }),
    async knownTypes(host, port) {
      const matching = (await file.load()).of(host, port);
      return [...new Set(matching.filter(({ revoked }) => !revoked).map(({ type }) => type))];
    },
  };
}

function verdictOf(matching: readonly Entry[], key: Buffer): HostKeyVerdict {
  const wanted = key.toString('base64');
  if (matching.some((entry) => entry.revoked && entry.key === wanted)) return { kind: 'revoked' };
  const keys = matching.filter((entry) => !entry.revoked);
  if (keys.some((entry) => entry.key === wanted)) return { kind: 'known' };
  if (keys.length === 0) return { kind: 'unknown' };
  return {
    kind: 'changed',
    knownFingerprints: keys.map((entry) => `${entry.type} ${fingerprint(Buffer.from(entry.key, 'base64'))}`),
  };
}

function matchesHost(entry: Entry, host: string, port: number): boolean {
  const name = knownHostsName(host, port);
  let matched = false;
  for (const pattern of entry.patterns) {
    if (pattern.startsWith('|1|')) {
      if (hashedNameMatches(pattern, name)) matched = true;
    } else if (pattern.startsWith('!')) {
      if (globMatches(pattern.slice(1).toLowerCase(), name)) return false;
    } else if (globMatches(pattern.toLowerCase(), name)) {
      matched = true;
    }
  }
  return matched;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function hashedNameMatches(pattern: string, name: string): boolean {
  const [, , salt, hash] = pattern.split('|');
  if (salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
