/**
 * The files of the web page, read once: what was built of `src/page`, the modules of `gdoi` that it shares, and preact.
 * Under `/assets/` they lie to each other as in the build, so that their imports hold.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Also when this module runs from `src`. */
const BUILD = new URL('../../../dist/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Pure modules that the page runs as well. */
const SHARED = [
  'gdoi/duration-text.js',
  'gdoi/event.js',
  'gdoi/health-check.js',
  'gdoi/kek-window.js',
  'gdoi/poll-instants.js',
];

/** By path below `/assets/`. Empty where the page was not built. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const built = await readdir(new URL('page/', BUILD)).catch(() => []);
  if (built.length === 0) return new Map();
  const preact = pathToFileURL(createRequire(import.meta.url).resolve('preact'));
  const files = [
    ...[...built.map((name) => `page/${name}`), ...SHARED].map((path) => [path, new URL(path, BUILD)] as const),
    ['page/preact.mjs', preact] as const,
  ];
  const assets = new Map<string, Asset>();
  for (const [path, file] of files) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const body = await readFile(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    assets.set(path, { body, type, etag });
  }
  return assets;
}
