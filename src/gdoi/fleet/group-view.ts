/**
 * A group as a whole, for metrics, the API and the page: who holds the current keys, who meets whom, what is missing.
 * Everything is derived from the state; nothing is remembered here.
 *
 * A view costs nothing to make: its lists are made when somebody asks for one, and one GM's place in it is found
 * without them. That is what lets each of ten thousand GMs change once a minute.
 */
import { assessFleet, type FleetAssessment, type LastJudgement, measuresBy, measuresOf } from './assessment.ts';
import { separateKeyServers } from './separate-key-servers.ts';
import { coopPeers, coopSplitOf } from './fleet-coop.ts';
import {
  type MemberDifference,
  memberDifference,
  type RekeyLoss,
  rekeyLoss,
  type UnacknowledgedRekeys,
  unacknowledgedRekeys,
} from './fleet-rekey-loss.ts';
import { naturalOrder } from '../events/name-list.ts';
import { saidLast } from '../explain/explain.ts';
import { isHidden } from '../explain/group-facts.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { FleetSettings } from './fleet-settings.ts';
import type { GmInFleet, GmInGroup } from './gm-in-group.ts';
import type { FleetKs, FleetState } from './fleet-state.ts';
import { type JudgedGm, judgedMembers } from './judged-members.ts';
import { ofIdentity } from './other-identity.ts';
import { isGmOfOtherGroup, otherGroupsIn, ownKss } from './own-group.ts';
import {
  isGmByMulticast,
  isSentByMulticast,
  ksOrder,
  leadOfGroup,
  saidInGroup,
  timersOfGroup,
} from './kss-together.ts';
import type { KsSaid } from '../log/ks-marks.ts';
import type { KsLead } from '../keys/ks-lead.ts';
import { legacyKssOf } from './mixed-versions.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { KekBehavior } from '../seen/release.ts';
import { gmInGroup, type Yardstick } from './yardstick.ts';

export interface GroupView {
  /** What its GMs are compared with: as long as it is the same object, the verdict on the same record is the same. */
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
  /** In the order of their names' UTF-16 units. */
  readonly gms: readonly GmInGroup[];
  readonly kss: readonly KsInGroup[];
  /** Devices of `gms` and `kss` that are of another group of this name. */
  readonly ofOtherGroup: readonly string[];
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
    /** Of these, who sends the rekeys now, or may; empty: they are secondary. */
    readonly sending: readonly string[];
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
  /** Addresses of GMs that a KS lists and that no polled device is known to have. */
  readonly notPolled: readonly string[];
  /** Devices of registered GMs that no polled KS lists: ejected, or registered elsewhere. */
  readonly notListed: readonly string[];
  readonly rekeyLoss: RekeyLoss;
  /** Why the group is as it is, the worst first; empty: all is well, as far as is known. */
  readonly explanations: readonly Explanation[];
}

/** The view of a group; null: none, as for a device that is in no config. */
export type GroupViewOf = (group: string) => GroupView | null;

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
  /** Of the KEK that it showed last with a lifetime left; null: none. */
  readonly kekExpiryMs: EpochMs | null;
  /** It has a COOP peer that could not be read. Absent: it does not, as far as it shows. */
  readonly peersUnread?: true;
  /** It shows what is left of a TEK. Absent: it does not. */
  readonly showsTeks?: true;
  /** It is there, and shows nothing: it refuses the login, or the command. Absent: it shows the group, or gives no answer. */
  readonly hidden?: true;
}

/** What is known of a state alone, as after a restart: with what was said last. */
export function notJudgedYet(state: FleetState, settings: FleetSettings): LastJudgement {
  const { yardstick, roster } = measuresOf(state, settings);
  return { yardstick, roster, explanations: saidLast(state.said), members: [] };
}

/** `assessment`: of this very state; without it, it is made when somebody asks. */
export function groupView(
  state: FleetState,
  nowMs: EpochMs,
  last: LastJudgement,
  assessment: FleetAssessment | null = null,
): GroupView {
  return new ViewOfState(state, nowMs, last, assessment);
}

class ViewOfState implements GroupView {
  readonly #state: FleetState;
  readonly #last: LastJudgement;
  #assessment: FleetAssessment | null;
  #ownState: Pick<FleetState, 'kss' | 'heard'> | null = null;
  #servers: readonly FleetKs[] | null = null;
  #gms: readonly GmInGroup[] | null = null;
  #membership: MemberDifference | null = null;
  #unacknowledged: readonly UnacknowledgedRekeys[] | null = null;
  #rekeyLoss: RekeyLoss | null = null;
  readonly group: string;
  declare readonly cell?: string;
  readonly atMs: EpochMs;
  readonly over: boolean;
  readonly members: number;

  constructor(state: FleetState, nowMs: EpochMs, last: LastJudgement, assessment: FleetAssessment | null) {
    this.#state = state;
    this.#last = last;
    this.#assessment = assessment;
    this.group = state.group;
    if (state.cell !== undefined) this.cell = state.cell;
    this.atMs = nowMs;
    this.over = state.gms.size + state.kss.size === 0;
    this.members = state.gms.size + last.roster.notPolled;
  }

  get yardstick(): Yardstick {
    return this.#last.yardstick;
  }

  get explanations(): readonly Explanation[] {
    return this.#last.explanations;
  }

  gmOf(device: string): GmInFleet | null {
    const record = this.#state.gms.get(device);
    if (record === undefined) return null;
    const gm = gmInGroup(record, this.yardstick);
    const isOfOther = isGmOfOtherGroup(this.yardstick.own, record);
    const meetsLegacyKs = !isOfOther && legacyKssOf(record, [...this.#own.kss.values()]).length > 0;
    return { gm, meetsLegacyKs, notListed: gm.listedByKs === false, multicast: isGmByMulticast(this.#own, record) };
  }

  /** Without KSs of another group of its name. */
  get #own(): Pick<FleetState, 'kss' | 'heard'> {
    this.#ownState ??= withOwnKss(this.#state, this.yardstick);
    return this.#ownState;
  }

  get #found(): FleetAssessment {
    this.#assessment ??= assessFleet(this.#state, measuresBy(this.#state, this.yardstick, this.#last), this.#last);
    return this.#assessment;
  }

  get #kss(): readonly FleetKs[] {
    this.#servers ??= [...this.#state.kss.values()].toSorted((a, b) => naturalOrder(a.device, b.device));
    return this.#servers;
  }

  get #listed(): MemberDifference {
    this.#membership ??= memberDifference(this.gms, this.yardstick.members, this.#last.roster);
    return this.#membership;
  }

  /** Without the rest of an assessment. */
  get #members(): readonly JudgedGm[] {
    return this.#assessment?.members ?? judgedMembers(this.#state.gms.list(), this.yardstick, this.#last.members);
  }

  get gms(): readonly GmInGroup[] {
    this.#gms ??= this.#members.map(({ inGroup }) => inGroup);
    return this.#gms;
  }

  get kss(): GroupView['kss'] {
    return this.#kss.map(ksInGroup);
  }

  get ofOtherGroup(): readonly string[] {
    return (otherGroupsIn(this.#state, this.yardstick.own)?.members ?? []).map(({ device }) => device);
  }

  get lead(): KsLead {
    return leadOfGroup(this.#own);
  }

  get kekLifetimeSeconds(): number | null {
    return timersOfGroup(this.#own).kekLifetimeSeconds;
  }

  get tekLifetimeSeconds(): number | null {
    return timersOfGroup(this.#own).tekLifetimeSeconds;
  }

  get tekLeadSeconds(): number | null {
    return timersOfGroup(this.#own).tekLeadSeconds;
  }

  get rekeySeconds(): number | null {
    return ksOrder(this.#own)[0]?.rekeySeconds ?? null;
  }

  get ksMulticast(): boolean {
    return isSentByMulticast(this.#own);
  }

  get ksSaid(): readonly KsSaid[] {
    return saidInGroup(this.#own);
  }

  get divergentMembers(): readonly string[] {
    return this.#found.divergence.divergent.map(({ device }) => device);
  }

  get groupTeks(): GroupView['groupTeks'] {
    const { teks } = this.yardstick;
    return teks && { source: teks.source, spis: teks.current.map(({ spi }) => spi) };
  }

  get mixedVersions(): GroupView['mixedVersions'] {
    const { mixed } = this.#found;
    return (
      mixed && {
        legacyKss: mixed.legacyKss.map(({ device, version }) => ({ device, version })),
        sending: mixed.sending.map(({ device }) => device),
        affectedGms: mixed.affectedGms.map(({ device }) => device),
      }
    );
  }

  get primaries(): readonly string[] {
    const { kss } = this.#own;
    return this.#kss
      .filter(({ device, reachable, role }) => kss.has(device) && reachable && role === 'primary')
      .map(({ device }) => device);
  }

  get coopSplit(): GroupView['coopSplit'] {
    const split = coopSplitOf(this.#own);
    if (split === null) return null;
    const names = split.primaries.map(({ device }) => device);
    return { primaries: names.toSorted(naturalOrder), sinceMs: split.sinceMs };
  }

  get separateKeyServers(): GroupView['separateKeyServers'] {
    return separateKeyServers(ofIdentity(this.#state, this.yardstick.own.identity));
  }

  get coopPeers(): GroupView['coopPeers'] {
    return coopPeers(this.#own).map(({ address, device, lost }) => ({ address, device, lost }));
  }

  get unacknowledged(): readonly UnacknowledgedRekeys[] {
    this.#unacknowledged ??= unacknowledgedRekeys(this.yardstick.members, this.#last.roster);
    return this.#unacknowledged;
  }

  get notPolled(): readonly string[] {
    return this.#listed.notPolled;
  }

  get notListed(): readonly string[] {
    return this.#listed.notListed;
  }

  get rekeyLoss(): RekeyLoss {
    this.#rekeyLoss ??= rekeyLoss(
      this.#found.members.flatMap(({ record }) => (isGmOfOtherGroup(this.yardstick.own, record) ? [] : [record])),
      {
        behind: new Set(
          this.gms.flatMap(({ device, kekBehind, tekMatchesKs, teksBehind }) =>
            kekBehind || (tekMatchesKs === false && teksBehind) ? [device] : [],
          ),
        ),
        unacknowledged: this.unacknowledged,
        members: this.members,
        legacyKss: (this.#found.mixed?.sending ?? []).map(({ device }) => device),
        explanations: this.explanations,
        nowMs: this.atMs,
      },
    );
    return this.#rekeyLoss;
  }
}

function withOwnKss(state: FleetState, { own }: Yardstick): FleetState {
  const kss = ownKss(state, own);
  return kss === state.kss ? state : { ...state, kss };
}

function ksInGroup(ks: FleetKs): KsInGroup {
  const { device, address, reachable, role, behavior, version, members, kek, currentTeks, context } = ks;
  return {
    device,
    address,
    reachable,
    role,
    behavior,
    version,
    members,
    kekSpi: kek?.spi ?? null,
    kekExpiryMs: kek?.expiryMs ?? null,
    ...(ks.peersUnread === true ? { peersUnread: true } : {}),
    ...(currentTeks.some(({ expiryMs }) => expiryMs !== null) ? { showsTeks: true } : {}),
    ...(isHidden(context) ? { hidden: true } : {}),
  };
}
