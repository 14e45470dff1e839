/** Every configuration that we hand out is good, and the big one shows every section. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../src/config/schema.ts';
import { told } from '../cli/told.ts';
import { readText, temporaryDirectory } from './repository.ts';

const EXAMPLE = 'deploy/gdoiwatch.example.yml';
const SAMPLES = [
  EXAMPLE,
  ...['compose', 'compose/cluster', 'discovery', 'kubernetes', 'kubernetes/cluster', 'systemd'].map(
    (way) => `deploy/${way}/gdoiwatch.yml`,
  ),
];
const IN_CONTAINER = /^deploy\/(?:compose|kubernetes)\//;
const WITHOUT_FORM = 'a secret of the tests';
const CONTENT: Readonly<Record<string, string>> = {
  'web.yml': 'http_server_config: { headers: { X-Frame-Options: deny } }\n',
  tokens: 'prometheus read 4Jm0nSk2vYw8QzR7tXc1\n',
};

describe.each(SAMPLES)('%s', (sample) => {
  test('is good once its secrets are there', async () => {
    const { status, stderr } = await check(await readText(sample));
    // In a container the page listens on every address, and who reaches it is decided around it; a volume is there.
    const doubts = IN_CONTAINER.test(sample)
      ? stderr
          .replace(/^warning: \S+ listen: open to anyone.*\n/, '')
          .replace(/^warning: .*there is no directory "\/var\/lib\/gdoiwatch".*\n/, '')
      : stderr;
    expect({ status, doubts }).toEqual({ status: 0, doubts: '' });
  });

  test('contains no secret', async () => {
    expect(keysOf(parse(await readText(sample)))).not.toContainEqual(
      expect.stringMatching(/^(?:password|community|token)$/),
    );
  });
});

describe('the example', () => {
  test('is good with every optional section', async () => {
    const withAll = (await readText(EXAMPLE)).replaceAll(/^#(?=\w+:)/gm, '');
    expect(Object.keys(parse(withAll) as object).toSorted()).toEqual(Object.keys(configSchema.shape).toSorted());
    expect(await check(withAll)).toMatchObject({ status: 0, stderr: '' });
  });

  test('listens on loopback, verifies host keys and asks for modern algorithms', async () => {
    expect(parse(await readText(EXAMPLE))).toMatchObject({
      listen: '127.0.0.1:9848',
      ssh: { host_keys: 'strict', algorithms: 'modern' },
    });
  });

  test('says the defaults as they are', async () => {
    const { defaults, limits, log, store, ssh } = parse(await readText(EXAMPLE)) as Record<string, object>;
    const { sqlite: _, ...shownStore } = store as { sqlite: string };
    const shown = { defaults, limits, log, store: shownStore, ssh };
    const said = configSchema.parse({ ...shown, devices: [] });
    const unsaid = configSchema.parse({ devices: [] });
    expect(said).toEqual(unsaid);
  });
});

/** `gdoiwatch config check` on a copy that has every file it names, in directories of its own. */
async function check(text: string) {
  await using directory = await temporaryDirectory();
  const inDirectory = text.replaceAll(/(_file: ["']?)\/(?:[\w.]+\/)*/g, `$1${directory.path}/`);
  for (const [, , named = ''] of inDirectory.matchAll(/(\w+_file): ["']?([^\s"',}]+)/g)) {
    const file = resolve(directory.path, named);
    await mkdir(dirname(file), { recursive: true });
    const name = file.slice(file.lastIndexOf('/') + 1);
    await writeFile(file, CONTENT[name] ?? WITHOUT_FORM, { mode: 0o600 });
  }
  await mkdir(join(directory.path, 'targets'));
  await writeFile(join(directory.path, 'targets', 'gms.json'), '[{"targets": ["192.0.2.50"]}]');
  const config = join(directory.path, 'gdoiwatch.yml');
  await writeFile(config, inDirectory);
  return await told(['config', 'check', '--config', config]);
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
