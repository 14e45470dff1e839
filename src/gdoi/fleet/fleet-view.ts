/**
 * A group as a whole, for metrics, the API and the page: who holds the current keys, who meets whom, what is missing.
 * Everything is derived from the state; nothing is remembered here.
 *
 * A view costs nothing to make: its lists are made when somebody asks for one, and one GM's place in it is found without
 * them. That is what lets each of ten thousand GMs change once a minute.
 */
import { separateKeyServers } from './separate-key-servers.ts';
import { coopPeers, type CoopSplit, coopSplit, type PeerSight } from './fleet-coop.ts';
import { type GroupKeys, groupKeys, holdsCurrentKek, holdsTeks, ownTeks, type TekReference } from './fleet-keys.ts';
import { areTeksBehind, isKekBehind } from './keys-behind.ts';
import {
  countNotPolled,
  isListed,
  type MemberAddresses,
  memberAddresses,
  type Membership,
  membership,
  type RekeyLoss,
  rekeyLoss,
  type UnacknowledgedRekeys,
  unacknowledgedRekeys,
} from './fleet-rekey-loss.ts';
import { naturalOrder } from '../events/name-list.ts';
import { saidLast } from '../explain/explain.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { GmInFleet, GmInGroup } from './gm-in-group.ts';
import {
  type FleetGm,
  type FleetKs,
  type FleetState,
  isMulticast,
  ksOrder,
  leadOfGroup,
  saidInGroup,
} from './fleet-state.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import type { KsLead } from '../keys/ks-lead.ts';
import { legacyKssOf, type MixedVersions, mixedVersions } from './mixed-versions.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { KekBehavior } from '../seen/release.ts';
import { groupTeks, hasNone, type TekDivergence, tekDivergence } from './tek-divergence.ts';

export interface FleetSettings {
  /** Regular interval of the group's devices: a difference that a rekey explains must outlive it. */
  readonly pollIntervalMs: number;
  /** A KS's member list and policy can be this much older than its main answer. */
  readonly detailIntervalMs: number;
}

export const DEFAULT_FLEET_SETTINGS: FleetSettings = { pollIntervalMs: 60_000, detailIntervalMs: 300_000 };

export interface FleetView {
  /** What its GMs are compared with: the same object, the same verdict on the same record. */
  readonly yardstick: object;
  /** What the group says of one of its GMs; null: none of this group. */
  gmOf(device: string): GmInFleet | null;
  readonly group: string;
  /** Absent: there is only the default one. */
  readonly cell?: string;
  readonly atMs: EpochMs;
  /** Nobody is in the group any more. */
  readonly over: boolean;
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
  /** A KS shows that its rekeys go out by multicast, where nothing is acknowledged. */
  readonly ksMulticast: boolean;
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
  /** The KSs of each group where several seem to have this name; null: nothing proves that. */
  readonly separateKeyServers: readonly (readonly string[])[] | null;
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
  /** null: it shows none. */
  readonly kekSpi: string | null;
}

/** What every GM of a group is compared with: made with each judgement of the group, and the same until the next one. */
export interface Yardstick {
  readonly keys: GroupKeys;
  readonly teks: TekReference | null;
  readonly addresses: MemberAddresses;
  /** Of KSs that its GMs name, as the ones they have or are registered with. */
  readonly serversNamed: ReadonlySet<string>;
  /** GMs that a KS lists and that are not polled. */
  readonly notPolled: number;
  /** A KS's member list can be this much older than its answer. */
  readonly listAgeMs: number;
}

export function yardstickOf(state: FleetState, settings: FleetSettings): Yardstick {
  const keys = groupKeys(state);
  const records = [...state.gms.values()];
  const addresses = memberAddresses(records, keys.kss);
  return {
    keys,
    teks: groupTeks(records, keys.kss),
    addresses,
    serversNamed: serversNamedBy(records),
    notPolled: countNotPolled(addresses),
    listAgeMs: settings.detailIntervalMs,
  };
}

function serversNamedBy(gms: readonly FleetGm[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (const { keyServer, keyServers } of gms) {
    if (keyServer !== null) named.add(keyServer);
    for (const server of keyServers) named.add(server);
  }
  return named;
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

/** All that the state and the yardstick tell; its cost grows with the group. */
export function assessFleet(state: FleetState, yardstick: Yardstick): FleetAssessment {
  const { keys, teks, addresses } = yardstick;
  const records = [...state.gms.values()];
  return {
    keys,
    divergence: tekDivergence(records, keys, teks),
    mixed: mixedVersions(records, [...state.kss.values()]),
    split: coopSplit(state),
    peers: coopPeers(state),
    addresses,
    records,
    gms: records.map((gm) => gmInGroup(gm, yardstick)),
  };
}

/** The view of a state alone, as after a restart: with what was said last. */
export function fleetView(
  state: FleetState,
  nowMs: EpochMs,
  settings: FleetSettings = DEFAULT_FLEET_SETTINGS,
  known: Judged = { yardstick: yardstickOf(state, settings), explanations: saidLast(state.said), assessment: null },
): FleetView {
  return new ViewOfState(state, nowMs, known);
}

/** What the last judgement of the group left. */
export interface Judged {
  readonly yardstick: Yardstick;
  readonly explanations: readonly Explanation[];
  /** Of this very state; null: it is made when somebody asks. */
  readonly assessment: FleetAssessment | null;
}

class ViewOfState implements FleetView {
  readonly #state: FleetState;
  #assessment: FleetAssessment | null;
  #servers: readonly FleetKs[] | null = null;
  #membership: Membership | null = null;
  #unacknowledged: readonly UnacknowledgedRekeys[] | null = null;
  #rekeyLoss: RekeyLoss | null = null;
  readonly yardstick: Yardstick;
  readonly explanations: readonly Explanation[];
  readonly group: string;
  declare readonly cell?: string;
  readonly atMs: EpochMs;
  readonly over: boolean;
  readonly members: number;

  constructor(state: FleetState, nowMs: EpochMs, { yardstick, explanations, assessment }: Judged) {
    this.#state = state;
    this.#assessment = assessment;
    this.yardstick = yardstick;
    this.explanations = explanations;
    this.group = state.group;
    if (state.cell !== undefined) this.cell = state.cell;
    this.atMs = nowMs;
    this.over = state.gms.size + state.kss.size === 0;
    this.members = state.gms.size + yardstick.notPolled;
  }

  gmOf(device: string): GmInFleet | null {
    const record = this.#state.gms.get(device);
    if (record === undefined) return null;
    const gm = gmInGroup(record, this.yardstick);
    const meetsLegacyKs = legacyKssOf(record, this.#kss).length > 0;
    return { gm, meetsLegacyKs, notListed: gm.listedByKs === false, multicast: isMulticast(this.#state, record) };
  }

  get #found(): FleetAssessment {
    this.#assessment ??= assessFleet(this.#state, this.yardstick);
    return this.#assessment;
  }

  get #kss(): readonly FleetKs[] {
    this.#servers ??= [...this.#state.kss.values()].toSorted((a, b) => naturalOrder(a.device, b.device));
    return this.#servers;
  }

  get #listed(): Membership {
    this.#membership ??= membership(this.gms, this.yardstick.addresses);
    return this.#membership;
  }

  get gms(): readonly GmInGroup[] {
    return this.#found.gms;
  }

  get kss(): FleetView['kss'] {
    return this.#kss.map(ksInGroup);
  }

  get lead(): KsLead {
    return leadOfGroup(this.#state);
  }

  get kekLifetimeSeconds(): number | null {
    return this.#ofFirstKs((ks) => ks.kekLifetimeSeconds);
  }

  get tekLifetimeSeconds(): number | null {
    return this.#ofFirstKs((ks) => ks.tekLifetimeSeconds);
  }

  get tekLeadSeconds(): number | null {
    return this.#ofFirstKs((ks) => ks.tekLeadSeconds ?? null);
  }

  /** Of the first KS that shows it, the primary before the others. */
  #ofFirstKs(shown: (ks: FleetKs) => number | null): number | null {
    for (const ks of ksOrder(this.#state)) {
      const value = shown(ks);
      if (value !== null) return value;
    }
    return null;
  }

  get rekeySeconds(): number | null {
    return ksOrder(this.#state)[0]?.rekeySeconds ?? null;
  }

  get ksMulticast(): boolean {
    return isMulticast(this.#state, null);
  }

  get ksSaid(): readonly KsSaid[] {
    return saidInGroup(this.#state);
  }

  get divergentMembers(): readonly string[] {
    return this.#found.divergence.divergent.map(({ device }) => device);
  }

  get groupTeks(): FleetView['groupTeks'] {
    const { teks } = this.yardstick;
    return teks && { source: teks.source, spis: teks.current.map(({ spi }) => spi) };
  }

  get mixedVersions(): FleetView['mixedVersions'] {
    const { mixed } = this.#found;
    return (
      mixed && {
        legacyKss: mixed.legacyKss.map(({ device, version }) => ({ device, version })),
        affectedGms: mixed.affectedGms.map(({ device }) => device),
      }
    );
  }

  get primaries(): readonly string[] {
    return this.#kss.filter((ks) => ks.reachable && ks.role === 'primary').map(({ device }) => device);
  }

  get coopSplit(): FleetView['coopSplit'] {
    const split = coopSplit(this.#state);
    if (split === null) return null;
    const names = split.primaries.map(({ device }) => device);
    return { primaries: names.toSorted(naturalOrder), sinceMs: split.sinceMs };
  }

  get separateKeyServers(): FleetView['separateKeyServers'] {
    return separateKeyServers(this.#state);
  }

  get coopPeers(): FleetView['coopPeers'] {
    return coopPeers(this.#state).map(({ address, device, lost }) => ({ address, device, lost }));
  }

  get unacknowledged(): readonly UnacknowledgedRekeys[] {
    this.#unacknowledged ??= unacknowledgedRekeys(this.yardstick.addresses);
    return this.#unacknowledged;
  }

  get notPolled(): readonly string[] {
    return this.#listed.notPolled;
  }

  get notListed(): readonly string[] {
    return this.#listed.notListed;
  }

  get rekeyLoss(): RekeyLoss {
    this.#rekeyLoss ??= rekeyLoss(this.#found.records, {
      behind: new Set(
        this.gms.flatMap(({ device, kekBehind, tekMatchesKs, teksBehind }) =>
          kekBehind || (tekMatchesKs === false && teksBehind) ? [device] : [],
        ),
      ),
      unacknowledged: this.unacknowledged,
      members: this.members,
      legacyKss: (this.#found.mixed?.legacyKss ?? []).map(({ device }) => device),
      nowMs: this.atMs,
    });
    return this.#rekeyLoss;
  }
}

function ksInGroup({ device, address, reachable, role, behavior, version, members, kek }: FleetKs): KsInGroup {
  return { device, address, reachable, role, behavior, version, members, kekSpi: kek?.spi ?? null };
}

export function gmInGroup(gm: FleetGm, { keys, teks, addresses, listAgeMs }: Yardstick): GmInGroup {
  const kekMatchesKs = holdsCurrentKek(keys, gm);
  const own = ownTeks(keys, gm);
  const tekMatchesKs = holdsTeks(keys, gm, own);
  const divergent = !hasNone(gm) && holdsTeks(keys, gm, teks) === false;
  const lacking = [...(tekMatchesKs === false ? [own] : []), ...(divergent ? [teks] : [])];
  return {
    device: gm.device,
    address: gm.address,
    reachable: gm.reachable,
    registered: gm.registered,
    keyServer: gm.keyServer,
    behavior: gm.behavior,
    kekMatchesKs,
    tekMatchesKs,
    divergent,
    kekBehind: kekMatchesKs === false && isKekBehind(keys, gm),
    teksBehind: lacking.length > 0 && lacking.every((reference) => areTeksBehind(gm, reference)),
    kekExpiredInUse: gm.behavior !== 'timer' && gm.kekExpiryMs === null && kekMatchesKs === false,
    listedByKs: isListed(gm, addresses, listAgeMs),
    acksMissed: gm.address === null ? null : (addresses.listed.get(gm.address) ?? null),
  };
}
