/**
 * What one answer about a GM says, in the tracker's terms: instants instead of countdowns, and the counters.
 */
import { type Counters, countersOf } from '../seen/counters.ts';
import { beginOfAge, endOfCountdown, type Interval } from '../seen/interval.ts';
import { type HeldKek, shownKek } from '../keys/kek-identity.ts';
import { type KsSaid, ksSaidOf } from '../log/ks-marks.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import { type HeldTek, shownTeks } from '../keys/tek-identity.ts';

export interface GmPlace {
  readonly device: string;
  readonly group: string;
  /** As the group's state has it. */
  readonly multicast?: true;
}

/** What is known of the group's KS. */
export interface KsFigures {
  readonly leadSeconds: number | null;
  readonly kekLifetimeSeconds: number | null;
  readonly tekLifetimeSeconds: number | null;
  /** How long before its expiry it renews a TEK, by its own figures, and how long one rekey of it takes. */
  readonly tekLeadSeconds: number | null;
  readonly rekeySeconds: number;
  /** What the KSs of the group said of their members. */
  readonly said: readonly KsSaid[];
}

/** What an answer shows, in the tracker's terms. */
export interface Shown {
  readonly at: ReadAt;
  readonly gm: GmSnapshot;
  readonly registered: boolean;
  readonly counters: Counters;
  readonly kek: HeldKek | null;
  readonly teks: readonly HeldTek[];
  readonly timer: Interval | null;
  readonly lastRekey: Interval | null;
}

/** Characters that are kept of an address, an identity or the name of an interface. */
export const MAX_TEXT = 64;

/** Of a group's name; longer ones that agree so far are one group. */
export const MAX_GROUP_CHARS = 128;

/** Null: the answer is not one about registration (a replay or dataplane table). */
export function shown(at: ReadAt, gm: GmSnapshot): Shown | null {
  const counters = countersOf(gm);
  if (gm.registered === null || counters === null) return null;
  const { lastAgeSeconds } = gm.rekeys;
  return {
    at,
    gm,
    registered: gm.registered,
    counters,
    kek: shownKek(at, gm),
    teks: shownTeks(at, gm),
    timer: seenTimer(at, gm),
    lastRekey: lastAgeSeconds === null || lastAgeSeconds < 0 ? null : beginOfAge(at, lastAgeSeconds),
  };
}

/** When `Reregisters in` runs out; null: it is not shown. */
export function seenTimer(at: ReadAt, { reregistersInSeconds }: GmSnapshot): Interval | null {
  return reregistersInSeconds === null || reregistersInSeconds < 0 ? null : endOfCountdown(at, reregistersInSeconds);
}

/** Addresses that a message about this GM and its KSs may name, as `addressesIn` writes them. */
export function peersOf({ keyServer, keyServers, address }: GmSnapshot): readonly string[] {
  return [keyServer, ...(keyServers ?? []), address].flatMap((each) => (each === null ? [] : [each.toLowerCase()]));
}

/** What the KSs said of this GM, or of all. */
export function saidOfGm({ said }: Pick<KsFigures, 'said'>, { address }: GmSnapshot): readonly KsSaid[] {
  return said.length === 0 ? said : ksSaidOf(said, address, -Infinity);
}

/** A KEK block without a lifetime is a release that shows none, not a missing KEK. Over RESTCONF a table tells, and no TEK. */
export function showsNoKek({ gm }: Shown): boolean {
  return gm.kek === null ? gm.teks !== null || gm.kekAbsent === true : (gm.kek.remainingSeconds ?? -1) === 0;
}
