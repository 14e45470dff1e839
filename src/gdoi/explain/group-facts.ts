/**
 * What the explanations of a group are made from: a few facts of each GM and KS, as of the instant each was read. The
 * fleet's state gives them; nothing is judged here.
 */
import type { Cause } from '../events/event.ts';
import type { Stated } from '../events/gdoi-events.ts';
import type { LoggedReason } from '../log/logged-reason.ts';
import { isCountdownOver } from '../seen/countdown.ts';
import { FAILED_ATTEMPTS } from '../seen/counters.ts';
import type { EpochMs } from '../seen/instant.ts';
import { isMuteResult, isRefusalResult } from '../seen/result-signs.ts';
import type { KekBehavior } from '../seen/release.ts';
import { showsMulticast } from '../seen/snapshot.ts';

/** The latest re-registration of a GM, as the tracker told it. Plain JSON. */
export interface KnownReregistration {
  readonly cause: Cause;
  readonly atMs: EpochMs;
  /** Where `atMs` is only the middle of what is possible, as between two polls without a log; absent: it is known. */
  readonly betweenMs?: readonly [from: EpochMs, to: EpochMs];
  /** Mnemonic of the message that states the reason; absent: none does. */
  readonly stated?: string;
  /** The KS whose message it is; absent: the GM's own. */
  readonly statedBy?: string;
  /** Which unexpected one within an hour it is; absent: the first or second, or an expected one. */
  readonly repeated?: number;
  /** Its group had been taken out of the configuration and is back: nobody cleared it. Absent: it is not known to have. */
  readonly configuredAgain?: true;
}

/** What the tracker knows of a device's part beside its last answer. Plain JSON. */
export interface MemberContext {
  /** The device gives no answer now; null: it does. */
  readonly failure: Failure | null;
  /** Last boot, by the uptime it showed; null: not shown. */
  readonly bootMs: EpochMs | null;
  /** The KS made this GM register (log or trap). */
  readonly forced: { readonly atMs: EpochMs; readonly evidence: string } | null;
  /** First answer without a registration, or in which it tries in vain; null: it is registered, or does not say. */
  readonly unregisteredSinceMs: EpochMs | null;
  /** Registration attempts without success since it was last registered; null: not shown. */
  readonly failedAttempts: number | null;
  /** Attempt after attempt fails, though a countdown runs as for the next; absent: none does. */
  readonly retrying?: true;
  /** When its own countdown to a re-registration ends; null: not shown. */
  readonly reregistersAtMs: EpochMs | null;
  /** When the device is looked at next, as planned now; null: no one plans. */
  readonly nextLookMs: EpochMs | null;
  /** Its regular interval; absent: not known. */
  readonly intervalMs?: number | undefined;
  /** A KS: when a later poll of it was answered, which did not ask for keys. Absent: its last answer has them. */
  readonly answeredMs?: EpochMs;
  /** Reasons that its log gave, newest last, bounded. */
  readonly reasons: readonly LoggedReason[];
  /**
   * Since when its log reaches the agent: whatever it has refused since then, it has said. Absent: no message of the
   * group came since the start.
   */
  readonly logHeardSinceMs?: EpochMs | undefined;
  /**
   * The interface with its keys went down, by its log, and is not known to have registered since; absent: nothing says
   * so.
   */
  readonly linkDown?: {
    readonly sinceMs: EpochMs;
    /** When it came back; null: it is down. */
    readonly backMs: EpochMs | null;
    readonly evidence: readonly string[];
  };
  /** Its clock is not synchronised, or far from the agent's, by `show clock`; absent: neither, or it was not asked. */
  readonly clock?: ClockFault;
  /** It drops packets (anti-replay or data plane); absent: it does not, or nothing tells. */
  readonly dropping?: true;
  /** Why its registrations fail, as a router said; absent: they do not, or none says. */
  readonly failingFor?: Stated;
  /** First answer that showed no such group any more, of a GM that was registered in it; absent: its answers show it. */
  readonly vanishedSinceMs?: EpochMs;
}

export interface ClockFault {
  readonly readMs: EpochMs;
  /** false: it marks its time with `*` or `.`. */
  readonly synchronised: boolean | null;
  /** The device's clock less the agent's; null: not far, or its zone tells no offset. */
  readonly aheadSeconds: number | null;
}

export interface Failure {
  readonly sinceMs: EpochMs;
  readonly inARow: number;
  /** The poll's result: `timeout`, `auth`, ... */
  readonly result: string;
  /** Enough failures in a row that the device counts as unreachable. */
  readonly established: boolean;
  /** The last poll that failed; absent: not later than the first. */
  readonly lastMs?: EpochMs;
  /** What is asked beside SSH and still answers; absent: nothing does. */
  readonly answersBy?: 'SNMP' | 'RESTCONF';
  /**
   * A message in its name came then (log or trap), well after it gave no answer. Absent: none did. Anybody can send one:
   * it is said, and nothing is concluded from it.
   */
  readonly heardMs?: EpochMs;
  /** When a poll of it was answered last, by whichever transport; absent: none was since the agent started. */
  readonly answeredMs?: EpochMs;
}

export const NO_CONTEXT: MemberContext = {
  failure: null,
  bootMs: null,
  forced: null,
  unregisteredSinceMs: null,
  failedAttempts: null,
  reregistersAtMs: null,
  nextLookMs: null,
  reasons: [],
};

export interface GmFacts extends MemberContext {
  readonly device: string;
  /**
   * It has shown nothing of the group: a KS lists its address. `readMs` is when it was asked first. Absent: it was read.
   */
  readonly unread?: true;
  readonly address: string | null;
  readonly registered: boolean | null;
  /** It shows no counter of registrations, as over SNMP alone; absent: it does. */
  readonly uncounted?: true;
  /**
   * It counts no rekey since its boot: all its keys are from registrations. Absent: it counts some, or shows no
   * counter.
   */
  readonly neverRekeyed?: true;
  /** Its KS's address. */
  readonly keyServer: string | null;
  readonly behavior: KekBehavior;
  readonly sentMs: EpochMs;
  readonly readMs: EpochMs;
  /** `absent`: TEKs but no KEK, or one without remaining life. */
  readonly kek: 'shown' | 'absent' | 'unknown';
  readonly kekExpiryMs: EpochMs | null;
  /** First answer with this KEK. */
  readonly kekSinceMs: EpochMs;
  /** When its longest-lived TEK ends; null: it shows none. */
  readonly tekExpiryMs: EpochMs | null;
  /** Registered, or it does not show whether, and shows that it holds no TEK. */
  readonly tekMissing: boolean;
  /** Its longest-lived TEK is nearer to its end than any rekey leaves it. */
  readonly tekOverdue: boolean;
  readonly rekeyOverdue: boolean;
  readonly kekMatchesKs: boolean | null;
  readonly tekMatchesKs: boolean | null;
  readonly divergent: boolean;
  /** The keys that it holds instead are older ones, as a lost rekey leaves them. */
  readonly kekBehind: boolean;
  readonly teksBehind: boolean;
  /** Of all TEKs that it holds; empty: none, or not shown. */
  readonly tekSpis: readonly string[];
  readonly kekExpiredInUse: boolean;
  /** Its rekeys come by multicast, and are not acknowledged; absent: by unicast, or it does not say. */
  readonly multicast?: true;
  readonly listedByKs: boolean | null;
  readonly acksMissed: number | null;
  readonly lastRekeyMs: EpochMs | null;
  /** Address of the KS that it came from; null: not shown. */
  readonly lastRekeyFrom: string | null;
  readonly lastReregistration: KnownReregistration | null;
  /** Between these answers its count of registrations changed last; absent: not known. */
  readonly countedBetweenMs?: readonly [from: EpochMs, to: EpochMs] | undefined;
  /** Between these answers it got the newest of its keys; absent: not known, or its count of rekeys tells more. */
  readonly renewedBetweenMs?: readonly [from: EpochMs, to: EpochMs] | undefined;
}

export interface KsFacts extends MemberContext {
  readonly device: string;
  /**
   * It has shown nothing of the group: GMs name its address. `readMs` is when it was asked first. Absent: it was read.
   */
  readonly unread?: true;
  /** It has a peer that could not be read: those that are listed are some of them. */
  readonly peersUnread?: true;
  readonly address: string | null;
  readonly role: 'primary' | 'secondary' | null;
  readonly roleSinceMs: EpochMs;
  /** Its last changes of role, by the answers that showed them, the latest last; absent: none is known. */
  readonly roleChanges?: readonly { readonly atMs: EpochMs; readonly role: 'primary' | 'secondary' }[];
  readonly behavior: KekBehavior;
  readonly version: string | null;
  readonly readMs: EpochMs;
  readonly kekExpiryMs: EpochMs | null;
  /** First answer with its present KEK. */
  readonly kekSinceMs: EpochMs | null;
  readonly tekExpiryMs: EpochMs | null;
  /** When it made the TEK that it gives out now, and sent it as a rekey; null: not shown. */
  readonly tekMadeMs: EpochMs | null;
  /** Of the TEKs it gives out now; empty: not shown. */
  readonly tekSpis: readonly string[];
  /** By its own `time to rekey`; null: not shown. */
  readonly nextRekeyMs: EpochMs | null;
  readonly members: number | null;
  /** It sends its rekeys by multicast; absent: by unicast, or it does not say. */
  readonly multicast?: true;
}

/** Members of other groups of this name. */
export interface OtherGroups {
  /** Of the group that is judged, where members show several; null: they do not. */
  readonly identity: string | null;
  /** `identity`: another one than the group's; null: its KS has nothing in common with those of the group. */
  readonly members: readonly { readonly device: string; readonly identity: string | null }[];
  /** KSs that have nothing in common, those of the group that is judged first; empty: nothing proves that of any. */
  readonly kss: readonly SeparateKs[];
}

/** As it showed last. */
export interface SeparateKs {
  readonly device: string;
  /** 0: the group that is judged. */
  readonly ofGroup: number;
  readonly kekSpi: string | null;
  readonly peers: readonly string[];
  /** How many GMs it lists; null: not shown. */
  readonly members: number | null;
}

export interface GroupFacts {
  readonly group: string;
  readonly nowMs: EpochMs;
  /** Regular interval of the slowest of the group's devices. */
  readonly pollIntervalMs: number;
  /** A KS's member list can be this much older than its answer. */
  readonly listAgeMs: number;
  /** How long a rekey of the group may be under way. */
  readonly rekeyTakesMs: number;
  /** How long before the KEK's expiry its rekey is due. */
  readonly leadMs: number;
  readonly tekLifetimeMs: number;
  readonly gms: readonly GmFacts[];
  readonly kss: readonly KsFacts[];
  /** GMs polled, and GMs a KS lists that are not. */
  readonly members: number;
  /** They are in nothing else here. null: none is known. */
  readonly ofOtherGroup: OtherGroups | null;
  readonly split: { readonly primaries: readonly string[]; readonly sinceMs: EpochMs; readonly forMs: number } | null;
  /** Every KS that is polled and answers is secondary, and none that is not polled can be primary. */
  readonly primaryMissing: boolean;
  /**
   * KSs that GMs or KSs of the group name and nobody polls, by address: they may serve it, unseen. null: none is named,
   * and no list of them is shown either.
   */
  readonly otherServers: readonly string[] | null;
  readonly peers: readonly {
    readonly address: string;
    readonly device: string | null;
    readonly lost: boolean | null;
    readonly readMs: EpochMs;
    /** How IKE with it stands for those for which it is dead; null: not shown. */
    readonly ike: readonly (string | null)[];
    /** KSs that answer and for which it is dead, and alive; absent: for none. */
    readonly deadFor?: readonly string[];
    readonly aliveFor?: readonly string[];
  }[];
  readonly mixed: {
    readonly legacyKss: readonly { readonly device: string; readonly version: string | null }[];
    /** Of these, who sends the rekeys now, or may: a secondary does not. */
    readonly sending: readonly string[];
    readonly affectedGms: readonly string[];
  } | null;
  /** By address: whom a KS that answers lists. Empty: nobody, or none shows a list. */
  readonly listed: ReadonlyMap<string, number | null>;
  /** GMs that no one polls and whose KS has every acknowledgement. */
  readonly acknowledging: number;
  readonly unacknowledged: readonly {
    readonly address: string;
    readonly device: string | null;
    readonly acksMissed: number;
    /** Since this answer no KS lists it, and no GM that has answered has its address; absent: a KS lists it. */
    readonly goneMs?: EpochMs;
  }[];
}

export function isRefused({ failure }: MemberContext): boolean {
  return failure !== null && isRefusalResult(failure.result);
}

/** It answers, and shows nothing of its groups: no MIB, no such command, or an answer that cannot be read. */
export function isMute({ failure }: MemberContext): boolean {
  return failure !== null && isMuteResult(failure.result);
}

/** It is there, and shows nothing: it refuses the login, or the command. */
export function isHidden(member: MemberContext): boolean {
  return isMute(member) || isRefused(member);
}

/** It gives no answer, not even one that refuses. */
export function isSilent({ failure }: MemberContext): boolean {
  return failure !== null && givesNoSign(failure.result);
}

/** A poll's result that shows nothing of whether the device is there. */
export function givesNoSign(result: string): boolean {
  return !isRefusalResult(result) && !isMuteResult(result);
}

/** A KS that restarted hears from its peers, and they from it, and all were looked at again. */
export const COOP_JOINS_MS = 180_000;

/**
 * A device that answers has done so within this time, login included: answers of one polling grid lie this far apart.
 */
export const LOOK_TAKES_MS = 5000;

/**
 * A poll of it is due and has brought no answer yet. One that fails takes many seconds, for each transport in turn:
 * until it ends, what the device showed last is all that is known, and the device may be gone.
 */
function isOverdue({ nextLookMs }: MemberContext, nowMs: EpochMs): boolean {
  return nextLookMs !== null && nowMs > nextLookMs + LOOK_TAKES_MS;
}

/** The agent asks it and gets no answer: the look failed, or has not ended. */
export function givesNoAnswer(member: MemberContext, nowMs: EpochMs): boolean {
  return isSilent(member) || (member.failure === null && isOverdue(member, nowMs));
}

/** When the poll began that brought no answer. */
export function askedInVainMs({ failure, nextLookMs }: MemberContext, nowMs: EpochMs): EpochMs {
  return failure?.sinceMs ?? nextLookMs ?? nowMs;
}

/** After a longer time without any poll, as while the agent did not run, nobody knows when it went. In intervals. */
const LOOKED_AT_WITHIN = 5;

/** Its last answer: of the group it shows most at every other poll only, and only by one transport. */
export function answeredLastMs({ readMs, failure, answeredMs = readMs }: KsFacts): EpochMs {
  return Math.max(readMs, answeredMs, failure?.answeredMs ?? readMs);
}

/** Its last answer before it went silent: it may be gone since then. */
export function lastAnswerMs(ks: KsFacts, { nowMs, pollIntervalMs }: GroupFacts): EpochMs {
  return Math.max(answeredLastMs(ks), askedInVainMs(ks, nowMs) - LOOKED_AT_WITHIN * pollIntervalMs);
}

/** It answered a poll after this instant, and is not overdue since: whatever requires that it is alive can be said. */
export function isSeenSince(ks: KsFacts, sinceMs: EpochMs, nowMs: EpochMs): boolean {
  return ks.failure === null && answeredLastMs(ks) >= sinceMs && !isOverdue(ks, nowMs);
}

/** What it showed last still counts: one lost answer changes nothing of it. */
export function isHeard({ failure }: MemberContext): boolean {
  return failure === null || !failure.established;
}

export function isUnregistered(gm: GmFacts): boolean {
  return isHeard(gm) && gm.registered === false;
}

/**
 * Its countdown is over, or runs for the next attempt only, and its attempts fail, while the old registration still
 * counts: traffic goes on until its TEK ends.
 */
export function triesInVain(gm: GmFacts): boolean {
  return (
    isHeard(gm) &&
    gm.registered === true &&
    hasTriedInVain(gm) &&
    (gm.retrying === true ||
      isCountdownOver(gm.reregistersAtMs === null ? null : (gm.reregistersAtMs - gm.readMs) / 1000))
  );
}

/** It shows no registration, as over SNMP, and that it holds no key at all: it can read no rekey. */
export function isKeyless(gm: GmFacts): boolean {
  return isHeard(gm) && gm.registered === null && gm.tekMissing && gm.kek !== 'shown';
}

/** Since it was registered last. */
export function hasTriedInVain({ failedAttempts }: GmFacts): boolean {
  return (failedAttempts ?? 0) >= FAILED_ATTEMPTS;
}

/** It holds keys that are no older ones than those of its group: no lost rekey leaves them. */
export function holdsOtherKeys({ kekMatchesKs, kekBehind, tekMatchesKs, divergent, teksBehind }: GmFacts): boolean {
  return (kekMatchesKs === false && !kekBehind) || ((tekMatchesKs === false || divergent) && !teksBehind);
}

/**
 * GMs of a KS that is dead for a peer: it may serve them with keys of its own, and what that peer counts of them is
 * old.
 */
export function gmsBeyond({ gms, peers }: Pick<GroupFacts, 'gms' | 'peers'>): ReadonlySet<string> {
  const dead = new Set(peers.filter(({ lost }) => lost === true).map(({ address }) => address));
  return new Set(gms.filter(({ keyServer }) => dead.has(keyServer ?? '')).map(({ device }) => device));
}

/**
 * Its rekeys come by multicast, as a KS or a GM shows: nobody acknowledges them. What one showed that gives no answer,
 * or holds no KEK, is of before; it counts only where nobody shows what is now.
 */
export function isGroupByMulticast({ gms, kss }: Pick<GroupFacts, 'gms' | 'kss'>): boolean {
  const isShown = (gm: GmFacts) => isHeard(gm) && gm.kek === 'shown';
  const shows = ({ multicast }: KsFacts | GmFacts) => multicast === true;
  if (kss.some((ks) => shows(ks) && isHeard(ks)) || gms.some((gm) => shows(gm) && isShown(gm))) return true;
  const isKnownNow = kss.some(isHeard) || gms.some(isShown);
  return !isKnownNow && (showsMulticast(kss) || showsMulticast(gms));
}

/** Can a group like this have COOP at all? A single KS without peers gets no advice about it. */
export function hasCoop({ kss, peers }: GroupFacts): boolean {
  return kss.length > 1 || peers.length > 0;
}
