/** The imports of src/ as the parser reads them, and what the table of rooms says of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

export interface Import {
  /** Path below src/, such as `gdoi/seen/snapshot.ts`. */
  readonly file: string;
  /** A path below src/ for a file of ours, else the package's or builtin's name. */
  readonly target: string;
}

/** Every source file of src/, below it, with `/`. */
export function sourceFiles(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => /\.m?[jt]sx?$/.test(path) && !path.endsWith('.d.mts'))
    .toSorted();
}

export function importsOf(file: string, text = readFileSync(`${SRC}${file}`, 'utf8')): readonly Import[] {
  const { module } = parseSync(file, text);
  const named = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) => text.slice(moduleRequest.start + 1, moduleRequest.end - 1)),
    ...[...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => match[1] ?? ''),
  ];
  return [...new Set(named)].map((name) => ({ file, target: targetOf(file, name) }));
}

function targetOf(file: string, name: string): string {
  return name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), name)) : name;
}

export function roomOf(file: string): string {
  return posix.dirname(file);
}

/** May this import be? `rooms` is the allow-list. */
export function isAllowed({ file, target }: Import, rooms: Readonly<Record<string, readonly string[]>>): boolean {
  const allowed = rooms[roomOf(file)];
  if (allowed === undefined) return false;
  const ours = /\.m?[jt]sx?$/.test(target);
  if (ours && roomOf(target) === roomOf(file)) return true;
  return allowed.includes(target) || (ours && allowed.includes(roomOf(target)));
}

/** Nodes that reach themselves, as strongly connected sets of more than one. */
export function cycles(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const reach = new Map<string, Set<string>>();
  for (const start of edges.keys()) {
    const seen = new Set<string>();
    const open = [...(edges.get(start) ?? [])];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      open.push(...(edges.get(node) ?? []));
    }
    reach.set(start, seen);
  }
  const found = new Map<string, string[]>();
  for (const [node, seen] of reach) {
    if (!seen.has(node)) continue;
    const together = [...seen].filter((other) => reach.get(other)?.has(node) === true).toSorted();
    found.set(together.join(' '), together);
  }
  return [...found.values()];
}
