import { expect, test } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import { createHash } from 'node:crypto';
import { createReadModel } from '../../src/model/read-model.ts';
import type { OtherAgents } from '../../src/model/other-agents.ts';
import { OPEN_ACCESS } from './open-access.ts';
import { fleet as aGroup } from '../builders/health-builders.ts';
import { NOON } from '../builders/view-builder.ts';
import { polledGm, serve, type Served } from './served.ts';

const at = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString().replace('.000Z', 'Z');
const post = (server: Served, body: object, headers: Record<string, string> = {}) =>
  server.get('/api/v1/maintenance', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('planned work is announced, listed, and ended', async () => {
  await using server = await serve();
  server.fleet.set(polledGm());
  const answer = await post(server, { until: at(30), devices: ['gm1'], reason: 'line card' });
  if (answer.status !== 201) throw new Error(await answer.text());
  expect(answer.status).toBe(201);
  const window = (await answer.json()) as { readonly id: string };
  expect(window).toEqual({
    id: window.id,
    source: 'api',
    from: at(0),
    until: at(30),
    devices: ['gm1'],
    groups: [],
    cells: [],
    reason: 'line card',
  });
  expect(await server.json('/api/v1/maintenance')).toEqual({ maintenance: [window] });
  const ended = await server.get(`/api/v1/maintenance?id=${window.id}`, { method: 'DELETE' });
  expect([ended.status, await ended.json()]).toEqual([200, { maintenance: [] }]);
  expect((await server.get(`/api/v1/maintenance?id=${window.id}`, { method: 'DELETE' })).status).toBe(404);
});

test('present planned work is shown above every view, the first to end first, with its reason', async () => {
  await using server = await serve();
  server.fleet.set(polledGm());
  server.fleet.setGroup(aGroup());
  await post(server, { until: at(1500), groups: ['G1'] });
  await post(server, { until: at(30), devices: ['gm1'], reason: 'line card' });
  await post(server, { from: at(10), until: at(40), devices: ['gm1'], reason: 'not yet' });
  const first = new Date(NOON + 30 * 60_000).toISOString();
  expect(await server.json('/page/agent')).toMatchObject({
    under_maintenance: [
      `gm1 until ${first.slice(0, 10)} ${first.slice(11, 19)} UTC: line card`,
      expect.stringMatching(/^group G1 until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
    ],
    more_under_maintenance: 0,
  });
});

test.each([
  ['an end before its beginning', { from: at(20), until: at(10), devices: ['gm1'] }, 'until: not after from'],
  ['an end that is past', { from: at(-20), until: at(-10), devices: ['gm1'] }, 'until: in the past'],
  ['nothing that is worked on', { until: at(10) }, 'neither devices, groups nor cells are named'],
  ['an instant without its zone', { until: '2026-01-01T13:00:00', devices: ['gm1'] }, 'until'],
  ['an unknown key', { until: at(10), device: 'gm1' }, 'device'],
])('%s is refused', async (_, body, said) => {
  await using server = await serve();
  const answer = await post(server, body);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(said);
});

test.each([
  [{ devices: ['gm1', 'gm99'] }, 'devices[1]: no device "gm99" is configured: check the name'],
  [{ groups: ['G2'] }, 'groups[0]: no device has shown a group "G2": check the name, or name its devices'],
  [{ cells: ['default', 'acme'] }, 'cells[1]: no device is in a cell "acme": check the name'],
])('a name that nothing bears is refused, for people would be paged for announced work: %j', async (named, detail) => {
  await using server = await serve();
  server.fleet.set(polledGm());
  const answer = await post(server, { until: at(30), ...named });
  expect([answer.status, await answer.json()]).toMatchObject([400, { detail, code: 'device_unknown' }]);
  expect(await server.json('/api/v1/maintenance')).toEqual({ maintenance: [] });
});

test('devices, groups and cells that there are, whichever agent polls them, are taken', async () => {
  const others: OtherAgents = {
    self: 'a',
    cells: () => [{ cell: 'acme', owner: null }],
    cellOf: (device) => (device === 'gm7' ? { cell: 'acme', owner: null } : null),
    ask: async () => ({ kind: 'none', reason: 'nobody is there' }),
    kept: async () => {
      const fleet = createReadModel();
      fleet.setGroup({ ...aGroup(), group: 'G7', cell: 'acme' });
      return fleet;
    },
  };
  await using server = await serve({ others });
  server.fleet.set(polledGm());
  server.fleet.setGroup({ ...aGroup(), group: 'G1' });
  const named = { devices: ['gm1', 'gm7'], groups: ['G1', 'G7'], cells: ['default', 'acme'] };
  expect((await post(server, { until: at(30), ...named })).status).toBe(201);
});

test('it needs the scope operate', async () => {
  const sha256 = (text: string) => new Secret(createHash('sha256').update(text).digest('hex'));
  const web = {
    ...OPEN_ACCESS,
    tokens: [
      { name: 'reader', scope: 'read' as const, sha256: sha256('r') },
      { name: 'operator', scope: 'operate' as const, sha256: sha256('o') },
    ],
  };
  await using server = await serve({ web: () => web });
  server.fleet.set(polledGm());
  const body = { until: at(30), devices: ['gm1'] };
  expect((await post(server, body)).status).toBe(401);
  const refused = await post(server, body, { authorization: 'Bearer r' });
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { detail: 'This token may only read; polling, reloading and planned work need the scope operate.' },
  ]);
  expect((await post(server, body, { authorization: 'Bearer o' })).status).toBe(201);
  const list = await server.get('/api/v1/maintenance', { headers: { authorization: 'Bearer r' } });
  expect(list.status).toBe(200);
});
