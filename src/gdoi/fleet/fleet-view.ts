/**
 * A group as a whole, for metrics, the API and the page: who holds the current keys, who meets whom, what is missing.
 * Everything is derived from the state; nothing is remembered here.
 */
import { coopPeers, type CoopSplit, coopSplit, type PeerSight } from './fleet-coop.ts';
import { type GroupKeys, groupKeys, holdsCurrentKek, holdsCurrentTeksOfKs } from './fleet-keys.ts';
import {
  isListed,
  type MemberAddresses,
  memberAddresses,
  membership,
  type RekeyLoss,
  rekeyLoss,
  type UnacknowledgedRekeys,
  unacknowledgedRekeys,
} from './fleet-rekey-loss.ts';
import { saidLast } from '../explain/explain.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { GmInGroup } from './gm-in-group.ts';
import { type FleetGm, type FleetKs, type FleetState, leadOfGroup } from './fleet-state.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import { inCell } from '../seen/cell.ts';
import type { KsLead } from '../keys/ks-lead.ts';
import { type MixedVersions, mixedVersions } from './mixed-versions.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { KekBehavior } from '../seen/release.ts';
import { type TekDivergence, tekDivergence } from './tek-divergence.ts';

export interface FleetSettings {
  /** Regular interval of the group's devices: a difference that a rekey explains must outlive it. */
  readonly pollIntervalMs: number;
  /** A KS's member list and policy can be this much older than its main answer. */
  readonly detailIntervalMs: number;
}

export const DEFAULT_FLEET_SETTINGS: FleetSettings = { pollIntervalMs: 60_000, detailIntervalMs: 300_000 };

export interface FleetView {
  readonly group: string;
  /** Absent: there is only the default one. */
  readonly cell?: string;
  readonly atMs: EpochMs;
  /** GMs polled, and GMs a KS lists that are not. */
  readonly members: number;
  readonly gms: readonly GmInGroup[];
  readonly kss: readonly KsInGroup[];
  readonly lead: KsLead;
  /** Lifetime of the group's TEKs as its KS shows it; null: not known. */
  readonly tekLifetimeSeconds: number | null;
  /** How long before its expiry the KS renews a TEK; null: not known. */
  readonly tekLeadSeconds: number | null;
  /** How long one rekey takes, retransmission included; null: no KS is polled. */
  readonly rekeySeconds: number | null;
  /** What the KSs said of their members in their logs. */
  readonly ksSaid: readonly KsSaid[];
  /** Configured lifetime of the group's KEK; null: not known. */
  readonly kekLifetimeSeconds: number | null;
  /** Devices of GMs whose TEKs are not the group's, outside a rekey in progress. */
  readonly divergentMembers: readonly string[];
  /** What GMs are compared with; null: no KS and no two GMs show SPIs. */
  readonly groupTeks: { readonly source: string; readonly spis: readonly string[] } | null;
  /** null: none known. */
  readonly mixedVersions: {
    readonly legacyKss: readonly { readonly device: string; readonly version: string | null }[];
    readonly affectedGms: readonly string[];
  } | null;
  readonly primaries: readonly string[];
  readonly coopSplit: { readonly primaries: readonly string[]; readonly sinceMs: EpochMs } | null;
  readonly coopPeers: readonly {
    readonly address: string;
    readonly device: string | null;
    readonly lost: boolean | null;
  }[];
  readonly unacknowledged: readonly UnacknowledgedRekeys[];
  /** Addresses of GMs that a KS lists and that are not polled. */
  readonly notPolled: readonly string[];
  /** Devices of registered GMs that no polled KS lists: ejected, or registered elsewhere. */
  readonly notListed: readonly string[];
  readonly rekeyLoss: RekeyLoss;
  /** Why the group is as it is, the worst first; empty: all is well, as far as is known. */
  readonly explanations: readonly Explanation[];
}

interface KsInGroup {
  readonly device: string;
  readonly address: string | null;
  readonly reachable: boolean;
  readonly role: FleetKs['role'];
  readonly behavior: KekBehavior;
  readonly version: string | null;
  readonly members: number | null;
}

/** What was found of the group, for the view and for the conditions alike. */
export interface FleetAssessment {
  readonly keys: GroupKeys;
  readonly divergence: TekDivergence;
  readonly mixed: MixedVersions | null;
  readonly split: CoopSplit | null;
  readonly peers: readonly PeerSight[];
  readonly addresses: MemberAddresses;
  readonly records: readonly FleetGm[];
  readonly gms: readonly GmInGroup[];
}

export function assessFleet(state: FleetState, settings: FleetSettings): FleetAssessment {
  const keys = groupKeys(state);
  const records = [...state.gms.values()];
  const divergence = tekDivergence(records, keys);
  const addresses = memberAddresses(records, keys.kss);
  return {
    keys,
    divergence,
    mixed: mixedVersions(records, [...state.kss.values()]),
    split: coopSplit(state),
    peers: coopPeers(state),
    addresses,
    records,
    gms: gmsInGroup(records, keys, {
      addresses,
      listAgeMs: settings.detailIntervalMs,
      divergent: new Set(divergence.divergent.map((gm) => gm.device)),
    }),
  };
}

/** The view of a state alone, as after a restart: with what was said last. */
export function fleetView(
  state: FleetState,
  nowMs: EpochMs,
  settings: FleetSettings = DEFAULT_FLEET_SETTINGS,
  known: { readonly assessment: FleetAssessment; readonly explanations: readonly Explanation[] } = {
    assessment: assessFleet(state, settings),
    explanations: saidLast(state.said),
  },
): FleetView {
  const { assessment, explanations } = known;
  const { divergence, mixed, split, gms } = assessment;
  const unacknowledged = unacknowledgedRekeys(assessment.addresses);
  const { members, notPolled, notListed } = membership(gms, assessment.addresses);
  const behind = new Set(
    gms.filter((gm) => gm.kekMatchesKs === false || gm.tekMatchesKs === false).map((gm) => gm.device),
  );
  const kss = [...state.kss.values()];
  return {
    group: state.group,
    ...inCell(state.cell),
    atMs: nowMs,
    members,
    gms,
    kss: kss.map(ksInGroup),
    lead: leadOfGroup(state),
    kekLifetimeSeconds: assessment.keys.kss.find((ks) => ks.kekLifetimeSeconds !== null)?.kekLifetimeSeconds ?? null,
    tekLifetimeSeconds: assessment.keys.kss.find((ks) => ks.tekLifetimeSeconds !== null)?.tekLifetimeSeconds ?? null,
    tekLeadSeconds: assessment.keys.kss.find((ks) => (ks.tekLeadSeconds ?? null) !== null)?.tekLeadSeconds ?? null,
    rekeySeconds: assessment.keys.kss[0]?.rekeySeconds ?? null,
    ksSaid: kss.flatMap((ks) => (ks.said ?? []).map((mark) => ({ ks: ks.device, mark }))),
    divergentMembers: divergence.divergent.map((gm) => gm.device),
    groupTeks: divergence.reference && {
      source: divergence.reference.source,
      spis: divergence.reference.current.map((tek) => tek.spi),
    },
    mixedVersions: mixed && {
      legacyKss: mixed.legacyKss.map(({ device, version }) => ({ device, version })),
      affectedGms: mixed.affectedGms.map((gm) => gm.device),
    },
    primaries: kss.filter((ks) => ks.reachable && ks.role === 'primary').map((ks) => ks.device),
    coopSplit: split && { primaries: split.primaries.map((ks) => ks.device), sinceMs: split.sinceMs },
    coopPeers: assessment.peers.map(({ address, device, lost }) => ({ address, device, lost })),
    unacknowledged,
    notPolled,
    notListed,
    rekeyLoss: rekeyLoss(assessment.records, {
      behind,
      unacknowledged,
      members,
      legacyKss: (mixed?.legacyKss ?? []).map((ks) => ks.device),
      nowMs,
    }),
    explanations,
  };
}

function ksInGroup({ device, address, reachable, role, behavior, version, members }: FleetKs): KsInGroup {
  return { device, address, reachable, role, behavior, version, members };
}

function gmsInGroup(
  gms: readonly FleetGm[],
  keys: GroupKeys,
  known: {
    readonly addresses: MemberAddresses;
    readonly listAgeMs: number;
    readonly divergent: ReadonlySet<string>;
  },
): readonly GmInGroup[] {
  return gms.map((gm) => {
    const kekMatchesKs = holdsCurrentKek(keys, gm);
    return {
      device: gm.device,
      address: gm.address,
      reachable: gm.reachable,
      registered: gm.registered,
      keyServer: gm.keyServer,
      behavior: gm.behavior,
      kekMatchesKs,
      tekMatchesKs: holdsCurrentTeksOfKs(keys, gm),
      divergent: known.divergent.has(gm.device),
      kekExpiredInUse: gm.behavior !== 'timer' && gm.kekExpiryMs === null && kekMatchesKs === false,
      listedByKs: isListed(gm, known.addresses, known.listAgeMs),
      acksMissed: gm.address === null ? null : (known.addresses.listed.get(gm.address) ?? null),
    };
  });
}
