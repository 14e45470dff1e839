/** Two agents that share a store, each with a customer of its own: whoever is asked shows both. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OtherAgentClient } from '../../src/agent/cluster/ask-agent.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { AskedAgents } from '../../src/agent/cluster/asked-agents.ts';
import type { OtherAgents } from '../../src/model/other-agents.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { newDeviceView } from '../../src/model/device-view.ts';
import type { WebAccess } from '../../src/http/base/options.ts';
import { OPEN_ACCESS } from './open-access.ts';
import { withAgentsToken } from '../../src/product/cluster.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { fleet as aGroup } from '../builders/health-builders.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { polledGm, serve, type Served } from './served.ts';

interface Listed {
  readonly devices: readonly {
    readonly device: string;
    readonly status: string;
    readonly summary: string;
    readonly owner: { readonly agent: string | null; readonly source: string; readonly age_seconds: number | null };
  }[];
  readonly next_cursor: string | null;
  readonly total: number;
  readonly by_status: Record<string, number>;
}

const TOKEN = new Secret('token-of-the-agents');
let logger: MemoryLogger;

/** Agent `east` polls cell `acme`, agent `west` cell `beta`; `east` is asked. */
let west: Served;
let east: Served;
let client: OtherAgentClient;
/** Where `west` is said to be, and by which process. */
let lease: { url: string; process: string; agent: string | null };

function eastOthers(): OtherAgents {
  const device = (name: string, cell: string) => {
    const { device: _name, ...view } = newDeviceView({ device: name, host: '192.0.2.1', cell });
    return [name, { ...view, device: name, cell }] as const;
  };
  return new AskedAgents({
    self: 'east',
    status: () => ({
      id: 'e',
      owned: new Set(['acme']),
      view: {
        agents: [{ id: 'w', name: 'west', version: '1', inventory: '', leftMs: 1000, ...lease }],
        cells: [
          { cell: 'acme', agent: 'e', term: 1, weight: 2, wantedBy: null },
          { cell: 'beta', agent: lease.agent, term: 1, weight: 2, wantedBy: null },
        ],
      },
    }),
    inventory: () => new Map([device('a1', 'acme'), device('a2', 'acme'), device('b1', 'beta'), device('b2', 'beta')]),
    keptFleet: async () => {
      const kept = createReadModel();
      kept.set({ ...polledGm('b1'), cell: 'beta' });
      kept.set(newDeviceView({ device: 'b2', host: '192.0.2.2', cell: 'beta' }));
      kept.setGroup({ ...aGroup(), group: 'G1', cell: 'beta' });
      return kept;
    },
    client,
    isHere: (process) => process === 'here',
    clock: createSystemClock(),
    logger,
  });
}

const OF_WEST: OtherAgents = {
  self: 'west',
  cells: () => [{ cell: 'acme', owner: { id: 'e', name: 'east' } }],
  cellOf: (device) => (device.startsWith('a') ? { cell: 'acme', owner: { id: 'e', name: 'east' } } : null),
  // It would be a second hop.
  ask: () => Promise.reject(new Error('west was asked by an agent and asks another one')),
  kept: () => Promise.reject(new Error('west was asked by an agent and reads what is kept')),
};

async function begin(web: WebAccess = OPEN_ACCESS): Promise<void> {
  logger = new MemoryLogger();
  west = await serve({ others: OF_WEST, web: () => withAgentsToken(web, TOKEN) });
  lease = { url: west.url, process: 'here', agent: 'w' };
  // For its deadlines time stands still: on a busy machine no answer is too late.
  client = new OtherAgentClient({ token: TOKEN, tls: null, clock: new FakeClock() });
  east = await serve({ others: eastOthers(), web: () => withAgentsToken(web, TOKEN) });
  for (const name of ['a1', 'a2']) east.fleet.set({ ...polledGm(name), cell: 'acme' });
  for (const name of ['b1', 'b2']) west.fleet.set({ ...polledGm(name), cell: 'beta' });
  east.fleet.setGroup({ ...aGroup(), group: 'G1', cell: 'acme' });
  west.fleet.setGroup({ ...aGroup(), group: 'G1', cell: 'beta' });
}

async function end(): Promise<void> {
  await client[Symbol.asyncDispose]();
  await east[Symbol.asyncDispose]();
  await west[Symbol.asyncDispose]();
}

const names = ({ devices }: Listed) => devices.map(({ device }) => device);
const owners = ({ devices }: Listed) =>
  devices.map(({ device, owner }) => `${device} ${owner.agent ?? 'nobody'} ${owner.source}`);

describe('with all agents up', () => {
  beforeEach(() => begin());
  afterEach(end);

  test('the list has the devices of both, each with its owner and age', async () => {
    const list = await east.json<Listed>('/api/v1/devices');
    expect(owners(list)).toEqual(['a1 east own', 'a2 east own', 'b1 west asked', 'b2 west asked']);
    expect(list).toMatchObject({ total: 4, by_status: { ok: 4 }, next_cursor: null });
    expect(list.devices.map(({ owner }) => owner.age_seconds)).toEqual([0, 0, 0, 0]);
  });

  test('its pages cover both, in one order, and no entry comes twice', async () => {
    west.fleet.set({ ...polledGm('a15'), cell: 'beta' });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: Listed = await east.json<Listed>(`/api/v1/devices?limit=2${at}`);
      seen.push(...names(page));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(['a1', 'a2', 'a15', 'b1', 'b2']);
  });

  test('filters and the order by severity apply to all agents', async () => {
    west.fleet.set({ ...polledGm('b1', { registered: false, status: 'Registering' }), cell: 'beta' });
    expect(names(await east.json<Listed>('/api/v1/devices?sort=status'))[0]).toBe('b1');
    const filtered = await east.json<Listed>('/api/v1/devices?q=b2');
    expect([names(filtered), filtered.total]).toEqual([['b2'], 1]);
  });

  test('one device of the other is all that its owner knows of it', async () => {
    const { owner, ...told } = await east.json<Record<string, object>>('/api/v1/devices/b1');
    expect(owner).toEqual({ agent: 'west', source: 'asked', age_seconds: 0 });
    const { owner: own, ...known } = await west.json<Record<string, object>>('/api/v1/devices/b1');
    expect(told).toEqual(known);
    expect(own).toMatchObject({ agent: 'west', source: 'own' });
    expect(await east.json('/api/v1/devices/b1/health')).toMatchObject({ status: 'ok', owner: { source: 'asked' } });
  });

  test('a group that both have is in two cells, and each cell answers for its own', async () => {
    const list = await east.json<{ groups: { group: string; cell: string; owner: { agent: string } }[] }>(
      '/api/v1/groups',
    );
    expect(list.groups.map(({ group, cell, owner }) => `${group} ${cell} ${owner.agent}`)).toEqual([
      'G1 acme east',
      'G1 beta west',
    ]);
    const ambiguous = await east.get('/api/v1/groups/G1');
    expect([ambiguous.status, await ambiguous.json()]).toEqual([
      409,
      expect.objectContaining({ cells: ['acme', 'beta'] }),
    ]);
    expect(await east.json('/api/v1/groups/G1?cell=beta')).toMatchObject({ cell: 'beta', owner: { agent: 'west' } });
    expect(await east.json('/api/v1/groups/G1?cell=acme')).toMatchObject({ cell: 'acme', owner: { agent: 'east' } });
    expect((await east.get('/api/v1/groups/G9')).status).toBe(404);
  });

  test('a poll on request goes to the owner, once', async () => {
    expect(await east.json('/api/v1/devices/b1/health?live=true')).toMatchObject({ device: 'b1', status: 'ok' });
    const probe = await east.get('/probe?target=b2', { headers: { 'x-prometheus-scrape-timeout-seconds': '7' } });
    expect(await probe.text()).toMatch(/^gdoi_device_up\{device="b2"\} 1\n[^]*probe_success 1\n/);
    expect([east.polls, west.polls]).toEqual([[], ['b1', 'b2']]);
  });

  test('service discovery has the devices of both', async () => {
    const found = await east.json<{ targets: string[] }[]>('/api/v1/sd');
    expect(found.flatMap(({ targets }) => targets)).toEqual(['a1', 'a2', 'b1', 'b2']);
  });

  test('an agent that another one asks answers from its own polls, and asks no other', async () => {
    const headers = { 'gdoiwatch-asked-by-agent': '1' };
    const list: Listed = JSON.parse(await (await west.get('/api/v1/devices', { headers })).text());
    expect(names(list)).toEqual(['b1', 'b2']);
    for (const path of ['/api/v1/devices/a1', '/probe?target=a1', '/api/v1/devices/a1/health?live=true']) {
      west.now.pollOutcome = async () => ({ kind: 'unknown_device' });
      expect([path, (await west.get(path, { headers })).status]).toEqual([path, 404]);
    }
  });

  test('an unknown device is unknown', async () => {
    expect((await east.get('/api/v1/devices/nobody')).status).toBe(404);
    expect((await east.get('/probe?target=nobody')).status).toBe(404);
  });
});

describe('if the other cannot be asked', () => {
  beforeEach(() => begin());
  afterEach(end);

  test.each<[string, () => void, RegExp]>([
    ['nobody polls the cell', () => (lease.agent = null), /nobody polls it now/],
    ['nothing listens there', () => (lease.url = 'http://127.0.0.1:9'), /polled by agent west, which cannot be asked/],
    ['it left no address', () => (lease.url = 'file:///etc/passwd'), /which cannot be asked/],
    ['the address has a password', () => (lease.url = west.url.replace('//', '//u:p@')), /which cannot be asked/],
    ['it is on loopback of another machine', () => (lease.process = 'elsewhere'), /which cannot be asked/],
  ])('because %s, its devices and groups are shown as they are kept, and not judged', async (_why, break_, words) => {
    break_();
    const list = await east.json<Listed>('/api/v1/devices');
    expect(names(list)).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(list).toMatchObject({ total: 4, by_status: { ok: 2, unknown: 2 } });
    expect(list.devices[2]).toMatchObject({ status: 'unknown', owner: { source: 'kept' } });
    expect(list.devices[2]?.summary).toMatch(words);
    const { groups } = await east.json<{ readonly groups: readonly object[] }>('/api/v1/groups');
    expect(groups).toContainEqual(
      expect.objectContaining({
        cell: 'beta',
        statement: expect.stringMatching(/^(?:polled by agent|nobody polls it)/),
      }),
    );
    expect(await east.json('/api/v1/devices/b1')).toMatchObject({ status: 'unknown', owner: { source: 'kept' } });
    expect(await east.json('/api/v1/devices/b1/health')).toMatchObject({ status: 'unknown', checks: [] });
    expect(await east.json('/api/v1/groups/G1?cell=beta')).toMatchObject({
      status: 'unknown',
      owner: { source: 'kept' },
    });
    expect((await east.get('/api/v1/groups/G1')).status).toBe(409);
    expect((await east.get('/probe?target=b1')).status).toBe(503);
    expect((await east.get('/api/v1/devices/b1/health?live=true')).status).toBe(503);
    expect(west.polls).toEqual([]);
  });

  test('an answer of another program, a redirect or an endless answer does not count', async () => {
    const strange = createServer((request, response) => {
      if (request.url?.startsWith('/api/v1/groups') === true) response.end('{"groups":"many"}');
      else if (request.url?.startsWith('/api/v1/devices/') === true)
        response.writeHead(302, { location: west.url }).end();
      else {
        // In a turn of its own: a write to a socket that is gone is over at once, before anyone hears that it is.
        const more = () => {
          if (!response.destroyed) response.write(Buffer.alloc(1024 * 1024, 'x'), () => setImmediate(more));
        };
        more();
      }
    }).listen(0, '127.0.0.1');
    await once(strange, 'listening');
    const address = strange.address();
    lease.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    expect((await east.json<Listed>('/api/v1/devices')).devices[2]?.owner.source).toBe('kept');
    expect(await east.json('/api/v1/devices/b1')).toMatchObject({ owner: { source: 'kept' } });
    expect(await east.json('/api/v1/groups/G1?cell=beta')).toMatchObject({ owner: { source: 'kept' } });
    strange.closeAllConnections();
    strange.close();
  });
});

describe('with users and tokens', () => {
  const read = { authorization: 'Bearer reader-0123456789' };
  const operate = { authorization: 'Bearer operator-0123456' };
  const sha256 = async (token: string) =>
    new Secret(Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('hex'));

  beforeEach(async () => {
    const tokens = [
      { name: 'reader', scope: 'read', sha256: await sha256('reader-0123456789') },
      { name: 'operator', scope: 'operate', sha256: await sha256('operator-0123456') },
    ] as const;
    await begin({ ...OPEN_ACCESS, tokens });
  });
  afterEach(end);

  test('agents show each other their own token, and the client’s scope still counts', async () => {
    const list: Listed = JSON.parse(await (await east.get('/api/v1/devices', { headers: read })).text());
    expect(owners(list)[2]).toBe('b1 west asked');
    expect((await east.get('/api/v1/devices/b1/health?live=true', { headers: read })).status).toBe(403);
    expect((await east.get('/probe?target=b1', { headers: read })).status).toBe(403);
    expect((await east.get('/api/v1/devices')).status).toBe(401);
    expect(west.polls).toEqual([]);
    expect((await east.get('/api/v1/devices/b1/health?live=true', { headers: operate })).status).toBe(200);
    expect(west.polls).toEqual(['b1']);
  });

  test('if the other needs another token, its devices are shown as stored, and the log names the setting once', async () => {
    west.now.web = withAgentsToken(
      { ...west.now.web, tokens: west.now.web.tokens.slice(0, 2) },
      new Secret('another-token-xyz'),
    );
    const list: Listed = JSON.parse(await (await east.get('/api/v1/devices', { headers: read })).text());
    expect(owners(list)[2]).toBe('b1 west kept');
    await east.get('/api/v1/devices', { headers: read });
    expect(logger.lines('warn')).toEqual([{ agent: 'west', reason: expect.stringContaining('cluster.token_file') }]);
    expect(JSON.stringify(logger.lines('warn'))).not.toContain(TOKEN.reveal());
  });
});

test('an agent that shares no store has no owners in its documents', async () => {
  await using alone = await serve();
  alone.fleet.set(polledGm());
  const [device] = (await alone.json<{ devices: object[] }>('/api/v1/devices')).devices;
  expect(device).toHaveProperty('device', 'gm1');
  expect(device).not.toHaveProperty('owner');
});
