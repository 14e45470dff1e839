import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../../src/gdoi/explain/explanation.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import type { CheckName, HealthStatus } from '../../../src/gdoi/health/health-check.ts';
import { deviceHealth } from '../../../src/gdoi/health/health.ts';
import { type GroupHealth, groupHealth } from '../../../src/gdoi/health/health-group.ts';
import type { HealthInput } from '../../../src/gdoi/health/health-input.ts';
import { FLOOR_LEAD } from '../../../src/gdoi/keys/ks-lead.ts';
import { device, fleet, gmInFleet, NOW } from '../../builders/health-builders.ts';

const KNOWN: Readonly<Record<string, HealthInput>> = { gm1: device(), ks1: device({ ks: {} }) };

const AN_EXPLANATION: Omit<Explanation, 'cause' | 'phase'> = {
  status: 'warning',
  sinceMs: NOW,
  summary: 'said',
  consequence: null,
  deadlineMs: null,
  confidence: 'possible',
  knownAtMs: null,
  firstStep: null,
  scope: ['ks1'],
  evidence: [],
  explains: [],
};

function healthOf(over: Partial<GroupView> = {}, known = KNOWN): GroupHealth {
  return groupHealth(fleet(over), (name) => known[name], NOW);
}

test('a healthy group is said to be well, with the instants of the next rekeys', () => {
  expect(healthOf()).toMatchObject({
    status: 'ok',
    summary: 'G1: the polled GM is registered, and none is known to lack a key',
    next: { what: 'TEK rekey to all GMs', atMs: NOW + 1864_500 },
    nextKekRekey: { what: 'KEK rekey to all GMs', atMs: NOW + 4755_500 },
    atRisk: [],
  });
});

test.each(['unclear', 'present'] as const)('no rekey is announced while the KS of a group is down (%s)', (phase) => {
  const down = { ...AN_EXPLANATION, cause: 'ks_down', phase } as const;
  expect(healthOf({ explanations: [down] })).toMatchObject({ nextKekRekey: null, nextTekRekey: null });
  const over = { ...down, phase: 'over' } as const;
  expect(healthOf({ explanations: [over] }).nextKekRekey).not.toBeNull();
});

describe('a problem of a group decides its status and is named in the summary:', () => {
  const [ks1] = fleet().kss;
  const ks = (over: Partial<GroupView['kss'][number]>) => ({ ...ks1!, ...over });
  const cases: readonly [title: string, CheckName, HealthStatus, Partial<GroupView>][] = [
    ['a KS does not answer', 'reachable', 'critical', { kss: [ks({ reachable: false })], primaries: [] }],
    ['a GM does not answer', 'reachable', 'warning', { gms: [gmInFleet({ reachable: false })] }],
    ['a GM is not registered', 'registered', 'critical', { gms: [gmInFleet({ registered: false })] }],
    ['a GM holds another KEK', 'kek_matches_ks', 'critical', { gms: [gmInFleet({ kekMatchesKs: false })] }],
    ['a GM holds other TEKs', 'tek_matches_ks', 'critical', { gms: [gmInFleet({ tekMatchesKs: false })] }],
    ['two primaries', 'coop_split', 'critical', { coopSplit: { primaries: ['ks1', 'ks2'], sinceMs: NOW } }],
    ['no primary', 'coop_role', 'critical', { kss: [ks({ role: 'secondary' })], primaries: [] }],
    ['a lost peer', 'coop_peers', 'warning', { coopPeers: [{ address: '10.1.12.2', device: null, lost: true }] }],
    [
      'one GM missed the last rekey',
      'rekeys_acknowledged',
      'warning',
      {
        rekeyLoss: { where: 'path', gms: ['gm1'], share: 0.1, evidence: [] },
        unacknowledged: [{ address: '10.0.0.1', device: 'gm1', acksMissed: 1, ejected: false }],
      },
    ],
    [
      'many GMs missed the last rekey',
      'rekeys_acknowledged',
      'critical',
      { rekeyLoss: { where: 'ks', gms: ['gm1', 'gm2'], share: 1, evidence: [] } },
    ],
    ['a registered GM that no KS lists', 'rekeys_acknowledged', 'critical', { notListed: ['gm1'] }],
    [
      'mixed versions',
      'mixed_versions',
      'warning',
      { mixedVersions: { legacyKss: [{ device: 'ks1', version: null }], sending: ['ks1'], affectedGms: ['gm1'] } },
    ],
    [
      'KSs that know different GMs',
      'members',
      'warning',
      { kss: [ks({ members: 4 }), ks({ device: 'ks2', members: 3 })] },
    ],
  ];
  test('several KSs are named in the plural', () => {
    const both = ['ks1', 'ks2'].map((name) => ({ device: name, version: null }));
    const said = healthOf({
      kss: [ks({ reachable: false }), ks({ device: 'ks2', reachable: false })],
      mixedVersions: { legacyKss: both, sending: ['ks1', 'ks2'], affectedGms: ['gm1'] },
    }).checks.map(({ detail }) => detail);
    expect(said).toContain('KSs ks1, ks2 do not answer');
    expect(said.join('\n')).toContain('KSs ks1, ks2 send no KEK rekey before expiry');
  });

  test('several GMs and peers are named in the plural', () => {
    const said = healthOf({
      gms: ['gm1', 'gm2', 'gm3'].map((device, at) => ({ ...gmInFleet({ reachable: at === 2 }), device })),
      coopPeers: ['10.1.11.2', '10.1.12.2'].map((address) => ({ address, device: null, lost: true })),
    }).checks.map(({ detail }) => detail);
    expect(said).toContain('GMs gm1, gm2 do not answer');
    expect(said).toContain('COOP peers 10.1.11.2, 10.1.12.2 are dead for their peers');
  });

  test.each(cases)('%s', (_title, name, status, over) => {
    const health = healthOf(over);
    const found = health.checks.find((check) => check.name === name);
    expect([found?.status, health.status]).toEqual([status, status]);
    expect(health.summary).toContain(found?.detail);
    expect(health.action).toBeTruthy();
  });
});

test('a group is not said to have no primary when only its secondary is polled', () => {
  const health = healthOf({
    kss: fleet().kss.map((ks) => ({ ...ks, role: 'secondary' as const })),
    primaries: [],
    coopPeers: [{ address: '10.1.12.2', device: null, lost: false }],
  });
  expect(health.status).toBe('ok');
});

test('a GM that was read after its group was judged is only a warning, and one that needs nobody is not at risk', () => {
  const reloaded = { ...AN_EXPLANATION, cause: 'gms_reloaded', phase: 'present', status: 'ok' } as const;
  const others = [{ check: 'registered', devices: ['gm2'] }] as const;
  const health = healthOf({
    gms: [gmInFleet({ registered: false }), gmInFleet({ device: 'gm2', registered: false })],
    explanations: [{ ...reloaded, explains: others }],
  });
  expect(health.status).toBe('ok');
  expect(health.atRisk.map(({ gm, status }) => [gm, status])).toEqual([['gm1', 'warning']]);
});

test.each([
  ['registered, but no KS lists it', { notListed: ['gm1'] }, { tracked: { kekRekeyOverdue: true } }],
  ['tries in vain to register', {}, { gm: { reregistersInSeconds: 0 }, tracked: { failedAttempts: 2 } }],
  [
    'tries in vain to register',
    {},
    { gm: { reregistersInSeconds: 40 }, tracked: { failedAttempts: 3, retrying: true } },
  ],
  ['holds no TEK', {}, { gm: { teks: [] } }],
] as const)('a GM that %s is at risk, critical as on its own page', (reason, over, shown) => {
  const gm1 = device(shown);
  const view = fleet({ gms: [gmInFleet({})], ...over });
  const { atRisk } = groupHealth(view, () => gm1, NOW);
  expect(atRisk).toEqual([{ gm: 'gm1', status: 'critical', reason, reregistersAtMs: null }]);
  expect(deviceHealth(gm1, () => view, NOW).status).toBe('critical');
});

test('only what the lists of the KSs show is said of a site where only the KSs are polled', () => {
  const health = healthOf({ gms: [], members: 8, notPolled: ['10.0.0.1'], unacknowledged: [] });
  // The list may be older than the last rekey.
  expect(health.summary).toContain('8 GMs are registered, and the KS’s list of them counts no missed acknowledgement');
  expect(health.checks.find(({ name }) => name === 'kek_matches_ks')?.detail).toBe(
    'no GM is polled whose KEK could be compared',
  );
});

test('a group whose devices were never seen is unknown', () => {
  expect(healthOf({ gms: [], kss: [], primaries: [], coopPeers: [] }).status).toBe('unknown');
});

test('GMs at risk are listed worst first, with those that only a KS knows and with their own countdown', () => {
  const overdue = device({
    tracked: {
      kekRekeyOverdue: true,
      forecast: {
        cause: 'kek_missed_rekey',
        possible: ['kek_missed_rekey'],
        expectedAtMs: NOW + 90_000,
        expectedBetweenMs: null,
        windowMs: null,
        timeLeftSeconds: null,
        kekRekeyOverdue: true,
        from: { countdown: null, kek: null, kekLeft: null, tek: null, lead: FLOOR_LEAD },
      },
    },
  });
  const health = healthOf(
    { unacknowledged: [{ address: '10.0.0.9', device: null, acksMissed: 2, ejected: false }] },
    { ...KNOWN, gm1: overdue },
  );
  expect(health.atRisk).toEqual([
    { gm: '10.0.0.9', status: 'critical', reason: 'no acknowledgement of the last 2 rekeys', reregistersAtMs: null },
    { gm: 'gm1', status: 'warning', reason: 'no KEK rekey came', reregistersAtMs: NOW + 90_000 },
  ]);
});

test('a KS of another group with the same name is not compared with the KSs of the group', () => {
  const [ks1] = fleet().kss;
  const kss = [ks1!, { ...ks1!, device: 'ks3', address: '10.9.0.3', members: 7 }];
  const membersOf = (ofOtherGroup: readonly string[]) =>
    groupHealth(fleet({ kss, ofOtherGroup }), () => device(), NOW).checks.find(({ name }) => name === 'members')
      ?.status;
  expect(membersOf([])).toBe('warning');
  expect(membersOf(['ks3'])).toBe('unknown');
});
