/**
 * The tracker's events as people read them: one line, the device's own figures as evidence, and the first read-only
 * step of the on-call catalogue. What happened is decided elsewhere.
 */
import { eventId } from './event-id.ts';
import { type Cause, type EventType, type GdoiEvent, MAX_EVIDENCE, type Severity } from './event.ts';
import {
  CHECK_COOP,
  CHECK_CREDENTIAL,
  CHECK_CRYPTO_MAP,
  CHECK_RESTART,
  CHECK_DATAPLANE,
  CHECK_HOST_KEY,
  CHECK_IN_CLEAR,
  CHECK_INTERFACE,
  CHECK_ORDER,
  CHECK_REGISTRATION,
  CHECK_REKEY_PATH,
  CHECK_EXEC,
  CHECK_SHOWN,
  CHECK_TEKLESS,
  CHECK_VANISHED,
  CHECK_REPLAY,
  COMPARE_ACKS,
  firstStepBy,
} from './first-steps.ts';
import { type Interval, middleMs } from '../seen/interval.ts';
import type { EpochMs } from '../seen/instant.ts';

/** On-call must act (GETVPN facts, table of causes). `ks_forced` depends on the KS's operator: it is reported only. */
export const UNEXPECTED: Readonly<Record<Cause, boolean>> = {
  initial: false,
  reload: false,
  operator_clear: false,
  kek_missed_rekey: true,
  legacy_ks: true,
  kek_expired: true,
  tek_expired: true,
  ks_failover: true,
  ks_forced: false,
  // On-call catalogue, row 11: a benign re-registration, for the timeline.
  interface: false,
  recovery: true,
  unknown: true,
};

const CAUSE_SEVERITY: Readonly<Record<Cause, Severity>> = {
  initial: 'info',
  reload: 'info',
  operator_clear: 'info',
  kek_missed_rekey: 'warning',
  legacy_ks: 'warning',
  kek_expired: 'warning',
  tek_expired: 'warning',
  ks_failover: 'info',
  ks_forced: 'warning',
  interface: 'info',
  recovery: 'warning',
  unknown: 'warning',
};

const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  initial: 'registered for the first time',
  reload: 'registered again after a reload',
  operator_clear: 'registered again after its counters were cleared (clear crypto gdoi)',
  kek_missed_rekey: 're-registered because a KEK rekey did not reach it',
  legacy_ks: 're-registered because its KS does not rekey the KEK ahead of expiry (old release)',
  kek_expired: 're-registered because its KEK had expired',
  tek_expired: 're-registered because no TEK rekey reached it',
  ks_failover: 're-registered with another KS',
  ks_forced: 're-registered because the KS made it',
  interface: 're-registered because the interface that holds its keys went down',
  recovery: 're-registered because it met a TEK that it does not hold (two sets of keys in the group)',
  unknown: 're-registered, cause not known',
};

const CAUSE_ACTION: Readonly<Record<Cause, string>> = {
  initial: 'None',
  reload: 'show version on the GM: read the reload reason',
  operator_clear: 'show logging on the GM: who cleared it',
  kek_missed_rekey: CHECK_REKEY_PATH,
  legacy_ks: 'show version on the KS: compare its release with 15.2(1)T / XE 3.5S, and plan its upgrade',
  kek_expired: `show version on the KS: does it rekey ahead of expiry? ${CHECK_REKEY_PATH}`,
  tek_expired: CHECK_REKEY_PATH,
  ks_failover: 'show crypto gdoi ks coop on the KSs: which one is down or cut off, and which is primary?',
  interface: CHECK_INTERFACE,
  recovery: `Two KSs with different keys? ${CHECK_COOP}`,
  ks_forced: CHECK_ORDER,
  unknown: COMPARE_ACKS,
};

interface Place {
  readonly device: string;
  readonly group: string | null;
  /** Its rekeys come by multicast, and take another way; absent: by unicast, or not known. */
  readonly multicast?: true;
}

type Occurrence = readonly (string | number)[];

interface Parts {
  readonly type: EventType;
  readonly occurrence: Occurrence;
  readonly between: Interval;
  readonly atMs?: EpochMs;
  readonly severity: Severity;
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly action: string;
  readonly cause?: Cause;
  readonly unexpected?: boolean;
}

/** Their length is bounded, too. */
const MAX_EVIDENCE_CHARS = 240;

function event({ device, group }: Place, parts: Parts): GdoiEvent {
  // Instants of two clocks may cross: an interval never runs backwards.
  const between = {
    fromMs: Math.min(parts.between.fromMs, parts.between.toMs),
    toMs: Math.max(parts.between.fromMs, parts.between.toMs),
  };
  const at = parts.atMs ?? middleMs(between);
  return {
    id: eventId(device, group, parts.type, ...parts.occurrence),
    atMs: Math.round(Math.min(Math.max(at, between.fromMs), between.toMs)),
    betweenMs: [Math.round(between.fromMs), Math.round(between.toMs)],
    type: parts.type,
    device,
    group,
    cause: parts.cause ?? null,
    unexpected: parts.unexpected ?? null,
    severity: parts.severity,
    summary: parts.summary,
    evidence: [...new Set(parts.evidence)].slice(0, MAX_EVIDENCE).map((line) => line.slice(0, MAX_EVIDENCE_CHARS)),
    action: parts.action,
  };
}

function place({ device, group }: Place): string {
  return group === null ? device : `${device} (group ${group})`;
}

export function reregistrationEvent(
  at: Place,
  what: {
    readonly occurrence: Occurrence;
    readonly between: Interval;
    readonly atMs: EpochMs;
    readonly cause: Cause;
    readonly evidence: readonly string[];
    /** Which unexpected one within an hour it is; null: an expected one, or the first two. */
    readonly repeated: number | null;
    /** The reason in a router's own words. */
    readonly stated: Stated | null;
    /** Its counters restarted because its group had been removed and is configured again. */
    readonly configuredAgain?: boolean;
  },
): GdoiEvent {
  const { cause, repeated, configuredAgain = false } = what;
  const stated = EXPLAINED_BY_ITSELF.has(cause) ? null : what.stated;
  const again = repeated === null ? '' : `, ${ordinal(repeated)} unexpected one within an hour`;
  return event(at, {
    type: 'reregistration',
    occurrence: what.occurrence,
    between: what.between,
    atMs: what.atMs,
    cause,
    unexpected: UNEXPECTED[cause],
    severity: repeated === null ? CAUSE_SEVERITY[cause] : 'critical',
    summary: `${place(at)} ${configuredAgain ? CONFIGURED_AGAIN : causeWords(cause, stated)}${again}`,
    evidence: what.evidence,
    action: configuredAgain ? CHECK_CRYPTO_MAP : firstStepOf(cause, stated, at.multicast === true),
  });
}

const CONFIGURED_AGAIN = 'registered again after its group had been removed and was configured again';

/** `no TEK rekey reached it`: why a GM registered again, as a clause. */
export function whyReregistered(cause: Cause, configuredAgain?: true): string {
  return (configuredAgain === true ? CONFIGURED_AGAIN : CAUSE_WORDS[cause]).replace(REREGISTERED, '');
}

const REREGISTERED = /^(?:re-registered|registered again)(?: because|,)? /u;

/**
 * What to do first about a re-registration: what a router stated decides before the cause. `multicast`: its rekeys come
 * so.
 */
export function firstStepOf(cause: Cause, stated: Stated | null, multicast = false): string {
  return stated?.firstStep ?? firstStepBy(multicast, CAUSE_ACTION[cause]);
}

/** A reason in words, as a router stated it, and the first step for it; null: the cause's own. */
export interface Stated {
  readonly reason: string;
  readonly firstStep: string | null;
  /** The KS that stated it; absent: the device itself. */
  readonly by?: string;
}

/** A router's word on why its keys were not renewed is no word on these. */
const EXPLAINED_BY_ITSELF: ReadonlySet<Cause> = new Set<Cause>([
  'initial',
  'reload',
  'operator_clear',
  'ks_failover',
  'interface',
  'recovery',
]);

function causeWords(cause: Cause, stated: Stated | null): string {
  if (stated === null) return CAUSE_WORDS[cause];
  return cause === 'unknown'
    ? `${CAUSE_WORDS.unknown}; ${stated.by === undefined ? 'its log' : `log of ${stated.by}`}: ${stated.reason}`
    : `re-registered because ${stated.reason}`;
}

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'];

/** Counted from 1; a longer row is not counted on. */
export function ordinal(place: number): string {
  const word = ORDINALS[place - 1];
  return word === undefined ? `at least the ${ORDINALS.at(-1)}` : `the ${word}`;
}

type What = Omit<Parts, 'type' | 'severity' | 'summary' | 'action'>;

export function kekRekeyEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'kek_rekey',
    severity: 'info',
    summary: `${place(at)} received a new KEK by rekey`,
    action: 'None',
  });
}

interface Overdue {
  readonly key: 'KEK' | 'TEK';
  readonly stated: Stated | null;
  readonly timeLeft: string;
}

/** The rekey of the key that it holds was due, and did not come. */
export function rekeyOverdueEvent(at: Place, { key, stated, timeLeft, ...what }: What & Overdue): GdoiEvent {
  return event(at, {
    ...what,
    type: key === 'KEK' ? 'kek_rekey_overdue' : 'tek_rekey_overdue',
    severity: 'warning',
    summary:
      stated === null
        ? `${place(at)} has not received the ${key} rekey that is due; ${timeLeft}`
        : `${place(at)} holds its old ${key} beyond the time of the rekey: ${stated.reason}; ${timeLeft}`,
    action: stated?.firstStep ?? firstStepBy(at.multicast === true, CHECK_REKEY_PATH),
  });
}

export function kekMissingEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'kek_missing',
    severity: 'warning',
    summary: `${place(at)} is registered but holds no KEK: rekeys are lost to it until it registers again`,
    action:
      'show crypto gdoi on the GM: Reregisters in tells when it registers again; show version on the KS: is it older than 15.2(1)T?',
  });
}

export function registrationLostEvent(
  at: Place,
  { noTeks, stated, ...what }: What & { readonly noTeks: boolean; readonly stated: Stated | null },
): GdoiEvent {
  const because = stated === null ? '' : `; ${stated.reason}`;
  return event(at, {
    ...what,
    type: 'registration_lost',
    severity: noTeks ? 'critical' : 'warning',
    summary: `${place(at)} is no longer registered${noTeks ? ' and holds no TEK: traffic is dropped or in clear' : ''}${because}`,
    action: stated?.firstStep ?? CHECK_REGISTRATION,
  });
}

/** Its answers show the group no more. */
export function groupVanishedEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'registration_lost',
    severity: 'critical',
    summary: `${place(at)} is no longer registered: it shows no such group any more, so its traffic is in clear or dropped`,
    action: CHECK_VANISHED,
  });
}

export function registrationRestoredEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'registration_restored',
    severity: 'info',
    summary: `${place(at)} is registered again`,
    action: 'None',
  });
}

/**
 * `tekLeft`: it is still registered, and so long its last TEK lives; null: it is not registered. `inVain`: no countdown
 * runs that could be for its next attempt, or have been set anew by a rekey (catalogue, row 2).
 */
export function registrationFailedEvent(
  at: Place,
  {
    tekLeft,
    inVain,
    stated,
    ...what
  }: What & { readonly tekLeft: string | null; readonly inVain: boolean; readonly stated: Stated | null },
): GdoiEvent {
  const because = stated === null ? '' : `: ${stated.reason}`;
  const registered = tekLeft === null ? '' : `; it is still registered, ${tekLeft}`;
  return event(at, {
    ...what,
    type: 'registration_failed',
    severity: tekLeft === null || inVain ? 'critical' : 'warning',
    summary: `${place(at)} tries to register and does not succeed${because}${registered}`,
    action: stated?.firstStep ?? CHECK_REGISTRATION,
  });
}

const INSTALLED =
  'show crypto gdoi and the log of the GM: is the downloaded policy installed (ACL size, platform)? When does Reregisters in run out?';

/** `registered` false: it is not shown, as over SNMP, and it holds a KEK. */
export function tekMissingEvent(
  at: Place,
  { stated, registered, ...what }: What & { readonly stated: Stated | null; readonly registered: boolean },
): GdoiEvent {
  const because = stated === null ? '' : `: ${stated.reason}`;
  return event(at, {
    ...what,
    type: 'tek_missing',
    severity: 'critical',
    summary: `${place(at)} ${registered ? 'is registered but holds no TEK' : 'holds a KEK and no TEK'}, its traffic is dropped or in clear${because}`,
    action: stated?.firstStep ?? (registered ? INSTALLED : CHECK_TEKLESS),
  });
}

/** Anti-replay or the data plane drops packets, or is about to. */
const DROPPED_PACKETS = {
  'anti-replay': { says: 'drops packets that fail the anti-replay check', action: CHECK_REPLAY },
  'data-plane': { says: 'drops packets in its GETVPN data plane', action: CHECK_DATAPLANE },
  'in-clear': { says: 'drops packets that came in clear and should be encrypted', action: CHECK_IN_CLEAR },
  pseudotime: {
    says: 'has a pseudotime far from that of its KS: packets may fail the anti-replay check',
    action: CHECK_REPLAY,
  },
} as const;
/** Packets of which kind a GM drops. */
type DroppedPackets = keyof typeof DROPPED_PACKETS;

export function replayErrorsEvent(
  at: Place,
  { severe, what: kind, ...what }: What & { readonly severe: boolean; readonly what: DroppedPackets },
): GdoiEvent {
  const { says, action } = DROPPED_PACKETS[kind];
  return event(at, {
    ...what,
    type: 'replay_errors',
    severity: severe ? 'critical' : 'warning',
    summary: `${place(at)} ${says}`,
    action,
  });
}

export function reloadEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'reload',
    severity: 'info',
    summary: `${place(at)} was reloaded`,
    // Of a KS as well as of a GM.
    action: `show version on ${at.device}: read the reload reason`,
  });
}

export function countersResetEvent(
  at: Place,
  what: What & { readonly cause: 'operator_clear' | 'unknown'; readonly configuredAgain: boolean },
): GdoiEvent {
  const { cause, configuredAgain, ...parts } = what;
  return event(at, {
    ...parts,
    type: 'counters_reset',
    severity: 'info',
    summary: `${place(at)}: the GDOI counters restarted`,
    action: configuredAgain ? CHECK_CRYPTO_MAP : cause === 'unknown' ? CHECK_RESTART : CAUSE_ACTION.operator_clear,
  });
}

export function unreachableEvent(
  at: Place,
  what: What & {
    readonly isKs: boolean;
    readonly inARow: number;
    /** `mute`: it answers, and nothing of its groups can be read; `shut`: it ends each session before a prompt. */
    readonly how: 'silent' | 'mute' | 'shut' | 'refusing' | 'other_key';
    /** What is asked beside SSH, which decides, was answered meanwhile. */
    readonly answersBeside: boolean;
  },
): GdoiEvent {
  const { isKs, inARow, how, answersBeside } = what;
  const times = `${inARow} times in a row`;
  const over = answersBeside ? ' over SSH' : '';
  const said = {
    silent: `${place(at)} gave no answer${over} ${times}`,
    mute: `${place(at)} answered ${times} and showed nothing of GDOI`,
    shut: `${place(at)} accepted the login ${times} and ended the session before a prompt`,
    refusing: `${place(at)} did not let the agent in${over} ${times}`,
    other_key: `${place(at)} showed another SSH host key ${times}`,
  };
  return event(at, {
    ...what,
    type: 'unreachable',
    severity: isKs && !answersBeside && (how === 'silent' || how === 'other_key') ? 'critical' : 'warning',
    summary: said[how],
    action: FIRST_STEP_UNREACHABLE[how],
  });
}

const FIRST_STEP_UNREACHABLE = {
  silent: 'Check the path to the device and the device itself',
  mute: CHECK_SHOWN,
  shut: CHECK_EXEC,
  refusing: CHECK_CREDENTIAL,
  other_key: CHECK_HOST_KEY,
} as const;

export function reachableEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'reachable',
    severity: 'info',
    summary: `${place(at)} answers again`,
    action: 'None',
  });
}

export function dataProblemEvent(at: Place, what: What): GdoiEvent {
  return event(at, {
    ...what,
    type: 'data_problem',
    severity: 'warning',
    summary: `${place(at)} shows figures that contradict each other; nothing is concluded from them`,
    action: 'show crypto gdoi on the device: compare with the evidence; attach the output to a report',
  });
}
