/** The package as it is published: with the versions and hashes that were tested. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { run } from '../dashboards/promtool.ts';
import { readText, ROOT, temporaryDirectory } from './repository.ts';

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly integrity?: string; readonly dev?: boolean; readonly devOptional?: boolean }
    >
  >;
}

let lock: Lock;
let shrinkwrap: Lock;
let built: readonly string[];
beforeAll(async () => {
  lock = JSON.parse(await readText('package-lock.json')) as Lock;
  await using directory = await temporaryDirectory();
  const made = await run('node', [join(ROOT, '.config/package.mjs'), directory.path]);
  if (made.status !== 0) throw new Error(made.output);
  await run('tar', ['-xzf', join(directory.path, made.output.trim()), '-C', directory.path]);
  built = await readdir(join(directory.path, 'package/dist'));
  shrinkwrap = JSON.parse(await readFile(join(directory.path, 'package/npm-shrinkwrap.json'), 'utf8')) as Lock;
});

test('the package pins each package that it needs, as the lock file does', () => {
  const production = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  expect(production.length).toBeGreaterThan(0);
  const { '': root, ...pinned } = shrinkwrap.packages;
  expect(pinned).toEqual(Object.fromEntries(production));
  expect(root).not.toHaveProperty('devDependencies');
});

test('each has its hash', () => {
  const { '': _, ...pinned } = shrinkwrap.packages;
  expect(Object.entries(pinned).filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
});

test('the program is in few files, and says whose work is in them', () => {
  expect(built.toSorted()).toEqual(['cli', 'licenses.md', 'page', 'parts', 'workers']);
});
