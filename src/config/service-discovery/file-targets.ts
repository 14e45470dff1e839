/**
 * Which files the patterns of `file_sd` name now, and which of them changed.
 *
 * Looked at again and again instead of watched: that works on every file system and for the symbolic links of Kubernetes.
 * A file that changed, came or went has to be the same at two looks in a row before it counts, so that one being written
 * in place is not taken half.
 */
import { opendir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { globMatches } from '../../kernel/glob.ts';

/** Entries of a directory, and files of all patterns, that are looked at. */
const MAX_ENTRIES = 100_000;
const MAX_FILES = 1000;

export interface FileChanges {
  readonly changed: readonly string[];
  readonly gone: readonly string[];
  /** Directories that could not be looked at, and why: what was known of them stays. */
  readonly failed: ReadonlyMap<string, string>;
}

/** No fingerprint. */
const UNREAD = '';

interface KnownFile {
  /** As it was when it was reported; null: not yet. */
  reported: string | null;
  /** As it was at the last look; null: not there. */
  seen: string | null;
}

export class FileTargets {
  readonly #patterns: readonly string[];
  readonly #known = new Map<string, KnownFile>();
  #looked = false;

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  /** Those of the patterns. */
  get directories(): readonly string[] {
    return this.#patterns.map((pattern) => dirname(pattern));
  }

  /** What is to be read or forgotten since the look before; at the first look every file counts as it is. */
  async look(): Promise<FileChanges> {
    const { files, failed } = await this.#list();
    const changed: string[] = [];
    const gone: string[] = [];
    for (const path of new Set([...files, ...this.#known.keys()])) {
      if (failed.has(dirname(path))) continue;
      const now = files.has(path) ? await fingerprint(path) : null;
      const known = this.#known.get(path) ?? { reported: null, seen: null };
      const settled = !this.#looked || known.seen === now;
      known.seen = now;
      this.#known.set(path, known);
      if (!settled || known.reported === now) {
        if (settled && now === null) this.#known.delete(path);
        continue;
      }
      known.reported = now;
      (now === null ? gone : changed).push(path);
    }
    this.#looked = true;
    return { changed, gone, failed };
  }

  /** It could not be read, which may pass: the next look reports it again. */
  readAgain(path: string): void {
    const known = this.#known.get(path);
    if (known !== undefined) known.reported = UNREAD;
  }

  async #list(): Promise<{ readonly files: ReadonlySet<string>; readonly failed: ReadonlyMap<string, string> }> {
    let files: ReadonlySet<string> = new Set();
    const failed = new Map<string, string>();
    for (const pattern of this.#patterns) {
      const directory = dirname(pattern);
      const listed = await withMatches(files, directory, nameMatcher(basename(pattern)));
      files = listed.files;
      if (listed.failure !== null) failed.set(directory, listed.failure);
    }
    return { files, failed };
  }
}

/** The files with those of the directory. `failure`: why not all of these are among them. */
async function withMatches(
  before: ReadonlySet<string>,
  directory: string,
  matches: (name: string) => boolean,
): Promise<{ readonly files: ReadonlySet<string>; readonly failure: string | null }> {
  const files = new Set(before);
  try {
    let entries = 0;
    for await (const entry of await opendir(directory)) {
      entries += 1;
      if (entries > MAX_ENTRIES) return { files, failure: `more than ${MAX_ENTRIES} files in the directory` };
      if (!matches(entry.name)) continue;
      if (files.size >= MAX_FILES) return { files, failure: `more than ${MAX_FILES} files to read` };
      files.add(join(directory, entry.name));
    }
    return { files, failure: null };
  } catch (error) {
    const code = codeOf(error);
    // No directory, no files: it may come later.
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    return { files, failure: isAbsent ? null : `the directory cannot be listed: ${code}` };
  }
}

/** Anything that a write or a rename changes; null where there is no such file. */
async function fingerprint(path: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    const code = codeOf(error);
    // Reading it will say what is the matter.
    return code === 'ENOENT' ? null : code;
  }
}

/** Rethrows what is no failure of the file system. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error;
}

/** Of a file name with `*` and `?`. Like the shell, and Go's Glob unlike, `*` takes no leading dot. */
function nameMatcher(pattern: string): (name: string) => boolean {
  return (name) => !(pattern.startsWith('*') && name.startsWith('.')) && globMatches(pattern, name);
}
