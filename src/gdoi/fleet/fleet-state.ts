/**
 * What is remembered of a group for its fleet view: a few facts per GM and per KS, as of the instant each was read.
 *
 * Plain JSON; bounded by the group's devices, a few TEKs each, and the member list of its KSs. Nothing is judged here.
 */
import type { Occurrences } from './fleet-occurrences.ts';
import { type ExplainMemory, NOTHING_SAID } from '../explain/explain.ts';
import type { KnownReregistration, MemberContext } from '../explain/group-facts.ts';
import type { LogMark } from '../log/log-evidence.ts';
import type { KsLead } from '../keys/ks-lead.ts';
import { inCell } from '../seen/cell.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { type Named, named } from '../seen/named.ts';
import { NameTree } from '../seen/name-tree.ts';
import type { KekBehavior } from '../seen/release.ts';
import type { GmSnapshot, KsPeer, KsRole, KsSnapshot } from '../seen/snapshot.ts';

/** What the agent knows of one device's part in the group, given again whenever it changes. */
export interface MemberFacts {
  readonly device: string;
  /** Instant of this change on the agent's wall clock. */
  readonly atMs: EpochMs;
  /** `gone`: no longer configured, or no longer in this group. */
  readonly presence: 'present' | 'unreachable' | 'gone';
  readonly gm: { readonly snapshot: GmSnapshot; readonly at: ReadAt } | null;
  readonly ks: { readonly snapshot: KsSnapshot; readonly at: ReadAt } | null;
  readonly kekBehavior: KekBehavior;
  /** Release, for people. */
  readonly version: string | null;
  /** A KS: when a later answer than that of `ks` showed the role that it has there. Absent: none did. */
  readonly ksRoleMs?: EpochMs;
  /** What the device, as a KS of this group, said of its members in its log. */
  readonly ksSaid?: readonly LogMark[];
  /** TEKs that a look beside the CLI has shown since its answer, where that did not show all of them. */
  readonly newerTeks?: readonly string[];
  /** Configured address: a KS that does not print its own is matched by it, and a GM that its KS lists under it. */
  readonly host?: string | null;
  /**
   * The device does not answer and has shown no group. `ks`: GMs of the group name that address as their KS's; `gm`: a
   * KS of the group lists it.
   */
  readonly named?: 'gm' | 'ks';
  /** The forecast's verdict. */
  readonly kekRekeyOverdue?: boolean | null;
  /** The tracker's verdict: by its countdown the TEK rekey did not come. */
  readonly tekRekeyOverdue?: boolean;
  /** The tracker's latest re-registration of this GM. */
  readonly lastReregistration?: KnownReregistration | null;
  /** What the tracker knows beside the last answer; absent: nothing. */
  readonly context?: MemberContext;
}

export interface FleetState {
  readonly group: string;
  /** Absent: there is only the default one. */
  readonly cell?: string;
  /** By device. */
  readonly gms: NameTree<FleetGm>;
  readonly kss: Named<FleetKs>;
  /** What devices that have shown no group said as its KSs in their logs, the latest last; absent: nothing. */
  readonly heard?: readonly HeardKs[];
  /**
   * Devices of the KSs of several groups of this name, those of the one that is judged first: the last proof that
   * nothing has disproved (`separate-key-servers.ts`). Absent: there is none.
   */
  readonly separateKss?: readonly (readonly string[])[];
  /**
   * How often its KSs have shown that the agent's clock was set. A GM that was read before is compared with what a KS
   * shows since then when it was read again. Absent: never.
   */
  readonly clockSets?: number;
  /** The KEK of the group as its KS shows it. */
  readonly kekGeneration: KekGeneration | null;
  readonly occurrences: Occurrences;
  /** What was said of the group. */
  readonly said: ExplainMemory;
}

/** A KS of which only the log is known. */
interface HeardKs {
  readonly device: string;
  readonly said: readonly LogMark[];
}

/** The KEK that one KS, the group's reference, showed last. */
export interface KekGeneration extends KekIdentity {
  readonly ks: string;
  /** When that KS was asked last. */
  readonly lastSentAtMs: EpochMs;
  /** It replaced another one between these reads of the KS; null: it was there from the beginning. */
  readonly changedBetweenMs: readonly [from: EpochMs, to: EpochMs] | null;
  /** By as much the agent's clock was set since then (below 0: back). Absent: it was not. */
  readonly clockSetByMs?: number;
}

export interface FleetTek {
  readonly spi: string;
  /** null: no lifetime shown. */
  readonly expiryMs: EpochMs | null;
  /** First answer of this device that showed it. */
  readonly sinceMs: EpochMs;
}

/** Counters that a rekey or a registration moves. */
export interface RekeyCounters {
  readonly received: number | null;
  readonly succeeded: number | null;
}

export interface FleetGm {
  readonly device: string;
  /**
   * It has shown nothing of the group, and a KS lists its address: all that is known is that, and that it gives no
   * answer; `sentAtMs` and `receivedAtMs` are when it was asked first. Absent: it was read.
   */
  readonly unread?: true;
  readonly address: string | null;
  /** Address at which it is polled; null: its own. Absent in states of before. */
  readonly host?: string | null;
  /** Group identity as the router shows it; null: it shows none. Absent in states of earlier formats. */
  readonly identity?: string | null;
  readonly reachable: boolean;
  readonly registered: boolean | null;
  readonly keyServer: string | null;
  readonly keyServers: readonly string[];
  readonly behavior: KekBehavior;
  readonly version: string | null;
  readonly sentAtMs: EpochMs;
  readonly receivedAtMs: EpochMs;
  /** The group's count when this answer came. Absent: 0. */
  readonly clockSets?: number;
  /** First answer with the present count of registrations, or the last rekey that this answer shows of it. */
  readonly registeredSinceMs: EpochMs;
  /** Between these answers its count of registrations changed last; absent: it did not since it is known. */
  readonly countedBetweenMs?: readonly [from: EpochMs, to: EpochMs];
  /**
   * Between these answers it got the newest of its keys; absent: it did not since it is known, or its count of rekeys
   * tells more.
   */
  readonly renewedBetweenMs?: readonly [from: EpochMs, to: EpochMs];
  /** `absent`: TEKs but no KEK, or a lifetime of 0; `unknown`: the output shows neither. */
  readonly kek: 'shown' | 'absent' | 'unknown';
  /** Its rekeys come by multicast, as it showed last; absent: by unicast, or not shown. */
  readonly multicast?: true;
  readonly kekExpiryMs: EpochMs | null;
  /** First answer with this expiry. */
  readonly kekSinceMs: EpochMs;
  /** Longest-lived first; null: not shown. */
  readonly teks: readonly FleetTek[] | null;
  /** As in `MemberFacts`. */
  readonly newerTeks?: readonly string[];
  readonly counters: RekeyCounters;
  /** Counters of the answer before this one; null: this is the first. */
  readonly previousCounters: { readonly counters: RekeyCounters; readonly receivedAtMs: EpochMs } | null;
  /**
   * As of this answer: counters at the KS's last read, and at its last read with the KEK before the present one, which
   * was read first at `kekChangeMs`. What they are now: `kek-generation.ts`.
   */
  readonly countersAtKsRead: RekeyCounters | null;
  readonly countersBeforeKek: RekeyCounters | null;
  readonly kekChangeMs: EpochMs | null;
  readonly lastRekeyMs: EpochMs | null;
  /** Address of the KS that it came from, as it shows; null: it does not. Absent in states of before. */
  readonly lastRekeyFrom?: string | null;
  readonly rekeyOverdue: boolean;
  /** By its own countdown a TEK rekey did not come. Absent: that is not so, or not known. */
  readonly tekRekeyOverdue?: true;
  readonly lastReregistration: KnownReregistration | null;
  readonly context: MemberContext;
}

export interface KsKek {
  readonly spi: string | null;
  readonly expiryMs: EpochMs;
  readonly remainingSeconds: number;
  /** First answer of this KS that showed it. */
  readonly sinceMs: EpochMs;
}

/** What tells one KEK from another. */
export type KekIdentity = Pick<KsKek, 'spi' | 'expiryMs' | 'remainingSeconds'>;

export interface FleetKs {
  readonly device: string;
  /**
   * It has shown nothing of the group, and GMs name its address: all that is known is that they do, and that it gives
   * no answer; `sentAtMs` and `receivedAtMs` are when it was asked first. Absent: it was read.
   */
  readonly unread?: true;
  readonly address: string | null;
  /** Group identity as the router shows it; null: it shows none. Absent in states of earlier formats. */
  readonly identity?: string | null;
  readonly reachable: boolean;
  readonly behavior: KekBehavior;
  readonly version: string | null;
  readonly sentAtMs: EpochMs;
  readonly receivedAtMs: EpochMs;
  /** The group's count when this answer came. Absent: 0. */
  readonly clockSets?: number;
  /** Last known role; `unknown` on the device leaves it. */
  readonly role: Exclude<KsRole, 'unknown'> | null;
  readonly roleSinceMs: EpochMs;
  readonly roleLastReadMs: EpochMs;
  /** The answers that showed another role than the one before, the latest last, bounded; absent: none did. */
  readonly roleChanges?: readonly RoleTaken[];
  readonly kek: KsKek | null;
  /** Keys in use, without those that are only kept until they expire. */
  readonly currentTeks: readonly FleetTek[];
  /** SPIs of all its TEKs that have not expired. */
  readonly liveSpis: readonly string[];
  readonly kekLifetimeSeconds: number | null;
  readonly tekLifetimeSeconds: number | null;
  readonly lead: KsLead;
  /** How long before its expiry this KS renews a TEK; null: it does not show it. Absent: from before this was kept. */
  readonly tekLeadSeconds?: number | null;
  /** What it said of its members in its log, oldest first. Absent: from before this was kept. */
  readonly said?: readonly LogMark[];
  readonly rekeySeconds: number;
  /** It sends its rekeys by multicast, as it showed last; absent: by unicast, or not shown. */
  readonly multicast?: true;
  readonly members: number | null;
  readonly peers: readonly KsPeer[] | null;
  readonly memberRows: readonly FleetMemberRow[] | null;
  /** GMs that it listed and lists no more; absent: none. */
  readonly unlisted?: readonly UnlistedMember[];
  /** Lines of its list were not understood: it may list more than `memberRows`. Absent: all were. */
  readonly membersUnread?: true;
  /** It has a peer that could not be read. Absent: `peers` are all. */
  readonly peersUnread?: true;
  /** The earliest rekey that its own `time to rekey` announces; null: it shows none. */
  readonly nextRekeyMs: EpochMs | null;
  readonly context: MemberContext;
}

/** A KS has another role since this answer. */
interface RoleTaken {
  readonly atMs: EpochMs;
  readonly role: Exclude<KsRole, 'unknown'>;
}

/** A GM as its KS knows it. */
export interface FleetMemberRow {
  readonly address: string;
  readonly acksMissed: number | null;
}

/** A GM that its KS listed and lists no more. */
export interface UnlistedMember {
  readonly address: string;
  /** As the last list with it counted; null: it counted none, or the whole list went with it. */
  readonly acksMissed: number | null;
  /** First answer of the KS without it. */
  readonly goneMs: EpochMs;
}

export function initialFleetState(group: string, cell?: string): FleetState {
  return {
    group,
    ...inCell(cell),
    gms: new NameTree(),
    kss: named(),
    kekGeneration: null,
    occurrences: named(),
    said: NOTHING_SAID,
  };
}

/**
 * Two readings of one KEK's expiry differ by latency, whole seconds and drift; another KEK's by over a hundred seconds.
 */
export const SAME_EXPIRY_MS = 30_000;
