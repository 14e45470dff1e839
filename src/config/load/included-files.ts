/**
 * The configuration as one value from the named file and those that it includes, and the way back: in which file a
 * setting is. Included files are parts of one configuration: lists (devices, match) are concatenated, credentials and
 * jump hosts are joined by name, and any other section is in one file only.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { append } from '../../kernel/append.ts';
import { type ReadOptions, readConfigText } from './config-text.ts';
import { fileFinding, placedFindings, syntaxFindings } from '../file-findings.ts';
import { errorAt, type Finding, pathText, type Problem, quoted, type SettingPath } from '../finding.ts';
import { isMapping, mappingOf } from '../mapping.ts';
import { isFilePath } from '../schema-terms.ts';
import { type ReadFile, readText } from '../read-file.ts';

/** Of all files together. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_FILES = 256;
/** Mappings of names that several files may add to. */
const NAMED_SECTIONS: ReadonlySet<string> = new Set(['credentials', 'jump_hosts']);

type ConfigText = Awaited<ReturnType<typeof readConfigText>>;

interface Part {
  /** As it is shown: relative to the file that includes it. */
  readonly file: string;
  readonly absolute: string;
  readonly source: string;
  readonly yaml: ConfigText;
  /** The index of this part's first item in each joined list, by key. */
  readonly firstOf: Map<string, number>;
}

interface ConfigFiles {
  readonly value: unknown;
  /** Problems of the files themselves: duplicate keys, includes that cannot be read. */
  readonly problems: readonly Problem[];
  /** Directory for relative paths of a setting: that of the file in which it is. */
  readonly directoryOf: (path: SettingPath) => string;
  /** `devices[3]`, with its file if there are several. */
  readonly nameOf: (path: SettingPath) => string;
  /** In the order of the files, and in each file's order. */
  readonly placed: (problems: readonly Problem[]) => readonly Finding[];
}

export type ReadFiles =
  | { readonly kind: 'read'; readonly files: ConfigFiles }
  | { readonly kind: 'failed'; readonly findings: readonly Finding[] };

export async function readConfigFiles(path: string, readFile: ReadFile, options: ReadOptions): Promise<ReadFiles> {
  const reader = new FilesReader(readFile, options);
  await reader.read(path, []);
  if (reader.failures.length > 0) return { kind: 'failed', findings: reader.failures };
  return { kind: 'read', files: joined(reader.parts, reader.problems) };
}

/** A problem with its path inside one part. */
interface PartProblem {
  readonly part: Part;
  readonly problem: Problem;
}

class FilesReader {
  readonly #readFile: ReadFile;
  readonly #options: ReadOptions;
  #bytesLeft = MAX_BYTES;
  readonly parts: Part[] = [];
  readonly problems: PartProblem[] = [];
  readonly failures: Finding[] = [];

  constructor(readFile: ReadFile, options: ReadOptions) {
    this.#readFile = readFile;
    this.#options = options;
  }

  /**
   * Why the file was not read, for the one that includes it; null: it was read, or what is wrong is a problem already.
   */
  async read(file: string, including: readonly string[]): Promise<string | null> {
    const absolute = resolve(file);
    const around = including.indexOf(absolute);
    if (around !== -1) return `includes itself: ${[...including.slice(around), absolute].map(quoted).join(' -> ')}`;
    if (this.parts.some((part) => part.absolute === absolute)) return `${quoted(file)} is already included`;
    if (this.parts.length >= MAX_FILES) return `more than ${MAX_FILES} files`;
    const text = await readText(this.#readFile, file, this.#bytesLeft);
    if (text.kind === 'failed') {
      if (including.length > 0) return `${quoted(file)} cannot be read: ${text.reason}`;
      this.failures.push(fileFinding(file, `cannot be read: ${text.reason}`));
      return null;
    }
    const source = text.text;
    this.#bytesLeft -= Buffer.byteLength(source);
    const yaml = await readConfigText(source, this.#options);
    if (yaml.syntaxErrors.length > 0) {
      append(this.failures, syntaxFindings(file, yaml));
      return null;
    }
    const part: Part = { file, absolute, source, yaml, firstOf: new Map() };
    this.parts.push(part);
    append(
      this.problems,
      yaml.problems.map((problem) => ({ part, problem })),
    );
    await this.#readIncludes(part, including);
    return null;
  }

  async #readIncludes(part: Part, including: readonly string[]): Promise<void> {
    const { include } = mappingOf(part.yaml.value);
    // A value that is not a list of paths is left to the schema.
    if (!Array.isArray(include)) return;
    for (const [index, name] of include.entries()) {
      if (typeof name !== 'string' || !isFilePath(name)) continue;
      const file = isAbsolute(name) ? name : join(dirname(part.file), name);
      const refusal = await this.read(file, [...including, part.absolute]);
      if (refusal !== null) this.problems.push({ part, problem: errorAt(['include', index], refusal) });
    }
  }
}

function joined(parts: readonly Part[], own: readonly PartProblem[]): ConfigFiles {
  const [main, ...others] = parts;
  if (main === undefined) throw new Error('a configuration has a file');
  if (others.length === 0) return alone(main, own);
  const join = new Join();
  for (const part of parts) join.add(part);
  const partOf = (path: SettingPath) => join.partOf(path) ?? main;
  const ofFiles = [...own, ...join.clashes];
  return {
    value: join.value(),
    problems: [],
    directoryOf: (path) => dirname(partOf(path).absolute),
    nameOf: (path) => {
      const part = partOf(path);
      return `${pathText(localPath(part, path))} of ${quoted(part.file)}`;
    },
    placed: (problems) =>
      parts.flatMap((part) => {
        const here = problems.filter(({ path }) => partOf(path) === part);
        const local = here.map((problem) => ({ ...problem, path: localPath(part, problem.path) }));
        const ownOnes = ofFiles.filter((one) => one.part === part).map(({ problem }) => problem);
        return placedFindings(part.file, part.source, part.yaml, [...ownOnes, ...local]);
      }),
  };
}

/** One file: nothing to join, and its problems keep their paths. */
function alone(main: Part, own: readonly PartProblem[]): ConfigFiles {
  return {
    value: main.yaml.value,
    problems: own.map(({ problem }) => problem),
    directoryOf: always(dirname(main.absolute)),
    nameOf: pathText,
    placed: (problems) => placedFindings(main.file, main.source, main.yaml, problems),
  };
}

/**
 * The directory is asked for as long as the agent runs, when secrets are read again: a function beside the others would
 * hold the file's text and its values.
 */
function always(directory: string): () => string {
  return () => directory;
}

class Join {
  readonly #top = new Map<string, { value: unknown; readonly part: Part }>();
  /** By section and name. */
  readonly #named = new Map<string, Part>();
  /** By key: the parts that add to the list, in order. */
  readonly #lists = new Map<string, Part[]>();
  readonly clashes: PartProblem[] = [];

  add(part: Part): void {
    const { value } = part.yaml;
    if (value !== null && !isMapping(value)) {
      this.clashes.push({ part, problem: errorAt([], 'needs a mapping of sections') });
      return;
    }
    for (const [key, section] of Object.entries(mappingOf(value))) {
      // An empty section has no effect.
      if (section !== null) this.#addSection(part, key, section);
    }
  }

  value(): unknown {
    return Object.fromEntries(Array.from(this.#top, ([key, { value }]) => [key, value]));
  }

  partOf([key, next]: SettingPath): Part | null {
    if (typeof key !== 'string') return null;
    if (typeof next === 'number') {
      return this.#lists.get(key)?.findLast(({ firstOf }) => (firstOf.get(key) ?? 0) <= next) ?? null;
    }
    return this.#named.get(nameKey(key, next ?? '')) ?? this.#top.get(key)?.part ?? null;
  }

  #addSection(part: Part, key: string, section: unknown): void {
    const before = this.#top.get(key);
    if (before === undefined) this.#top.set(key, { value: section, part });
    else if (Array.isArray(section) && Array.isArray(before.value)) {
      part.firstOf.set(key, before.value.length);
      before.value = [...before.value, ...section];
    } else if (NAMED_SECTIONS.has(key) && isMapping(section) && isMapping(before.value)) {
      before.value = { ...section, ...before.value };
    } else {
      this.#clash(part, [key], before.part);
      return;
    }
    if (Array.isArray(section)) this.#lists.set(key, [...(this.#lists.get(key) ?? []), part]);
    if (!NAMED_SECTIONS.has(key) || !isMapping(section)) return;
    for (const name of Object.keys(section)) {
      const other = this.#named.get(nameKey(key, name));
      if (other === undefined) this.#named.set(nameKey(key, name), part);
      else this.#clash(part, [key, name], other);
    }
  }

  #clash(part: Part, path: SettingPath, other: Part): void {
    this.clashes.push({ part, problem: errorAt(path, `stands in ${quoted(other.file)} already`, 'key') });
  }
}

function nameKey(section: string, name: string): string {
  return JSON.stringify([section, name]);
}

/** The path inside the part's own file. */
function localPath({ firstOf }: Part, [key, next, ...rest]: SettingPath): SettingPath {
  if (key === undefined) return [];
  if (next === undefined) return [key];
  return typeof next === 'number' && typeof key === 'string'
    ? [key, next - (firstOf.get(key) ?? 0), ...rest]
    : [key, next, ...rest];
}
