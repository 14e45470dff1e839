/**
 * Rekeys that do not arrive: whose, and is it one path or the KS itself?
 *
 * One GM that misses rekeys has a path that drops them; many at once point to the KS or its COOP set. Which of the two
 * it is, the explanations say; where they say nothing of it, their rule is asked (`loss-side.ts`). The KS's own member
 * list counts acknowledgements missed in a row for every GM, polled or not; it drops a GM at three.
 */
import { everyOneOfThem } from '../events/counted.ts';
import { EJECTED_AT_MISSED } from '../explain/acks-missed.ts';
import { isKsSide, type LossSide, saidToLackKeys, sideSaid } from '../explain/loss-side.ts';
import type { Explanation } from '../explain/explanation.ts';
import { registeredForMissedRekey } from '../explain/symptom.ts';
import type { FleetGm } from './fleet-state.ts';
import type { GmInGroup } from './gm-in-group.ts';
import type { ListedMembers } from './listed-members.ts';
import type { Roster } from './roster.ts';
import type { EpochMs } from '../seen/instant.ts';
import { isDropped } from './unlisted-members.ts';

export interface UnacknowledgedRekeys {
  readonly address: string;
  /** Configured name, where this GM is polled as well. */
  readonly device: string | null;
  readonly acksMissed: number;
  readonly ejected: boolean;
  /** Since this answer no KS lists it, and no GM that has answered has its address; absent: a KS lists it. */
  readonly goneMs?: EpochMs;
}

/** GMs with missed acknowledgements: those that are listed, most missed first, then those that no KS lists any more. */
export function unacknowledgedRekeys(
  { unacknowledged, unlisted }: ListedMembers,
  { polled, unread }: Roster,
): readonly UnacknowledgedRekeys[] {
  const counted = unacknowledged.map(({ address, acksMissed }) => ({
    address,
    device: polled.get(address) ?? null,
    acksMissed,
    ejected: acksMissed >= EJECTED_AT_MISSED,
  }));
  if (unlisted.size === 0) return counted;
  // A GM that is polled shows itself whether it is registered, if it has ever answered.
  const gone = [...unlisted.values()]
    .filter(isDropped)
    .filter(({ address }) => !polled.has(address) || unread.has(address));
  return [
    ...counted,
    ...gone.map((member) => ({ ...member, device: polled.get(member.address) ?? null, ejected: true })),
  ];
}

export interface MemberDifference {
  /** Addresses of GMs that a KS lists and no configured device has. */
  readonly notPolled: readonly string[];
  /** Registered GMs that no KS lists: ejected, or registered with a KS that is not polled. */
  readonly notListed: readonly string[];
}

/** GMs the KSs know against GMs that are polled. */
export function memberDifference(
  gms: readonly GmInGroup[],
  { listed }: ListedMembers,
  { polled }: Roster,
): MemberDifference {
  const notPolled = [...listed.keys()].filter((address) => !polled.has(address));
  const notListed = gms.filter((gm) => gm.listedByKs === false).map((gm) => gm.device);
  return { notPolled: notPolled.toSorted(), notListed: notListed.toSorted() };
}

export interface RekeyLoss {
  readonly where: 'none' | LossSide;
  /** GMs that miss rekeys, by device name, else address. */
  readonly gms: readonly string[];
  /** Of all members. */
  readonly share: number;
  readonly evidence: readonly string[];
}

/** Who misses rekeys now, and on which side they are lost. `behind`: devices that lack a current key. */
export function rekeyLoss(
  polled: readonly FleetGm[],
  known: {
    readonly behind: ReadonlySet<string>;
    readonly unacknowledged: readonly UnacknowledgedRekeys[];
    readonly members: number;
    /** KSs of the old behaviour that send the rekeys of GMs with a KEK timer, or may. */
    readonly legacyKss: readonly string[];
    readonly explanations: readonly Explanation[];
    readonly nowMs: EpochMs;
  },
): RekeyLoss {
  const unacknowledged = new Set(known.unacknowledged.map((gm) => gm.device ?? gm.address));
  const lacking = new Set([...known.behind, ...saidToLackKeys(known.explanations)]);
  const behind = new Set<string>();
  for (const gm of polled) {
    if (gm.reachable && (lacking.has(gm.device) || gm.rekeyOverdue || registeredForMissedRekey(gm, known.nowMs)))
      behind.add(gm.device);
  }
  const gms = [...new Set([...unacknowledged, ...behind])].toSorted();
  if (gms.length === 0 || known.members === 0) return { where: 'none', gms: [], share: 0, evidence: [] };
  const { members } = known;
  const counts = { missed: gms.length, unacknowledged: unacknowledged.size, have: members - gms.length, members };
  return {
    where: sideSaid(known.explanations) ?? (isKsSide(counts) ? 'ks' : 'path'),
    gms,
    share: Math.min(1, gms.length / members),
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

function commonKs(polled: readonly FleetGm[], devices: ReadonlySet<string>): string[] {
  const sharing = polled.filter((gm) => devices.has(gm.device));
  const kss = new Set(sharing.map((gm) => gm.keyServer));
  const [only] = kss;
  return kss.size === 1 && only !== null && only !== undefined && sharing.length > 1 && sharing.length === devices.size
    ? [`${everyOneOfThem(sharing.length)} are registered with KS ${only}`]
    : [];
}
