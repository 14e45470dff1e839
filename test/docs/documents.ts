/** The Markdown pages of the repository, and what is in them: links, headings, fenced blocks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['docs', 'dashboards', 'deploy'];

export interface Document {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  /** `README.md:12`, the line of the opening fence. */
  readonly at: string;
  /** What stands behind the fence: `sh`, `yaml`. */
  readonly language: string;
  readonly text: string;
}

export const DOCUMENTS: readonly Document[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => `${folder}/${path}`),
  ),
]
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

export const BLOCKS: readonly Block[] = DOCUMENTS.flatMap(blocksOf);

function blocksOf({ path, text }: Document): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly language: string; readonly lines: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === null) open = { line: index + 1, language: fence[1] ?? '', lines: [] };
    else {
      blocks.push({ at: `${path}:${open.line}`, language: open.language, text: open.lines.join('\n') });
      open = null;
    }
  }
  return blocks;
}

/** Without fenced blocks. */
function prose(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** Targets of `[...](target)` and `![...](target)`. */
export function linksOf(text: string): readonly string[] {
  return Array.from(prose(text).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target ?? '');
}

/** Names of headings as GitHub makes them for `#...` in links. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = Array.from(prose(text).matchAll(/^#{1,6} (.+)$/gm), ([, heading]) => heading ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
