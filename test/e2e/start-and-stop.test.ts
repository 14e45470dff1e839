/** `gdoiwatch run` when it cannot start, is told to stop while it starts, or shares what it must not share. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { busyTcp } from '../builders/ports.ts';
import { Gdoiwatch } from './gdoiwatch.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-start-'));
  await writeFile(join(directory, 'targets.json'), '[]');
});
afterAll(() => rm(directory, { recursive: true }));

async function run(name: string, config: object): Promise<Gdoiwatch> {
  const path = join(directory, `${name}.yml`);
  const whole = { listen: '127.0.0.1:0', store: { sqlite: `${name}.db` }, targets: { file_sd: ['targets.json'] } };
  await writeFile(path, stringify({ ...whole, ...config }));
  return new Gdoiwatch(['run', '--config', path, '--log-format', 'json']);
}

/** The one line for the user, beside the log. */
const told = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('gdoiwatch: '));

/** What it says of any other port is asked in one process in test/cli. */
test('a port that another process has ends it with 1 and one line', async () => {
  await using busy = await busyTcp();
  const { status, stderr } = await (await run('busy', { listen: `127.0.0.1:${busy.port}` })).finished;
  expect(told(stderr)).toEqual([expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${busy.port}.*\\[port_in_use\\]$`))]);
  expect([status, stderr.includes('    at ')]).toEqual([1, false]);
});

test('a second agent on the same store is refused, and the first goes on', async () => {
  await using first = await run('shared', {});
  const [, url] = await first.printed(/"url":"([^"]+)"/, 'stderr');
  const { status, stderr } = await new Gdoiwatch(['run', '--config', join(directory, 'shared.yml')]).finished;
  expect(told(stderr)).toEqual([expect.stringMatching(/shared\.db: another gdoiwatch uses it.*\[store_locked\]$/)]);
  expect(status).toBe(2);
  expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
});

test('a store that nobody will find again is said at the stop, with 1 and one line', async () => {
  const lost = join(directory, 'lost');
  await mkdir(lost);
  await using agent = await run('lost', { store: { sqlite: join(lost, 'agent.db') } });
  await agent.printed(/gdoiwatch is up/, 'stderr');
  await rm(lost, { recursive: true });
  agent.signal('SIGTERM');
  const { status, stderr } = await agent.finished;
  expect(told(stderr)).toEqual([
    expect.stringMatching(/^gdoiwatch: not closed in order: store: .*agent\.db: the file is gone.*\[stop_failed\]$/),
  ]);
  expect(status).toBe(1);
});

test('a named pipe is no configuration', async () => {
  const pipe = join(directory, 'pipe.yml');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  const { status, stderr } = await new Gdoiwatch(['run', '--config', pipe]).finished;
  expect(told(stderr)).toEqual([expect.stringMatching(/pipe\.yml.*it is a pipe.*\[config_invalid\]$/)]);
  expect(status).toBe(2);
});

/** Service discovery that answers when the test lets it; until then the agent is starting. */
async function slowDiscovery() {
  let asked: () => void;
  let answer: () => void;
  const underWay = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const released = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const server = createServer((_request, response) => {
    asked();
    void released.then(() => response.setHeader('content-type', 'application/json').end('[]'));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    targets: { http_sd: [`http://127.0.0.1:${port}/`] },
    underWay,
    release: () => answer(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('SIGHUP before the start is over is a reload after it', async () => {
  await using discovery = await slowDiscovery();
  await using agent = await run('early-hangup', { targets: discovery.targets });
  await discovery.underWay;
  agent.signal('SIGHUP');
  discovery.release();
  await agent.printed(/gdoiwatch is up/, 'stderr');
  await agent.printed(/configuration reloaded/, 'stderr');
  agent.signal('SIGTERM');
  expect((await agent.finished).status).toBe(0);
});

test('SIGTERM before the start is over ends it in order', async () => {
  await using discovery = await slowDiscovery();
  await using agent = await run('early-stop', { targets: discovery.targets });
  await discovery.underWay;
  agent.signal('SIGTERM');
  await agent.printed(/"msg":"stopping"/, 'stderr');
  discovery.release();
  const { status, stderr } = await agent.finished;
  expect([status, told(stderr), stderr.includes('gdoiwatch is up')]).toEqual([0, [], false]);
});
