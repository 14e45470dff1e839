/**
 * What the counters of a GM say between two answers: registrations that happened, a restart of the counters, or
 * nonsense.
 *
 * A counter that went down is a restart, never a negative number of registrations. Figures that no restart explains
 * either are a contradiction, and nothing is concluded from them. Reload or clear is not decided here: the uptime
 * tells.
 */
import type { Interval } from './interval.ts';
import type { GmSnapshot } from './snapshot.ts';

export interface Counters {
  readonly succeeded: number;
  readonly attempted: number | null;
  readonly received: number | null;
  readonly sinceRegistration: number | null;
  readonly acksSent: number | null;
}

export type CounterMovement =
  | { readonly kind: 'registered'; readonly registrations: number }
  | {
      readonly kind: 'restarted';
      readonly registrations: number;
      readonly evidence: readonly string[];
      /** false: they came back to what they were, and something else says that they restarted. */
      readonly fell: boolean;
      /** Seen by the answer before, and told by this one; what the uptime said meanwhile. Absent: since that answer. */
      readonly before?: { readonly between: Interval; readonly uptime: string | null };
    }
  | { readonly kind: 'contradiction'; readonly detail: string };

/** A registration takes about this long at least: a counter that rises faster is wrong. */
const FASTEST_REGISTRATION_MS = 1000;
/** Rekeys come no faster than this for long: the shortest TEK lifetime is 120 s. */
export const FASTEST_REKEY_MS = 30_000;
/** More registrations than this between two answers make no event each. */
const MAX_REGISTRATIONS = 1000;

/** Null: the answer shows no registration counter. */
export function countersOf(gm: GmSnapshot): Counters | null {
  const { succeeded, attempted } = gm.registrations;
  if (succeeded === null) return null;
  const { received, sinceRegistration, acksSent } = gm.rekeys;
  return { succeeded, attempted, received, sinceRegistration, acksSent };
}

/** A counter that an answer does not show keeps its last value. */
export function withKnown(before: Counters, now: Counters): Counters {
  if (now.attempted !== null && now.received !== null && now.sinceRegistration !== null && now.acksSent !== null) {
    return now;
  }
  return {
    succeeded: now.succeeded,
    attempted: now.attempted ?? before.attempted,
    received: now.received ?? before.received,
    sinceRegistration: now.sinceRegistration ?? before.sinceRegistration,
    acksSent: now.acksSent ?? before.acksSent,
  };
}

/** A figure that cannot be true by itself; null when there is none. */
export function impossibleFigure(now: Counters): string | null {
  const { succeeded, attempted, received, sinceRegistration, acksSent } = now;
  if (
    possible(succeeded) &&
    possible(attempted) &&
    possible(received) &&
    possible(sinceRegistration) &&
    possible(acksSent)
  ) {
    return null;
  }
  const name = COUNTER_NAMES.find((each) => !possible(now[each]));
  return name === undefined ? null : `${COUNTER_LABELS[name]}: ${now[name]}`;
}

function possible(value: number | null): boolean {
  return value === null || (value >= 0 && Number.isSafeInteger(value));
}

export const COUNTER_NAMES = [
  'succeeded',
  'attempted',
  'received',
  'acksSent',
  'sinceRegistration',
] as const satisfies readonly (keyof Counters)[];

/** As `show crypto gdoi` labels them. */
const COUNTER_LABELS: Readonly<Record<keyof Counters, string>> = {
  succeeded: 'Succeeded registration',
  attempted: 'Attempted registration',
  received: 'Rekeys received',
  acksSent: 'Rekey ACKs sent',
  sinceRegistration: 'After latest register',
};

export function counterMovement(options: {
  readonly before: Counters;
  /** Registrations of this epoch that have their event: more than `before` shows if the log had some first. */
  readonly emitted: number;
  readonly now: Counters;
  readonly elapsedMs: number;
  /** Keys changed since the last answer. */
  readonly keysChanged: boolean;
  /** By the age of the last rekey, one came since the last answer. */
  readonly rekeyedSince: boolean;
  /** This GM has been seen to count the rekeys it receives. */
  readonly countsRekeys: boolean;
}): CounterMovement {
  const { before, now, elapsedMs } = options;
  const most = Math.min(MAX_REGISTRATIONS, Math.max(0, elapsedMs) / FASTEST_REGISTRATION_MS + 2);
  const fallen = fallenCounters(before, now);
  if (fallen.length > 0) {
    const rekeysKept =
      before.received !== null &&
      now.received !== null &&
      now.received >= before.received &&
      now.received > 0 &&
      now.received > Math.max(0, elapsedMs) / FASTEST_REKEY_MS + 1;
    if (rekeysKept) {
      return {
        kind: 'contradiction',
        detail: `${fallen.join(', ')}, but Rekeys received ${before.received} -> ${now.received}`,
      };
    }
    if (now.succeeded > most) {
      return {
        kind: 'contradiction',
        detail: `${fallen.join(', ')}, and ${now.succeeded} registrations since`,
      };
    }
    return { kind: 'restarted', registrations: now.succeeded, evidence: fallen, fell: true };
  }
  if (now.succeeded - before.succeeded > most) {
    return {
      kind: 'contradiction',
      detail: `Succeeded registration ${before.succeeded} -> ${now.succeeded} in ${Math.round(elapsedMs / 1000)} s`,
    };
  }
  const still = now.succeeded === before.succeeded && now.received !== null && now.received === before.received;
  if (still && options.rekeyedSince && options.countsRekeys && now.succeeded === 1) {
    // The rekey was counted: so the count had restarted, and came back to what it was.
    const detail = `a rekey came since, with Succeeded registration ${now.succeeded}, Rekeys received ${now.received} as before`;
    return { kind: 'restarted', registrations: 1, evidence: [detail], fell: false };
  }
  if (options.keysChanged && still) {
    // Keys come by a rekey or a registration, and both are counted: the counters came back to the same low values.
    const detail = `keys changed with Succeeded registration ${now.succeeded}, Rekeys received ${now.received} as before`;
    if (options.countsRekeys && now.succeeded === 1 && now.received === 0) {
      return { kind: 'restarted', registrations: 1, evidence: [detail], fell: false };
    }
    return { kind: 'registered', registrations: 0 };
  }
  return { kind: 'registered', registrations: Math.max(0, now.succeeded - options.emitted) };
}

/** Counters that went down, each with both its values. */
function fallenCounters(before: Counters, now: Counters): readonly string[] {
  return [
    ...ifFallen('succeeded', before.succeeded, now.succeeded),
    ...ifFallen('attempted', before.attempted, now.attempted),
    ...ifFallen('received', before.received, now.received),
    ...ifFallen('acksSent', before.acksSent, now.acksSent),
    // This one restarts with each registration: it tells something only while none was counted.
    ...(now.succeeded === before.succeeded
      ? ifFallen('sinceRegistration', before.sinceRegistration, now.sinceRegistration)
      : NOT_FALLEN),
  ];
}

const NOT_FALLEN: readonly string[] = [];

function ifFallen(name: keyof Counters, before: number | null, now: number | null): readonly string[] {
  return before !== null && now !== null && now < before ? [`${COUNTER_LABELS[name]} ${before} -> ${now}`] : NOT_FALLEN;
}

/** This many attempts without a success are more than one under way: they fail. */
export const FAILED_ATTEMPTS = 2;
