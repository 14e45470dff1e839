import { describe, expect, it } from 'vitest';
import { findingLine } from '../../src/config/finding.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import type { ReadFile } from '../../src/config/read-file.ts';
import type { ResolvedConfig } from '../../src/config/resolved-config.ts';

type Files = Readonly<Record<string, string>>;

/** Loaded from `/etc/g`; files are named from there. */
async function load(files: Files) {
  const read: string[] = [];
  const readFile: ReadFile = async (path) => {
    read.push(path);
    const content = new Map(Object.entries(files)).get(path.replace('/etc/g/', ''));
    if (content === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return { bytes: Buffer.from(content), mode: 0o100600 };
  };
  const loaded = await loadConfig('/etc/g/main.yml', { env: { P: 'pw' }, readFile });
  return { loaded, read };
}
async function configOf(files: Files): Promise<ResolvedConfig> {
  const { loaded } = await load(files);
  if (loaded.kind === 'invalid') throw new Error(loaded.findings.map(findingLine).join('\n'));
  return loaded.config;
}
async function errorsOf(files: Files): Promise<readonly string[]> {
  const { loaded } = await load(files);
  return loaded.kind === 'ok' ? [] : loaded.findings.map((finding) => findingLine(finding).replaceAll('/etc/g/', ''));
}

const CREDENTIALS = 'credentials: { main: { username: u, password_env: P } }\n';

describe('a configuration of several files', () => {
  it('has the devices of all, in their order, and credentials by name', async () => {
    const config = await configOf({
      'main.yml': `include: [sites/a.yml, sites/b.yml]\n${CREDENTIALS}devices: [{ name: gm1, host: h }]\n`,
      'sites/a.yml':
        'devices:\n  - { name: gm2, host: h, credentials: site }\ncredentials: { site: { username: s, password_env: P } }\n',
      'sites/b.yml': 'devices:\n  - { name: gm3, host: h }\n',
    });
    expect(config.devices.map(({ name, ssh }) => [name, ssh?.username])).toEqual([
      ['gm1', 'u'],
      ['gm2', 's'],
      ['gm3', 'u'],
    ]);
  });

  it('has paths that start from its own directory, at any depth', async () => {
    const { loaded, read } = await load({
      'main.yml': 'include: [sites/all.yml]\nstore: { sqlite: here.db }\n',
      'sites/all.yml': 'include: [tokyo/gms.yml]\nssh: { known_hosts: hosts }\n',
      'sites/tokyo/gms.yml':
        'credentials: { main: { username: u, password_file: pw } }\ndevices: [{ name: a, host: h }]\n',
      'sites/tokyo/pw': 'secret',
    });
    expect(loaded).toMatchObject({
      kind: 'ok',
      config: { store: { kind: 'sqlite', path: '/etc/g/here.db' }, ssh: { knownHostsPath: '/etc/g/sites/hosts' } },
    });
    expect(read).toContain('/etc/g/sites/tokyo/pw');
  });

  it('with an empty file in it is as good as without', async () => {
    const files = { 'main.yml': `include: [empty.yml]\n${CREDENTIALS}devices: [{ name: a, host: h }]\n` };
    expect((await configOf({ ...files, 'empty.yml': '# later\n' })).devices).toHaveLength(1);
  });
});

describe('a mistake', () => {
  it('is reported with its file, and the place there', async () => {
    expect(
      await errorsOf({
        'main.yml': `include: [a.yml, b.yml]\n${CREDENTIALS}devices:\n  - { name: gm1, host: h }\n`,
        'a.yml': 'devices:\n  - { name: gm2, host: i }\n  - { name: gm3, host: j, interval: soon }\n',
        'b.yml': 'devices:\n  - { name: gm4, host: h, credentials: nobody }\nmetrics: { labels: [device] }\n',
      }),
    ).toEqual([
      'a.yml:3:37: devices[1].interval: "soon" is not a duration (30s, 5m) or a cron expression',
      'b.yml:2:40: devices[0].credentials: "nobody" is not one of the credentials (main)',
      expect.stringMatching(/^b\.yml:3:21: metrics\.labels\[0\]: "device" is not free as a label name/),
    ]);
  });

  it('of two files is reported at the second, naming the first', async () => {
    expect(
      await errorsOf({
        'main.yml': `include: [a.yml]\n${CREDENTIALS}ssh: { host_keys: strict }\ndevices: [{ name: gm1, host: h }]\n`,
        'a.yml':
          'ssh: { host_keys: accept-new }\ncredentials: { main: { username: x, password_env: P } }\ndevices: [{ name: gm1, host: h }]\n',
      }),
    ).toEqual([
      'a.yml:1:1: ssh: stands in "main.yml" already',
      'a.yml:2:16: credentials.main: stands in "main.yml" already',
      'a.yml:3:19: devices[0].name: "gm1" is already the name of devices[0] of "main.yml"',
    ]);
  });

  it.each([
    ['a file that is not there', ['b.yml'], {}, ['main.yml:1:11: include[0]: "b.yml" cannot be read: no such file']],
    ['itself', ['main.yml'], {}, ['main.yml:1:11: include[0]: includes itself: "main.yml" -> "main.yml"']],
    [
      'a file that includes it',
      ['a.yml'],
      { 'a.yml': 'include: [b.yml]', 'b.yml': 'include: [./../g/a.yml]' },
      ['b.yml:1:11: include[0]: includes itself: "a.yml" -> "b.yml" -> "a.yml"'],
    ],
    [
      'one file twice',
      ['a.yml', './a.yml'],
      { 'a.yml': '' },
      ['main.yml:1:18: include[1]: "a.yml" is already included'],
    ],
    ['a list', ['a.yml'], { 'a.yml': '- gm1\n' }, ['a.yml:1:1: needs a mapping of sections']],
    [
      'a file that is no YAML',
      ['a.yml'],
      { 'a.yml': 'devices: [\n' },
      [expect.stringMatching(/^a\.yml:\d+:\d+: not YAML/)],
    ],
    ['no file name', ['""'], {}, ['main.yml:1:11: include[0]: "" is not a file path']],
  ])('is to include %s', async (_what, include, files, errors) => {
    const main = `include: [${include.join(', ')}]\n${CREDENTIALS}devices: [{ name: gm1, host: h }]\n`;
    expect(await errorsOf({ 'main.yml': main, ...files })).toEqual(errors);
  });

  it('is a chain of more than 256 files', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`f${index}.yml`, `include: [f${index + 1}.yml]\n`]),
    );
    expect(await errorsOf({ 'main.yml': `include: [f0.yml]\n${CREDENTIALS}devices: []\n`, ...chain })).toEqual([
      'f254.yml:1:11: include[0]: more than 256 files',
    ]);
  });
});
