/**
 * Has a GM the rekey that others miss? Keys that last longer than theirs show it at once, and so does an answer after the
 * rekey was due in which no key is older than what it brought. Who registered meanwhile has its keys from there.
 */
import type { EpochMs } from '../seen/instant.ts';
import type { GmFacts, GroupFacts } from './group-facts.ts';
import type { LostKey } from './lost-rekey.ts';

/** `open`: not looked at since it was due, or with older keys. `registered`: no rekey shows by its keys. */
export type Reached = 'got' | 'open' | 'registered';

/** Two readings of one KEK's expiry differ by less, another KEK's by more. */
export const NEWER_BY_MS = 30_000;
/** A GM registers for a missed rekey this long after the others got it, or later. */
const DUE_BEFORE_MS = 60_000;
/** A rekey that GMs register for was due this long before, or less: whoever registered since may have no other keys than those. */
const DUE_WITHIN_MS = 300_000;

/** `missed`: who misses it. `healed`: those of them that registered for it. `key`: what it would have brought, as far as known. */
export function rekeyReached(
  { gms, kss, leadMs, rekeyTakesMs }: GroupFacts,
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
  // Who holds the TEK that is running out, or one that ends before it, has no newer one.
  const runsOutMs = Math.max(
    ...missing.flatMap(({ tekOverdue, tekExpiryMs }) => (tekOverdue ? (tekExpiryMs ?? []) : [])),
  );
  const lastsBeyondMs = oldExpiries.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...oldExpiries) + NEWER_BY_MS;
  // Their registration brought the present keys.
  const kekEndsMs = Math.min(...(key === 'TEK' ? [] : healed.flatMap(({ kekExpiryMs }) => kekExpiryMs ?? [])));
  const tekEndsMs = Math.min(...(key === 'KEK' ? [] : healed.flatMap(({ tekExpiryMs }) => tekExpiryMs ?? [])));
  const unhealed = missing.filter((gm) => !healed.includes(gm));
  return (gm) => {
    if ((gm.kekExpiryMs ?? 0) > lastsBeyondMs) return 'got';
    const { lastReregistration: last } = gm;
    if (last !== null && last.atMs >= dueMs - DUE_WITHIN_MS) return 'registered';
    // Who holds none did not keep what a rekey brought, if one came.
    if (gm.tekMissing && key !== 'KEK') return 'open';
    const older =
      unhealed.some((one) => sharesOldKeys(one, gm)) ||
      (gm.tekExpiryMs !== null && gm.tekExpiryMs <= runsOutMs + NEWER_BY_MS) ||
      isOlder(gm.kekExpiryMs, kekEndsMs) ||
      isOlder(gm.tekExpiryMs, tekEndsMs);
    return gm.sentMs >= dueMs && !older ? 'got' : 'open';
  };
}

/** Shortly before a GM registers for a rekey everyone else has it: it was due a minute and more before that. */
export function healedDueMs(healed: readonly GmFacts[]): readonly EpochMs[] {
  return healed.flatMap(({ lastReregistration: last }) => (last === null ? [] : [last.atMs - DUE_BEFORE_MS]));
}

/** A TEK that is this near to its end has missed its rekey (`kek-window.ts`). */
const TEK_DUE_BEFORE_END_MS = 60_000;

/** When the successors of the TEKs that run out were due at the latest; what a KS with a newer one shows decides itself. */
export function tekDueMs(missing: readonly GmFacts[], kss: GroupFacts['kss']): readonly EpochMs[] {
  const newestMs = Math.max(...kss.flatMap(({ tekExpiryMs }) => tekExpiryMs ?? []));
  return missing.flatMap(({ tekOverdue, tekExpiryMs }) =>
    tekOverdue && tekExpiryMs !== null && newestMs <= tekExpiryMs + NEWER_BY_MS
      ? [tekExpiryMs - TEK_DUE_BEFORE_END_MS]
      : [],
  );
}

/** `one` has older keys than its KS, and `gm` shows the same ones. */
function sharesOldKeys(one: GmFacts, gm: GmFacts): boolean {
  return (
    (one.kekMatchesKs === false && (gm.kekMatchesKs === false || isSameExpiry(one.kekExpiryMs, gm.kekExpiryMs))) ||
    (one.tekMatchesKs === false && (gm.tekMatchesKs === false || isSameExpiry(one.tekExpiryMs, gm.tekExpiryMs)))
  );
}

function isSameExpiry(a: EpochMs | null, b: EpochMs | null): boolean {
  return a !== null && b !== null && Math.abs(a - b) < NEWER_BY_MS;
}

/** `endsMs`: of a present key; infinite: none is known. */
function isOlder(expiryMs: EpochMs | null, endsMs: EpochMs): boolean {
  return expiryMs !== null && Number.isFinite(endsMs) && expiryMs < endsMs - NEWER_BY_MS;
}
