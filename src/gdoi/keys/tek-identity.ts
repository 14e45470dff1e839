/**
 * TEKs by SPI, with their expiry instants: which came, which went, and whether the clocks jumped.
 *
 * A TEK with the same SPI keeps its expiry for life, so it is the ruler by which a step of the agent's clock is
 * measured.
 */
import { driftMs, HANDOVER_MS, sameInstantToleranceMs } from './kek-identity.ts';
import { endOfCountdown, type Interval, intersection, middleMs, movedBy, widened } from '../seen/interval.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';

export interface HeldTek {
  readonly spi: string;
  readonly expiry: Interval;
}

/** More are not kept: a GM holds one or two per interface; the longest-lived decide. */
const MAX_HELD_TEKS = 8;

/** TEKs of an answer, each SPI once, longest-lived first. */
export function shownTeks(at: ReadAt, gm: GmSnapshot): readonly HeldTek[] {
  const teks = gm.teks;
  if (teks === null || teks.length === 0) return [];
  const held: HeldTek[] = [];
  const seen = new Set<string>();
  for (const tek of teks) {
    const { remainingSeconds } = tek;
    if (tek.spi === null || remainingSeconds === null || remainingSeconds < 0) continue;
    const spi = tek.spi.slice(0, 12);
    if (seen.has(spi)) continue;
    seen.add(spi);
    held.push({ spi, expiry: endOfCountdown(at, remainingSeconds) });
  }
  if (held.length > 1) held.sort((a, b) => b.expiry.toMs - a.expiry.toMs);
  return held.length > MAX_HELD_TEKS ? held.slice(0, MAX_HELD_TEKS) : held;
}

export function longestLived(teks: readonly HeldTek[]): HeldTek | null {
  return teks[0] ?? null;
}

/** An SPI now that was not there before. */
export function hasNewTek(before: readonly HeldTek[], now: readonly HeldTek[]): boolean {
  return now.some((tek) => !before.some(({ spi }) => spi === tek.spi));
}

export function sharesTek(before: readonly HeldTek[], now: readonly HeldTek[]): boolean {
  return now.some((tek) => before.some(({ spi }) => spi === tek.spi));
}

/** The longest-lived TEK is the same and ends when it always did: the answer that most polls give. */
export function longestLivedStays(before: readonly HeldTek[], now: readonly HeldTek[], elapsedMs: number): boolean {
  const held = before[0];
  const seen = now[0];
  if (held === undefined || seen === undefined || held.spi !== seen.spi) return false;
  const tolerance = sameInstantToleranceMs(elapsedMs);
  return seen.expiry.fromMs <= held.expiry.toMs + tolerance && seen.expiry.toMs >= held.expiry.fromMs - tolerance;
}

/** By how much all keys of a device moved: the best estimate, and the interval that is certain. */
export interface ClockStep {
  readonly byMs: number;
  readonly certain: Interval;
}

/**
 * By how much the expiry of every TEK known from before moved, where all agree: positive when the agent's clock was set
 * forward. A registration since, `registered`, may have handed them over with less. Null: no common TEK, no movement,
 * or no agreement.
 */
export function commonShiftMs(
  before: readonly HeldTek[],
  now: readonly HeldTek[],
  { elapsedMs, registered }: { readonly elapsedMs: number; readonly registered: boolean },
): ClockStep | null {
  let shift: Interval | null = null;
  for (const tek of now) {
    const known = before.find(({ spi }) => spi === tek.spi);
    if (known === undefined) continue;
    const moved = movedBy(known.expiry, tek.expiry);
    shift = shift === null ? moved : intersection(shift, moved);
    if (shift === null) return null;
  }
  if (shift === null) return null;
  if (registered) shift = { fromMs: shift.fromMs, toMs: shift.toMs + HANDOVER_MS };
  const tolerance = sameInstantToleranceMs(elapsedMs);
  if (shift.fromMs <= tolerance && shift.toMs >= -tolerance) return null;
  return { byMs: Math.round(middleMs(shift)), certain: shift };
}

/** A cut of TEK lifetimes is larger than this: more than whole seconds and the latency of two reads explain. */
const TEK_CUT_MS = 5_000;

/**
 * By how much the KS cut the TEKs, the most of any: what was left of each is now the same at most, and those that had
 * less keep theirs. Null: they were not cut. A clock that was set back moves them as well: the caller rules that out
 * first.
 */
export function tekCutMs(before: readonly HeldTek[], now: readonly HeldTek[], elapsedMs: number): number | null {
  const tolerance = sameInstantToleranceMs(elapsedMs);
  const known = now.flatMap((tek) => {
    const held = before.find(({ spi }) => spi === tek.spi);
    if (held === undefined) return [];
    const moved = movedBy(held.expiry, tek.expiry);
    return [{ tek, moved, isCut: moved.toMs < -TEK_CUT_MS }];
  });
  const cut = known.filter(({ isCut }) => isCut);
  if (cut.length === 0 || known.some(({ moved }) => moved.fromMs > tolerance)) return null;
  const endMs = Math.max(...cut.map(({ tek }) => tek.expiry.toMs));
  if (known.some(({ isCut, tek }) => !isCut && tek.expiry.fromMs > endMs + tolerance)) return null;
  return Math.max(...cut.map(({ moved }) => -middleMs(moved)));
}

/** Known TEKs with both readings' knowledge, as for the KEK. */
export function teksSeenAgain(
  before: readonly HeldTek[],
  now: readonly HeldTek[],
  elapsedMs: number,
): readonly HeldTek[] {
  if (before.length === 0) return now;
  const drift = driftMs(elapsedMs);
  return now.map((tek) => {
    const known = before.find(({ spi }) => spi === tek.spi);
    const expiry = known === undefined ? null : intersection(widened(known.expiry, drift), tek.expiry);
    return expiry === null ? tek : { spi: tek.spi, expiry };
  });
}
