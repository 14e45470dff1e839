/**
 * Rekeys that do not arrive: whose, and is it one path or the KS itself?
 *
 * One GM that misses rekeys has a path that drops them; many at once point to the KS or its COOP set. The KS's own member
 * list counts acknowledgements missed in a row for every GM, polled or not; it drops a GM at three.
 */
import { isReachedSince } from '../explain/symptom.ts';
import { everyOneOfThem } from '../events/counted.ts';
import type { FleetGm, FleetKs } from './fleet-state.ts';
import type { GmInGroup } from './gm-in-group.ts';
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

/** GMs by address: what the KSs list, and which of them are polled. */
export interface MemberAddresses {
  /** Address -> acknowledgements missed in a row, the most that any KS counts; null: listed without a count. */
  readonly listed: ReadonlyMap<string, number | null>;
  /** When the newest of the lists was asked for; null: no KS shows one. */
  readonly listedAtMs: EpochMs | null;
  /** Address -> device. */
  readonly polled: ReadonlyMap<string, string>;
}

/** `kss`: those that answer. */
export function memberAddresses(gms: Iterable<FleetGm>, kss: readonly FleetKs[]): MemberAddresses {
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
  const polled = new Map<string, string>();
  for (const gm of gms) if (gm.address !== null) polled.set(gm.address, gm.device);
  return { listed, listedAtMs, polled };
}

/** GMs with missed acknowledgements, most missed first. */
export function unacknowledgedRekeys({ listed, polled }: MemberAddresses): readonly UnacknowledgedRekeys[] {
  const missing: UnacknowledgedRekeys[] = [];
  for (const [address, acksMissed] of listed) {
    if (acksMissed === null || acksMissed === 0) continue;
    missing.push({
      address,
      device: polled.get(address) ?? null,
      acksMissed,
      ejected: acksMissed >= EJECTED_AT_MISSED,
    });
  }
  return missing.toSorted((a, b) => b.acksMissed - a.acksMissed || (a.address < b.address ? -1 : 1));
}

export interface Membership {
  /** Addresses of GMs that a KS lists and no configured device has. */
  readonly notPolled: readonly string[];
  /** Registered GMs that no KS lists: ejected, or registered with a KS that is not polled. */
  readonly notListed: readonly string[];
  /** GMs of the group, polled or listed. */
  readonly members: number;
}

/** GMs the KSs know against GMs that are polled. */
export function membership(gms: readonly GmInGroup[], { listed, polled }: MemberAddresses): Membership {
  const notPolled: string[] = [];
  for (const address of listed.keys()) if (!polled.has(address)) notPolled.push(address);
  const notListed = gms.filter((gm) => gm.listedByKs === false).map((gm) => gm.device);
  return { notPolled: notPolled.toSorted(), notListed: notListed.toSorted(), members: gms.length + notPolled.length };
}

/** How many GMs the KSs list that are not polled. */
export function countNotPolled({ listed, polled }: MemberAddresses): number {
  let count = 0;
  for (const address of listed.keys()) if (!polled.has(address)) count += 1;
  return count;
}

/**
 * true: a KS that answers lists the GM; false: it says it is registered, and none does. null: nothing to compare, or it
 * registered since the list was made. `listAgeMs`: a KS's member list can be this much older than its answer.
 */
export function isListed(gm: FleetGm, { listed, listedAtMs }: MemberAddresses, listAgeMs: number): boolean | null {
  if (listedAtMs === null || gm.address === null) return null;
  if (listed.has(gm.address)) return true;
  // SNMP shows no registrations: there new keys may be one.
  const keysMs = gm.counters.succeeded === null ? gm.kekSinceMs : 0;
  const registeredMs = Math.max(gm.registeredSinceMs, keysMs, gm.lastReregistration?.atMs ?? 0);
  const settled = listedAtMs - listAgeMs >= registeredMs;
  return gm.reachable && gm.registered === true && settled ? false : null;
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
