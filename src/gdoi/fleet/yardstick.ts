/** What every GM of a group is compared with: the keys, lists and times of its KSs, and the TEKs of the group. */
import { isHidden } from '../explain/group-facts.ts';
import { type GroupKeys, groupKeys, holdsCurrentKek, holdsTeks, ownTeks, type TekReference } from './fleet-keys.ts';
import type { FleetGm, FleetKs, FleetState } from './fleet-state.ts';
import type { FleetSettings } from './fleet-settings.ts';
import type { GmInGroup } from './gm-in-group.ts';
import { areTeksBehind, isKekBehind } from './keys-behind.ts';
import { isListed, isListSettled, listedAddress, type ListedMembers, listedMembers } from './listed-members.ts';
import type { Named } from '../seen/named.ts';
import { hasNone, majorityTeks, teksOfKss } from './group-teks.ts';
import { isGmOfOtherGroup, isSameOwnGroup, ofOwnGroup, type OwnGroup, ownGroupOf } from './own-group.ts';

/** As long as it is the same object, the verdict on the same record is the same. */
export interface Yardstick {
  /** The KSs that it was made from. */
  readonly kss: Named<FleetKs>;
  /** What `FleetState` counts; 0: the agent's clock was not set. */
  readonly clockSets: number;
  /** Which members of the name are of the group. */
  readonly own: OwnGroup;
  readonly keys: GroupKeys;
  readonly teks: TekReference | null;
  readonly members: ListedMembers;
  /** A KS lists an address that no polled GM has (`Roster.notPolled`). */
  readonly listsUnpolled: boolean;
  /** A KS's member list can be this much older than its answer. */
  readonly listAgeMs: number;
}

/**
 * `before` is kept while no KS was read, unless it goes by the TEKs that most GMs hold. The roster is made after it.
 */
export function yardstickOf(state: FleetState, settings: FleetSettings, before: Yardstick | null = null): Yardstick {
  const { kss } = state;
  const own = ownGroupOf(state);
  const ofOwn = ofOwnGroup(state, own);
  const { kekGeneration } = ofOwn;
  const isAsBefore =
    before?.kss === kss &&
    isSameOwnGroup(before.own, own) &&
    before.keys.kekGeneration === kekGeneration &&
    before.listAgeMs === settings.detailIntervalMs &&
    teksOfKss(before.keys) !== null;
  if (isAsBefore) return before;
  const keys = groupKeys(ofOwn);
  return {
    kss,
    clockSets: state.clockSets ?? 0,
    own,
    keys,
    teks: teksOfKss(keys) ?? majorityTeks(ofOwn.gms.list()),
    members: listedMembers(keys.kss),
    listsUnpolled: before?.listsUnpolled ?? false,
    listAgeMs: settings.detailIntervalMs,
  };
}

/** The same object where it is known already. */
export function withUnpolled(yardstick: Yardstick, listsUnpolled: boolean): Yardstick {
  return yardstick.listsUnpolled === listsUnpolled ? yardstick : { ...yardstick, listsUnpolled };
}

export function gmInGroup(
  gm: FleetGm,
  yardstick: Yardstick,
  holdsGroupTeks = holdsTeksOfGroup(gm, yardstick),
): GmInGroup {
  const inGroup = isGmOfOtherGroup(yardstick.own, gm) ? notCompared(gm) : compared(gm, yardstick, holdsGroupTeks);
  if (isHidden(gm.context)) return { hidden: true, ...inGroup };
  return hasNone(gm) ? { withoutTek: true, ...inGroup } : inGroup;
}

/** null: a rekey may be under way, nothing tells, or it is of another group. */
export function holdsTeksOfGroup(gm: FleetGm, { own, keys, teks, clockSets }: Yardstick): boolean | null {
  return isGmOfOtherGroup(own, gm) || !isOfClock(gm, clockSets) ? null : holdsTeks(keys, gm, teks);
}

/** A GM and a KS that were read by different clocks show nothing of which of two keys is the newer one. */
function isOfClock({ clockSets = 0 }: FleetGm, sets: number): boolean {
  return clockSets === sets;
}

function notCompared({ device, address, reachable, registered, keyServer, behavior }: FleetGm): GmInGroup {
  return {
    device,
    address,
    reachable,
    registered,
    keyServer,
    behavior,
    kekMatchesKs: null,
    tekMatchesKs: null,
    divergent: false,
    kekBehind: false,
    teksBehind: false,
    kekExpiredInUse: false,
    listedByKs: null,
    acksMissed: null,
    registeredSinceList: false,
  };
}

function compared(
  gm: FleetGm,
  { keys, teks, members, listsUnpolled, listAgeMs, clockSets }: Yardstick,
  holdsGroupTeks: boolean | null,
): GmInGroup {
  const isComparable = isOfClock(gm, clockSets);
  const kekMatchesKs = isComparable ? holdsCurrentKek(keys, gm) : null;
  const own = ownTeks(keys, gm);
  const tekMatchesKs = own === teks || !isComparable ? holdsGroupTeks : holdsTeks(keys, gm, own);
  const divergent = !hasNone(gm) && holdsGroupTeks === false;
  const lacksOwn = tekMatchesKs === false;
  const hasCurrentKeys = (kekMatchesKs ?? tekMatchesKs) === true && !lacksOwn && !divergent;
  const listedAs = listedAddress(gm, members);
  return {
    device: gm.device,
    address: gm.address,
    reachable: gm.reachable,
    registered: gm.registered,
    keyServer: gm.keyServer,
    behavior: gm.behavior,
    kekMatchesKs,
    tekMatchesKs,
    divergent,
    kekBehind: kekMatchesKs === false && isKekBehind(keys, gm),
    teksBehind:
      (lacksOwn || divergent) && (!lacksOwn || areTeksBehind(gm, own)) && (!divergent || areTeksBehind(gm, teks)),
    kekExpiredInUse: gm.behavior !== 'timer' && gm.kekExpiryMs === null && kekMatchesKs === false,
    listedByKs: isListed(gm, members, { listedAs, listAgeMs, listsUnpolled, hasCurrentKeys }),
    acksMissed: listedAs === null ? null : (members.listed.get(listedAs) ?? null),
    registeredSinceList: listedAs !== null && !isListSettled(gm, members, listAgeMs),
  };
}
