/** Devices for health tests: well unless a test says otherwise. Times are seconds before `NOW`. */
import type { GroupView } from '../../src/gdoi/fleet/group-view.ts';
import type { HealthInput, HealthTracking } from '../../src/gdoi/health/health-input.ts';
import type { GmSnapshot, KsSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { aGm, aKek, aKs, aKsKekOfADay, aKsKey, aKsMember, aTek } from './snapshots.ts';

export const NOW = Date.parse('2026-01-01T03:00:00Z');

export function teks(...remaining: readonly number[]): NonNullable<GmSnapshot['teks']> {
  return remaining.map((remainingSeconds, index) => aTek(remainingSeconds, { spi: `0x0000000${index}` }));
}

function aHealthyGm(over: Partial<GmSnapshot> = {}): GmSnapshot {
  return aGm({
    keyServer: '10.1.11.2',
    registrations: { succeeded: 1, attempted: 1 },
    kek: aKek(5000),
    teks: teks(2000),
    ...over,
  });
}

function aHealthyKs(over: Partial<KsSnapshot> = {}): KsSnapshot {
  return aKs({
    members: 2,
    redundancy: true,
    localRole: 'primary',
    localStatus: 'Alive',
    kek: aKsKekOfADay(5000),
    teks: [aKsKey(2000, { lifetimeSeconds: 3600, timeToRekeySeconds: 1874 })],
    peers: [{ address: '10.1.12.2', role: 'secondary', status: 'Alive' }],
    memberDetails: [aKsMember('10.0.0.1'), aKsMember('10.0.0.2')],
    ...over,
  });
}

function tracking(over: Partial<HealthTracking> = {}): HealthTracking {
  return {
    reregistrations: { expected: 0, unexpected: 0, last: null, recent: [] },
    forecast: null,
    kekRekeyOverdue: false,
    ...over,
  };
}

export interface DeviceOptions extends Partial<HealthInput> {
  /** Seconds ago that the last answer came. */
  readonly age?: number;
  readonly gm?: Partial<GmSnapshot> | null;
  readonly ks?: Partial<KsSnapshot>;
  readonly tracked?: Partial<HealthTracking> | null;
}

/** A GM unless `ks` is given. */
export function device({ age = 10, gm, ks, tracked, ...over }: DeviceOptions = {}): HealthInput {
  const atMs = NOW - age * 1000;
  const at = { sentAtMs: atMs, receivedAtMs: atMs };
  const gmPart = ks === undefined && gm !== null ? { snapshot: aHealthyGm(gm), at } : null;
  return {
    device: ks === undefined ? 'gm1' : 'ks1',
    configuredRole: 'auto',
    result: 'ok',
    error: null,
    lastSuccessAtMs: atMs,
    facts: null,
    unparsedLines: 0,
    collectors: new Map(),
    groups: new Map([
      ['G1', { group: 'G1', gm: gmPart, ks: ks === undefined ? null : { snapshot: aHealthyKs(ks), at } }],
    ]),
    tracking: new Map(gmPart === null || tracked === null ? [] : [['G1', tracking(tracked)]]),
    ...over,
  };
}

/** What the view has of a device with one certificate. */
export function certificateEnding(days: number): NonNullable<HealthInput['certificates']> {
  const endMs = NOW + days * 86_400_000;
  return {
    value: {
      role: 'certificates',
      certificates: [
        {
          kind: 'device',
          status: 'available',
          serial: null,
          issuer: null,
          subject: null,
          notBefore: null,
          notAfter: { fromMs: endMs, toMs: endMs },
          trustpoints: ['CORP-CA'],
        },
      ],
    },
  };
}

/** A group of gm1 and ks1 in which all is well. */
export function fleet(over: Partial<GroupView> = {}): GroupView {
  const view: Omit<GroupView, 'gmOf' | 'yardstick' | 'over'> = {
    group: 'G1',
    atMs: NOW,
    members: 1,
    gms: [gmInFleet()],
    kss: [
      {
        device: 'ks1',
        address: '10.1.11.2',
        reachable: true,
        role: 'primary',
        behavior: 'timer',
        version: '17.6.3',
        members: 1,
        kekSpi: null,
        kekExpiryMs: null,
      },
    ],
    lead: { seconds: 235, source: 'ks', measuredSeconds: 235, estimatedSeconds: 235 },
    tekLifetimeSeconds: 3600,
    tekLeadSeconds: null,
    rekeySeconds: null,
    ksMulticast: false,
    ksSaid: [],
    kekLifetimeSeconds: 86_400,
    divergentMembers: [],
    groupTeks: null,
    mixedVersions: null,
    primaries: ['ks1'],
    coopSplit: null,
    separateKeyServers: null,
    ofOtherGroup: [],
    coopPeers: [{ address: '10.1.12.2', device: 'ks2', lost: false }],
    unacknowledged: [],
    notPolled: [],
    notListed: [],
    rekeyLoss: { where: 'none', gms: [], share: 0, evidence: [] },
    explanations: [],
    ...over,
  };
  const gmOf = (device: string) => {
    const gm = view.gms.find((each) => each.device === device);
    const meetsLegacyKs = view.mixedVersions?.affectedGms.includes(device) === true;
    return gm === undefined
      ? null
      : { gm, meetsLegacyKs, notListed: view.notListed.includes(device), multicast: view.ksMulticast };
  };
  return { ...view, gmOf, yardstick: {}, over: view.gms.length + view.kss.length === 0 };
}

export function gmInFleet(over: Partial<GroupView['gms'][number]> = {}): GroupView['gms'][number] {
  return {
    device: 'gm1',
    address: '10.0.0.1',
    reachable: true,
    registered: true,
    keyServer: '10.1.11.2',
    behavior: 'timer',
    kekMatchesKs: true,
    tekMatchesKs: true,
    divergent: false,
    kekBehind: false,
    teksBehind: false,
    kekExpiredInUse: false,
    listedByKs: true,
    acksMissed: 0,
    registeredSinceList: false,
    ...over,
  };
}
