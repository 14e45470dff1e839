/** The members of a group as its KSs list them, polled or not. */
import type { FleetGm, FleetKs } from './fleet-state.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface ListedMembers {
  /** Address -> acknowledgements missed in a row, the most that any KS counts; null: listed without a count. */
  readonly listed: ReadonlyMap<string, number | null>;
  /** When the newest of the lists was asked for; null: no KS shows one. */
  readonly listedAtMs: EpochMs | null;
  /** Every line of the lists was understood. */
  readonly whole: boolean;
  /** How many miss no acknowledgement. */
  readonly acknowledging: number;
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
  const whole = kss.every((ks) => ks.membersUnread !== true);
  return { listed, listedAtMs, whole, ...acknowledgements(listed) };
}

function acknowledgements(listed: ListedMembers['listed']): Pick<ListedMembers, 'acknowledging' | 'unacknowledged'> {
  const missing: { readonly address: string; readonly acksMissed: number }[] = [];
  let acknowledging = 0;
  for (const [address, acksMissed] of listed) {
    if (acksMissed === 0) acknowledging += 1;
    else if (acksMissed !== null) missing.push({ address, acksMissed });
  }
  const unacknowledged = missing.toSorted((a, b) => b.acksMissed - a.acksMissed || (a.address < b.address ? -1 : 1));
  return { acknowledging, unacknowledged };
}

/**
 * true: a KS that answers lists the GM; false: it says it is registered, and none does. null: nothing to compare, a line
 * of a list was not understood, or it registered since the list was made. `listAgeMs`: a KS's member list can be this much older than its answer.
 */
export function isListed(gm: FleetGm, { listed, listedAtMs, whole }: ListedMembers, listAgeMs: number): boolean | null {
  if (listedAtMs === null || gm.address === null) return null;
  if (listed.has(gm.address)) return true;
  if (!whole) return null;
  // SNMP shows no registrations: there new keys may be one.
  const keysMs = gm.counters.succeeded === null ? gm.kekSinceMs : 0;
  const registeredMs = Math.max(gm.registeredSinceMs, keysMs, gm.lastReregistration?.atMs ?? 0);
  const settled = listedAtMs - listAgeMs >= registeredMs;
  return gm.reachable && gm.registered === true && settled ? false : null;
}
