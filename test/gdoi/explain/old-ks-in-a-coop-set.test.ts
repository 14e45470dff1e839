/**
 * A KS of an old release among others, or alone: what follows from it is said, and nothing else is laid to it. A
 * secondary sends no rekey, and a GM without a registration is no matter of a release.
 */
import { expect, test } from 'vitest';
import { deviceHealth } from '../../../src/gdoi/health/health.ts';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import { device } from '../../builders/health-builders.ts';
import { Fleet, type GmOptions, ks, START } from '../../builders/fleet-group.ts';
import type { KnownReregistration } from '../../../src/gdoi/explain/group-facts.ts';
import { member } from './members.ts';

const OLD = { behavior: 'legacy', version: '15.1(4)M8' } as const;
const LISTS = { keyServers: ['10.1.0.1', '10.1.0.2'] } as const;
const at = (second: number) => START + second * 1000;

function first(second: number, role: 'primary' | 'secondary' = 'primary') {
  return ks(second, { role, kekExpiry: 1800, peers: { '10.1.0.2': 'Alive' } });
}

function second(second: number, role: 'primary' | 'secondary' = 'secondary') {
  return ks(second, {
    ...OLD,
    device: 'ks2',
    address: '10.1.0.2',
    role,
    kekExpiry: 1800,
    peers: { '10.1.0.1': 'Alive' },
  });
}

function gms(second: number, options: GmOptions = {}) {
  return [2, 3, 4].map((number) => member(number, second, { kekExpiry: 1800, ...LISTS, ...options }));
}

function registered(cause: KnownReregistration['cause'], second: number): GmOptions {
  return { succeeded: 2, change: { lastReregistration: { cause, atMs: at(second) } } };
}

function mixedSet(): Fleet {
  const fleet = new Fleet();
  fleet.see(first(0), second(0), member(1, 1, { kekExpiry: 1800, ...LISTS }), ...gms(1));
  return fleet;
}

test('says of an old secondary what it would do as primary, and what it does once it is', () => {
  const fleet = mixedSet();
  const [standby] = fleet.see(first(60), second(60)).explanations;
  expect(standby?.summary).toBe(
    'KS ks2 would send no KEK rekey before expiry as primary (release older than 15.2(1)T / XE 3.5S): all 4 GMs (gm1, gm2, gm3, gm4) would then re-register twice in every KEK cycle',
  );
  expect(standby?.consequence?.what).toMatch(/^once it is primary, two re-registrations of each of them /u);
  const [now] = fleet.see(first(120, 'secondary'), second(120, 'primary')).explanations;
  expect(now?.summary).toMatch(/^KS ks2 sends no KEK rekey before expiry .* re-register twice in every KEK cycle$/u);
  expect(fleet.events.find(({ type }) => type === 'mixed_versions')?.summary).toBe(
    'Group G1: as primary, KS ks2 (15.1(4)M8) would send no KEK rekey before expiry, and GMs with a KEK timer can register there (gm1, gm2, gm3, gm4): then two re-registrations of each in every KEK cycle',
  );
});

test('says the same in the checks of group, GM and KS', () => {
  const view = mixedSet().see(first(60), second(60));
  const found = [
    groupHealth(view, () => device(), at(60)),
    deviceHealth(device(), () => view, at(60)),
    deviceHealth(device({ device: 'ks2', ks: {} }), () => view, at(60)),
  ].flatMap(({ checks }) => checks.flatMap(({ name, detail }) => (name === 'mixed_versions' ? [detail] : [])));
  for (const detail of found) expect(detail).toMatch(/would send no KEK rekey before expiry as primary/u);
  expect(found).toHaveLength(3);
});

test('tells a lost rekey as a lost rekey beside an old secondary', () => {
  const fleet = mixedSet();
  const lost = { kekExpiry: 1800, ...LISTS, change: { kekRekeyOverdue: true } };
  fleet.see(ks(1585, { kekExpiry: 3375, peers: { '10.1.0.2': 'Alive' } }), ...gms(1586, { kekExpiry: 3375 }));
  fleet.see(member(1, 1600, lost), second(1600), ks(1640, { kekExpiry: 3375, peers: { '10.1.0.2': 'Alive' } }));
  const view = fleet.see(
    member(1, 1680, { kekExpiry: 3375, ...LISTS, ...registered('kek_missed_rekey', 1670) }),
    ...gms(1681, { kekExpiry: 3375 }),
  );
  expect(view.explanations.map(({ cause }) => cause)).toEqual(['path_loss', 'legacy_ks']);
  expect(view.explanations.find(({ cause }) => cause === 'legacy_ks')?.explains).toEqual([
    { check: 'mixed_versions', devices: [] },
  ]);
});

test.each([
  ['is primary', 'secondary', 'primary'],
  ['is secondary', 'primary', 'secondary'],
] as const)('pages for a GM that stays without a registration where the old KS %s', (_title, one, other) => {
  const fleet = mixedSet();
  fleet.see(first(60, one), second(60, other));
  const off = { registered: false, teks: {}, ...LISTS, kekExpiry: 1800 };
  fleet.see(member(1, 300, off, { unregisteredSinceMs: at(290), failedAttempts: 2 }));
  fleet.see(first(420, one), second(420, other), ...gms(421));
  const view = fleet.see(member(1, 480, off, { unregisteredSinceMs: at(290), failedAttempts: 6 }));
  expect(view.explanations[0]).toMatchObject({ cause: 'not_registered', status: 'critical', scope: ['gm1'] });
});

test('lays a TEK rekey that was lost in the middle of a KEK’s life to no old KS', () => {
  const fleet = new Fleet();
  fleet.see(ks(0, { ...OLD, kekExpiry: 80_000 }), member(1, 1), member(2, 1), member(3, 1), member(4, 1));
  const lost = { ...registered('tek_expired', 2900), teks: { '0x0000000B': 6000 } };
  const others = [2, 3, 4].map((number) => member(number, 2905, { teks: { '0x0000000B': 6000 }, received: 6 }));
  const view = fleet.see(ks(2904, { ...OLD, teks: { '0x0000000B': 6000 } }), member(1, 2910, lost), ...others);
  const legacy = view.explanations.find(({ cause }) => cause === 'legacy_ks');
  expect(legacy?.explains).toEqual([{ check: 'mixed_versions', devices: [] }]);
  expect(view.explanations.map(({ cause }) => cause)).toContain('path_loss');
});

test('lays to an old KS that sends the rekeys what comes of it at the end of the KEK', () => {
  const fleet = new Fleet();
  const old = (second: number, kekExpiry: number) => ks(second, { ...OLD, kekExpiry });
  fleet.see(old(0, 1800), ...gms(1));
  const causes = (view: ReturnType<Fleet['see']>) => view.explanations.map(({ cause, status }) => `${cause} ${status}`);
  const waiting = { kekExpiry: 1800, change: { kekRekeyOverdue: true } };
  expect(causes(fleet.see(member(2, 1590, waiting)))).toEqual(['legacy_ks warning']);
  const off = {
    registered: false,
    kekExpiry: null,
    teks: {},
    version: '17.6.3',
    change: { kekBehavior: 'unknown' },
  } as const;
  expect(causes(fleet.see(member(2, 1640, off, { unregisteredSinceMs: at(1640) })))).toEqual(['legacy_ks warning']);
  const same = { kekExpiry: 1800, ...registered('legacy_ks', 1642) };
  expect(causes(fleet.see(member(2, 1660, same)))).toEqual(['legacy_ks warning']);
  const without = { kekExpiry: 0, ...registered('legacy_ks', 1642) };
  expect(causes(fleet.see(member(2, 1805, without), old(1806, 3600)))).toEqual(['legacy_ks warning']);
  const renewed = { kekExpiry: 3600, ...registered('legacy_ks', 1830), succeeded: 3 };
  expect(causes(fleet.see(member(2, 1840, renewed)))).toEqual(['legacy_ks warning']);
});

test('takes a KEK that ended beside an old KS for no rekey lost on the path, however long the GM is without one', () => {
  const fleet = new Fleet();
  const old = (second: number, kekExpiry: number) => ks(second, { ...OLD, kekExpiry });
  fleet.see(old(0, 1800), member(1, 1, { kekExpiry: 1800 }), ...gms(2));
  const renewed = gms(1860, { kekExpiry: 3600, ...registered('legacy_ks', 1850) });
  const without = (second: number) => member(1, second, { kekExpiry: 0, version: '17.6.3' });
  fleet.see(old(1805, 3600), without(1806), ...renewed);
  const causes = [1900, 2000, 2060, 2120, 2180].map((second) =>
    fleet.see(old(second, 3600), without(second + 1)).explanations.map(({ cause, phase }) => `${cause} ${phase}`),
  );
  expect(causes.flat()).not.toContain('path_loss present');
  expect(causes.at(-1)).toContain('without_kek present');
});

test('makes no loss on the KS’s side of two paths when all GMs wait for the KEK rekey that an old KS does not send', () => {
  const fleet = new Fleet();
  const listed = { '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 0, '10.0.0.4': 0, '10.0.0.5': 0, '10.0.0.6': 0 };
  const none = Object.fromEntries(Object.keys(listed).map((address) => [address, 0]));
  const old = (second: number, members: Readonly<Record<string, number>>) =>
    ks(second, { ...OLD, kekExpiry: 1800, members });
  const all = (second: number, options: GmOptions = {}) =>
    [1, 2, 3, 4, 5, 6].map((number) => member(number, second, { kekExpiry: 1800, ...options }));
  fleet.see(old(0, none), ...all(1));
  fleet.see(old(1000, listed), ...all(1010));
  const known = fleet.see(old(1300, listed), ...all(1310)).explanations.map(({ cause }) => cause);
  expect(known).toContain('path_loss');
  const waiting = all(1610, { change: { kekRekeyOverdue: true } }).flatMap((each) => fleet.see(each).explanations);
  expect(waiting.map(({ cause }) => cause)).not.toContain('ks_rekeys_lost');
});
