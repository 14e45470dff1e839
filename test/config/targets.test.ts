/** Service discovery against real files and a real HTTP server. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/load/load.ts';
import type { ReadFile } from '../../src/config/read-file.ts';
import { FileTargets } from '../../src/config/service-discovery/file-targets.ts';
import { startTargets, type Targets, type TargetsOptions } from '../../src/config/service-discovery/targets.ts';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';

const system = createSystemClock();
const FAST = 50;
/** Between looks, and before a request is made again. */
let pauses = 0;
/** Looks and requests come fifty times as fast; the deadline of a request is as long as ever. */
const fastPace: Clock = {
  ...system,
  sleep: (ms, signal, options) => {
    if (ms >= 10_000) return system.sleep(ms, signal, options);
    pauses += 1;
    return system.sleep(ms / FAST, signal, options);
  },
};
const fastDeadline: Clock = { ...system, sleep: (ms, signal, options) => system.sleep(ms / FAST, signal, options) };

let directory: string;
let logger: MemoryLogger;
let started: AsyncDisposable[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-targets-'));
  await mkdir(join(directory, 'targets'));
  logger = new MemoryLogger();
  started = [];
});

afterEach(async () => {
  for (const part of started.toReversed()) await part[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const file = (name: string) => join(directory, 'targets', name);
const groups = (...addresses: readonly string[]) => JSON.stringify([{ targets: addresses, labels: { site: 'x' } }]);

/** As a careful tool writes it. */
async function replaceFile(name: string, text: string): Promise<void> {
  await writeFile(join(directory, 'new'), text);
  await rename(join(directory, 'new'), file(name));
}

async function configOf(targets: string, devices = '[]', more = '') {
  const path = join(directory, 'gdoiwatch.yml');
  const credentials = 'credentials: { main: { username: u, password_env: P } }';
  await writeFile(path, `${credentials}\ndevices: ${devices}\ntargets: { ${targets} }\n${more}`);
  const loaded = await loadConfig(path, { env: { P: 'correct horse' } });
  if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded.findings));
  return loaded.config;
}

const JSON_FILES = 'file_sd: ["targets/*.json"]';
const FILES = 'file_sd: ["targets/*.json", "targets/*.yml"]';

async function start(
  targets: string,
  options: Partial<TargetsOptions> & { readonly devices?: string; readonly more?: string } = {},
) {
  const onChange = vi.fn<() => void>();
  const config = await configOf(targets, options.devices, options.more);
  const changed = () => {
    // As the agent does that takes them.
    found.accepted();
    onChange();
  };
  const found = await startTargets({ config, clock: fastPace, logger, onChange: changed, ...options });
  started.push(found);
  return { found, onChange };
}

/** Looks happen when the test says so; `look` resolves when one is over. */
function lookingOnDemand() {
  let wake = () => {};
  let asleep = () => {};
  let sleeping = new Promise<void>((resolve) => {
    asleep = resolve;
  });
  const clock: Clock = {
    ...system,
    sleep: (ms, signal, options) => {
      if (ms !== 2000) return system.sleep(ms, signal, options);
      asleep();
      return new Promise((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };
  return {
    clock,
    async look() {
      await sleeping;
      sleeping = new Promise((resolve) => {
        asleep = resolve;
      });
      wake();
      await sleeping;
    },
  };
}

const names = (found: Targets) => found.config.devices.map(({ name }) => name);
const until = (check: () => void) => vi.waitFor(check, PATIENCE);

describe('targets from files', () => {
  it('are there at the start, after the devices of the configuration, which go first', async () => {
    await writeFile(file('b.yml'), '- targets: [gm3]\n');
    await writeFile(file('a.json'), groups('gm1', 'gm2'));
    await writeFile(file('other.txt'), 'no targets');
    await writeFile(file('.hidden.json'), groups('hidden'));
    const { found, onChange } = await start(FILES, { devices: '[{ name: gm1, host: 192.0.2.1 }]' });
    expect(names(found)).toEqual(['gm1', 'gm2', 'gm3']);
    expect(found.config.devices[0]).toMatchObject({ host: '192.0.2.1', labels: {} });
    expect(found.config.devices[1]).toMatchObject({ host: 'gm2', labels: { site: 'x' } });
    expect(found.status()).toMatchObject({ devices: 2, findings: 1, complete: true });
    expect(logger.lines('warn')).toEqual([
      { finding: `${file('a.json')}: gm1 is left out: the configuration file already has a device of that name` },
    ]);
    expect(onChange).not.toHaveBeenCalled();
  });

  it('follow files that are replaced, made and removed', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const { found, onChange } = await start(FILES);
    await replaceFile('a.json', groups('gm1', 'gm2'));
    await until(() => expect(names(found)).toEqual(['gm1', 'gm2']));
    expect(onChange).toHaveBeenCalledTimes(1);
    await writeFile(file('b.json'), groups('gm3'));
    await until(() => expect(names(found)).toEqual(['gm1', 'gm2', 'gm3']));
    await rm(file('a.json'));
    await until(() => expect(names(found)).toEqual(['gm3']));
    expect(onChange).toHaveBeenCalledTimes(3);
  });

  it('follow a symbolic link to a directory that is exchanged, as in Kubernetes', async () => {
    for (const [name, host] of [
      ['v1', 'gm1'],
      ['v2', 'gm2'],
    ] as const) {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, 'a.json'), groups(host));
    }
    await symlink('v1', join(directory, 'data'));
    await symlink('../data/a.json', file('a.json'));
    const { found } = await start(FILES);
    expect(names(found)).toEqual(['gm1']);
    await symlink('v2', join(directory, 'next'));
    await rename(join(directory, 'next'), join(directory, 'data'));
    await until(() => expect(names(found)).toEqual(['gm2']));
  });

  it('that move from one file to another are never gone, though one file is written just before a look and one after', async () => {
    await writeFile(file('a.json'), groups('gm1', 'gm2'));
    await writeFile(file('b.json'), groups('gm3'));
    const paced = lookingOnDemand();
    const { found, onChange } = await start(FILES, { clock: paced.clock });
    await replaceFile('a.json', groups('gm1'));
    await paced.look();
    await replaceFile('b.json', groups('gm2', 'gm3'));
    await paced.look();
    expect([names(found), onChange.mock.calls.length]).toEqual([['gm1', 'gm2', 'gm3'], 0]);
    await paced.look();
    // Only its place among the others is new.
    expect([names(found), onChange.mock.calls.length]).toEqual([['gm1', 'gm2', 'gm3'], 0]);
    await replaceFile('a.json', groups('gm9'));
    await paced.look();
    await paced.look();
    expect([names(found), onChange.mock.calls.length]).toEqual([['gm9', 'gm2', 'gm3'], 1]);
  });

  it('count though another file changes at every look', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const paced = lookingOnDemand();
    const { found } = await start(FILES, { clock: paced.clock });
    await replaceFile('a.json', groups('gm2'));
    for (let n = 0; n < 8; n += 1) {
      await replaceFile('b.json', groups(`other${n}`));
      await paced.look();
    }
    expect(names(found)).toEqual(['gm2']);
  });

  it('stay the same while a file is malformed, which is logged once, and once when it is fixed', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const { found, onChange } = await start(JSON_FILES);
    await replaceFile('a.json', '[{"targets": ["gm1"');
    await until(() => expect(found.status().sources[0]?.failing).toBe('is not JSON (line 1, column 20)'));
    await replaceFile('a.json', '{}');
    await until(() => expect(found.status().sources[0]?.failures).toBe(2));
    const pausesSoFar = pauses;
    await until(() => expect(pauses).toBeGreaterThan(pausesSoFar + 10));
    expect(names(found)).toEqual(['gm1']);
    expect(logger.messages('warn')).toEqual(
      Array.from({ length: 2 }, () => 'targets refused; the last list stays in use'),
    );
    await replaceFile('a.json', groups('gm2'));
    await until(() => expect(names(found)).toEqual(['gm2']));
    expect(logger.messages('info')).toContain('targets can be read again');
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it('a bad file costs only its own targets, a bad target only itself', async () => {
    await writeFile(file('a.json'), 'x');
    await writeFile(file('b.json'), groups('gm1', '300.1.1.1', 'gm2'));
    const { found } = await start(FILES);
    expect(names(found)).toEqual(['gm1', 'gm2']);
    expect(found.status()).toMatchObject({ findings: 1, complete: false });
    expect(logger.lines('warn')).toContainEqual({
      finding: `${file('b.json')}: target "300.1.1.1": host: "300.1.1.1" is not a host name or IP address`,
    });
  });

  it('a thousand bad targets do not flood the log', async () => {
    await writeFile(file('a.json'), groups(...Array.from({ length: 1000 }, (_, i) => `h:${i}x`)));
    const { found } = await start(JSON_FILES);
    expect(found.status().findings).toBe(1000);
    const said = logger.lines('warn').filter((line) => !JSON.stringify(line).includes('nothing is polled'));
    expect(said).toHaveLength(21);
    expect(said.at(-1)).toEqual({ more: 980 });
  });

  it('a file over the bound is refused, and one that cannot be read is read again when it can', async () => {
    await writeFile(file('a.yml'), '#'.repeat(2 * 1024 * 1024));
    const { found } = await start(FILES);
    expect(found.status().sources[0]?.failing).toBe('cannot be read: larger than 1048576 bytes');

    await writeFile(file('b.json'), groups('gm1'));
    let broken = true;
    const readFile: ReadFile = async () => {
      if (broken) throw Object.assign(new Error('input/output error'), { code: 'EIO' });
      return { bytes: Buffer.from(groups('gm1')), mode: 0o100600 };
    };
    const other = await start('file_sd: ["targets/b.json"]', { readFile });
    expect(other.found.status().sources[0]).toMatchObject({ failing: 'cannot be read: EIO', lastSuccessAtMs: null });
    broken = false;
    await until(() => expect(names(other.found)).toEqual(['gm1']));
    expect(other.found.status()).toMatchObject({ complete: true });
  });

  it('a directory that cannot be listed leaves what was in it', async () => {
    await symlink(join(directory, 'targets'), join(directory, 'link'));
    await writeFile(file('a.json'), groups('gm1'));
    const { found } = await start('file_sd: ["link/*.json"]');
    await symlink('link', join(directory, 'loop'));
    await rename(join(directory, 'loop'), join(directory, 'link'));
    await until(() => expect(found.status().sources).toHaveLength(2));
    expect(found.status().sources[1]).toMatchObject({ source: join(directory, 'link') });
    expect(found.status().sources[1]?.failing).toBe('the directory cannot be listed: ELOOP');
    await until(() => expect(found.status().sources[1]?.failures).toBeGreaterThan(2));
    expect(names(found)).toEqual(['gm1']);
    expect(found.status().complete).toBe(false);
    await symlink(join(directory, 'targets'), join(directory, 'link2'));
    await rename(join(directory, 'link2'), join(directory, 'link'));
    await until(() => expect(found.status().sources).toHaveLength(1));
    expect(names(found)).toEqual(['gm1']);
  });

  it('a pattern that no file matches fails until one does, which is logged once each', async () => {
    const { found } = await start(JSON_FILES);
    const pattern = file('*.json');
    expect(found.status()).toMatchObject({
      complete: false,
      sources: [{ source: pattern, targets: 0, failing: 'no file matches', lastSuccessAtMs: null }],
    });
    await until(() => expect(found.status().sources[0]?.failures).toBeGreaterThan(3));
    expect(logger.messages('warn').filter((message) => message.startsWith('targets'))).toHaveLength(1);
    expect(logger.lines('warn')).toContainEqual({ source: pattern, reason: 'no file matches' });
    await replaceFile('a.json', groups('gm1'));
    await until(() => expect(names(found)).toEqual(['gm1']));
    expect(found.status().sources).toMatchObject([{ source: file('a.json'), failing: null }]);
    expect(logger.lines('info')).toContainEqual({ source: pattern });
  });

  it.each([
    ['of a pattern', JSON_FILES, '*.json', 'no file matches'],
    ['named by its path', 'file_sd: ["targets/a.json"]', 'a.json', 'there is no such file'],
  ])(
    'a file %s that is taken away leaves its list, over a reload too, until it is back',
    async (_, which, name, why) => {
      await writeFile(file('a.json'), groups('gm1'));
      const { found, onChange } = await start(which);
      const failing = () => found.status().sources.find(({ source }) => source === file(name))?.failing ?? null;
      await rename(file('a.json'), join(directory, 'away'));
      await until(() => expect(failing()).toBe(why));
      await found.reload(await configOf(which));
      expect(failing()).toBe(why);
      expect(names(found)).toEqual(['gm1']);
      await rename(join(directory, 'away'), file('a.json'));
      await until(() => expect(failing()).toBeNull());
      expect(names(found)).toEqual(['gm1']);
      expect(onChange).not.toHaveBeenCalled();
    },
  );

  it('a file that was taken away counts no more once another one fits its pattern', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const { found } = await start(JSON_FILES);
    await rm(file('a.json'));
    await until(() => expect(found.status().sources).toHaveLength(2));
    await found.reload(await configOf(JSON_FILES));
    await replaceFile('b.json', groups('gm2'));
    await until(() => expect(names(found)).toEqual(['gm2']));
    expect(found.status().sources).toMatchObject([{ source: file('b.json'), failing: null }]);
  });

  it('a file that is empty for a moment keeps its list; one that says that it has no targets is accepted, and reported', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const { found } = await start(JSON_FILES);
    await replaceFile('a.json', '');
    await until(() => expect(found.status().sources[0]?.failing).toBe('is not JSON'));
    expect(names(found)).toEqual(['gm1']);
    await replaceFile('a.json', '[{"targets": []}]');
    await until(() => expect(names(found)).toEqual([]));
    expect(found.status()).toMatchObject({ findings: 1, complete: true });
    expect(logger.lines('warn')).toContainEqual({ finding: `${file('a.json')}: has no target` });
  });

  it('a list written again with the same content is no change', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const { found, onChange } = await start(FILES);
    const before = found.status().sources[0]?.lastSuccessAtMs ?? 0;
    await replaceFile('a.json', groups('gm1'));
    await until(() => expect(found.status().sources[0]?.lastSuccessAtMs).toBeGreaterThan(before));
    expect(onChange).not.toHaveBeenCalled();
  });
});

const WORK = 'from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z';

describe('names in the configuration that no device has', () => {
  it('are checked with the present targets, reported once, and no longer when a device of that name came', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const more = `maintenance: [{ ${WORK}, devices: [gm1, gm22], cells: [acme] }]\nmetrics: { labels: [site, town] }\nmatch: [{ name: "ks*", interval: 5m }]\ncluster: { cell_label: customer }\n`;
    const { found } = await start(JSON_FILES, { more });
    const of22 = 'maintenance[0].devices[1]: no device is called "gm22"';
    const others = [
      'maintenance[0].cells[0]: no device is in a cell "acme"',
      'metrics.labels[1]: no device has a label "town"',
      'cluster.cell_label: no device has a label "customer"',
      'match[0]: matches none of the devices',
    ];
    expect(found.doubts()).toEqual([of22, ...others]);
    await replaceFile('a.json', groups('gm1', 'gm2'));
    await until(() => expect(names(found)).toEqual(['gm1', 'gm2']));
    expect(found.doubts()).toEqual([`${of22}; did you mean "gm2"?`, ...others]);
    const came = [{ targets: ['gm22', 'ks1'], labels: { town: 'x', customer: 'acme' } }];
    await replaceFile('a.json', JSON.stringify([{ targets: ['gm1'] }, ...came]));
    await until(() => expect(names(found)).toEqual(['gm1', 'gm22', 'ks1']));
    expect(found.doubts()).toEqual(['metrics.labels[0]: no device has a label "site"']);
    expect(logger.lines('warn').filter((line) => JSON.stringify(line).includes('acme'))).toHaveLength(1);
  });

  it('are not reported one by one if there is no device at all: that is reported instead', async () => {
    const { found } = await start(JSON_FILES, { more: `maintenance: [{ ${WORK}, devices: [gm1] }]\n` });
    expect(found.doubts()).toEqual([
      `targets of ${file('*.json')}: no file matches`,
      'devices: there are none: nothing is polled',
    ]);
    expect(logger.lines('warn')).toContainEqual({ finding: 'devices: there are none: nothing is polled' });
  });
});

describe('lists that are not taken, since most devices would go', () => {
  it('say nothing of the devices that stay; that they are not taken is said until others are', async () => {
    await writeFile(file('a.json'), groups('gm1', 'gm2', 'gm3'));
    const config = await configOf(JSON_FILES, undefined, `maintenance: [{ ${WORK}, devices: [gm3] }]\n`);
    let takes = true;
    const found = await startTargets({
      config,
      clock: fastPace,
      logger,
      onChange: () => (takes ? found.accepted() : found.refused('3 of 3 devices would be removed')),
    });
    started.push(found);
    expect(found.doubts()).toEqual([]);
    takes = false;
    await replaceFile('a.json', '[]');
    await until(() => expect(names(found)).toEqual([]));
    const refused = 'targets: the last lists are not used: 3 of 3 devices would be removed';
    expect(found.doubts()).toEqual([`${file('a.json')}: has no target`, refused]);
    expect(found.status().devices).toBe(3);
    // A reload of the file that fails as well changes nothing about it.
    await found.reload(config);
    expect(found.doubts()).toContain(refused);
    expect(JSON.stringify(logger.lines('warn'))).not.toMatch(/nothing is polled|gm3/);
    takes = true;
    await replaceFile('a.json', groups('gm1', 'gm2'));
    await until(() => expect(names(found)).toEqual(['gm1', 'gm2']));
    expect(found.doubts()).toEqual(['maintenance[0].devices[0]: no device is called "gm3"; did you mean "gm1"?']);
    expect(found.status().devices).toBe(2);
  });
});

describe('looking at files', () => {
  it('a file that is being written in place counts when it has been the same at two looks', async () => {
    const files = new FileTargets([file('*.json')]);
    expect((await files.look()).changed).toEqual([]);
    await writeFile(file('a.json'), '[');
    expect((await files.look()).changed).toEqual([]);
    await writeFile(file('a.json'), '[]');
    expect((await files.look()).changed).toEqual([]);
    expect((await files.look()).changed).toEqual([file('a.json')]);
    expect((await files.look()).changed).toEqual([]);
    await writeFile(file('b.json'), '[]');
    await files.look();
    await files.look();
    await rm(file('a.json'));
    expect((await files.look()).gone).toEqual([]);
    await writeFile(file('a.json'), '[ ]');
    expect((await files.look()).gone).toEqual([]);
    expect((await files.look()).changed).toEqual([file('a.json')]);
    await rm(file('a.json'));
    await files.look();
    expect((await files.look()).gone).toEqual([file('a.json')]);
  });

  it.each([
    ['*.json', ['a.json', 'ab.json']],
    ['a?.json', ['ab.json']],
    ['a.json', ['a.json']],
    ['[a].json', ['[a].json']],
  ])('%s names %j', async (pattern, expected) => {
    for (const name of ['a.json', 'ab.json', 'ajson', '.c.json']) await writeFile(file(name), '[]');
    if (pattern.startsWith('[')) await writeFile(file('[a].json'), '[]');
    const { changed } = await new FileTargets([file(pattern)]).look();
    expect(changed.toSorted()).toEqual(expected.map(file));
  });

  it.each([
    ['later/*.json', 'no file: its directory does not exist'],
    ['targets/*.json', 'no file matches'],
    ['targets/a.json', 'there is no such file'],
  ])('%s, which nothing is there of, fails: %s', async (name, reason) => {
    const pattern = join(directory, name);
    const files = new FileTargets([pattern]);
    const nothing = { changed: [], gone: [], failed: new Map([[pattern, reason]]) };
    expect(await files.look()).toEqual(nothing);
    expect(await files.look()).toEqual(nothing);
  });

  it('a file that is removed and made again between two looks fails nothing', async () => {
    await writeFile(file('a.json'), '[]');
    const files = new FileTargets([file('a.json')]);
    await files.look();
    await rm(file('a.json'));
    expect((await files.look()).failed).toEqual(new Map());
    await writeFile(file('a.json'), '[]');
    expect((await files.look()).failed).toEqual(new Map());
    expect(await files.look()).toEqual({ changed: [file('a.json')], gone: [], failed: new Map() });
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(
  answer: Answer,
): Promise<{ readonly url: string; answer: Answer; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const served = { answer, requests };
  const server = createServer((request, response) => {
    requests.push(request);
    served.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.unshift({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return Object.assign(served, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sd?token=hunter2` });
}

const json =
  (text: string): Answer =>
  (_, response) =>
    response.setHeader('content-type', 'application/json; charset=utf-8').end(text);

describe('targets from a URL', () => {
  it('are asked for as Prometheus asks, and followed', async () => {
    const server = await serve(json(groups('gm1')));
    const { found, onChange } = await start(`http_sd: [{ url: "${server.url}", authorization_env: P }], refresh: 2s`);
    expect(names(found)).toEqual(['gm1']);
    expect(server.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      authorization: 'correct horse',
      'x-prometheus-refresh-interval-seconds': '2',
    });
    server.answer = json(groups('gm1', 'gm2'));
    await until(() => expect(names(found)).toEqual(['gm1', 'gm2']));
    expect(onChange).toHaveBeenCalledTimes(1);
    server.answer = json('[]');
    await until(() => expect(names(found)).toEqual([]));
  });

  const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, ' '));
  const failures: readonly (readonly [title: string, answer: Answer, reason: string])[] = [
    ['an error', (_, response) => response.writeHead(503).end('[]'), 'HTTP status 503'],
    [
      'a web page',
      (_, response) => response.setHeader('content-type', 'text/html').end('[]'),
      'the answer is not application/json',
    ],
    ['half an answer', json('[{"targets":'), 'is not JSON'],
    ['another document', json('{"targets": []}'), 'is not a list of { targets: [...], labels: {...} }'],
    [
      'a compressed bomb',
      (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb),
      'larger than 33554432 bytes',
    ],
    [
      'redirects without end',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
      'too many redirects',
    ],
    ['a broken connection', (_, response) => response.destroy(), 'UND_ERR_SOCKET'],
  ];
  it.each(failures)('%s leaves the list as it was', async (_, answer, reason) => {
    const server = await serve(json(groups('gm1')));
    const { found, onChange } = await start(`http_sd: ["${server.url}"], refresh: 2s`);
    server.answer = answer;
    await until(() => expect(found.status().sources[0]?.failing).toContain(reason));
    await until(() => expect(found.status().sources[0]?.failures).toBeGreaterThan(2));
    expect(names(found)).toEqual(['gm1']);
    expect(onChange).not.toHaveBeenCalled();
    expect(logger.lines('warn')).toHaveLength(1);
    expect(JSON.stringify([found.status(), logger.lines('warn'), logger.lines('info')])).not.toContain('hunter2');
  });

  it('an answer that never ends delays the start until its deadline only', async () => {
    const silent = await serve(() => undefined);
    const dripping = await serve(
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('['),
    );
    const { found } = await start(`http_sd: ["${silent.url}", "${dripping.url}"], refresh: 1h`, {
      clock: fastDeadline,
    });
    expect(found.status()).toMatchObject({ devices: 0, complete: false });
    expect(found.status().sources.map(({ failing }) => failing)).toEqual([
      'no answer within 10 s',
      'no answer within 10 s',
    ]);
  });

  it('stopping does not wait for an answer', async () => {
    const server = await serve(json(groups('gm1')));
    const { found } = await start(`http_sd: ["${server.url}"], refresh: 1s`);
    const before = server.requests.length;
    server.answer = () => undefined;
    await until(() => expect(server.requests.length).toBeGreaterThan(before));
    await found[Symbol.asyncDispose]();
    expect(found.status().sources[0]?.failing).toBeNull();
  });
});

describe('a reload', () => {
  it('keeps the lists that are still configured, resolves their devices again, and forgets the others', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    await writeFile(file('b.yml'), '- targets: [gm2]\n');
    const server = await serve(json(groups('gm3')));
    const { found, onChange } = await start(`${FILES}, http_sd: ["${server.url}"], refresh: 24h`);
    expect(names(found)).toEqual(['gm1', 'gm2', 'gm3']);

    server.answer = (_, response) => void response.writeHead(500).end();
    const next = await configOf(
      `file_sd: ["targets/*.json"], http_sd: ["${server.url}"], refresh: 24h`,
      '[{ name: gm1, host: h }]',
    );
    const merged = await found.reload(next);
    expect(merged.devices.map(({ name, host }) => [name, host])).toEqual([
      ['gm1', 'h'],
      ['gm3', 'gm3'],
    ]);
    expect(found.config).toBe(merged);

    const none = { ...next, targets: null };
    expect((await found.reload(none)).devices.map(({ name }) => name)).toEqual(['gm1']);
    found.accepted();
    expect(found.status()).toEqual({ devices: 0, findings: 0, complete: true, sources: [] });
    expect(onChange).not.toHaveBeenCalled();
  });

  it('uses the new defaults for what was found before', async () => {
    await writeFile(file('a.json'), groups('gm1'));
    const { found } = await start(FILES);
    const config = await configOf(FILES);
    const slower = (await loadWith('defaults: { interval: 5m }')) ?? config;
    expect((await found.reload(slower)).devices[0]?.schedule).toEqual({ kind: 'every', ms: 300_000 });
  });
});

async function loadWith(defaults: string) {
  const path = join(directory, 'other.yml');
  await writeFile(
    path,
    `credentials: { main: { username: u, password_env: P } }\n${defaults}\ntargets: { ${FILES} }\n`,
  );
  const loaded = await loadConfig(path, { env: { P: 'correct horse' } });
  return loaded.kind === 'ok' ? loaded.config : null;
}
