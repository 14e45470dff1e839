/**
 * GMs that a KS listed and lists no more, with what its list said of them last: where only KSs are polled, this is all
 * that shows of a GM that was dropped. A GM that is taken from the network goes the same way: its KS drops it for want
 * of acknowledgements. A GM that a KS lists again is forgotten here.
 */
import { UNLISTED_KEPT_MS } from '../explain/acks-missed.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { FleetKs, FleetMemberRow, UnlistedMember } from './fleet-state.ts';

/** After an answer of the KS with this list; null: it shows none. */
export function unlistedAfter(
  before: Pick<FleetKs, 'memberRows' | 'unlisted'> | null,
  { memberRows: rows, membersUnread }: Pick<FleetKs, 'memberRows' | 'membersUnread'>,
  readMs: EpochMs,
): readonly UnlistedMember[] {
  const known = (before?.unlisted ?? []).filter(({ goneMs }) => Math.abs(readMs - goneMs) <= UNLISTED_KEPT_MS);
  if (rows === null || (known.length === 0 && before?.memberRows == null)) return known;
  const listed = new Set(rows.map(({ address }) => address));
  // A list that was not understood as a whole shows nothing about who is not in it.
  const gone = membersUnread === true ? [] : (before?.memberRows ?? []).filter(({ address }) => !listed.has(address));
  if (gone.length === 0) return known.filter(({ address }) => !listed.has(address));
  const isLost = isListLost(gone, rows);
  const now = gone.map(({ address, acksMissed }) => ({
    address,
    acksMissed: isLost ? null : acksMissed,
    goneMs: readMs,
  }));
  const again = new Set(now.map(({ address }) => address));
  return [...known.filter(({ address }) => !listed.has(address) && !again.has(address)), ...now];
}

/** GMs that acknowledged went as well, and more than others: someone cleared the list, or the KS restarted. */
function isListLost(gone: readonly FleetMemberRow[], left: readonly FleetMemberRow[]): boolean {
  const missing = gone.filter(isMissing).length;
  const others = gone.length - missing;
  return others > 0 && (left.length === 0 || others > missing);
}

function isMissing({ acksMissed }: Pick<UnlistedMember, 'acksMissed'>): boolean {
  return (acksMissed ?? 0) > 0;
}

/**
 * GMs that none of these KSs lists any more, by address. Where several listed one, the entry with the most missed
 * acknowledgements counts.
 */
export function unlistedBy(
  kss: readonly FleetKs[],
  listed: { readonly has: (address: string) => boolean },
): ReadonlyMap<string, UnlistedMember> {
  const found = new Map<string, UnlistedMember>();
  for (const { unlisted = [] } of kss) {
    for (const member of unlisted) {
      const known = found.get(member.address);
      if (listed.has(member.address)) continue;
      if (known === undefined || (known.acksMissed ?? 0) < (member.acksMissed ?? 0)) found.set(member.address, member);
    }
  }
  return found;
}

/** It went while acknowledgements of it were missing: at three the KS drops a GM. */
export function isDropped(member: UnlistedMember): member is UnlistedMember & { readonly acksMissed: number } {
  return isMissing(member);
}
