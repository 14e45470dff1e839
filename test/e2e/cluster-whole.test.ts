/**
 * Two agents as processes that share the devices of two customers: each shows the whole, page and API need only one.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { PATIENCE, PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { Gdoiwatch } from './gdoiwatch.ts';

const READER = 'reader-0123456789';
const OPERATOR = 'operator-0123456789';

let directory: string;
let server: PostgresServer;
let simulated: Gdoiwatch;
/** The simulated fleet's, half of whose devices are another customer's. */
let config: Record<string, unknown> & { devices: { name: string; cell: string }[] };
const agents: { readonly process: Gdoiwatch; readonly url: string }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-whole-'));
  server = await startPostgres();
  simulated = new Gdoiwatch(['simulate', '--scenario', 'healthy', '--gms', '3', '--kss', '1', '--output', directory]);
  const [, path = ''] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  const simulatedYaml = (await readFile(path, 'utf8')).replaceAll(/(\w+_file: )(?!\/)/g, `$1${directory}/`);
  const { syslog: _syslog, traps: _traps, alertmanager: _alertmanager, ...rest } = parse(simulatedYaml);
  const devices = rest.devices.map((device: { name: string }, index: number) => ({
    ...device,
    cell: index % 2 === 0 ? 'acme' : 'beta',
  }));
  config = { ...rest, devices };
  await writeFile(join(directory, 'pg-password'), `${PASSWORD}\n`, { mode: 0o600 });
  await writeFile(join(directory, 'cluster-token'), 'what-agents-show-each-other\n', { mode: 0o600 });
  await writeFile(join(directory, 'tokens'), `reader read ${READER}\noperator operate ${OPERATOR}\n`, { mode: 0o600 });
  await startAgent();
  await startAgent();
  // Each has taken its part, and has asked its devices.
  await vi.waitFor(async () => {
    for (const { url } of agents) {
      const text = await (await fetch(`${url}/metrics`, { headers: as(READER) })).text();
      const cells = text.match(/^gdoi_cell_owned\{.*\} 1$/gm)?.length ?? 0;
      const up = text.match(/^gdoi_device_up\{.*\} 1$/gm)?.length ?? 0;
      if (cells !== 1 || up !== devices.length / 2) throw new Error(`${url}: ${cells} cells, ${up} devices up`);
    }
  }, PATIENCE);
}, PATIENCE.timeout);

afterAll(async () => {
  for (const { process } of agents) await process[Symbol.asyncDispose]();
  await simulated[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function startAgent(): Promise<void> {
  const own = join(directory, `agent-${agents.length}`);
  await mkdir(own);
  const file = join(own, 'gdoiwatch.yml');
  const shared = {
    ...config,
    listen: '127.0.0.1:0',
    web: { tokens_file: join(directory, 'tokens') },
    store: {
      postgres: `postgres://gdoi@127.0.0.1:${server.port}/postgres`,
      password_file: join(directory, 'pg-password'),
    },
    cluster: { lease: '2s', token_file: join(directory, 'cluster-token') },
  };
  await writeFile(file, stringify(shared));
  const process = new Gdoiwatch(['run', '--config', file, '--log-format', 'json']);
  const [, url = ''] = await process.printed(/"url":"([^"]+)"/, 'stderr');
  agents.push({ process, url });
}

const as = (token: string) => ({ authorization: `Bearer ${token}` });

interface Owned {
  readonly device: string;
  readonly cell: string;
  readonly status: string;
  readonly owner: { readonly agent: string; readonly source: string };
}

async function json<Body>(url: string, path: string, token = READER): Promise<Body> {
  return JSON.parse(await (await fetch(`${url}${path}`, { headers: as(token) })).text());
}

async function devicesSeenBy(url: string): Promise<readonly Owned[]> {
  return (await json<{ devices: Owned[] }>(url, '/api/v1/devices')).devices;
}

/** Agents that a busy machine holds up lose their cells for a while: what is read then is read again. */
function settled<T>(look: () => Promise<T>): Promise<T> {
  return vi.waitFor(look, PATIENCE_WITH_PROCESSES);
}

test('each agent lists every device as its owner does, and every group in both cells', async () => {
  const all = config.devices.map(({ name }) => name).toSorted();
  await settled(async () => {
    const seen = await Promise.all(agents.map(({ url }) => devicesSeenBy(url)));
    for (const devices of seen) {
      expect(devices.map(({ device }) => device).toSorted()).toEqual(all);
      expect(devices.filter(({ owner }) => owner.source === 'own')).toHaveLength(all.length / 2);
      expect(devices.filter(({ owner }) => owner.source === 'asked')).toHaveLength(all.length / 2);
    }
    const owners = seen.map((devices) => new Map(devices.map(({ device, owner }) => [device, owner.agent])));
    expect(owners[0]).toEqual(owners[1]);
    for (const { url } of agents) {
      const { groups } = await json<{ groups: { cell: string }[] }>(url, '/api/v1/groups');
      expect(new Set(groups.map(({ cell }) => cell))).toEqual(new Set(['acme', 'beta']));
    }
  });
});

test('a probe, and a health check that polls, go through the owner: who asks another agent sees a new answer', async () => {
  const [first] = agents;
  const url = first?.url ?? '';
  const name = await settled(async () => {
    const other = (await devicesSeenBy(url)).find(({ owner }) => owner.source === 'asked')?.device;
    expect(other).toBeDefined();
    const probed = encodeURIComponent(other ?? '');
    const probe = await fetch(`${url}/probe?target=${probed}`, { headers: as(OPERATOR) });
    expect([probe.status, await probe.text()]).toEqual([200, expect.stringContaining('probe_success 1\n')]);
    const live = await json<object>(url, `/api/v1/devices/${probed}/health?live=true`, OPERATOR);
    expect(live).toMatchObject({ device: other, owner: { source: 'asked' } });
    return probed;
  });
  expect((await fetch(`${url}/probe?target=${name}`, { headers: as(READER) })).status).toBe(403);
});

test('while an agent is paused its devices are still listed, and then polled by the other; it exports none when it wakes up', async () => {
  const [survivor, paused] = agents;
  const url = survivor?.url ?? '';
  paused?.process.signal('SIGSTOP');
  await vi.waitFor(async () => {
    const devices = await devicesSeenBy(url);
    expect(devices).toHaveLength(config.devices.length);
    expect(devices.filter(({ owner }) => owner.source !== 'own')).toEqual([]);
  }, PATIENCE);
  // Asked while it is paused, it answers as soon as it wakes up.
  const scraped = fetch(`${paused?.url}/metrics`, { headers: as(READER) });
  paused?.process.signal('SIGCONT');
  const text = await (await scraped).text();
  expect(text).toContain('gdoi_fenced_writes_total');
  expect(text.match(/^gdoi_(?:device|gm|ks|group)_.*$/gm)).toBeNull();
});
