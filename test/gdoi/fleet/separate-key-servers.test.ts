import { describe, expect, it } from 'vitest';
import { separateKeyServersText } from '../../../src/gdoi/fleet/separate-key-servers.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import { Fleet, gm, ks, START } from '../../builders/fleet-group.ts';

const KS1 = '10.1.0.1';
const KS2 = '10.1.0.2';
const KS3 = '10.9.0.3';
/** A KS that shows all that identifies its group; by default it has nothing in common with another one. */
function keyServer(device: 'ks1' | 'ks2' | 'ks3', over: Parameters<typeof ks>[1] = {}) {
  const address = { ks1: KS1, ks2: KS2, ks3: KS3 }[device];
  return ks(0, { device, address, kekSpi: `0x${device}`, peers: {}, members: { [`${address}00`]: 0 }, ...over });
}

describe('KSs with one group name in one cell', () => {
  it.each([
    ['two that share nothing', [keyServer('ks1'), keyServer('ks3')], [['ks1'], ['ks3']]],
    [
      'two without COOP',
      [keyServer('ks1', { role: null, peers: null }), keyServer('ks3', { role: null, peers: null })],
      [['ks1'], ['ks3']],
    ],
    [
      'a pair and one apart',
      [keyServer('ks1', { peers: { [KS2]: 'Dead' } }), keyServer('ks2'), keyServer('ks3')],
      [['ks1', 'ks2'], ['ks3']],
    ],
    [
      'three apart with no member at all',
      [keyServer('ks3', { members: {} }), keyServer('ks1', { members: {} }), keyServer('ks2', { members: {} })],
      [['ks1'], ['ks2'], ['ks3']],
    ],
    [
      'two, and a GM that is configured with one of them',
      [keyServer('ks1'), keyServer('ks3'), gm(1, { keyServers: [KS1] })],
      [['ks1'], ['ks3']],
    ],
  ])('are reported as several groups: %s', (_name, facts, parts) => {
    expect(new Fleet().see(...facts).separateKeyServers).toEqual(parts);
  });

  it.each([
    ['one alone', [keyServer('ks1')]],
    [
      'a COOP split: each primary lists the other',
      [keyServer('ks1', { peers: { [KS2]: 'Dead' } }), keyServer('ks2', { peers: { [KS1]: 'Dead' } })],
    ],
    [
      'two that list a third one, which is not polled',
      [keyServer('ks1', { peers: { '10.1.0.7': 'Alive' } }), keyServer('ks2', { peers: { '10.1.0.7': 'Alive' } })],
    ],
    ['the same KEK', [keyServer('ks1', { kekSpi: '0xAB' }), keyServer('ks3', { kekSpi: '0xAB' })]],
    [
      'a GM that both list',
      [
        keyServer('ks1', { members: { '10.2.0.1': 0, '10.2.0.2': 0 } }),
        keyServer('ks3', { members: { '10.2.0.2': 1 } }),
      ],
    ],
    [
      'a GM that is configured with both',
      [keyServer('ks1'), keyServer('ks3'), gm(1, { keyServers: ['10.1.0.8', KS1, KS3] })],
    ],
    ['one whose members are not read yet', [keyServer('ks1', { members: null }), keyServer('ks3')]],
    ['one that shows no KEK', [keyServer('ks1', { kekExpiry: null }), keyServer('ks3')]],
    ['one whose KEK has no SPI', [keyServer('ks1', { kekSpi: null }), keyServer('ks3')]],
    ['one with a COOP role whose peers are not read yet', [keyServer('ks1', { peers: null }), keyServer('ks3')]],
  ])('are not reported as several groups: %s', (_name, facts) => {
    expect(new Fleet().see(...facts).separateKeyServers).toBeNull();
  });

  it('are not reported as several groups while one does not answer, because what it showed may be old', () => {
    const fleet = new Fleet();
    expect(fleet.see(keyServer('ks1'), keyServer('ks3')).separateKeyServers).not.toBeNull();
    expect(fleet.see(keyServer('ks3', { presence: 'unreachable' })).separateKeyServers).toBeNull();
  });

  it('are reported in one sentence that names a KS of each group', () => {
    expect(separateKeyServersText([['ks1', 'ks2'], ['ks3']])).toBe(
      'KSs ks1, ks3 share no peer, no KEK and no member: two groups of one name? Give their devices cells',
    );
    expect(separateKeyServersText([['a'], ['b'], ['c']])).toContain(': 3 groups of one name?');
  });
});

const OTHER_TEKS = { '0x0000000B': 3500 };
type KsOver = Parameters<typeof keyServer>[1];

/** Two customers' groups: ks1 with gm1 and gm2, and ks3 with gm9. What `over` says of a KS replaces what it shows. */
function customers(second: number, over: { readonly ks1?: KsOver; readonly ks3?: KsOver } = {}) {
  const shown = (facts: MemberFacts): MemberFacts => ({
    ...facts,
    atMs: facts.atMs + second * 1000,
    ks: facts.ks && { ...facts.ks, at: { sentAtMs: START + second * 1000, receivedAtMs: START + second * 1000 + 200 } },
  });
  const ofOther = { keyServer: KS3, keyServers: [KS3], teks: OTHER_TEKS, kekExpiry: 50_000 };
  return [
    shown(keyServer('ks1', { members: { '10.0.0.1': 0, '10.0.0.2': 0 }, kekExpiry: 80_000 - second, ...over.ks1 })),
    gm(second + 1),
    gm(second + 1, { device: 'gm2', address: '10.0.0.2' }),
    shown(keyServer('ks3', { members: { '10.0.9.1': 0 }, teks: OTHER_TEKS, kekExpiry: 50_000 - second, ...over.ks3 })),
    gm(second + 1, { device: 'gm9', address: '10.0.9.1', ...ofOther }),
  ];
}

const causesOf = (view: GroupView) => view.explanations.map(({ cause }) => cause);

describe('KSs that share nothing but the name of their group', () => {
  it('are no split: the largest is judged, and the others are told as of another group', () => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(...customers(second));
    const view = fleet.see(...customers(120));
    expect(fleet.events).toEqual([]);
    expect(view.explanations).toMatchObject([
      {
        cause: 'name_shared',
        phase: 'present',
        status: 'warning',
        summary:
          'KSs ks1, ks3 share no peer, no KEK and no member, as each showed last: several groups of one name, or KSs that do not list each other as peers; all else that is said here concerns the group of ks1 alone',
        scope: ['gm9', 'ks3'],
      },
    ]);
    expect(view).toMatchObject({
      ofOtherGroup: ['gm9', 'ks3'],
      primaries: ['ks1'],
      coopSplit: null,
      divergentMembers: [],
      notListed: [],
    });
    expect(view.gms.map(({ device, kekMatchesKs, tekMatchesKs }) => [device, kekMatchesKs, tekMatchesKs])).toEqual([
      ['gm1', true, true],
      ['gm2', true, true],
      ['gm9', null, null],
    ]);
  });

  it('are judged with GMs that show no KS by the keys that these hold', () => {
    const fleet = new Fleet();
    const nameless = customers(0).map((facts) =>
      facts.device === 'gm9'
        ? gm(1, { device: 'gm9', address: '10.0.9.1', keyServer: null, keyServers: [], teks: OTHER_TEKS })
        : facts,
    );
    expect(fleet.see(...nameless).ofOtherGroup).toEqual(['gm9', 'ks3']);
  });

  it('do not hide what happens to the group that is judged', () => {
    const fleet = new Fleet();
    fleet.see(...customers(0));
    const off = gm(61, { device: 'gm2', address: '10.0.0.2', registered: false });
    const view = fleet.see(...customers(60).map((facts) => (facts.device === 'gm2' ? off : facts)));
    expect(view.explanations.map(({ cause, scope }) => [cause, scope])).toContainEqual(['not_registered', ['gm2']]);
  });

  it.each([
    ['does not answer', { presence: 'unreachable' }],
    ['does not show its members', { members: null }],
    ['does not show its KEK’s SPI', { kekSpi: null }],
  ] as const)('stay of several groups while one of them %s', (_how, over) => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(...customers(second));
    for (const second of [120, 180, 240]) {
      const view = fleet.see(...customers(second, { ks3: over }));
      expect(causesOf(view)).toEqual(['name_shared']);
    }
    for (const second of [300, 360]) fleet.see(...customers(second));
    expect(fleet.events).toEqual([]);
  });

  it('stay of several groups beside a KS that has not been read yet, until that one links them', () => {
    const fleet = new Fleet();
    fleet.see(...customers(0));
    const unread = keyServer('ks2', { members: null, role: 'secondary', kekSpi: '0xks1', peers: null });
    expect(fleet.see(...customers(60), unread).ofOtherGroup).toEqual(['gm9', 'ks3']);
    const both = keyServer('ks2', { members: null, role: 'secondary', peers: { [KS1]: 'Alive', [KS3]: 'Alive' } });
    expect(fleet.see(...customers(120), both).ofOtherGroup).toEqual([]);
  });

  it('are one group again, and a split, once one lists the other as its peer', () => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(...customers(second));
    for (const second of [120, 180]) fleet.see(...customers(second, { ks1: { peers: { [KS3]: 'Dead' } } }));
    const view = fleet.see(...customers(240, { ks1: { peers: { [KS3]: 'Dead' } }, ks3: { presence: 'unreachable' } }));
    expect(view.ofOtherGroup).toEqual([]);
    expect(fleet.types()).toContain('coop_split');
    expect(fleet.incidents.find(({ cause, endedBy }) => cause === 'name_shared' && endedBy !== null)?.endedBy).toBe(
      'the KSs show a common peer, KEK or member',
    );
  });

  it.each([
    ['one has not been read yet', { members: null }],
    ['one shows no peers', { peers: null }],
    ['each lists the other', { peers: { [KS1]: 'Dead' } }],
  ])('are a split where nothing proves that they are several groups: %s', (_why, over) => {
    const fleet = new Fleet();
    for (const second of [0, 60]) fleet.see(...customers(second, { ks3: over }));
    expect(causesOf(fleet.see(...customers(120, { ks3: over })))).toEqual(['coop_split']);
    expect(fleet.types()).toContain('coop_split');
  });

  it('are told no more once the devices of one are polled elsewhere', () => {
    const fleet = new Fleet();
    fleet.see(...customers(0));
    const gone = customers(60).map(
      (facts): MemberFacts =>
        ['ks3', 'gm9'].includes(facts.device) ? { ...facts, presence: 'gone', ks: null, gm: null } : facts,
    );
    expect(fleet.see(...gone).explanations).toEqual([]);
    expect(fleet.incidents.at(-1)?.endedBy).toBe('no device that it was about is polled in the group any more');
  });
});
