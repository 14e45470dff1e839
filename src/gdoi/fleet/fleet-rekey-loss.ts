/**
 * Rekeys that do not arrive: whose, and is it one path or the KS itself?
 *
 * One GM that misses rekeys has a path that drops them; many at once point to the KS or its COOP set. The KS's own member
 * list counts acknowledgements missed in a row for every GM, polled or not; it drops a GM at three.
 */
import { isReachedSince } from '../explain/symptom.ts';
import { everyOneOfThem } from '../events/counted.ts';
import type { FleetGm } from './fleet-state.ts';
import type { GmInGroup } from './gm-in-group.ts';
import type { ListedMembers } from './listed-members.ts';
import type { Roster } from './roster.ts';
import type { EpochMs } from '../seen/instant.ts';

/** Command reference: a GM is dropped after three consecutive rekeys without acknowledgement. */
const EJECTED_AT_MISSED = 3;

export interface UnacknowledgedRekeys {
  readonly address: string;
  /** Configured name, where this GM is polled as well. */
  readonly device: string | null;
  readonly acksMissed: number;
  readonly ejected: boolean;
}

/** GMs with missed acknowledgements, most missed first. */
export function unacknowledgedRekeys(
  { unacknowledged }: ListedMembers,
  { polled }: Roster,
): readonly UnacknowledgedRekeys[] {
  return unacknowledged.map(({ address, acksMissed }) => ({
    address,
    device: polled.get(address) ?? null,
    acksMissed,
    ejected: acksMissed >= EJECTED_AT_MISSED,
  }));
}

export interface Membership {
  /** Addresses of GMs that a KS lists and no configured device has. */
  readonly notPolled: readonly string[];
  /** Registered GMs that no KS lists: ejected, or registered with a KS that is not polled. */
  readonly notListed: readonly string[];
}

/** GMs the KSs know against GMs that are polled. */
export function membership(gms: readonly GmInGroup[], { listed }: ListedMembers, { polled }: Roster): Membership {
  const notPolled = [...listed.keys()].filter((address) => !polled.has(address));
  const notListed = gms.filter((gm) => gm.listedByKs === false).map((gm) => gm.device);
  return { notPolled: notPolled.toSorted(), notListed: notListed.toSorted() };
}

export interface RekeyLoss {
  readonly where: 'none' | 'path' | 'ks';
  /** GMs that miss rekeys, by device name, else address. */
  readonly gms: readonly string[];
  /** Of all members. */
  readonly share: number;
  readonly evidence: readonly string[];
}

/** On-call catalogue, row 5: over 10 % of the group with unacknowledged rekeys, or over 20 % behind, is the KS. */
const KS_SHARE_UNACKNOWLEDGED = 0.1;
const KS_SHARE_BEHIND = 0.2;
/** Re-registrations that belong to one lost rekey: the longest window is 190 + 80 s, a regular poll 5 min. */
const AT_ONCE_MS = 600_000;

/** One lossy path, or the KS: by the share of GMs that miss rekeys now. `behind`: devices that lack a current key. */
export function rekeyLoss(
  polled: readonly FleetGm[],
  known: {
    readonly behind: ReadonlySet<string>;
    readonly unacknowledged: readonly UnacknowledgedRekeys[];
    readonly members: number;
    /** KSs of the old behaviour that GMs with a KEK timer can register with. */
    readonly legacyKss: readonly string[];
    readonly nowMs: EpochMs;
  },
): RekeyLoss {
  const unacknowledged = new Set(known.unacknowledged.map((gm) => gm.device ?? gm.address));
  const behind = new Set<string>();
  for (const gm of polled) {
    if (gm.reachable && (known.behind.has(gm.device) || missedRekey(gm, known.nowMs))) behind.add(gm.device);
  }
  const gms = [...new Set([...unacknowledged, ...behind])].toSorted();
  if (gms.length === 0 || known.members === 0) return { where: 'none', gms: [], share: 0, evidence: [] };
  const share = (count: number) => Math.min(1, count / known.members);
  const many =
    gms.length > 1 && (share(unacknowledged.size) > KS_SHARE_UNACKNOWLEDGED || share(behind.size) > KS_SHARE_BEHIND);
  return {
    where: many ? 'ks' : 'path',
    gms,
    share: share(gms.length),
    evidence: [
      // The KS counts the rekey that came last, of whatever key: that none is missing there says nothing of an earlier one.
      ...(unacknowledged.size === 0
        ? []
        : [`${unacknowledged.size} of ${known.members} GMs did not acknowledge the last rekey, as the KS counts`]),
      ...(behind.size === 0
        ? []
        : [
            `${behind.size} of ${known.members} GMs lack a current key, have an overdue KEK rekey or just re-registered for a missed one`,
          ]),
      ...commonKs(polled, new Set(gms)),
      ...(known.legacyKss.length === 0
        ? []
        : [`no KEK rekey before expiry from ${known.legacyKss.join(', ')}: the old behaviour, in every KEK cycle`]),
    ],
  };
}

function missedRekey(gm: FleetGm, nowMs: EpochMs): boolean {
  if (gm.rekeyOverdue) return true;
  const last = gm.lastReregistration;
  return (
    last !== null &&
    (last.cause === 'kek_missed_rekey' || last.cause === 'kek_expired' || last.cause === 'tek_expired') &&
    Math.abs(nowMs - last.atMs) <= AT_ONCE_MS &&
    !isReachedSince(gm)
  );
}

function commonKs(polled: readonly FleetGm[], devices: ReadonlySet<string>): string[] {
  const sharing = polled.filter((gm) => devices.has(gm.device));
  const kss = new Set(sharing.map((gm) => gm.keyServer));
  const [only] = kss;
  return kss.size === 1 && only !== null && only !== undefined && sharing.length > 1 && sharing.length === devices.size
    ? [`${everyOneOfThem(sharing.length)} are registered with KS ${only}`]
    : [];
}
