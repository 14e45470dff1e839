/**
 * YAML text to plain values, with the place of each one. Written here instead of using the library's `toJS`: duplicate
 * keys are found in linear time and all at once, aliases share one value and their expansion is bounded, and no message
 * quotes the file (a password that starts with `*` would appear as an unknown alias).
 */
import {
  type Alias,
  type ErrorCode,
  type Node,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLError,
  type YAMLMap,
  type Pair,
} from 'yaml';
import { type Place, placeFinder } from './place.ts';
import { errorAt, type Problem, type SettingPath } from './finding.ts';

interface SyntaxProblem {
  readonly place: Place;
  readonly message: string;
}

export interface YamlText {
  /** Null for an empty file or a text that is not YAML. */
  readonly value: unknown;
  /** Syntax errors (with their own place) and duplicate keys. */
  readonly syntaxErrors: readonly SyntaxProblem[];
  readonly problems: readonly Problem[];
  /** Number of values with aliases expanded. */
  readonly values: number;
  /** For the findings of a file at once: what it holds to answer is as large as the text's tree. */
  places(): OffsetOf;
}

/** Where the path's value (or its key) starts; for a missing one, the nearest existing thing around it. */
export type OffsetOf = (path: SettingPath, on: Problem['on']) => number | null;

/** Values with aliases expanded: 200,000 devices of 40 values, and some more. */
const MAX_VALUES = 10_000_000;
const MAX_DEPTH = 32;
const MAX_SYNTAX_ERRORS = 50;

const UNKNOWN_ALIAS =
  'an alias (*name) without its anchor (&name) before it; text that starts with * or & needs quotes';

/** Messages for the library's errors; its own messages quote the file. */
const SYNTAX: Partial<Readonly<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'an alias (*name) takes no anchor or tag',
  BAD_ALIAS: UNKNOWN_ALIAS,
  BAD_DIRECTIVE: 'an unknown directive (a line that starts with %)',
  BAD_DQ_ESCAPE: 'an unknown escape in double quotes; write a backslash twice, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines before, or a closing bracket is missing',
  BAD_SCALAR_START: 'text that starts with this character needs quotes',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a character is missing here (a closing quote or bracket, a comma, a colon or a space)',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a colon or a quote missing?',
  MULTIPLE_DOCS: 'one document only; a second one starts here',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab; YAML is indented with spaces',
  TAG_RESOLVE_FAILED: 'an unknown tag; text that starts with ! needs quotes',
};

/** `around`: for a part of a file, the path of the whole and the number of values outside this part. */
export function readYaml(source: string, around = { path: [] as SettingPath, values: 0 }): YamlText {
  const document = parseDocument(source, { prettyErrors: false, uniqueKeys: false });
  const failures = [...document.errors, ...document.warnings];
  if (failures.length > 0) {
    const syntaxErrors = syntaxProblems(failures, placeFinder(source));
    return { value: null, syntaxErrors, problems: [], values: 0, places: () => () => null };
  }
  const built = buildValue(document.contents, around);
  return { ...built, syntaxErrors: [], places: () => placesIn(source) };
}

/** Only findings need places: the tree is large, and built again for them. */
function placesIn(source: string): OffsetOf {
  const memo = new Map<YAMLMap, ReadonlyMap<string, MapEntry>>();
  const { contents } = parseDocument(source, { prettyErrors: false, uniqueKeys: false });
  return (path, on) => offsetOf(contents, path, on, memo);
}

function syntaxProblems(failures: readonly YAMLError[], placeOf: (offset: number) => Place): readonly SyntaxProblem[] {
  const firstOfLine = new Map<number, SyntaxProblem>();
  for (const failure of failures) {
    const place = placeOf(failure.pos[0]);
    // The others on a line follow from its first.
    if (firstOfLine.has(place.line)) continue;
    const message = `not YAML: ${SYNTAX[failure.code] ?? 'this does not fit what is before it'}`;
    firstOfLine.set(place.line, { place, message });
  }
  return [...firstOfLine.values()].slice(0, MAX_SYNTAX_ERRORS);
}

interface Anchored {
  readonly value: unknown;
  /** Number of values in it with aliases expanded; null while it is being built. */
  size: number | null;
}

function buildValue(
  root: Node | null,
  around: { readonly path: SettingPath; readonly values: number },
): Pick<YamlText, 'value' | 'problems' | 'values'> {
  const builder = new ValueBuilder(around);
  return { value: builder.build(root), problems: builder.problems, values: builder.values - around.values };
}

/** Builds plain values from YAML nodes within the limits; what does not fit is a problem at its path. */
class ValueBuilder {
  readonly problems: Problem[] = [];
  readonly #anchors = new Map<string, Anchored>();
  readonly #path: (string | number)[];
  #values: number;
  #tooMany = false;

  constructor(around: { readonly path: SettingPath; readonly values: number }) {
    this.#path = [...around.path];
    this.#values = around.values;
  }

  /** Values so far, with aliases expanded. */
  get values(): number {
    return this.#values;
  }

  build(node: unknown): unknown {
    if (this.#tooMany || node === null || node === undefined) return null;
    if (isAlias(node)) return this.#fromAlias(node);
    if (isScalar(node)) return this.#withAnchor(node, node.value, () => undefined);
    if (isSeq(node)) {
      const list: unknown[] = [];
      return this.#withAnchor(node, list, () => {
        for (const [index, item] of node.items.entries()) this.#at(index, () => list.push(this.build(item)));
      });
    }
    if (isMap(node)) {
      const map: object = {};
      return this.#withAnchor(node, map, () => {
        for (const pair of node.items) this.#addPair(map, pair);
      });
    }
    return null;
  }

  #addPair(map: object, pair: Pair): void {
    const key = keyText(pair.key);
    if (key === null) {
      this.#problem('a key must be plain text');
      return;
    }
    this.#at(key, () => {
      if (key === '__proto__') this.#problem('is not a setting', 'key');
      else if (Object.hasOwn(map, key)) this.#problem('is here a second time', 'key');
      else Object.defineProperty(map, key, { value: this.build(pair.value), enumerable: true });
    });
  }

  #at(step: string | number, use: () => void): void {
    this.#path.push(step);
    use();
    this.#path.pop();
  }

  #problem(message: string, on: Problem['on'] = 'value'): void {
    this.problems.push(errorAt([...this.#path], message, on));
  }

  #count(size: number): boolean {
    this.#values += size;
    if (this.#values > MAX_VALUES && !this.#tooMany) {
      this.#tooMany = true;
      this.#problem(`more than ${MAX_VALUES} values with aliases expanded`);
    }
    return !this.#tooMany;
  }

  #fromAlias(alias: Alias): unknown {
    const anchored = this.#anchors.get(alias.source);
    if (anchored === undefined) {
      this.#problem(UNKNOWN_ALIAS);
      return null;
    }
    if (anchored.size === null) {
      this.#problem('an alias inside the value that it stands for');
      return null;
    }
    return this.#count(anchored.size) ? anchored.value : null;
  }

  #withAnchor(node: Node, value: unknown, fill: () => void): unknown {
    const before = this.#values;
    const anchored: Anchored = { value, size: null };
    if (!isAlias(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, anchored);
    this.#count(1);
    if (this.#path.length < MAX_DEPTH) fill();
    else this.#problem(`nested deeper than ${MAX_DEPTH} levels`);
    anchored.size = this.#values - before;
    return value;
  }
}

function keyText(key: unknown): string | null {
  if (!isScalar(key)) return null;
  const value = key.value;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

interface MapEntry {
  readonly key: unknown;
  /** The last one of a duplicate key, where a person should look. */
  readonly lastKey: unknown;
  readonly value: unknown;
}

function entriesOf(map: YAMLMap, memo: Map<YAMLMap, ReadonlyMap<string, MapEntry>>): ReadonlyMap<string, MapEntry> {
  const known = memo.get(map);
  if (known !== undefined) return known;
  const entries = new Map<string, MapEntry>();
  for (const pair of map.items) {
    const key = keyText(pair.key);
    if (key === null) continue;
    const first = entries.get(key);
    entries.set(key, { key: first?.key ?? pair.key, lastKey: pair.key, value: first?.value ?? pair.value });
  }
  memo.set(map, entries);
  return entries;
}

function offsetOf(
  root: unknown,
  path: SettingPath,
  on: Problem['on'],
  memo: Map<YAMLMap, ReadonlyMap<string, MapEntry>>,
): number | null {
  let node = root;
  let offset = startOf(root);
  for (const [depth, part] of path.entries()) {
    const last = depth === path.length - 1;
    let next: unknown = null;
    let nextOffset: number | null = null;
    if (isMap(node)) {
      const entry = entriesOf(node, memo).get(String(part));
      if (entry === undefined) break;
      next = entry.value;
      const keyOffset = startOf(entry.lastKey);
      // The value of an empty `key:` would be where the next thing starts; the key is the better place.
      const empty = isScalar(next) && next.value === null;
      nextOffset = last && on === 'key' ? keyOffset : empty ? keyOffset : (startOf(next) ?? keyOffset);
    } else if (isSeq(node) && typeof part === 'number') {
      next = node.items[part];
      nextOffset = startOf(next);
    }
    if (nextOffset === null) break;
    node = next;
    offset = nextOffset;
  }
  return offset;
}

function startOf(node: unknown): number | null {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0] ?? null;
  return null;
}

/** The value at a path, for messages; `undefined` if there is none. */
export function valueAt(root: unknown, path: SettingPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    const child: unknown = Reflect.get(value, part);
    value = child;
  }
  return value;
}
