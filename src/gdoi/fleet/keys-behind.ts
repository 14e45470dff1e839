/**
 * Of a GM that lacks the keys of its group: are those that it holds older ones, as a rekey that did not arrive leaves
 * them, or are they of another set, which another KS gives out?
 *
 * Older are keys that the reference still knows, and, of a GM that is registered with that very KS, any that end
 * earlier or that the GM showed before the KS made those of now: where a lifetime was shortened the older key ends
 * later. A KS that nobody polls may have made its keys a little earlier: there only half a lifetime makes them older
 * ones.
 */
import { type GroupKeys, ksWithKek, OLDER_BY_MS, type TekReference } from './fleet-keys.ts';
import type { FleetGm } from './fleet-state.ts';
import { DEFAULT_TEK_LIFETIME_SECONDS } from '../keys/kek-window.ts';
import type { EpochMs } from '../seen/instant.ts';

export function isKekBehind(keys: GroupKeys, gm: FleetGm): boolean {
  const ks = ksWithKek(keys, gm);
  // Without a KEK, or without a KEK timer, it is known by what is absent or stood still.
  if (ks?.kek == null || gm.kekExpiryMs === null) return true;
  const own = ks.address === gm.keyServer;
  if (own && wasShownBefore(gm.kekSinceMs, ks.kek.expiryMs, ks.kekLifetimeSeconds)) return true;
  const lifetimeSeconds = ks.kekLifetimeSeconds ?? ks.kek.remainingSeconds;
  return isOlder(ks.kek.expiryMs - gm.kekExpiryMs, lifetimeSeconds, own);
}

export function areTeksBehind(gm: FleetGm, reference: TekReference | null): boolean {
  const [newest] = gm.teks ?? [];
  const [current] = reference?.current ?? [];
  if (newest === undefined || current === undefined || reference === null) return true;
  if (reference.liveSpis.includes(newest.spi)) return true;
  const own = reference.address === gm.keyServer;
  if (newest.expiryMs === null || current.expiryMs === null) return own;
  if (own && wasShownBefore(newest.sinceMs, current.expiryMs, reference.lifetimeSeconds)) return true;
  const lifetimeSeconds = reference.lifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS;
  return isOlder(current.expiryMs - newest.expiryMs, lifetimeSeconds, own);
}

/** Before the key that the KS holds now was made: one lifetime before it expires. */
function wasShownBefore(sinceMs: EpochMs, expiryMs: EpochMs, lifetimeSeconds: number | null): boolean {
  return lifetimeSeconds !== null && sinceMs < expiryMs - lifetimeSeconds * 1000 - OLDER_BY_MS;
}

function isOlder(byMs: number, lifetimeSeconds: number, own: boolean): boolean {
  return byMs > (own ? OLDER_BY_MS : (lifetimeSeconds * 1000) / 2);
}
