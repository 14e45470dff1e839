/**
 * The protocol's windows around the expiry of a KEK or a TEK: named and sourced once.
 *
 * Source of the KEK figures: GETVPN facts (C1).
 */

/**
 * A GM with a KEK timer that waits for its new KEK in vain until `LEAD_FLOOR_SECONDS` before the expiry registers at a
 * random instant in [expiry - 190 s, expiry - 40 s].
 */
export const MISSED_REKEY_WINDOW = { fromSecondsBeforeExpiry: 190, toSecondsBeforeExpiry: 40 } as const;
/** A GM whose KEK expired registers again at a time in [expiry, expiry + 80 s]. */
export const EXPIRY_WINDOW_SECONDS = 80;
/** The KS sends the KEK rekey at least this long before expiry; unicast adds time for retransmission. */
export const LEAD_FLOOR_SECONDS = 200;
/**
 * A GM that got no TEK rekey re-registers about max(5 % of the TEK's lifetime, 60 s) before its expiry, with jitter.
 * Seen, against the longest-lived TEK: 60 to 72 s early at 600 s, 108 and 174 s early at 3600 s (5 % = 180 s).
 */
function tekReregistrationSecondsBeforeExpiry(lifetimeSeconds: number): number {
  return Math.max(0.05 * lifetimeSeconds, 60);
}
/** Default TEK lifetime of a KS, for a GM whose TEKs' own lifetime is not known. */
export const DEFAULT_TEK_LIFETIME_SECONDS = 3600;
/**
 * Seconds before the expiry of its longest-lived TEK between which a GM without a TEK rekey re-registers, earliest
 * first. 20 % over the rule and down to 60 s: this holds every countdown seen so far.
 */
export function tekWindowSecondsBeforeExpiry(lifetimeSeconds: number): { readonly from: number; readonly to: number } {
  return { from: 1.2 * tekReregistrationSecondsBeforeExpiry(lifetimeSeconds), to: 60 };
}

/**
 * KS and GM differ by a second or two in when a key ends, and a rekey takes a moment to arrive: what is due is not yet
 * overdue. In simulated fleets without a fault rekeys came up to two seconds after the instant that the GM's own
 * countdown gives.
 */
export const UNDER_WAY_SECONDS = 3;

/** A KS that replaces a TEK leaves it at least this much life. */
const MIN_CUT_TEK_SECONDS = 90;

/**
 * GETVPN facts, timers: an order of the KS leaves each TEK 5 % of its lifetime, an hour at most, 90 s at least.
 */
export function cutTekSeconds(lifetimeSeconds: number): number {
  return Math.max(MIN_CUT_TEK_SECONDS, Math.min(0.05 * lifetimeSeconds, 3600));
}
