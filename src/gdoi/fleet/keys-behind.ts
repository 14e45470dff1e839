/**
 * Of a GM that lacks the keys of its group: are those that it holds older ones, as a rekey that did not arrive leaves them, or
 * are they of another set, which another KS gives out?
 *
 * Older are keys that the reference still knows, and, of a GM that is registered with that very KS, any that end earlier. A KS
 * that nobody polls may have made its keys a little earlier: there only half a lifetime makes them older ones.
 */
import { type GroupKeys, ksWithKek, OLDER_BY_MS, type TekReference } from './fleet-keys.ts';
import type { FleetGm } from './fleet-state.ts';
import { DEFAULT_TEK_LIFETIME_SECONDS } from '../keys/kek-window.ts';

export function isKekBehind(keys: GroupKeys, gm: FleetGm): boolean {
  const ks = ksWithKek(keys, gm);
  // Without a KEK, or without a KEK timer, it is known by what is absent or stood still.
  if (ks?.kek == null || gm.kekExpiryMs === null) return true;
  const lifetimeSeconds = ks.kekLifetimeSeconds ?? ks.kek.remainingSeconds;
  return isOlder(ks.kek.expiryMs - gm.kekExpiryMs, lifetimeSeconds, ks.address === gm.keyServer);
}

export function areTeksBehind(gm: FleetGm, reference: TekReference | null): boolean {
  const [newest] = gm.teks ?? [];
  const [current] = reference?.current ?? [];
  if (newest === undefined || current === undefined || reference === null) return true;
  if (reference.liveSpis.includes(newest.spi)) return true;
  const own = reference.address === gm.keyServer;
  if (newest.expiryMs === null || current.expiryMs === null) return own;
  const lifetimeSeconds = reference.lifetimeSeconds ?? DEFAULT_TEK_LIFETIME_SECONDS;
  return isOlder(current.expiryMs - newest.expiryMs, lifetimeSeconds, own);
}

function isOlder(byMs: number, lifetimeSeconds: number, own: boolean): boolean {
  return byMs > (own ? OLDER_BY_MS : (lifetimeSeconds * 1000) / 2);
}
