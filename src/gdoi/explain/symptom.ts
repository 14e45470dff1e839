/**
 * What is wrong with a group, check by check and device by device, before anyone asks why. A symptom carries since when
 * it is known: a cause explains only what did not begin long before it.
 */
import type { Cause } from '../events/event.ts';
import {
  type GmFacts,
  type GroupFacts,
  isHeard,
  isUnregistered,
  type KnownReregistration,
  triesInVain,
} from './group-facts.ts';
import type { EpochMs } from '../seen/instant.ts';

/** Checks of the health of devices and groups that a cause in the group can explain, under their names there. */
export const SYMPTOM_CHECKS = [
  'reachable',
  'registered',
  'kek_present',
  'kek_remaining',
  'kek_matches_ks',
  'tek_remaining',
  'tek_matches_ks',
  'coop_split',
  'coop_role',
  'coop_peers',
  'rekeys_acknowledged',
  'packets_dropped',
  'reregistrations',
  'mixed_versions',
  'members',
] as const;
export type SymptomCheck = (typeof SYMPTOM_CHECKS)[number];

export interface Symptom {
  readonly check: SymptomCheck;
  /** Name of the device, else the address of a GM or peer that is not polled; null: it is the group's. */
  readonly device: string | null;
  /** It was there at this instant or earlier; a standing difference is as old as its last reading. */
  readonly sinceMs: EpochMs;
}

/** Re-registrations that belong to one lost rekey: the longest window is 190 + 80 s, a regular poll 5 min. */
export const RECENT_MS = 600_000;

/** Re-registrations that need an explanation; the others explain themselves. */
const UNEXPLAINED_CAUSES = new Set([
  'kek_missed_rekey',
  'legacy_ks',
  'kek_expired',
  'tek_expired',
  'ks_failover',
  'interface',
  'recovery',
  'unknown',
]);

/** Registrations by which a GM makes up for a rekey that did not come. */
const MISSED_REKEY_CAUSES: ReadonlySet<Cause> = new Set<Cause>(['kek_missed_rekey', 'kek_expired', 'tek_expired']);

/** A KEK that came by registering shows within this: give or take an answer. */
const SAME_KEK_MS = 120_000;
/**
 * Instants that two devices show, or an age and an instant, are not compared closer than this: each is printed in whole
 * seconds, and was read at some time within a poll of some seconds.
 */
export const CLOCKS_MS = 5000;

type Registered = Pick<GmFacts, 'lastReregistration' | 'countedBetweenMs' | 'uncounted' | 'intervalMs'>;

/**
 * When its last re-registration was known, at the latest: the answer that counts it comes a poll after it, or an hour
 * where the agent did not look.
 */
export function reregistrationKnownMs(gm: Registered): EpochMs | null {
  const { lastReregistration: last } = gm;
  return last === null ? null : Math.max(reregisteredByMs(last), countedMs(gm, last) ?? 0);
}

function reregisteredByMs({ atMs, betweenMs }: KnownReregistration): EpochMs {
  return betweenMs?.[1] ?? atMs;
}

/** The answer that counted it; null: not known, or what was counted since is another one. */
function countedMs({ countedBetweenMs: counted }: Registered, last: KnownReregistration): EpochMs | null {
  return counted !== undefined && reregisteredByMs(last) >= counted[0] - CLOCKS_MS ? counted[1] : null;
}

/**
 * A KEK that shows first by then may have come by its last registration. Over SNMP, which counts none, the look that
 * showed it came within an interval.
 */
export function kekByRegisteringMs(gm: Registered, last: KnownReregistration): EpochMs {
  const shownMs = reregisteredByMs(last) + SAME_KEK_MS;
  return Math.max(shownMs, countedMs(gm, last) ?? 0, gm.uncounted === true ? shownMs + (gm.intervalMs ?? 0) : 0);
}

/** It re-registered a short time ago, or that is known since then. */
export function reregisteredLately(gm: Registered, nowMs: EpochMs): boolean {
  const knownMs = reregistrationKnownMs(gm);
  return knownMs !== null && Math.abs(nowMs - knownMs) <= RECENT_MS;
}

/** It registered for a rekey that it missed, and a later one of that key has reached it. */
export function isReachedSince(
  gm: Registered & Pick<GmFacts, 'kekSinceMs' | 'kek' | 'lastRekeyMs' | 'behavior'>,
): boolean {
  const { lastReregistration: last, kekSinceMs, kek, lastRekeyMs, behavior } = gm;
  if (last === null) return false;
  switch (last.cause) {
    case 'kek_missed_rekey':
    case 'kek_expired':
      return kek === 'shown' && kekSinceMs > kekByRegisteringMs(gm, last);
    case 'tek_expired':
      // Without a KEK timer it may have been for a KEK, of which a TEK rekey tells nothing. A rekey within the interval of
      // the registration bounds it, on the side that `After latest register` tells: so does its middle, `atMs`.
      return behavior !== 'legacy' && lastRekeyMs !== null && lastRekeyMs > last.atMs + CLOCKS_MS;
    default:
      return false;
  }
}

/** It registered a short time ago for want of a key. */
export function lostARekeyLately(gm: Registered, nowMs: EpochMs): boolean {
  const { lastReregistration: last } = gm;
  return last !== null && MISSED_REKEY_CAUSES.has(last.cause) && reregisteredLately(gm, nowMs);
}

/** It registered a short time ago for want of a key, and got no rekey since. */
export function registeredForMissedRekey(gm: Parameters<typeof isReachedSince>[0], nowMs: EpochMs): boolean {
  return lostARekeyLately(gm, nowMs) && !isReachedSince(gm);
}

export function symptomsOf(facts: GroupFacts): readonly Symptom[] {
  return [...ofGms(facts), ...ofKss(facts), ...ofMembers(facts)];
}

/** KSs that show what is left of their TEKs, and no KEK: then nobody in the group misses one. */
function isGroupWithoutKek({ kss }: GroupFacts): boolean {
  const answering = kss.filter(({ failure }) => failure === null);
  return (
    answering.some(({ tekExpiryMs }) => tekExpiryMs !== null) &&
    answering.every(({ kekExpiryMs }) => kekExpiryMs === null)
  );
}

function ofGms(facts: GroupFacts): readonly Symptom[] {
  const { gms, nowMs } = facts;
  const usesKek = !isGroupWithoutKek(facts);
  return gms.flatMap((gm) => {
    const seen: Symptom[] = [];
    const add = (check: SymptomCheck, sinceMs: EpochMs = gm.readMs) => seen.push({ check, device: gm.device, sinceMs });
    const last = gm.lastReregistration;
    if (last !== null && UNEXPLAINED_CAUSES.has(last.cause) && reregisteredLately(gm, nowMs) && !isReachedSince(gm)) {
      add('reregistrations', last.atMs);
    }
    if (gm.failure !== null) add('reachable', gm.failure.sinceMs);
    if (!isHeard(gm)) return seen;
    if (gm.dropping === true) add('packets_dropped');
    if (isUnregistered(gm) || triesInVain(gm)) add('registered', gm.unregisteredSinceMs ?? gm.readMs);
    if (isUnregistered(gm)) return seen;
    if (gm.kek === 'absent' && usesKek) add('kek_present');
    if (gm.rekeyOverdue) add('kek_remaining');
    if (gm.kekMatchesKs === false) add('kek_matches_ks');
    // The keys that one who tries in vain to register was given have ended: it lacks the registration, nothing else.
    const hasEnded = gm.tekMissing && triesInVain(gm);
    if (!hasEnded && (gm.tekMissing || gm.tekOverdue)) add('tek_remaining');
    if (!hasEnded && (gm.tekMatchesKs === false || gm.divergent)) add('tek_matches_ks');
    if (gm.listedByKs === false) add('rekeys_acknowledged');
    return seen;
  });
}

function ofKss({ kss, split, peers, mixed, primaryMissing, nowMs }: GroupFacts): readonly Symptom[] {
  const counting = kss.filter((ks) => ks.failure === null && ks.members !== null);
  return [
    ...kss.flatMap(({ device, failure }): Symptom[] =>
      failure === null ? [] : [{ check: 'reachable', device, sinceMs: failure.sinceMs }],
    ),
    ...(split === null ? [] : [{ check: 'coop_split', device: null, sinceMs: split.sinceMs } as const]),
    ...(primaryMissing ? [{ check: 'coop_role', device: null, sinceMs: nowMs } as const] : []),
    ...peers
      .filter(({ lost }) => lost === true)
      .map(
        ({ device, address, readMs }): Symptom => ({ check: 'coop_peers', device: device ?? address, sinceMs: readMs }),
      ),
    ...(mixed === null ? [] : [{ check: 'mixed_versions', device: null, sinceMs: nowMs } as const]),
    ...(new Set(counting.map(({ members }) => members)).size > 1
      ? [{ check: 'members', device: null, sinceMs: nowMs } as const]
      : []),
  ];
}

function ofMembers({ unacknowledged, nowMs }: GroupFacts): readonly Symptom[] {
  return unacknowledged.map(({ device, address }) => ({
    check: 'rekeys_acknowledged',
    device: device ?? address,
    sinceMs: nowMs,
  }));
}
