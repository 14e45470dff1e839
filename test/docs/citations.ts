/** What comments and pages cite: rows of the on-call catalogue, documents, files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parseSync } from 'oxc-parser';
import { DOCUMENTS, ROOT } from './documents.ts';

export interface Cited {
  /** File with the text, from the root of the repository. */
  readonly at: string;
  readonly text: string;
}

const FOLDERS = ['src', 'test', 'docs', 'dashboards', 'deploy'];

/** Every file of the repository that may be cited, from its root, with `/`. */
export const FILES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => statSync(join(ROOT, name)).isFile()),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      [folder, ...path.split(sep)].join('/'),
    ),
  ),
];

/** The comments of each source file, one text a file, and each page. */
export const CITING: readonly Cited[] = [
  ...FILES.filter((path) => /^(?:src|test|dashboards)\/.*\.tsx?$/.test(path)).map((path) => ({
    at: path,
    text: commentsOf(path, readFileSync(join(ROOT, path), 'utf8')),
  })),
  ...DOCUMENTS.map(({ path, text }) => ({ at: path, text })),
];

export function commentsOf(path: string, text: string): string {
  return parseSync(path, text)
    .comments.map(({ value }) => value.replaceAll(/\n\s*\* ?/g, ' '))
    .join('\n');
}

/** `row 5`, `Rows 34 to 38`, `rows 4, 12 and 14`: each number, and those between the ends of a range. */
export function rowsIn(text: string): readonly number[] {
  return Array.from(text.matchAll(/\brows? (\d{1,2}(?:(?:,| and| to| or) \d{1,2})*)\b/gi)).flatMap(([, list = '']) => {
    const [from = 0, to = from] = list.match(/\d+/g)?.map(Number) ?? [];
    if (!list.includes(' to ')) return list.match(/\d+/g)?.map(Number) ?? [];
    return Array.from({ length: Math.max(1, to - from + 1) }, (_, index) => from + index);
  });
}

/** Names of pages and source files, with or without folders: `kek-window.ts`, `docs/errors.md`. */
export function filesIn(text: string): readonly string[] {
  const named = text
    .replaceAll(/https?:\S+/g, '')
    .matchAll(/(?<![\w/.*@-])((?:[\w.-]+\/)*[\w-][\w.-]*\.(?:md|tsx?))\b/g);
  return Array.from(named, ([, name = '']) => name.replace(/^(?:\.\.?\/)+/, ''));
}

export function isThere(name: string, files: readonly string[] = FILES): boolean {
  return files.some((path) => path === name || path.endsWith(`/${name}`));
}
