/** The Debian package, built by its script and installed, upgraded, removed and purged by dpkg in a root of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INHERITED } from '../builders/inherited.ts';
import { TEST_TIMEOUT_MS } from '../builders/patience.ts';
import { ROOT } from '../docs/documents.ts';

let folder: string;
let root: string;
let packageFile: string;

/** dpkg-deb's own default, xz at its best, is for those who download it. */
const UNCOMPRESSED = { DPKG_DEB_COMPRESSOR_TYPE: 'none' };

/** dpkg in the other root, its scripts told by DPKG_ROOT. */
function dpkg(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(
    'dpkg',
    [`--root=${root}`, '--force-script-chrootless', '--force-depends', '--force-not-root', '--force-confold', ...args],
    { encoding: 'utf8' },
  );
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
}
const at = (path: string) => join(root, path);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-deb-'));
  root = join(folder, 'root');
  for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'etc']) mkdirSync(at(path), { recursive: true });
  writeFileSync(at('var/lib/dpkg/status'), '');
  writeFileSync(at('etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  // The dependencies themselves are npm's, and are tested by using them everywhere else.
  const modules = join(folder, 'modules');
  mkdirSync(modules);
  writeFileSync(join(modules, 'marker'), '');
  packageFile = execFileSync(join(ROOT, 'deploy/debian/build-deb.sh'), ['--modules', modules, folder], {
    encoding: 'utf8',
    env: { ...INHERITED, ...UNCOMPRESSED },
  }).trim();
}, TEST_TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the Debian package', () => {
  test('installs the command, the unit, the user, the configuration and a place for its state', () => {
    dpkg('--install', packageFile);
    expect(existsSync(at('usr/lib/gdoiwatch/dist/cli/main.js'))).toBe(true);
    expect(existsSync(at('usr/lib/gdoiwatch/node_modules/marker'))).toBe(true);
    expect(statSync(at('usr/bin/gdoiwatch')).mode & 0o111).not.toBe(0);
    expect(readFileSync(at('usr/lib/systemd/system/gdoiwatch.service'), 'utf8')).toContain('User=gdoiwatch\n');
    expect(readFileSync(at('etc/passwd'), 'utf8')).toMatch(/^gdoiwatch:/m);
    expect(statSync(at('var/lib/gdoiwatch')).mode & 0o777).toBe(0o700);
    expect(statSync(at('etc/gdoiwatch/secrets')).mode & 0o777).toBe(0o750);
    expect(existsSync(at('usr/share/man/man1/gdoiwatch.1.gz'))).toBe(true);
  });

  test('has a configuration that is good as it is, and nothing of the tests or the sources', () => {
    const main = join(ROOT, 'dist/cli/main.js');
    const check = spawnSync(
      process.execPath,
      [main, 'config', 'check', '--config', at('etc/gdoiwatch/gdoiwatch.yml')],
      { encoding: 'utf8', env: INHERITED },
    );
    expect(check).toMatchObject({ status: 0 });
    expect(readdirSync(at('usr/lib/gdoiwatch'))).not.toEqual(expect.arrayContaining(['src']));
    expect(readdirSync(at('usr/lib/gdoiwatch'))).not.toEqual(expect.arrayContaining(['test']));
  });

  test('keeps the configuration and the state over an upgrade, and makes the user once', () => {
    writeFileSync(at('etc/gdoiwatch/gdoiwatch.yml'), 'devices: [] # mine\n');
    writeFileSync(at('var/lib/gdoiwatch/gdoiwatch.db'), 'events');
    dpkg('--install', packageFile);
    expect(readFileSync(at('etc/gdoiwatch/gdoiwatch.yml'), 'utf8')).toBe('devices: [] # mine\n');
    expect(readFileSync(at('var/lib/gdoiwatch/gdoiwatch.db'), 'utf8')).toBe('events');
    expect(readFileSync(at('etc/passwd'), 'utf8').match(/^gdoiwatch:/gm)).toHaveLength(1);
  });

  test('keeps both when it is removed, and neither when it is purged', () => {
    dpkg('--remove', 'gdoiwatch');
    expect(existsSync(at('usr/bin/gdoiwatch'))).toBe(false);
    expect(existsSync(at('etc/gdoiwatch/gdoiwatch.yml'))).toBe(true);
    expect(existsSync(at('var/lib/gdoiwatch/gdoiwatch.db'))).toBe(true);
    dpkg('--purge', 'gdoiwatch');
    expect(existsSync(at('etc/gdoiwatch'))).toBe(false);
    expect(existsSync(at('var/lib/gdoiwatch'))).toBe(false);
  });
});
