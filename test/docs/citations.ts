/** What comments and pages cite: rows of the on-call catalogue, documents, files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
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

const PATHS: ReadonlySet<string> = new Set(FILES);
const NAMES: ReadonlySet<string> = new Set(FILES.map((path) => posix.basename(path)));

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

/** Names of files, with or without folders: `kek-window.ts`, `docs/errors.md`, `../prometheus/rules.yml`. */
export function filesIn(text: string): readonly string[] {
  const named = text
    .replaceAll(/https?:\S+|\b(?:\w+\.)+(?:org|com)\/\S+/g, '')
    .matchAll(/(?<![\w/.*@}-])((?:[\w.-]+\/)*[\w-][\w.-]*\.(?:md|tsx?|mjs|json|ya?ml|txt|sh|css|html))\b/g);
  return Array.from(named, ([, name = '']) => name);
}

/**
 * A bare name is that of any file. One with folders leads there from the root, from `src`, or from where it stands.
 */
export function isThere(name: string, at: string): boolean {
  if (!name.includes('/')) return NAMES.has(name);
  return [name, `src/${name}`, posix.join(posix.dirname(at), name)].some((path) => PATHS.has(path));
}

/** `GETVPN facts, timers`: the page, and the heading that is cited; none for rows, and where only the page is named. */
export function headingsIn(text: string): readonly { readonly page: string; readonly heading: string }[] {
  return Array.from(
    text.matchAll(/\b(GETVPN facts|on-call catalogue), (?!rows? \d)(?:table of )?(\w+)/gi),
    ([, name = '', heading = '']) => ({
      page: name.toLowerCase().startsWith('getvpn') ? 'getvpn.md' : 'on-call.md',
      heading,
    }),
  );
}
