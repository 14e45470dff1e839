/**
 * Which files the patterns of `file_sd` match now, and which of them changed.
 *
 * Polled instead of watched: that works on every file system and with the symbolic links of Kubernetes. A file that
 * changed, appeared or vanished has to be the same at two looks in a row before it counts, so that a file being written
 * is not read half. A pattern that no longer matches keeps the files that it had: an unmounted directory or a moved
 * file does not take the fleet with it.
 */
import { opendir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../kernel/error-code.ts';
import { globMatches } from '../../kernel/glob.ts';

/** Most entries of a directory, and most files of all patterns. */
const MAX_ENTRIES = 100_000;
const MAX_FILES = 1000;

export interface FileChanges {
  readonly changed: readonly string[];
  readonly gone: readonly string[];
  /** Directories that cannot be listed and patterns without a file, with the reason: what was known of them stays. */
  readonly failed: ReadonlyMap<string, string>;
}

interface Listed {
  readonly files: ReadonlySet<string>;
  /** Directories that cannot be listed. */
  readonly unlisted: ReadonlyMap<string, string>;
  /** Patterns without a file. */
  readonly unmatched: ReadonlyMap<string, string>;
}

/** No fingerprint. */
const UNREAD = '';

interface KnownFile {
  /** Fingerprint when it was reported; null: not yet. */
  reported: string | null;
  /** Fingerprint at the last look; null: not there. */
  seen: string | null;
}

export class FileTargets {
  readonly #patterns: readonly string[];
  readonly #known = new Map<string, KnownFile>();
  #looked = false;
  #isWritten = false;
  #unmatchedBefore: ReadonlySet<string> = new Set();

  /** `known`: files whose targets are there from before; those that no pattern matches are forgotten. */
  constructor(patterns: readonly string[], known: readonly string[] = []) {
    this.#patterns = patterns;
    for (const path of known)
      if (this.#patternsOf(path).length > 0) this.#known.set(path, { reported: UNREAD, seen: null });
  }

  /** At the last look some file differed from the look before: it counts at the next one. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  /** It exists, or did and may again. */
  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** What to read or forget since the last look; at the first look every file counts as it is. */
  async look(): Promise<FileChanges> {
    const { files, unlisted, unmatched } = await this.#list();
    const changed: string[] = [];
    const gone: string[] = [];
    this.#isWritten = false;
    for (const path of new Set([...files, ...this.#known.keys()])) {
      if (unlisted.has(dirname(path))) continue;
      const now = files.has(path) ? await fingerprint(path) : null;
      const known = this.#known.get(path) ?? { reported: null, seen: null };
      const settled = !this.#looked || known.seen === now;
      known.seen = now;
      this.#known.set(path, known);
      if (now === null && this.#patternsOf(path).some((pattern) => unmatched.has(pattern))) {
        // If it is back as it was, that has to be reported too.
        if (known.reported !== null) known.reported = UNREAD;
        continue;
      }
      if (!settled) {
        this.#isWritten = true;
        continue;
      }
      if (now === null) this.#known.delete(path);
      if (known.reported === now) continue;
      known.reported = now;
      (now === null ? gone : changed).push(path);
    }
    const failed = new Map([...unlisted, ...this.#lasting(unmatched)]);
    this.#looked = true;
    return { changed, gone, failed };
  }

  /** It could not be read, which may pass: the next look reports it again. */
  readAgain(path: string): void {
    const known = this.#known.get(path);
    if (known !== undefined) known.reported = UNREAD;
  }

  /** A look may come between the removal of a file and the creation of its replacement. */
  #lasting(unmatched: ReadonlyMap<string, string>): readonly (readonly [pattern: string, reason: string])[] {
    const before = this.#looked ? this.#unmatchedBefore : unmatched;
    this.#unmatchedBefore = new Set(unmatched.keys());
    return [...unmatched].filter(([pattern]) => before.has(pattern));
  }

  #patternsOf(path: string): readonly string[] {
    const [directory, name] = [dirname(path), basename(path)];
    return this.#patterns.filter((pattern) => dirname(pattern) === directory && nameMatcher(basename(pattern))(name));
  }

  async #list(): Promise<Listed> {
    let files: ReadonlySet<string> = new Set();
    const unlisted = new Map<string, string>();
    const unmatched = new Map<string, string>();
    for (const pattern of this.#patterns) {
      const directory = dirname(pattern);
      const listed = await withMatches(files, directory, nameMatcher(basename(pattern)));
      files = listed.files;
      if (listed.failure !== null) unlisted.set(directory, listed.failure);
      else if (!listed.isThere) unmatched.set(pattern, 'no file: its directory does not exist');
      else if (!listed.isMatched)
        unmatched.set(pattern, /[*?]/.test(pattern) ? 'no file matches' : 'there is no such file');
    }
    return { files, unlisted, unmatched };
  }
}

interface Matches {
  readonly files: ReadonlySet<string>;
  /** Why some of the directory's files are missing. */
  readonly failure: string | null;
  readonly isThere: boolean;
  readonly isMatched: boolean;
}

/** Adds the matching files of a directory. */
async function withMatches(
  before: ReadonlySet<string>,
  directory: string,
  matches: (name: string) => boolean,
): Promise<Matches> {
  const files = new Set(before);
  const found = { files, failure: null, isThere: true, isMatched: false };
  try {
    let entries = 0;
    for await (const entry of await opendir(directory)) {
      entries += 1;
      if (entries > MAX_ENTRIES) return { ...found, failure: `more than ${MAX_ENTRIES} files in the directory` };
      if (!matches(entry.name)) continue;
      found.isMatched = true;
      if (files.size >= MAX_FILES) return { ...found, failure: `more than ${MAX_FILES} files to read` };
      files.add(join(directory, entry.name));
    }
    return found;
  } catch (error) {
    const code = codeOf(error);
    // No directory, no files: it may appear later.
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    return { ...found, failure: isAbsent ? null : `the directory cannot be listed: ${code}`, isThere: false };
  }
}

/** Changes with every write or rename; null if there is no such file. */
async function fingerprint(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    // Reading it will show what is wrong.
    return code === 'ENOENT' ? null : code;
  }
}

/** Matches a file name with `*` and `?`. As in the shell, and unlike Go's Glob, `*` does not match a leading dot. */
function nameMatcher(pattern: string): (name: string) => boolean {
  return (name) => !(pattern.startsWith('*') && name.startsWith('.')) && globMatches(pattern, name);
}
