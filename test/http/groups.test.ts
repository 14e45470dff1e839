import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import { type GroupDocument, groupSchema } from '../../src/http/schemas/group-schema.ts';
import { aReport, viewAfter } from '../builders/view-builder.ts';
import { fleet as aGroup, gmInFleet } from '../builders/health-builders.ts';
import { polledGm, serve, type Served } from './served.ts';
import { aKs, aKsKekOfADay } from '../builders/snapshots.ts';

let served: Served;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served[Symbol.asyncDispose]());

function ks1() {
  const kek = aKsKekOfADay(5000);
  return { ...viewAfter(aReport({ 'show crypto gdoi': [aKs({ localRole: 'primary', kek })] })), device: 'ks1' };
}

test('the list shows each group with its health and the next rekey', async () => {
  served.fleet.set(ks1());
  served.fleet.setGroup(aGroup());
  served.fleet.setGroup(aGroup({ group: 'G2', gms: [gmInFleet({ registered: false })] }));
  const list = await served.json('/api/v1/groups');
  expect(list).toMatchObject({
    groups: [
      {
        group: 'G1',
        status: 'ok',
        primaries: ['ks1'],
        next: { what: 'KEK rekey to all GMs', at: '2026-01-01T13:19:25.500Z' },
      },
      { group: 'G2', status: 'critical', summary: 'G2: not registered: gm1', statement: 'not registered: gm1' },
    ],
    next_cursor: null,
  });
});

test('groups of one name in two cells differ by their cell', async () => {
  served.fleet.setGroup(aGroup({ cell: 'acme' }));
  served.fleet.setGroup(aGroup({ cell: 'default', gms: [gmInFleet({ registered: false })] }));
  expect(await served.json('/api/v1/groups')).toMatchObject({
    groups: [
      { group: 'G1', cell: 'acme', status: 'ok' },
      { group: 'G1', cell: 'default', status: 'critical' },
    ],
  });
  expect(await served.json('/api/v1/groups/G1?cell=acme')).toMatchObject({ cell: 'acme', status: 'ok' });
  expect(await served.json('/api/v1/groups/G1?cell=default')).toMatchObject({ cell: 'default', status: 'critical' });
  const either = await served.get('/api/v1/groups/G1');
  expect(either.status).toBe(409);
  expect(await either.json()).toMatchObject({
    detail: 'Group "G1" is in 2 cells (acme, default): name one, with ?cell=.',
  });
  expect((await served.get('/api/v1/groups/G1?cell=other')).status).toBe(404);
});

test('a group in two cells is recognised by the KEK of its KSs only', async () => {
  const [ks] = aGroup({}).kss;
  if (ks === undefined) throw new Error('a group without a KS');
  const inCell = (cell: string, device: string, kekSpi: string | null) =>
    served.fleet.setGroup(aGroup({ cell, kss: [{ ...ks, device, kekSpi }] }));
  inCell('acme', 'ks1', '0xA');
  inCell('beta', 'ks2', null);
  expect(await served.json('/api/v1/groups/G1?cell=acme')).toMatchObject({ other_cells: null });
  inCell('beta', 'ks2', '0xA');
  expect(await served.json('/api/v1/groups/G1?cell=acme')).toMatchObject({
    other_cells: {
      cells: ['acme', 'beta'],
      summary:
        'KSs ks1 (cell acme), ks2 (cell beta) hold one KEK: one group that lies in several cells? Give all its devices one cell',
    },
  });
});

test('the name is enough if only one cell has a group of that name', async () => {
  served.fleet.setGroup(aGroup({ cell: 'acme' }));
  expect(await served.json('/api/v1/groups/G1')).toMatchObject({ group: 'G1', cell: 'acme' });
});

test.each([
  ['is decided', 'present', 'path_loss', 'path'],
  ['is over', 'over', 'path_loss', 'path'],
  ['is not clear yet', 'unclear', 'path_loss', null],
  ['has another cause', 'present', 'ks_down', null],
] as const)('a group names where a rekey was lost only if that %s', async (_what, phase, cause, where) => {
  const said: Explanation = {
    cause,
    phase,
    status: 'warning',
    sinceMs: 0,
    summary: 'a rekey to GM gm2 was lost',
    consequence: null,
    deadlineMs: null,
    confidence: 'likely',
    knownAtMs: null,
    firstStep: null,
    scope: ['gm2'],
    evidence: [],
    explains: [{ check: 'reregistrations', devices: ['gm2'] }],
  };
  served.fleet.setGroup(
    aGroup({ rekeyLoss: { where: 'path', gms: ['gm2'], share: 0.5, evidence: ['1 of 2'] }, explanations: [said] }),
  );
  const group = await served.json<GroupDocument>('/api/v1/groups/G1');
  expect(groupSchema.safeParse(group).error).toBeUndefined();
  expect(group.missed_last_rekey).toMatchObject({ where, gms: ['gm2'] });
});

test('a group shows every member’s KEK timeline, those at risk first, and who missed the last rekey', async () => {
  served.fleet.set(polledGm('gm1'));
  served.fleet.set(polledGm('gm2'));
  served.fleet.set(ks1());
  served.fleet.setGroup(
    aGroup({
      gms: [gmInFleet(), gmInFleet({ device: 'gm2', kekMatchesKs: false })],
      rekeyLoss: { where: 'path', gms: ['gm2'], share: 0.5, evidence: ['1 of 2'] },
      notPolled: ['10.0.0.9'],
      coopSplit: { primaries: ['ks1', 'ks2'], sinceMs: Date.parse('2026-01-01T11:00:00Z') },
    }),
  );
  const group = await served.json<GroupDocument>('/api/v1/groups/G1');
  expect(groupSchema.safeParse(group).error).toBeUndefined();
  expect(group).toMatchObject({
    status: 'critical',
    at_risk: [{ gm: 'gm2', reason: 'does not hold the KEK of its KS' }],
    missed_last_rekey: { where: 'path', gms: ['gm2'] },
    lead: { seconds: 235, source: 'ks' },
    gms: [
      { device: 'gm2', kek_matches_ks: false },
      {
        device: 'gm1',
        membership: { kek: { expires_at: '2026-01-01T13:23:20.500Z', rekey_due_at: '2026-01-01T13:19:25.500Z' } },
      },
    ],
    gms_left_out: 0,
    kss: [{ device: 'ks1', role: 'primary', membership: { kek: { expires_at: '2026-01-01T13:23:20.500Z' } } }],
    coop_split: { primaries: ['ks1', 'ks2'], since: '2026-01-01T11:00:00Z' },
    not_polled: ['10.0.0.9'],
  });
});

test('a group that was not seen is 404', async () => {
  expect((await served.get('/api/v1/groups/__proto__')).status).toBe(404);
});

test('a group with more GMs than fit into an answer says how many are left out', async () => {
  served.fleet.setGroup(aGroup({ gms: Array.from({ length: 2500 }, (_, n) => gmInFleet({ device: `gm${n}` })) }));
  const group = await served.json<GroupDocument>('/api/v1/groups/G1');
  expect([group.gms.length, group.gms_left_out]).toEqual([1000, 1500]);
});
