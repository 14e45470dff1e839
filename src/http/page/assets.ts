/**
 * The files of the web page, read once: what was built of `src/page`, the modules of `gdoi` that it shares, and preact.
 * Under `/assets/VERSION/` they lie to each other as in the build, so that their imports hold; the version is made from
 * all of them, so that a browser may keep them for good.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface PageAssets {
  /** The same for every address of the page; null: the page was not built. */
  readonly shell: string | null;
  /** By path. */
  readonly files: ReadonlyMap<string, Asset>;
}

export interface Asset {
  readonly body: Buffer;
  readonly type: string;
}

/** Also when this module runs from `src`. */
const BUILD = new URL('../../../dist/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Pure modules that the page runs as well. */
const SHARED = [
  'gdoi/events/duration-text.js',
  'gdoi/events/event.js',
  'gdoi/health/health-check.js',
  'gdoi/keys/kek-window.js',
  'gdoi/keys/poll-instants.js',
];

export async function readPageAssets(): Promise<PageAssets> {
  const built = await readdir(new URL('page/', BUILD)).catch((): string[] => []);
  if (!built.includes('index.html')) return { shell: null, files: new Map() };
  const preact = pathToFileURL(createRequire(import.meta.url).resolve('preact'));
  const sources = [
    ...[...built.map((name) => `page/${name}`), ...SHARED].map((path) => [path, new URL(path, BUILD)] as const),
    ['page/preact.mjs', preact] as const,
  ];
  const version = createHash('sha256');
  const read: (readonly [string, Asset])[] = [];
  for (const [path, file] of sources) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const body = await readFile(file);
    version.update(path).update(body);
    read.push([path, { body, type }]);
  }
  const root = `/assets/${version.digest('base64url').slice(0, 16)}/`;
  const files = new Map(read.map(([path, asset]) => [root + path, asset] as const));
  const html = await readFile(new URL('page/index.html', BUILD), 'utf8');
  return { shell: withPreloads(html.replaceAll('/assets/', root), [...files.keys()]), files };
}

/** All modules are asked for at once, and not one after the import of another is seen. */
function withPreloads(html: string, paths: readonly string[]): string {
  const modules = paths.filter((path) => /\.m?js$/u.test(path));
  return html.replace(
    '</head>',
    `${modules.map((path) => `<link rel="modulepreload" href="${path}">\n`).join('')}</head>`,
  );
}
