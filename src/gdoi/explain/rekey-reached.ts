/**
 * Has a GM the rekey that others miss? Not one whose own count, or the age of its last rekey, shows that none came; nor
 * one that has its keys from a registration. Of the others, keys that last longer than theirs show it at once, and so
 * does an answer after the rekey was due in which no key is older than what it brought.
 */
import { driftMs } from '../keys/kek-identity.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { GmFacts, GroupFacts } from './group-facts.ts';
import { CLOCKS_MS, kekByRegisteringMs } from './symptom.ts';
import type { LostKey } from './lost-rekey.ts';

/** `open`: not looked at since it was due, or with older keys. `registered`: no rekey shows by its keys. */
export type Reached = 'got' | 'open' | 'registered';

/** Two readings of one KEK's expiry differ by less, another KEK's by more; beside what two clocks have drifted apart. */
const NEWER_BY_MS = 30_000;

/** A KEK that ends later is not one of these, however long GMs have counted it by their own clocks. */
export function lastOfKeksMs(gms: readonly GmFacts[]): EpochMs {
  return Math.max(...gms.flatMap((gm) => (gm.kekExpiryMs === null ? [] : [gm.kekExpiryMs + sameKekMs(gm)])));
}

/** For so long the agent has seen it; another KEK ends nearly a lifetime later, which is far more. */
function sameKekMs({ readMs, kekSinceMs }: GmFacts): number {
  return NEWER_BY_MS + driftMs(readMs - kekSinceMs);
}
/** From a GM's re-registration to the look that tells whether it brought another KEK. */
export const SEEN_WITHIN_MS = 60_000;
/** A GM registers for a missed rekey this long after the others got it, or later. */
const DUE_BEFORE_MS = 60_000;
/**
 * A rekey that GMs register for was due this long before, or less: whoever registered since may have no other keys than
 * those.
 */
export const DUE_WITHIN_MS = 300_000;

/**
 * `missed`: who misses it. `healed`: those of them that registered for it. `key`: what it would have brought, as far as
 * known.
 */
export function rekeyReached(
  { gms, kss, leadMs, rekeyTakesMs, tekLifetimeMs }: GroupFacts,
  missed: ReadonlySet<string>,
  { healed, key }: { readonly healed: readonly GmFacts[]; readonly key: LostKey },
): (gm: GmFacts) => Reached {
  const missing = gms.filter((gm) => missed.has(gm.device));
  const oldExpiries = missing.flatMap(({ rekeyOverdue, kekExpiryMs }) => (rekeyOverdue ? (kekExpiryMs ?? []) : []));
  const behind = missing.some((gm) => gm.kekMatchesKs === false);
  const dueMs =
    oldExpiries.length > 0
      ? Math.min(...oldExpiries) - leadMs + rekeyTakesMs
      : Math.max(
          Number.NEGATIVE_INFINITY,
          ...(behind ? kss.flatMap(({ kekSinceMs }) => kekSinceMs ?? []) : []),
          ...healedDueMs(healed),
        );
  // A GM that holds the TEK that is running out, or one that ends before it, has no newer one.
  const runsOutMs = Math.max(
    ...missing.flatMap(({ tekOverdue, tekExpiryMs }) => (tekOverdue ? (tekExpiryMs ?? []) : [])),
  );
  const lastsBeyondMs =
    oldExpiries.length === 0 ? Number.POSITIVE_INFINITY : lastOfKeksMs(missing.filter((gm) => gm.rekeyOverdue));
  // Their registration brought the present keys.
  const kekEndsMs = Math.min(...(key === 'TEK' ? [] : healed.flatMap(({ kekExpiryMs }) => kekExpiryMs ?? [])));
  const tekEndsMs = Math.min(...(key === 'KEK' ? [] : healed.flatMap(({ tekExpiryMs }) => tekExpiryMs ?? [])));
  const isHealed = new Set(healed);
  const sharesOldKeys = sharingOldKeysOf(missing.filter((gm) => !isHealed.has(gm)));
  return (gm) => {
    if (gm.neverRekeyed === true) return 'registered';
    if (hasKekJustNow(gm)) return 'open';
    if ((gm.kekExpiryMs ?? 0) > lastsBeyondMs) return hasKekByRegistering(gm) ? 'registered' : 'got';
    const { lastReregistration: last } = gm;
    if (last !== null && last.atMs >= dueMs - DUE_WITHIN_MS) return 'registered';
    if (hasKeysByRegistering(gm, key, dueMs - tekLifetimeMs)) return 'registered';
    if (gm.lastRekeyMs !== null && gm.lastRekeyMs < dueMs - DUE_WITHIN_MS - rekeyTakesMs) return 'open';
    // No lifetime of its KEK tells which one it holds; whatever rekey came since is one that it could read.
    if (key !== 'TEK' && gm.kekExpiryMs === null && (gm.lastRekeyMs ?? 0) < dueMs - rekeyTakesMs - CLOCKS_MS)
      return 'open';
    // A GM that holds none did not keep what a rekey brought, if one came.
    if (gm.tekMissing && key !== 'KEK') return 'open';
    const older =
      sharesOldKeys(gm) ||
      (gm.tekExpiryMs !== null && gm.tekExpiryMs <= runsOutMs + NEWER_BY_MS) ||
      isOlder(gm.kekExpiryMs, kekEndsMs) ||
      isOlder(gm.tekExpiryMs, tekEndsMs);
    return gm.sentMs >= dueMs && !older ? 'got' : 'open';
  };
}

/** Over SNMP this look showed the KEK first, and the next one tells whether a registration brought it. */
export function hasKekJustNow({ uncounted, kek, kekSinceMs, readMs, lastReregistration: last }: GmFacts): boolean {
  return uncounted === true && kek === 'shown' && kekSinceMs === readMs && (last?.atMs ?? 0) < readMs - SEEN_WITHIN_MS;
}

/**
 * It got no rekey since it registered, and what that brought can be what it shows. `fromMs`: TEKs of before have ended.
 */
function hasKeysByRegistering(gm: GmFacts, key: LostKey, fromMs: EpochMs): boolean {
  const { lastReregistration: last, lastRekeyMs } = gm;
  if (last === null) return false;
  if (lastRekeyMs !== null) return lastRekeyMs < (last.betweenMs?.[0] ?? last.atMs) - CLOCKS_MS;
  return key === 'KEK' ? hasKekByRegistering(gm) : last.atMs >= fromMs;
}

/** Its KEK was first seen with its last registration, and not before that. */
function hasKekByRegistering(gm: GmFacts): boolean {
  const { kekSinceMs, lastReregistration: last } = gm;
  if (last === null) return false;
  return kekSinceMs >= (last.betweenMs?.[0] ?? last.atMs) && kekSinceMs <= kekByRegisteringMs(gm, last);
}

/** Shortly before a GM registers for a rekey everyone else has it: it was due a minute and more before that. */
export function healedDueMs(healed: readonly GmFacts[]): readonly EpochMs[] {
  return healed.flatMap(({ lastReregistration: last }) => (last === null ? [] : [last.atMs - DUE_BEFORE_MS]));
}

/** A TEK that is this near to its end has missed its rekey (`kek-window.ts`). */
const TEK_DUE_BEFORE_END_MS = 60_000;

/**
 * When the successors of the TEKs that run out were due at the latest; what a KS with a newer one shows decides itself.
 */
export function tekDueMs(missing: readonly GmFacts[], kss: GroupFacts['kss']): readonly EpochMs[] {
  const newestMs = Math.max(...kss.flatMap(({ tekExpiryMs }) => tekExpiryMs ?? []));
  return missing.flatMap(({ tekOverdue, tekExpiryMs }) =>
    tekOverdue && tekExpiryMs !== null && newestMs <= tekExpiryMs + NEWER_BY_MS
      ? [tekExpiryMs - TEK_DUE_BEFORE_END_MS]
      : [],
  );
}

/** Shows a GM the same old keys as one of `missing` that has older ones than its KS? */
function sharingOldKeysOf(missing: readonly GmFacts[]): (gm: GmFacts) => boolean {
  const oldKek = missing.filter(({ kekMatchesKs }) => kekMatchesKs === false);
  const oldTeks = missing.filter(({ tekMatchesKs }) => tekMatchesKs === false);
  const withinMs = Math.max(NEWER_BY_MS, ...oldKek.map(sameKekMs));
  const isOldKeksEnd = isNearOneOf(
    oldKek.map(({ kekExpiryMs }) => kekExpiryMs),
    withinMs,
  );
  const isOldTeksEnd = isNearOneOf(
    oldTeks.map(({ tekExpiryMs }) => tekExpiryMs),
    NEWER_BY_MS,
  );
  return ({ kekMatchesKs, kekExpiryMs, tekMatchesKs, tekExpiryMs }) =>
    (oldKek.length > 0 && (kekMatchesKs === false || isOldKeksEnd(kekExpiryMs))) ||
    (oldTeks.length > 0 && (tekMatchesKs === false || isOldTeksEnd(tekExpiryMs)));
}

/**
 * Is an instant the same expiry as one of these, as it was read? Thousands may have missed a rekey: found by halves.
 */
function isNearOneOf(expiries: readonly (EpochMs | null)[], withinMs: number): (ms: EpochMs | null) => boolean {
  const known = expiries.filter((ms) => ms !== null).toSorted((a, b) => a - b);
  return (ms) => {
    if (ms === null) return false;
    let [from, to] = [0, known.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((known[middle] ?? 0) > ms - withinMs) to = middle;
      else from = middle + 1;
    }
    return (known[from] ?? Infinity) < ms + withinMs;
  };
}

/** `endsMs`: of a present key; infinite: none is known. */
function isOlder(expiryMs: EpochMs | null, endsMs: EpochMs): boolean {
  return expiryMs !== null && Number.isFinite(endsMs) && expiryMs < endsMs - NEWER_BY_MS;
}
