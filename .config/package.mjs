/**
 * The package as it is published: `npm run package [DIRECTORY]` after a build. It carries `npm-shrinkwrap.json`: what was
 * tested is what a user gets, to the last hash. Tools are left out of it; a user has no use for their names and versions.
 *
 * Packed from a directory of its own, so that a checkout never holds two lock files.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const destination = resolve(process.argv[2] ?? '.');
const { packages, ...lock } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const production = Object.entries(packages).filter(([, { dev, devOptional }]) => !(dev ?? devOptional ?? false));
const { devDependencies: _, ...root } = packages[''];
const shrinkwrap = { ...lock, packages: { ...Object.fromEntries(production), '': root } };

const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-package-'));
try {
  const pack = (cwd, to) =>
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', to], { cwd, stdio: 'pipe' });
  pack('.', directory);
  execFileSync('tar', ['-xzf', join(directory, readdirSync(directory)[0]), '-C', directory]);
  const content = join(directory, 'package');
  writeFileSync(join(content, 'npm-shrinkwrap.json'), `${JSON.stringify(shrinkwrap, null, 2)}\n`);
  process.stdout.write(pack(content, destination));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
