/**
 * What happens next to a device in a group, and when: the earliest of what its countdowns announce.
 *
 * Announced is not certain: a rekey that comes moves every timer. So the words say what happens unless it does.
 */
import { LEAD_FLOOR_SECONDS } from '../keys/kek-window.ts';
import type { Forecast } from '../keys/forecast.ts';
import { type EpochMs, expiryMs, type ReadAt } from '../seen/instant.ts';
import type { GmSnapshot, KsKey, KsSnapshot } from '../seen/snapshot.ts';

export interface NextOccurrence {
  readonly what: string;
  /** Best estimate. */
  readonly atMs: EpochMs;
}

/** Last instant that a date can show: no device counts down to anything beyond it. */
const LAST_INSTANT_MS = 8.64e15;

/** The earliest one that is still to come; null: nothing is announced. */
export function earliest(candidates: readonly (NextOccurrence | null)[], nowMs: EpochMs): NextOccurrence | null {
  let next: NextOccurrence | null = null;
  for (const candidate of candidates) {
    if (candidate === null || !(candidate.atMs > nowMs && candidate.atMs < LAST_INSTANT_MS)) continue;
    if (next === null || candidate.atMs < next.atMs) next = candidate;
  }
  return next;
}

/** How long before expiry the KEK rekey comes, or why none is to be expected. */
export type ExpectedKekRekey = { readonly leadSeconds: number } | 'none ahead' | 'no KS answers' | 'reaches it no more';

export function nextOfGm(known: {
  readonly gm: GmSnapshot;
  readonly at: ReadAt;
  readonly forecast: Forecast;
  readonly kekRekey: ExpectedKekRekey;
  readonly nowMs: EpochMs;
}): NextOccurrence | null {
  const { gm, at, forecast, kekRekey, nowMs } = known;
  const kek = gm.kek?.remainingSeconds ?? null;
  return earliest(
    [
      kek === null || kek <= 0 || typeof kekRekey === 'string'
        ? null
        : { what: 'KEK rekey from the KS', atMs: expiryMs(at, kek) - kekRekey.leadSeconds * 1000 },
      forecast.expectedAtMs === null
        ? null
        : { what: onCountdown(gm, forecast, kekRekey), atMs: forecast.expectedAtMs },
    ],
    nowMs,
  );
}

/** What ends the GM's countdown. A KS that sends no KEK rekey ahead makes it register: nothing is awaited then. */
function onCountdown({ registered, kek }: GmSnapshot, forecast: Forecast, kekRekey: ExpectedKekRekey): string {
  if (registered === false) return 'the GM tries to register again';
  if (kek?.remainingSeconds === 0) return 'the GM registers: without a KEK no rekey reaches it before';
  if (kekRekey === 'none ahead' && forecast.cause === 'kek_missed_rekey')
    return 'the GM re-registers: its KS sends no KEK rekey before expiry';
  if (kekRekey === 'reaches it no more') return 'the GM registers: no rekey reaches it before';
  return `${awaited(forecast)} at the latest; without it the GM re-registers`;
}

function awaited({ cause }: Forecast): string {
  switch (cause) {
    case 'kek_missed_rekey':
      return 'KEK rekey';
    case 'tek_expiry':
      return 'TEK rekey';
    case 'kek_expiry':
      return 'KEK rekey (the KS has sent none ahead)';
    case null:
      return 'rekey';
    default:
      return cause satisfies never;
  }
}

export function nextOfKs(ks: KsSnapshot, at: ReadAt, nowMs: EpochMs): NextOccurrence | null {
  return earliest(
    [
      rekeyOf('KEK', ks.kek, at),
      ...(ks.teks ?? []).map((tek) => (tek.timeToRekeySeconds === null ? null : rekeyOf('TEK', tek, at))),
    ],
    nowMs,
  );
}

/**
 * By `time to rekey`; a KS that does not show it rekeys its KEK `leadSeconds` before expiry: at the floor at the
 * latest.
 */
export function rekeyOf(
  key: 'KEK' | 'TEK',
  from: KsKey | null,
  at: ReadAt,
  leadSeconds: number = LEAD_FLOOR_SECONDS,
): NextOccurrence | null {
  const what = `${key} rekey to all GMs`;
  if (from === null) return null;
  if (from.timeToRekeySeconds !== null) return { what, atMs: expiryMs(at, from.timeToRekeySeconds) };
  if (from.remainingSeconds === null) return null;
  return { what, atMs: expiryMs(at, from.remainingSeconds - (key === 'KEK' ? leadSeconds : 0)) };
}
