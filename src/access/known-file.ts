/**
 * A file of lines about hosts that are known, one or more for a host: people edit it, and the agent appends what it
 * accepts. It is read again after somebody else has changed it, so that a line added or removed by hand counts at once;
 * our own lines need no reading, otherwise the first sweep of a large fleet would read all of them at each login.
 */
import { appendFile, readFile, stat } from 'node:fs/promises';
import { endsInsideLine } from '../kernel/ends-inside-line.ts';
import { codeOf } from '../kernel/error-code.ts';

export interface KnownFileOptions<Index, Entry, Verdict> {
  readonly path: string;
  readonly newIndex: () => Index;
  /** What the lines of the text say is known too. */
  readonly addLines: (index: Index, text: string) => void;
  /** By all indexes together. `line`: what makes the entry known; null: it is to stay as it is. */
  readonly decide: (
    indexes: readonly Index[],
    entry: Entry,
  ) => { readonly verdict: Verdict; readonly line: string | null };
  /** Reads the file whole; a test counts how often. */
  readonly readText?: (path: string) => Promise<string>;
}

/** Some hundred thousand hosts with long keys; a larger file is something else. */
const MAX_BYTES = 128 * 1024 * 1024;

/** The file as it is on disk; any change shows. */
interface FileVersion {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** `version` null: there is no file. */
interface ReadVersion<Index> {
  readonly version: FileVersion | null;
  readonly index: Index;
}

/** Entries that wait for the write before theirs; the verdicts are in their order. */
interface Batch<Entry, Verdict> {
  readonly entries: Entry[];
  readonly verdicts: Promise<readonly Verdict[]>;
}

export class KnownFile<Index, Entry, Verdict> {
  readonly #options: KnownFileOptions<Index, Entry, Verdict>;
  /** Null: not looked at yet. */
  #known: ReadVersion<Index> | null = null;
  #reading: { readonly version: FileVersion | null; readonly read: Promise<ReadVersion<Index>> } | null = null;
  /** Our own lines are on their way: the file is as we know it, or longer by them. */
  #isAppending = false;
  #writing: Promise<unknown> = Promise.resolve();
  #batch: Batch<Entry, Verdict> | null = null;

  constructor(options: KnownFileOptions<Index, Entry, Verdict>) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** What is known now. Rejects if the file cannot be read. */
  async load(): Promise<Index> {
    const before = this.#known;
    if (this.#isAppending && before !== null) return before.index;
    const version = await this.#versionNow();
    // Appended to or read meanwhile: this version may be an older one.
    if (this.#known !== before || this.#isAppending) return this.load();
    return before !== null && isSameVersion(version, before.version) ? before.index : this.#read(version);
  }

  /**
   * Decides on an entry, and makes it known where its line is to be written: entries that come while others are being
   * written wait together, not each for the disk. Rejects if the file cannot be read or written.
   */
  async add(entry: Entry): Promise<Verdict> {
    this.#batch ??= this.#newBatch();
    const { entries, verdicts } = this.#batch;
    const place = entries.push(entry) - 1;
    const verdict = (await verdicts)[place];
    if (verdict === undefined) throw new Error('an entry has no verdict');
    return verdict;
  }

  #newBatch(): Batch<Entry, Verdict> {
    const entries: Entry[] = [];
    const verdicts = this.#writing.then(() => {
      this.#batch = null;
      return this.#addAll(entries);
    });
    this.#writing = verdicts.catch(() => undefined);
    return { entries, verdicts };
  }

  async #addAll(entries: readonly Entry[]): Promise<readonly Verdict[]> {
    const { newIndex, addLines, decide } = this.#options;
    const index = await this.load();
    const added = newIndex();
    const lines: string[] = [];
    const verdicts = entries.map((entry) => {
      const { verdict, line } = decide([index, added], entry);
      if (line !== null) {
        lines.push(line);
        addLines(added, line);
      }
      return verdict;
    });
    if (lines.length > 0) await this.#append(lines);
    return verdicts;
  }

  async #append(lines: readonly string[]): Promise<void> {
    this.#isAppending = true;
    try {
      const before = this.#known;
      const text = `${(await endsInsideLine(this.path)) ? '\n' : ''}${lines.join('\n')}\n`;
      await appendFile(this.path, text, { mode: 0o600 });
      const after = await this.#versionNow();
      // Longer by our lines and nothing else: the next reader need not read it all.
      if (before === null || after === null || !isAppended(before.version, after, Buffer.byteLength(text))) return;
      this.#options.addLines(before.index, text);
      this.#known = { version: after, index: before.index };
    } finally {
      this.#isAppending = false;
    }
  }

  async #versionNow(): Promise<FileVersion | null> {
    try {
      return await stat(this.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** Logins that find the same new version wait for one reading. */
  async #read(version: FileVersion | null): Promise<Index> {
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

  async #readVersion(version: FileVersion | null): Promise<ReadVersion<Index>> {
    const { newIndex, addLines, readText = readUtf8 } = this.#options;
    const index = newIndex();
    if (version !== null) {
      if (version.size > MAX_BYTES) throw Object.assign(new Error(`larger than ${MAX_BYTES} bytes`), { code: 'EFBIG' });
      addLines(index, await readText(this.path));
    }
    return { version, index };
  }
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
