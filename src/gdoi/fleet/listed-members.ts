/** The members of a group as its KSs list them, polled or not. */
import type { FleetGm, FleetKs, UnlistedMember } from './fleet-state.ts';
import type { EpochMs } from '../seen/instant.ts';
import { unlistedBy } from './unlisted-members.ts';

export interface ListedMembers {
  /** Address -> acknowledgements missed in a row, the most that any KS counts; null: listed without a count. */
  readonly listed: ReadonlyMap<string, number | null>;
  /** GMs that one of them listed and none lists any more. */
  readonly unlisted: ReadonlyMap<string, UnlistedMember>;
  /** When the newest of the lists was asked for; null: no KS shows one. */
  readonly listedAtMs: EpochMs | null;
  /** Every line of all lists was understood. */
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
  return { listed, unlisted: unlistedBy(kss, listed), listedAtMs, whole, ...acknowledgements(listed) };
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

/** The address under which a KS lists the GM: its own, or the one at which it is polled. null: under neither. */
export function listedAddress({ address, host }: FleetGm, { listed }: ListedMembers): string | null {
  if (address !== null && listed.has(address)) return address;
  return host != null && listed.has(host) ? host : null;
}

/** Whether the lists are certainly of after its last registration. `listAgeMs`: as in `isListed`. */
export function isListSettled(gm: FleetGm, { listedAtMs }: ListedMembers, listAgeMs: number): boolean {
  // SNMP shows no registrations: there new keys may be one.
  const keysMs = gm.counters.succeeded === null ? gm.kekSinceMs : 0;
  const registeredMs = Math.max(gm.registeredSinceMs, keysMs, gm.lastReregistration?.atMs ?? 0);
  return listedAtMs !== null && listedAtMs - listAgeMs >= registeredMs;
}

/**
 * true: a KS that answers lists the GM; false: it says it is registered, and none does. null: nothing to compare, a
 * line of a list was not understood, or it registered since the list was made. `listAgeMs`: a KS's member list can be
 * this much older than its answer.
 *
 * A KS lists a GM under the address that its registration came from: behind NAT, or of another interface, it is none of
 * those that the GM shows. So a GM that no list ever had may be one of those in it that no polled GM has the address of
 * (`listsUnpolled`), as long as it has the current keys.
 */
export function isListed(
  gm: FleetGm,
  members: ListedMembers,
  {
    listedAs,
    listAgeMs,
    listsUnpolled,
    hasCurrentKeys,
  }: {
    /** `listedAddress` of it. */
    readonly listedAs: string | null;
    readonly listAgeMs: number;
    readonly listsUnpolled: boolean;
    readonly hasCurrentKeys: boolean;
  },
): boolean | null {
  const { listedAtMs, unlisted, whole } = members;
  if (listedAtMs === null || gm.address === null) return null;
  if (listedAs !== null) return true;
  if (!whole) return null;
  if (!gm.reachable || gm.registered !== true || !isListSettled(gm, members, listAgeMs)) return null;
  const wasListed = unlisted.has(gm.address) || (gm.host != null && unlisted.has(gm.host));
  return listsUnpolled && hasCurrentKeys && !wasListed ? null : false;
}
