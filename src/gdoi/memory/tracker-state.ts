/**
 * What the tracker remembers of one device: plain objects, arrays, numbers and strings, and groups by name, so that
 * JSON keeps it. Every list has a bound; nothing grows with time.
 */
import type { Stated } from '../events/gdoi-events.ts';
import type { Counters } from '../seen/counters.ts';
import type { Cause } from '../events/event.ts';
import type { Interval } from '../seen/interval.ts';
import type { HeldKek } from '../keys/kek-identity.ts';
import type { LogTail } from '../log/log-buffer.ts';
import type { LogClock } from '../log/log-clock.ts';
import { type KsMark, ksMarksOfGroup } from '../log/ks-marks.ts';
import type { LogMark } from '../log/log-evidence.ts';
import type { LogProof } from '../log/message-meaning.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { mapNamed, type Named, named } from '../seen/named.ts';
import type { SnmpLook } from './snmp-look.ts';
import type { HeldTek } from '../keys/tek-identity.ts';

export interface TrackerState {
  readonly device: string;
  /** Last whole answer about groups, of the CLI and of SNMP: each source has its own order. */
  readonly answered: ReadAt | null;
  readonly answeredBySnmp: ReadAt | null;
  /**
   * Of a KS: the last answer before the last pause in which it may have booted. Absent: there is none, or it is a GM.
   */
  readonly answeredBefore?: ReadAt;
  /**
   * KS only: when the current run of answers without a possible reboot between them began; likewise for
   * `answeredBefore`.
   */
  readonly answeringSinceMs?: EpochMs;
  readonly answeredBeforeSinceMs?: EpochMs;
  /** Of a KS: the KEKs of the groups whose primary it was, as it showed last. Absent: it showed no role. */
  readonly primaryKeks?: readonly PrimaryKek[];
  /**
   * The last whole answer before the device logged that it had restarted: of the boot before. Absent: it logged none.
   */
  readonly oldBootAnsweredMs?: EpochMs;
  /** Last answer or failure of any kind, except looks beside the transport that decides. */
  readonly latestSentMs: EpochMs | null;
  readonly factsSentMs: EpochMs | null;
  /** Older answers and failures in a row: enough of them, in order, are a clock that was set back. */
  readonly backInTime: BackInTime | null;
  readonly clockSteps: number;
  readonly boot: Boot | null;
  /** The last boot that a `reload` event was emitted for: the same boot makes no second one. */
  readonly emittedBoot: Interval | null;
  readonly failures: Failures | null;
  readonly isKs: boolean;
  /** The clock of the device's log against the agent's, and where its buffer ended when it was last read. */
  readonly logClock: LogClock | null;
  readonly logTail: LogTail | null;
  readonly groups: Named<GroupState>;
  /** What the device, as a KS, said of its members and groups. */
  readonly ksMarks: readonly KsMark[];
}

interface BackInTime {
  /** The newest of them. */
  readonly sentMs: EpochMs;
  readonly count: number;
  /** The last of them were failures. Absent: it was an answer. */
  readonly failed?: Failures;
}

export interface Boot {
  readonly at: Interval;
  readonly uptimeSeconds: number;
  readonly sentMs: EpochMs;
  /** The control processor that ran the device, as it was shown last since that boot; absent: it was not. */
  readonly processor?: ProcessorSeen;
}

export interface ProcessorSeen {
  /** null: not shown. */
  readonly uptimeSeconds: number | null;
  /** It had taken over from another one. */
  readonly afterSwitchover: boolean;
  readonly sentMs: EpochMs;
}

export interface Failures {
  readonly inARow: number;
  readonly firstMs: EpochMs;
  /** There were so many that the `unreachable` event was emitted. */
  readonly unreachable: boolean;
  readonly result: string;
  /** What is asked beside the transport that fails answered since. Absent: it did not, or there is none. */
  readonly answeredBeside?: AnsweredBeside;
}

export interface AnsweredBeside {
  readonly by: 'SNMP' | 'RESTCONF';
  /** Failures since then: for so many polls nothing has answered. */
  readonly failuresSince: number;
  /** The first of them; null: there is none yet. */
  readonly failedMs: EpochMs | null;
}

/** Since when the counters count: names the counter values in event ids. */
export interface Epoch {
  /** Whole second of the last answer before the restart, or of the first sight. */
  readonly id: number;
  readonly began: 'first_sight' | 'reload' | 'operator_clear' | 'unknown';
  readonly since: Interval;
}

/** The GM as of its last answer as a registered member: what a re-registration is judged by. */
export interface HeldView {
  readonly sentMs: EpochMs;
  readonly receivedMs: EpochMs;
  readonly keyServer: string | null;
  /** The KEK held, or held last. */
  readonly kek: HeldKek | null;
  /** The last answer showed it. */
  readonly kekShown: boolean;
  /** The TEKs held, or held last. */
  readonly teks: readonly HeldTek[];
  /** Interfaces that hold them. */
  readonly interfaces: readonly string[];
  /** The keys came between these: what failed since then kept newer ones away. null: before they were first seen. */
  readonly keysCame: Interval | null;
  /** When `Reregisters in` runs out. */
  readonly timer: Interval | null;
  /** Seconds from KEK expiry, and to the longest-lived TEK's: exact within a second, since one answer showed both. */
  readonly timerAfterKek: number | null;
  readonly timerBeforeTek: number | null;
  /** Which key this timer belongs to, where a change of the other one has shown it. */
  readonly timerOf: 'kek' | 'tek' | null;
  /** The agent's clock was set since, and its instants moved by about as much. Absent: it was not. */
  readonly clockSet?: true;
}

/** A registration whose cause waits for the uptime. */
export interface Draft {
  /** Names the registration in its epoch: the counter's value. */
  readonly number: number;
  readonly between: Interval;
  readonly atMs: EpochMs;
  /** null: the first one of a restart, whose cause is the restart's. */
  readonly cause: Cause | null;
  readonly evidence: readonly string[];
  /** Mnemonic of the message in which a router stated the reason; null: none did. */
  readonly stated: string | null;
  /** The KS whose message it is; absent: the GM's own. */
  readonly statedBy?: string;
  /** As in `LastReregistration`. */
  readonly configuredAgain?: true;
}

export interface Pending {
  /** `restart`: the counters restarted, reload or clear? `perhaps_reload`: only an uptime can still show a restart. */
  readonly kind: 'restart' | 'perhaps_reload';
  readonly between: Interval;
  readonly drafts: readonly Draft[];
  readonly evidence: readonly string[];
  readonly allRestarted: boolean;
  /** Registrations up to then were emitted on the log alone, of a device without answers; absent: none was. States keep the name. */
  readonly toldUntilMs?: EpochMs;
  /** The group had not been shown before that, and no message tells of a clear. Absent: it was, or one does. */
  readonly configuredAgain?: true;
}

export interface Tally {
  readonly expected: number;
  readonly unexpected: number;
  readonly last: LastReregistration | null;
  /** Instants of the last unexpected ones, at most eight. */
  readonly recent: readonly EpochMs[];
  /** The last unexpected one, where an expected one has followed it; absent: it is `last`, or there was none. */
  readonly lastUnexpected?: LastReregistration;
}

export interface LastReregistration {
  readonly atMs: EpochMs;
  /** Where it is not known to the second; absent: it is. */
  readonly betweenMs?: readonly [from: EpochMs, to: EpochMs];
  readonly cause: Cause;
  readonly unexpected: boolean;
  /** Mnemonic of the message in which a router stated the reason; absent: none did. */
  readonly stated?: string;
  /** The KS whose message it is; absent: the GM's own. */
  readonly statedBy?: string;
  /** Which unexpected one within an hour it is; absent: the first or second, or an expected one. */
  readonly repeated?: number;
  /** Its group had been taken out of the configuration and is back: nobody cleared it. Absent: it is not known to have. */
  readonly configuredAgain?: true;
}

/** The unexpected one that on-call may have to act on; null: there was none. */
export function lastUnexpectedOf({ last, lastUnexpected }: Tally): LastReregistration | null {
  return last?.unexpected === true ? last : (lastUnexpected ?? null);
}

/** A counter of dropped packets, of a command of its own. */
export interface ErrorCount {
  readonly at: ReadAt;
  readonly count: number;
  /** When it last rose, by the answer that showed it; null: it never has. */
  readonly roseMs: EpochMs | null;
}

export interface DataProblem {
  readonly kind: string;
  /** Answers in a row with it. */
  readonly times: number;
  /** Whole answers without it. */
  readonly clean: number;
}

/** States of a GM that make one event when they begin: which of them go on now. */
export interface Episodes {
  /** Anchor of the KEK whose rekey is overdue. */
  readonly overdueKek: number | null;
  readonly kekMissing: boolean;
  readonly registrationLost: boolean;
  readonly registrationFailed: boolean;
  readonly tekMissing: boolean;
  /** SPI of the TEK whose rekey is overdue. */
  readonly overdueTek: string | null;
  readonly replayErrors: boolean;
}

export const NO_EPISODES: Episodes = {
  overdueKek: null,
  kekMissing: false,
  registrationLost: false,
  registrationFailed: false,
  tekMissing: false,
  overdueTek: null,
  replayErrors: false,
};

/** `fromMs`: the first answer that showed one of them, `toMs`: the last. */
export interface Retries extends Interval {
  readonly attempts: number;
}

export interface GroupState {
  readonly seen: ReadAt;
  /** When the last answer was asked for that is certainly of the same boot as the one before it; null: none is. */
  readonly sameBootMs: EpochMs | null;
  /** Group number or address: what traps call the group by; null: not shown yet. */
  readonly identity: string | null;
  readonly registered: boolean;
  /** Its rekeys come by multicast, as it showed last, or else a KS of its group; absent: by unicast, or not known. */
  readonly multicast?: true;
  /** While not registered: when that began. */
  readonly unregistered: Interval | null;
  /** It was still registered when it began to try in vain to register: when that was. Absent: it does not. */
  readonly trying?: Interval;
  /** The answers of the device show no such group any more. Absent: the last one did. */
  readonly vanished?: Vanished;
  /** Attempts that failed while a countdown ran, as for the next of them. Absent: none did. */
  readonly retrying?: Retries;
  /** While it is not registered, or its attempts fail: why, in a router's own words. Absent: none says. */
  readonly failingFor?: Stated;
  readonly counters: Counters;
  readonly epoch: Epoch;
  /** Registrations of this epoch that have their event, or were there at first sight. */
  readonly emitted: number;
  /** This GM is known to have registered at least once. */
  readonly everRegistered: boolean;
  readonly countsRekeys: boolean;
  /** It has been seen to count a rekey that brought a TEK and no KEK. Absent: it has not. */
  readonly countsTekRekeys?: true;
  /** A TEK came that no counter tells of, unless the next answer does. Absent: none did. */
  readonly uncountedTek?: UncountedTek;
  readonly view: HeldView | null;
  readonly tekLifetimeSeconds: number | null;
  /** Anchor of the KEK that a re-registration in its window brought again: its KS waits for the expiry. */
  readonly legacyKek: number | null;
  /** The KS made this GM register: until when that explains a registration. */
  readonly forced: { readonly atMs: EpochMs; readonly untilMs: EpochMs; readonly evidence: string } | null;
  readonly marks: readonly LogMark[];
  readonly pending: Pending | null;
  readonly episodes: Episodes;
  /** Registered and without a TEK since between these; null: it holds one, or is not registered. */
  readonly withoutTek: Interval | null;
  /** Packets that it dropped; null: not collected yet. */
  readonly replayErrors: ErrorCount | null;
  readonly dataplaneErrors: ErrorCount | null;
  /** Attempts that had failed when the GM last registered, or was first seen. */
  readonly failedBefore: number | null;
  readonly problems: readonly DataProblem[];
  readonly tally: Tally;
  /** An answer of the CLI has shown the counters; false: only SNMP has shown the group so far. */
  readonly counted: boolean;
  readonly snmp: SnmpPart | null;
}

export interface Vanished {
  /** The last answer that showed the group, and the first that did not. */
  readonly between: Interval;
  /** Answers in a row that did not, without those just after a boot; no more are counted than make it sure. */
  readonly answers: number;
  /** When it was sure that it is gone; null: it is not yet. */
  readonly knownMs: EpochMs | null;
}

export interface UncountedTek {
  readonly between: Interval;
  /** An uptime that was read since says that the device had not been reloaded; null: none was. */
  readonly uptime: string | null;
}

/** What SNMP showed of the group. */
export interface SnmpPart {
  readonly look: SnmpLook;
  /** Between two looks the keys changed as by a registration: the counters have not said so yet. */
  readonly sign: { readonly between: Interval; readonly evidence: string } | null;
  /** Looks in a row that showed other keys than the CLI. */
  readonly disagreeing: number;
}

/** More than this many looks in a row are no coincidence. */
export const DISAGREEING_LOOKS = 3;

/** A device has this many groups at most; more are not tracked. */
export const MAX_GROUPS = 32;

/** When a KEK ends that the device, its group's primary, showed in the answer of `readMs`. */
export interface PrimaryKek {
  readonly group: string;
  readonly expiry: Interval;
  readonly readMs: EpochMs;
}

export function initialTrackerState(device: string): TrackerState {
  return {
    device,
    answered: null,
    answeredBySnmp: null,
    latestSentMs: null,
    factsSentMs: null,
    backInTime: null,
    clockSteps: 0,
    boot: null,
    emittedBoot: null,
    failures: null,
    isKs: false,
    logClock: null,
    logTail: null,
    groups: named(),
    ksMarks: [],
  };
}

/** Re-registrations of each group of the device, as the tracker counts them. */
export function reregistrationsOf(state: TrackerState): Named<Tally> {
  return mapNamed(state.groups, (group) => group.tally);
}

/** When the KEK held, or held last, expires; null: none was ever shown. */
export function kekExpiryOf(state: TrackerState, group: string): Interval | null {
  return state.groups.get(group)?.view?.kek?.expiry ?? null;
}

/** The KEK rekey is overdue: its event was emitted, and it is still the same KEK. */
export function kekRekeyOverdueOf(state: TrackerState, group: string): boolean {
  const known = state.groups.get(group);
  const kek = known?.view?.kek ?? null;
  return kek !== null && (known?.view?.kekShown ?? false) && known?.episodes.overdueKek === kek.anchor;
}

/** The TEK rekey is overdue, and it is still the same TEK. */
export function tekRekeyOverdueOf(state: TrackerState, group: string): boolean {
  const known = state.groups.get(group);
  const tek = known?.view?.teks[0] ?? null;
  return tek !== null && known?.episodes.overdueTek === tek.spi;
}

/** Attempts to register that failed since the GM last registered; null: attempts are not shown. */
export function failedAttemptsOf(state: TrackerState, group: string): number | null {
  const known = state.groups.get(group);
  return known === undefined || known.counters.attempted === null ? null : failedAttempts(known, known.counters);
}

export function failedAttempts({ failedBefore }: Pick<GroupState, 'failedBefore'>, counters: Counters): number {
  const { attempted, succeeded } = counters;
  return attempted === null ? 0 : Math.max(0, attempted - succeeded - (failedBefore ?? 0));
}

/** On-call catalogue, row 2: this many attempts that fail one after the other are no registration under way. */
const RETRIES_IN_VAIN = 3;

/** It is registered, a countdown runs as for its next attempt, and attempt after attempt fails. */
export function retriesInVain({ retrying }: Pick<GroupState, 'retrying'>): boolean {
  return retrying !== undefined && retrying.attempts >= RETRIES_IN_VAIN;
}

/** What the device, as a KS, said of the group and its members in its log, oldest first. */
export function ksSaidOfGroup({ ksMarks }: TrackerState, group: string, identity: string | null): readonly LogMark[] {
  return ksMarksOfGroup(ksMarks, group, identity);
}

/** On-call catalogue, row 23: an increase within ten minutes. */
export const QUIET_MS = 600_000;

/** What a GM's messages say of the packets that it drops, or of what makes it drop them. */
export const SAID_OF_PACKETS: readonly LogProof[] = ['replay', 'not_ipsec', 'pseudotime'];

/** Where messages alone tell of dropped packets, and not of those that anti-replay or the data plane counts. */
export type SaidOfPackets = 'in-clear' | 'pseudotime';

/** null: counters rose too, or anti-replay said so, or nothing is dropped. */
export function saidOfPacketsOf(state: TrackerState, group: string): SaidOfPackets | null {
  const known = state.groups.get(group);
  if (known?.episodes.replayErrors !== true) return null;
  const roseMs = Math.max(known.replayErrors?.roseMs ?? -Infinity, known.dataplaneErrors?.roseMs ?? -Infinity);
  const said = known.marks.filter(({ proof }) => SAID_OF_PACKETS.includes(proof));
  const sinceMs = Math.max(roseMs, ...said.map(({ atMs }) => atMs)) - QUIET_MS;
  const recent = new Set(said.filter(({ atMs }) => atMs >= sinceMs).map(({ proof }) => proof));
  if (roseMs >= sinceMs || recent.has('replay')) return null;
  return recent.has('not_ipsec') ? 'in-clear' : 'pseudotime';
}

/** Packets are being dropped by anti-replay or the data plane, as the tracker found; null: nothing tells. */
export function packetsDroppedOf(state: TrackerState, group: string): boolean | null {
  const known = state.groups.get(group);
  if (known === undefined) return null;
  if (known.episodes.replayErrors) return true;
  return known.replayErrors === null && known.dataplaneErrors === null ? null : false;
}

/**
 * The interface that holds the keys went down, by the log; `up`: and came back. Null: nothing says so, or keys have
 * come over it since, though the message that it is up was lost.
 */
export function linkDownOf({
  marks,
  view,
}: Pick<GroupState, 'marks' | 'view'>): { readonly down: LogMark; readonly up: LogMark | null } | null {
  const down = marks.findLast(({ proof }) => proof === 'interface_down');
  if (down === undefined || (view?.keysCame?.fromMs ?? -Infinity) > down.atMs) return null;
  if (marks.some(({ proof, fromMs }) => fromMs > down.atMs && NEEDS_THE_LINK.has(proof))) return null;
  return { down, up: marks.findLast(({ proof, atMs }) => proof === 'interface_up' && atMs >= down.fromMs) ?? null };
}

const NEEDS_THE_LINK: ReadonlySet<LogProof> = new Set<LogProof>(['rekey', 'rekey_failed', 'complete']);

/** What the device contradicts itself in; empty: nothing. */
export function dataProblemsOf(state: TrackerState, group: string): readonly string[] {
  return state.groups.get(group)?.problems.map(({ kind }) => kind) ?? [];
}

/** CLI and SNMP show other keys or another key server, look after look; null: not both are polled. */
export function sourcesDisagreeOf(state: TrackerState, group: string): boolean | null {
  const known = state.groups.get(group);
  if (known === undefined || !known.counted || known.snmp === null) return null;
  return known.snmp.disagreeing > DISAGREEING_LOOKS;
}
