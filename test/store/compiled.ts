/** Node 20 runs no TypeScript: what a test starts as a process of its own is compiled first, beside `node_modules`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles `source` and what it imports; `remove` deletes the result. */
export function compiled(source: URL): { readonly script: string; readonly remove: () => void } {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'gdoiwatch-test-'));
  const file = fileURLToPath(source);
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { noEmit: false, rootDir: ROOT, outDir: directory },
    include: [],
    files: [file],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', directory], {
    stdio: 'inherit',
  });
  return {
    script: join(directory, relative(ROOT, file).replace(/\.ts$/, '.js')),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
