/** `gdoiwatch run` when it cannot start, is told to stop while it starts, or shares what it must not share. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
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

async function busyTcp() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

async function busyUdp() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await new Promise((resolve) => socket.once('listening', resolve));
  const { port } = socket.address();
  return { port, [Symbol.asyncDispose]: async () => void socket.close() };
}

describe('a port that another process has ends it with 1 and one line, whichever port it is', () => {
  test.each([
    ['listen', busyTcp, (port: number) => ({ listen: `127.0.0.1:${port}` })],
    ['syslog over TCP', busyTcp, (port: number) => ({ syslog: { listen: `tcp://127.0.0.1:${port}` } })],
    ['syslog over UDP', busyUdp, (port: number) => ({ syslog: { listen: `udp://127.0.0.1:${port}` } })],
    ['traps', busyUdp, (port: number) => ({ traps: { listen: `udp://127.0.0.1:${port}` } })],
  ] as const)('%s', async (name, makeBusy, config) => {
    await using busy = await makeBusy();
    const { status, stderr } = await (await run(`busy-${name.replaceAll(' ', '-')}`, config(busy.port))).finished;
    expect(told(stderr)).toEqual([
      expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${busy.port}.*\\[port_in_use\\]$`)),
    ]);
    expect([status, stderr.includes('    at ')]).toEqual([1, false]);
  });
});

test('a second agent on the same store is refused, and the first goes on', async () => {
  await using first = await run('shared', {});
  const [, url] = await first.printed(/"url":"([^"]+)"/, 'stderr');
  const { status, stderr } = await new Gdoiwatch(['run', '--config', join(directory, 'shared.yml')]).finished;
  expect(told(stderr)).toEqual([expect.stringMatching(/shared\.db: another gdoiwatch uses it.*\[store_locked\]$/)]);
  expect(status).toBe(2);
  expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
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
