/**
 * Is this the KEK we saw at the last answer?
 *
 * A GM's CLI seldom prints the SPI of its KEK. So a KEK is known by when it ends: an instant that a countdown always
 * points to, and that a new KEK moves by nearly a lifetime. If both answers have the SPI (SNMP) or the rekey SA's cookies
 * (CLI), those decide. Whole-second output and read latency are in the intervals; what is left is the drift between the two clocks.
 */
import { endOfCountdown, type Interval, intersection, widened } from '../seen/interval.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';

export interface HeldKek {
  readonly expiry: Interval;
  /** Names this KEK in event ids: its expiry, in whole seconds, as first estimated; stays while the KEK does. */
  readonly anchor: number;
  readonly cookies: string | null;
  /** Only SNMP shows it, and only there it can be compared: the CLI prints half of it. */
  readonly spi: string | null;
}

/** Bound of the drift of a router's clock against the agent's: crystals keep 100 ppm each. */
const DRIFT = 200e-6;
/** A reading may lie this far beside the estimate without being another instant: rounding inside the device. */
export const ROUNDING_MS = 1500;
/**
 * Each hand-over of the remaining lifetime (in the KS, in the GM) truncates to whole seconds, so a GM's KEK ends up to
 * this much earlier.
 */
export const HANDOVER_MS = 2000;
/**
 * A registration replaces the GM's own countdown of its KEK by the KS's, and the two have drifted apart since the KEK was
 * made: by this much within 40 hours at the worst, and within weeks by clocks as they mostly are. Two KEKs of a group
 * end a minute apart, or more.
 */
const REGISTERED_MS = 30_000;

export function driftMs(elapsedMs: number): number {
  return Math.abs(elapsedMs) * DRIFT;
}

/** How far apart two readings of one instant may lie. */
export function sameInstantToleranceMs(elapsedMs: number): number {
  return ROUNDING_MS + driftMs(elapsedMs);
}

/** The KEK an answer shows with a lifetime; null when it shows none (no block, no lifetime, or a lifetime of 0). */
export function shownKek(at: ReadAt, gm: GmSnapshot): HeldKek | null {
  const remaining = gm.kek?.remainingSeconds ?? null;
  if (remaining === null || remaining <= 0) return null;
  const expiry = endOfCountdown(at, remaining);
  return {
    expiry,
    anchor: Math.round(expiry.fromMs / 1000),
    cookies: cookiesOf(gm),
    spi: gm.kek?.spi?.slice(0, 34) ?? null,
  };
}

function cookiesOf(gm: GmSnapshot): string | null {
  if (gm.rekeySas === undefined) return null;
  const sa = gm.rekeySas.find(({ state }) => state === 'new') ?? gm.rekeySas.find(({ state }) => state === 'current');
  return sa?.cookies ?? null;
}

/**
 * Same KEK? `registered`: a registration lies between the two, so that the KS's countdown stands beside the GM's;
 * `elapsedMs` is then how long the two have counted it, where that is known.
 */
export function isSameKek(held: HeldKek, seen: HeldKek, elapsedMs: number, registered: boolean): boolean {
  if (held.spi !== null && seen.spi !== null) return held.spi === seen.spi;
  if (held.cookies !== null && seen.cookies !== null) return held.cookies === seen.cookies;
  const tolerance = sameInstantToleranceMs(elapsedMs) + (registered ? REGISTERED_MS : 0);
  return intersection(widened(held.expiry, tolerance), seen.expiry) !== null;
}

/** Best knowledge of a KEK seen again: both readings' common part, drift allowed for. */
export function sameKekSeenAgain(held: HeldKek, seen: HeldKek, elapsedMs: number): HeldKek {
  const expiry = intersection(widened(held.expiry, driftMs(elapsedMs)), seen.expiry) ?? seen.expiry;
  return { expiry, anchor: held.anchor, cookies: seen.cookies ?? held.cookies, spi: seen.spi ?? held.spi };
}
