/**
 * Node 20 runs no TypeScript: code that a test starts as a process or thread of its own is built first, beside
 * `node_modules`.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Built {
  readonly script: string;
  readonly remove: () => void;
}

/** Builds `source` and what it imports; `changing` is asked for each file. */
export async function built(source: URL, changing?: Plugin['transform']): Promise<Built> {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'gdoiwatch-test-'));
  await build({
    configFile: false,
    root: ROOT,
    publicDir: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['libsql', 'ssh2'] },
    build: {
      ssr: fileURLToPath(source),
      outDir,
      target: 'node20.19',
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'built.mjs', chunkFileNames: '[hash].mjs' } },
    },
    plugins: changing === undefined ? [] : [{ name: 'changed by the test', transform: changing }],
  });
  return { script: join(outDir, 'built.mjs'), remove: () => rmSync(outDir, { recursive: true, force: true }) };
}
