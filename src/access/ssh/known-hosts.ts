/**
 * Host keys in OpenSSH's known_hosts format: plain and hashed names, `[host]:port`, wildcards, negation and `@revoked`
 * are read; new keys are appended, those that wait together by one write.
 *
 * The file is read again after someone else has changed it, so that a line added by hand counts at once; our own lines
 * need no reading, otherwise the first sweep of a large fleet would read all keys at each login. A host that has keys
 * here and shows another one is `changed`, whatever the type: nobody slips in with a key type not seen before.
 */
import { createHash, createHmac } from 'node:crypto';
import { appendFile, readFile, stat } from 'node:fs/promises';
import { endsInsideLine } from '../../kernel/ends-inside-line.ts';
import { globMatches } from '../../kernel/glob.ts';

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

/** The file as it is on disk; any change shows. */
interface FileVersion {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** The index of one version of the file. */
interface KnownVersion {
  /** Null: there is no file. */
  readonly version: FileVersion | null;
  readonly index: HostIndex;
}

interface NewHost {
  readonly host: string;
  readonly port: number;
  readonly key: Buffer;
}

/** New hosts that wait for the one write before theirs; the verdicts are in their order. */
interface Batch {
  readonly hosts: NewHost[];
  readonly verdicts: Promise<readonly HostKeyVerdict[]>;
}

/** `readText`: reads the file whole; a test counts how often. */
export function createKnownHosts(path: string, readText: (path: string) => Promise<string> = readUtf8): HostKeyStore {
  return new NewHosts(new KnownHostsFile(path, readText));
}

/** The file, and the index of the version that was read last. */
class KnownHostsFile {
  readonly path: string;
  readonly #readText: (path: string) => Promise<string>;
  /** Null: not looked at yet. */
  #known: KnownVersion | null = null;
  #reading: { readonly version: FileVersion | null; readonly read: Promise<KnownVersion> } | null = null;
  /** Our own lines are on their way: the file is as we know it, or longer by them. */
  #isAppending = false;

  constructor(path: string, readText: (path: string) => Promise<string>) {
    this.path = path;
    this.#readText = readText;
  }

  async load(): Promise<HostIndex> {
    const before = this.#known;
    if (this.#isAppending && before !== null) return before.index;
    const version = await this.#versionNow();
    // Appended to or read meanwhile: this version may be an older one.
    if (this.#known !== before || this.#isAppending) return this.load();
    return before !== null && isSameVersion(version, before.version) ? before.index : this.#read(version);
  }

  /** After a `load`; one at a time. */
  async append(lines: readonly string[]): Promise<void> {
    this.#isAppending = true;
    try {
      await this.#append(lines);
    } finally {
      this.#isAppending = false;
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const before = this.#known;
    const text = `${(await endsInsideLine(this.path)) ? '\n' : ''}${lines.join('\n')}\n`;
    await appendFile(this.path, text, { mode: 0o600 });
    const after = await this.#versionNow();
    // Longer by our lines and nothing else: the next reader need not read it all.
    if (before === null || after === null || !isAppended(before.version, after, Buffer.byteLength(text))) return;
    for (const entry of parseKnownHosts(text)) before.index.add(entry);
    this.#known = { version: after, index: before.index };
  }

  async #versionNow(): Promise<FileVersion | null> {
    try {
      return await stat(this.path);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** Logins that find the same new version wait for one reading. */
  async #read(version: FileVersion | null): Promise<HostIndex> {
    if (this.#reading === null || !isSameVersion(version, this.#reading.version)) {
      this.#reading = { version, read: this.#readVersion(version) };
    }
    const reading = this.#reading;
    try {
      this.#known = await reading.read;
      return this.#known.index;
    } finally {
      if (this.#reading === reading) this.#reading = null;
    }
  }

  async #readVersion(version: FileVersion | null): Promise<KnownVersion> {
    const index = new HostIndex();
    for (const entry of version === null ? [] : parseKnownHosts(await this.#readText(this.path))) index.add(entry);
    return { version, index };
  }
}

/** New hosts are written one batch after the other: those that come meanwhile wait together, not each for the disk. */
class NewHosts implements HostKeyStore {
  readonly #file: KnownHostsFile;
  #writing: Promise<unknown> = Promise.resolve();
  #batch: Batch | null = null;

  constructor(file: KnownHostsFile) {
    this.#file = file;
  }

  get description(): string {
    return this.#file.path;
  }

  howToReplace(name: string): string {
    return `delete the lines of ${name} from ${this.#file.path}`;
  }

  async check(host: string, port: number, key: Buffer): Promise<HostKeyVerdict> {
    return verdictOf((await this.#file.load()).of(host, port), key);
  }

  async knownTypes(host: string, port: number): Promise<readonly string[]> {
    const matching = (await this.#file.load()).of(host, port);
    return [...new Set(matching.filter(({ revoked }) => !revoked).map(({ type }) => type))];
  }

  async add(host: string, port: number, key: Buffer): Promise<HostKeyVerdict> {
    this.#batch ??= this.#newBatch();
    const { hosts, verdicts } = this.#batch;
    const place = hosts.push({ host, port, key }) - 1;
    const verdict = (await verdicts)[place];
    if (verdict === undefined) throw new Error('a new host key has no verdict');
    return verdict;
  }

  #newBatch(): Batch {
    const hosts: NewHost[] = [];
    const verdicts = this.#writing.then(() => {
      this.#batch = null;
      return this.#addAll(hosts);
    });
    this.#writing = verdicts.catch(() => undefined);
    return { hosts, verdicts };
  }

  async #addAll(hosts: readonly NewHost[]): Promise<readonly HostKeyVerdict[]> {
    const index = await this.#file.load();
    const added = new HostIndex();
    const lines: string[] = [];
    const verdicts = hosts.map(({ host, port, key }): HostKeyVerdict => {
      const verdict = verdictOf([...index.of(host, port), ...added.of(host, port)], key);
      if (verdict.kind !== 'unknown') return verdict;
      const line = knownHostsLine(host, port, key);
      lines.push(line);
      for (const entry of parseKnownHosts(line)) added.add(entry);
      return { kind: 'known' };
    });
    if (lines.length > 0) await this.#file.append(lines);
    return verdicts;
  }
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

function readUtf8(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

function isSameVersion(a: FileVersion | null, b: FileVersion | null): boolean {
  return a === null || b === null ? a === b : a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

function isAppended(before: FileVersion | null, after: FileVersion, bytes: number): boolean {
  return before === null ? after.size === bytes : after.ino === before.ino && after.size === before.size + bytes;
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

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
