/** `demo` and `simulate` write a configuration: what is wrong with its directory is one line with a code. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { told } from './told.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-output-'));
  await writeFile(join(directory, 'file'), '');
  await mkdir(join(directory, 'taken/gdoiwatch.yml'), { recursive: true });
});
afterAll(() => rm(directory, { recursive: true }));

const SMALL = ['--gms', '1', '--kss', '1'] as const;

describe.each(['simulate', 'demo'])('%s', (command) => {
  const output = (path: string) => told([command, ...SMALL, '--output', path]);

  test.each([
    ['file', 'file: cannot be written: a file of that name is there'],
    ['file/below', 'file/below: cannot be written: a part of the path is a file'],
    ['taken', 'taken/gdoiwatch.yml: cannot be written: it is a directory'],
  ])('--output %s', async (path, line) => {
    const { status, stdout, stderr } = await output(join(directory, path));
    expect(stderr.split('\n').at(-2)).toBe(`gdoiwatch: ${join(directory, line)} [output_inaccessible]`);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test.skipIf(!existsSync('/proc/self'))('--output on a file system that lets nobody make a directory', async () => {
    const { status, stderr } = await output('/proc/none/below');
    expect(stderr).toMatch(/^gdoiwatch: \/proc\/none: cannot be written: .* \[output_inaccessible\]$/m);
    expect(status).toBe(2);
  });
});

test('without a directory for temporary files the demo says so', async () => {
  const { status, stderr } = await told(['demo', ...SMALL], { TMPDIR: join(directory, 'none') });
  expect(stderr).toMatch(/^gdoiwatch: .*none\/.*: cannot be written: .* \[output_inaccessible\]$/m);
  expect(status).toBe(2);
});

test('an address that the demo cannot listen on is refused by the name of its flag', async () => {
  const { status, stderr } = await told(['demo', ...SMALL, '--listen', '127.0.0.1:99999']);
  expect(stderr).toMatch(/^error: .*--listen.*127\.0\.0\.1:99999.* \[usage_invalid\]$/m);
  expect(status).toBe(2);
});
