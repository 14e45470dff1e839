/** The members of a group as its KSs list them, polled or not. */
import type { FleetGm, FleetKs } from './fleet-state.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface ListedMembers {
  /** Address -> acknowledgements missed in a row, the most that any KS counts; null: listed without a count. */
  readonly listed: ReadonlyMap<string, number | null>;
  /** When the newest of the lists was asked for; null: no KS shows one. */
  readonly listedAtMs: EpochMs | null;
  /** Those that miss acknowledgements, most missed first. */
  readonly unacknowledged: readonly { readonly address: string; readonly acksMissed: number }[];
}

/** `kss`: those that answer. */
export function listedMembers(kss: readonly FleetKs[]): ListedMembers {
  const listed = new Map<string, number | null>();
  let listedAtMs: EpochMs | null = null;
  for (const ks of kss) {
    if (ks.memberRows === null) continue;
    listedAtMs = Math.max(listedAtMs ?? ks.sentAtMs, ks.sentAtMs);
    for (const { address, acksMissed } of ks.memberRows) {
      const known = listed.get(address);
      listed.set(address, known == null ? acksMissed : Math.max(known, acksMissed ?? 0));
    }
  }
  return { listed, listedAtMs, unacknowledged: unacknowledged(listed) };
}

function unacknowledged(listed: ListedMembers['listed']): ListedMembers['unacknowledged'] {
  const missing: { readonly address: string; readonly acksMissed: number }[] = [];
  for (const [address, acksMissed] of listed) {
    if (acksMissed !== null && acksMissed > 0) missing.push({ address, acksMissed });
  }
  return missing.toSorted((a, b) => b.acksMissed - a.acksMissed || (a.address < b.address ? -1 : 1));
}

/**
 * true: a KS that answers lists the GM; false: it says it is registered, and none does. null: nothing to compare, or it
 * registered since the list was made. `listAgeMs`: a KS's member list can be this much older than its answer.
 */
export function isListed(gm: FleetGm, { listed, listedAtMs }: ListedMembers, listAgeMs: number): boolean | null {
  if (listedAtMs === null || gm.address === null) return null;
  if (listed.has(gm.address)) return true;
  // SNMP shows no registrations: there new keys may be one.
  const keysMs = gm.counters.succeeded === null ? gm.kekSinceMs : 0;
  const registeredMs = Math.max(gm.registeredSinceMs, keysMs, gm.lastReregistration?.atMs ?? 0);
  const settled = listedAtMs - listAgeMs >= registeredMs;
  return gm.reachable && gm.registered === true && settled ? false : null;
}
