/**
 * A cause as its rule puts it forward: what would be said, and the symptoms it claims. The rules are asked in causal
 * order; a symptom belongs to the first cause that claims it.
 */
import type { Consequence, Explanation, ExplanationCause, ExplanationStatus } from './explanation.ts';
import { type GmFacts, type GroupFacts, isHeard, isUnregistered } from './group-facts.ts';
import { clockTime, gmCount, nameList, naturalOrder, verb, minuteTime } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { RECENT_MS, type Symptom, type SymptomCheck } from './symptom.ts';

export interface Candidate extends Omit<Explanation, 'cause' | 'explains'> {
  readonly claims: readonly Symptom[];
}

/** What was said of this cause before: it is remembered from its beginning until its last traces are gone. */
export interface Episode {
  readonly cause: ExplanationCause;
  readonly sinceMs: EpochMs;
  /** When it was first found present; null: it was never more than unclear. */
  readonly presentSinceMs: EpochMs | null;
  /** First look at which it was present no more; null: it is. */
  readonly endedMs: EpochMs | null;
  readonly said: Explanation;
  /** First look at which it was said in these words, with this evidence. Absent: an older agent did not keep it. */
  readonly saidSinceMs?: EpochMs;
  /** Every device that it has concerned so far, in the order people count. Absent: those that it concerns now. */
  readonly devices?: readonly string[];
  /**
   * Devices whose re-registration it explained at an earlier look and no longer does, with the last such look: the
   * evidence grows old before the re-registration does. And those that it explained after its end. Absent: none.
   */
  readonly explainedUntil?: readonly (readonly [device: string, atMs: EpochMs])[];
  /** What was said when it concerned more devices at once than `said` does. Absent: it never did. */
  readonly widest?: Explanation;
  /** First look at which `widest` was said. */
  readonly widestSinceMs?: EpochMs;
  /** What was said when it was worse than now. Absent: it never was, or the look is not known. */
  readonly gravest?: { readonly summary: string; readonly sinceMs: EpochMs };
  /** The worst it was. */
  readonly worst: ExplanationStatus;
}

export interface Asked {
  readonly facts: GroupFacts;
  /** Symptoms that no deeper cause has claimed. */
  readonly open: readonly Symptom[];
  /** The episode that is still open: the cause was there at the last look. */
  readonly before: Episode | null;
  /** The same, or the one that ended last. */
  readonly last: Episode | null;
  /** All that was said at the last look, of whatever cause. */
  readonly said: readonly Episode[];
  /** What deeper causes say at this look. */
  readonly now: readonly Explanation[];
}

/** null: the cause is not there, and nothing follows from it any more. */
export type CauseRule = (asked: Asked) => Candidate | null;

export interface Claim {
  readonly checks: readonly SymptomCheck[];
  /** Whose; absent: anyone's. */
  readonly of?: ReadonlySet<string>;
  /** Not what began before. */
  readonly fromMs?: EpochMs;
  /** Not what began after. */
  readonly toMs?: EpochMs;
}

/** Open symptoms that fit one of the claims. */
export function claimed(open: readonly Symptom[], ...claims: readonly Claim[]): readonly Symptom[] {
  return open.filter(({ check, device, sinceMs }) =>
    claims.some(
      ({ checks, of, fromMs, toMs }) =>
        checks.includes(check) &&
        (of === undefined || (device !== null && of.has(device))) &&
        (fromMs === undefined || sinceMs >= fromMs) &&
        (toMs === undefined || sinceMs <= toMs),
    ),
  );
}

/** Symptoms of a GM whose rekeys or registrations fail. */
export const GM_CHECKS: readonly SymptomCheck[] = [
  'registered',
  'kek_present',
  'kek_remaining',
  'kek_matches_ks',
  'tek_remaining',
  'tek_matches_ks',
  'rekeys_acknowledged',
  'reregistrations',
];

/**
 * The claims without those of TEKs that are missing, not merely ending: whatever makes GMs register brings TEKs, so
 * that there is none has a reason of its own.
 */
export function butMissingTeks(claims: readonly Symptom[], gms: readonly GmFacts[]): readonly Symptom[] {
  const without = new Set(gms.filter(({ tekMissing }) => tekMissing).map(({ device }) => device));
  return claims.filter(
    ({ check, device }) => device === null || !without.has(device) || !OF_MISSING_TEK.includes(check),
  );
}

/** Checks that a GM fails when it holds no TEK at all. */
export const OF_MISSING_TEK: readonly SymptomCheck[] = ['tek_remaining', 'tek_matches_ks'];

/** Evidence of an earlier look: `at 03:00:20 UTC: gm1: ...`, so that it stays true when it is so no more. */
export function asSeenAt(sinceMs: EpochMs, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `at ${clockTime(sinceMs)}: ${line}`);
}

/** Those of the members that are named. */
export function among<T extends { readonly device: string }>(
  members: readonly T[],
  names: readonly string[],
): readonly T[] {
  const devicesWith = new Set(names);
  return members.filter(({ device }) => devicesWith.has(device));
}

/**
 * A GM that registers is seen without a registration, or without keys, for some seconds: a single look at that proves
 * nothing.
 */
export const REGISTERING_MS = 90_000;

/** The look that decides it (`settled` in `poll-instants.ts`) comes within this time after that. */
const DECIDED_WITHIN_MS = 15_000;

/** By when it is known whether what is seen since then is a registration under way; null: no look is planned. */
export function registrationKnownMs(
  gms: readonly { readonly nextLookMs: EpochMs | null }[],
  sinceMs: EpochMs,
  nowMs: EpochMs,
): EpochMs | null {
  const nextMs = nextLook(gms, nowMs);
  return nextMs === null ? null : Math.max(nextMs, sinceMs + REGISTERING_MS + DECIDED_WITHIN_MS);
}

/** It was more than unclear, and goes on, or ended so recently that it still explains what came of it. */
export function wasPresentLately(
  last: Episode | null,
  nowMs: EpochMs,
): last is Episode & { readonly presentSinceMs: EpochMs } {
  return last !== null && last.presentSinceMs !== null && nowMs - (last.endedMs ?? nowMs) <= RECENT_MS;
}

/** Episodes of one of these causes that were found present and have not ended. */
export function goingOn(said: readonly Episode[], causes: ReadonlySet<ExplanationCause>): readonly Episode[] {
  return said.filter(
    ({ cause, endedMs, presentSinceMs }) => causes.has(cause) && endedMs === null && presentSinceMs !== null,
  );
}

/** Every device that the episode concerned. */
export function devicesOf({ devices, said }: Episode): readonly string[] {
  return devices ?? said.scope;
}

/**
 * Re-registrations that an episode of one of these causes explained: they are no news when its evidence has grown old
 * before they do.
 */
export function explainedBefore(
  said: readonly Episode[],
  by: (cause: ExplanationCause) => boolean,
): (device: string, atMs: EpochMs) => boolean {
  const until = new Map<string, EpochMs>();
  for (const { cause, endedMs, presentSinceMs, said: last, explainedUntil = [] } of said) {
    if (!by(cause) || presentSinceMs === null) continue;
    for (const [device, ms] of explainedUntil) until.set(device, Math.max(until.get(device) ?? 0, ms));
    for (const device of reregisteredBy(last)) until.set(device, Math.max(until.get(device) ?? 0, endedMs ?? Infinity));
  }
  return (device, atMs) => atMs <= (until.get(device) ?? -Infinity);
}

/** Whose re-registration this explains. */
export function reregisteredBy({ explains }: Explanation): readonly string[] {
  return explains.find(({ check }) => check === 'reregistrations')?.devices ?? [];
}

/** Was this symptom explained at the last look by one of these causes, which is known and goes on? */
export function explainedAtLastLook(
  said: readonly Episode[],
  by: (cause: ExplanationCause) => boolean,
): (symptom: Symptom) => boolean {
  const explained = new Set<string>();
  for (const { cause, endedMs, presentSinceMs, said: last } of said) {
    if (!by(cause) || endedMs !== null || presentSinceMs === null) continue;
    for (const { check, devices } of last.explains) for (const device of devices) explained.add(`${check} ${device}`);
  }
  return ({ check, device }) => device !== null && explained.has(`${check} ${device}`);
}

/**
 * Those to whom it happened lately and, as long as there are any, all to whom it happened since it began: so what is
 * said does not change by time alone.
 */
export function whoOfLate<T>(
  members: readonly T[],
  atMs: (member: T) => EpochMs | null,
  { before, nowMs }: { readonly before: Episode | null; readonly nowMs: EpochMs },
): readonly T[] {
  const since = (fromMs: EpochMs) => members.filter((member) => (atMs(member) ?? Number.NEGATIVE_INFINITY) >= fromMs);
  const recentMs = nowMs - RECENT_MS;
  if (before === null) return since(recentMs);
  return since(recentMs).length === 0 ? [] : since(Math.min(before.sinceMs, recentMs));
}

/** Devices with an open symptom of these checks. */
export function devicesWith(symptoms: readonly Symptom[], ...checks: readonly SymptomCheck[]): readonly string[] {
  return sorted(symptoms.flatMap(({ check, device }) => (checks.includes(check) && device !== null ? [device] : [])));
}

export function sorted(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].toSorted(naturalOrder);
}

/** When the traffic of these GMs stops for want of keys: which have none any more, and which loses them next. */
export function trafficStops(
  gms: readonly GmFacts[],
  nowMs: EpochMs,
  unless: (going: number) => string,
): { readonly consequence: Consequence | null; readonly deadlineMs: EpochMs | null } {
  const stopped = gms.filter(
    (gm) => (isUnregistered(gm) || (isHeard(gm) && gm.tekMissing)) && (gm.tekExpiryMs ?? 0) <= nowMs,
  );
  const ahead = gms.filter((gm) => gm.tekExpiryMs !== null && gm.tekExpiryMs > nowMs);
  const first = firstOf(ahead, ({ tekExpiryMs }) => tekExpiryMs);
  const gone =
    stopped.length === 0
      ? ''
      : `traffic of ${gmCount(stopped.map(({ device }) => device))} is dropped, or in clear where it fails open`;
  if (first === null) {
    return { consequence: gone === '' ? null : { what: gone, unless: null }, deadlineMs: null };
  }
  const names = ahead.map(({ device }) => device);
  const others = gone === '' ? gmCount(names) : `${names.length} more`;
  const what = `${gone === '' ? '' : `${gone}; `}traffic of ${others} stops${ahead.length > 1 ? `, of ${first.device} first` : ''}`;
  return { consequence: { what, unless: unless(ahead.length) }, deadlineMs: first.tekExpiryMs };
}

/** What keeps the traffic of one, or of more, that is not gone yet. */
export const whenTheyRegister = (going: number): string => `${verb(going, 'it registers', 'they register')} before`;
export const whenTheyRegisterAgain = (going: number): string =>
  `${verb(going, 'it registers', 'they register')} again before`;

/** The same end read at different instants differs by some seconds: then the first by name counts. */
const SAME_INSTANT_MS = 5000;

/** The member whose instant comes first. */
export function firstOf<T extends { readonly device: string }>(
  members: readonly T[],
  instantOf: (member: T) => EpochMs | null,
): T | null {
  const instants = members.flatMap((member) => instantOf(member) ?? []);
  const latest = Math.min(...instants) + SAME_INSTANT_MS;
  const [first] = members
    .filter((member) => (instantOf(member) ?? Number.POSITIVE_INFINITY) <= latest)
    .toSorted((a, b) => naturalOrder(a.device, b.device));
  return first ?? null;
}

/** The earliest planned look at any of these devices that is still to come. */
export function nextLook(members: readonly { readonly nextLookMs: EpochMs | null }[], nowMs: EpochMs): EpochMs | null {
  const looks = members.flatMap(({ nextLookMs }) => (nextLookMs === null || nextLookMs <= nowMs ? [] : [nextLookMs]));
  return looks.length === 0 ? null : Math.min(...looks);
}

/** The latest of them: then all have been looked at. */
export function lastLook(members: readonly { readonly nextLookMs: EpochMs | null }[], nowMs: EpochMs): EpochMs | null {
  const looks = members.flatMap(({ nextLookMs }) => (nextLookMs === null || nextLookMs <= nowMs ? [] : [nextLookMs]));
  return looks.length === 0 ? null : Math.max(...looks);
}

export function between(fromMs: EpochMs, toMs: EpochMs): string {
  const [from, to] = [clockTime(fromMs), clockTime(toMs)];
  return from === to ? `at ${from}` : `between ${from.replace(' UTC', '')} and ${to}`;
}

/** Of boots (`minuteTime`). */
export function betweenMinutes(fromMs: EpochMs, toMs: EpochMs): string {
  const [from, to] = [minuteTime(fromMs), minuteTime(toMs)];
  return from === to ? from : `between ${from.replace(' UTC', '')} and ${to.replace('about ', '')}`;
}

/** When these registered last; where that is known to some seconds only, between which. */
export function whenRegistered(gms: readonly GmFacts[], nowMs: EpochMs): string {
  const instants = gms.flatMap(({ lastReregistration: last }) =>
    last === null ? [] : (last.betweenMs ?? [last.atMs]),
  );
  return instants.length === 0 ? between(nowMs, nowMs) : between(Math.min(...instants), Math.max(...instants));
}

export function list(names: Iterable<string>): string {
  return nameList([...names]);
}
