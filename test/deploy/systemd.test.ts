/** The systemd unit: systemd understands all of it, and counts little that the service could do beyond its work. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run } from '../dashboards/promtool.ts';
import { readText, ROOT, temporaryDirectory } from './repository.ts';

/** Of 10; systemd calls up to 2 "safe". */
const MOST_EXPOSED = 2;

function systemdMissing(): boolean {
  const missing = spawnSync('systemd-analyze', ['--version']).error !== undefined;
  if (missing && process.env['CI']) throw new Error('systemd-analyze is missing in CI');
  return missing;
}

describe.skipIf(systemdMissing())('gdoiwatch.service', () => {
  test('is good to systemd', async () => {
    await using unit = await unitOf(join(ROOT, 'dist/cli/main.js'));
    const { status, output } = await run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', unit.file]);
    expect({ status, output }).toEqual({ status: 0, output: '' });
  });

  test('can do little beyond its work', async () => {
    await using unit = await unitOf('/usr/bin/gdoiwatch');
    const { output } = await run('systemd-analyze', ['security', '--offline=yes', unit.file]);
    const [, exposure] = /Overall exposure level for gdoiwatch.service: ([\d.]+)/.exec(output) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSED);
  });
});

test('the configuration for the service reads the credentials that the unit loads', async () => {
  const loaded = Array.from(
    (await readText('deploy/systemd/gdoiwatch.service')).matchAll(/^LoadCredential=(.+):/gm),
    ([, name]) => name,
  );
  const text = await readText('deploy/systemd/gdoiwatch.yml');
  const read = Array.from(
    text.matchAll(/_file: \/run\/credentials\/gdoiwatch\.service\/([\w-]+)/g),
    ([, name]) => name,
  );
  expect(new Set(read)).toEqual(new Set(loaded));
  expect(parse(text)).toMatchObject({ store: { sqlite: expect.stringMatching(/^\/var\/lib\/gdoiwatch\//) } });
});

/** The unit with a program that is there. */
async function unitOf(program: string) {
  const directory = await temporaryDirectory();
  const file = join(directory.path, 'gdoiwatch.service');
  const text = await readText('deploy/systemd/gdoiwatch.service');
  await writeFile(file, text.replaceAll('/usr/bin/gdoiwatch', `${process.execPath} ${program}`));
  return { file, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}
