/**
 * What a GM's counters were when its KS was asked, and when the KS replaced its KEK: that alone tells whether a GM
 * without a KEK timer got the new one. A KS's answer is not written into the record of each of its thousands of GMs:
 * what it means for one of them follows from the GM's last two answers, and is worked out when it is needed, or before
 * those answers are replaced.
 */
import type { EpochMs } from '../seen/instant.ts';
import type { FleetGm, KekGeneration, RekeyCounters } from './fleet-state.ts';

/** When the KS replaced its KEK, by the agent's clock as it is now; null: it did not, or nobody saw it. */
export function kekChangedBetweenMs(generation: KekGeneration | null): readonly [from: EpochMs, to: EpochMs] | null {
  const changed = generation?.changedBetweenMs ?? null;
  const byMs = generation?.clockSetByMs ?? 0;
  return changed === null || byMs === 0 ? changed : [changed[0] + byMs, changed[1] + byMs];
}

/** The GM's counters at the KS's last read with the KEK before the present one; null: not known. */
export function countersBeforeKek(gm: FleetGm, generation: KekGeneration | null): RekeyCounters | null {
  const changed = generation?.changedBetweenMs ?? null;
  if (changed === null || gm.kekChangeMs === changed[1]) return gm.countersBeforeKek;
  return countersBefore(gm, changed[0]) ?? gm.countersAtKsRead;
}

/** The record with what the KS's reads since the last answer mean for it: before its counters are replaced. */
export function withKsReads(gm: FleetGm, generation: KekGeneration | null): FleetGm {
  if (generation === null) return gm;
  const beforeKek = countersBeforeKek(gm, generation);
  const atKsRead = countersBefore(gm, generation.lastSentAtMs) ?? gm.countersAtKsRead;
  const kekChangeMs = generation.changedBetweenMs?.[1] ?? gm.kekChangeMs;
  const isKnown =
    beforeKek === gm.countersBeforeKek && atKsRead === gm.countersAtKsRead && kekChangeMs === gm.kekChangeMs;
  return isKnown ? gm : { ...gm, countersBeforeKek: beforeKek, countersAtKsRead: atKsRead, kekChangeMs };
}

/**
 * A key that it shows since this instant may be newer than what the KS showed: it came after the KS was read, with a
 * rekey or a registration, where the GM counts them. false as well for a GM that was not known then.
 */
export function isRenewedSince(gm: FleetGm, keySinceMs: EpochMs, ksSentAtMs: EpochMs): boolean {
  if (keySinceMs <= ksSentAtMs) return false;
  const { counters: now, previousCounters } = gm;
  if (now.received === null && now.succeeded === null) return previousCounters !== null;
  const before = countersBefore(gm, ksSentAtMs) ?? gm.countersAtKsRead;
  return before !== null && (before.received !== now.received || before.succeeded !== now.succeeded);
}

/**
 * The newest counters that were certainly read before the KS was asked. Polled on one grid, a GM's answer always comes
 * while the KS is being asked; then they are one poll old. null: neither of the last two answers is old enough.
 */
function countersBefore(gm: FleetGm, ksSentAtMs: EpochMs): RekeyCounters | null {
  if (gm.receivedAtMs <= ksSentAtMs) return gm.counters;
  const { previousCounters: previous } = gm;
  return previous !== null && previous.receivedAtMs <= ksSentAtMs ? previous.counters : null;
}
