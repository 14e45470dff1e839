/**
 * The group's state after one device's facts changed: its records, the KEK generation of the group's KS, and roles that
 * changed. A GM's change costs the same in a group of ten and of ten thousand.
 */
import { clockStepMs, isSameKsKek, rememberGm, rememberKs, unreadGm, unreadKs } from './fleet-records.ts';
import {
  type FleetGm,
  type FleetKs,
  type FleetState,
  type KekGeneration,
  type MemberFacts,
  SAME_EXPIRY_MS,
} from './fleet-state.ts';
import { withKsReads } from './kek-generation.ts';
import { ksOrder } from './kss-together.ts';
import { named } from '../seen/named.ts';

/** A KS whose role is another one than at its last answer. */
export interface RoleChange {
  readonly before: FleetKs;
  readonly now: FleetKs;
}

/** One device's facts. */
export function remember(
  before: FleetState,
  facts: MemberFacts,
): { readonly state: FleetState; readonly roleChange: RoleChange | null } {
  const { device } = facts;
  const gmBefore = before.gms.get(device) ?? null;
  const gm = nextGm(gmBefore, facts, before);
  const gms = gm === gmBefore ? before.gms : gm === null ? before.gms.without(device) : before.gms.with(device, gm);
  const known = withHeard({ ...before, gms }, facts);
  const ksBefore = before.kss.get(device) ?? null;
  const shown = nextKs(ksBefore, facts);
  if (shown === null && ksBefore === null) return { state: known, roleChange: null };
  const clockSets = clockSetsAfter(before, ksBefore, shown);
  const now = clockSets === 0 ? known : { ...known, clockSets };
  const isNew = shown?.receivedAtMs !== ksBefore?.receivedAtMs;
  const ks = shown === null ? null : onClock(shown, isNew ? clockSets : (ksBefore?.clockSets ?? 0));
  const others = [...before.kss].filter(([name]) => name !== device || ks !== null);
  const kss = named(ks === null ? others : [...others, [device, ks] as const]);
  const changed = ks !== null && ksBefore !== null && ksBefore.role !== null && ks.role !== ksBefore.role;
  return {
    state: withGeneration({ ...now, kss }),
    roleChange: changed ? { before: ksBefore, now: ks } : null,
  };
}

/** A group has at most this many KSs; more that only log are not kept. */
const MAX_HEARD = 8;

/** A KS that answers is remembered by its answer. */
function withHeard(state: FleetState, { device, presence, ks, ksSaid = [] }: MemberFacts): FleetState {
  const { heard: before, ...rest } = state;
  const isHeard = presence !== 'gone' && ks === null && ksSaid.length > 0;
  if (before === undefined && !isHeard) return state;
  const others = (before ?? []).filter((each) => each.device !== device);
  const heard = isHeard ? [...others, { device, said: ksSaid }].slice(-MAX_HEARD) : others;
  return heard.length === 0 ? rest : { ...rest, heard };
}

function nextGm(before: FleetGm | null, facts: MemberFacts, state: FleetState): FleetGm | null {
  if (facts.presence === 'gone') return null;
  const { kekGeneration, clockSets = 0 } = state;
  if (facts.gm !== null) {
    const gm = rememberGm(before && withKsReads(before, kekGeneration), facts, facts.gm.snapshot, facts.gm.at);
    const kekChangeMs = kekGeneration?.changedBetweenMs?.[1] ?? gm.kekChangeMs;
    // Facts are given again without a new answer.
    const sets = before?.receivedAtMs === gm.receivedAtMs ? (before.clockSets ?? 0) : clockSets;
    const record = onClock(gm, sets);
    return kekChangeMs === record.kekChangeMs ? record : { ...record, kekChangeMs };
  }
  if (facts.named === 'gm') return unreadGm(before, facts);
  return facts.presence === 'unreachable' && before !== null
    ? { ...before, reachable: false, context: facts.context ?? before.context }
    : null;
}

/** Each step is counted once, by the first of its KSs that is read since. */
function clockSetsAfter({ clockSets = 0 }: FleetState, before: FleetKs | null, now: FleetKs | null): number {
  if (before?.kek == null || now?.kek == null || (before.clockSets ?? 0) !== clockSets) return clockSets;
  const isBack = now.sentAtMs < before.sentAtMs;
  // What another transport showed a moment before may be shown again: the same KEK has the same end then.
  const isSet = isSameKsKek(before.kek, now.kek) ? clockStepMs(before.kek, now.kek, isBack) !== 0 : isBack;
  return isSet ? clockSets + 1 : clockSets;
}

function onClock<Member extends FleetGm | FleetKs>(member: Member, clockSets: number): Member {
  return clockSets === 0 ? member : { ...member, clockSets };
}

function nextKs(before: FleetKs | null, facts: MemberFacts): FleetKs | null {
  if (facts.presence === 'gone') return null;
  if (facts.ks !== null) return rememberKs(before, facts, facts.ks.snapshot, facts.ks.at);
  if (facts.named === 'ks') return unreadKs(before, facts);
  return facts.presence === 'unreachable' && before !== null
    ? { ...before, reachable: false, context: facts.context ?? before.context }
    : null;
}

/**
 * The generation after an answer of a KS. One KS is followed as long as it answers, so that a split does not look like
 * a KEK that changes to and fro.
 */
function withGeneration(state: FleetState): FleetState {
  const known = state.kekGeneration;
  const followed = known === null ? null : (state.kss.get(known.ks) ?? null);
  const ks = followed !== null && followed.reachable && followed.kek !== null ? followed : firstWithKek(state);
  if (ks === null || ks.kek === null) return state;
  const { spi, expiryMs, remainingSeconds } = ks.kek;
  const seen = { ks: ks.device, spi, expiryMs, remainingSeconds, lastSentAtMs: ks.sentAtMs };
  if (known !== null && known.ks === ks.device && ks.sentAtMs === known.lastSentAtMs) return state;
  const changed = known !== null && !isSameKsKek(known, seen);
  // A split, or its end: the GMs of either side may hold either KEK, so counters that stand still tell nothing.
  if (changed && wasBesideTheOther(state, ks, known)) {
    return { ...state, kekGeneration: { ...seen, changedBetweenMs: null } };
  }
  if (changed) {
    return { ...state, kekGeneration: { ...seen, changedBetweenMs: [known.lastSentAtMs, ks.receivedAtMs] } };
  }
  const changedBetweenMs = known?.changedBetweenMs ?? null;
  const clockSetByMs = known === null || changedBetweenMs === null ? 0 : clockSetMs(known, seen);
  return {
    ...state,
    kekGeneration: { ...seen, changedBetweenMs, ...(clockSetByMs === 0 ? {} : { clockSetByMs }) },
  };
}

function clockSetMs(known: KekGeneration, seen: Omit<KekGeneration, 'changedBetweenMs'>): number {
  const before = known.clockSetByMs ?? 0;
  return seen.ks === known.ks ? before + clockStepMs(known, seen, seen.lastSentAtMs < known.lastSentAtMs) : before;
}

/**
 * Was the KEK that the reference shows now there while it still showed the one before? A KS that replaces its KEK makes
 * a new one; one that gives in to another primary after a split takes over what that one had all along. Nobody need
 * have seen it there: a KEK begins one lifetime before it ends, and a new one does not end with the one before.
 */
function wasBesideTheOther({ kss }: FleetState, ks: FleetKs, before: KekGeneration): boolean {
  const { kek, kekLifetimeSeconds } = ks;
  if (kek === null) return false;
  const shownElsewhere = [...kss.values()].some(
    (each) =>
      each.device !== before.ks &&
      each.kek !== null &&
      isSameKsKek(each.kek, kek) &&
      each.kek.sinceMs <= before.lastSentAtMs,
  );
  if (shownElsewhere) return true;
  const laterByMs = kek.expiryMs - before.expiryMs;
  if (Math.abs(laterByMs) <= SAME_EXPIRY_MS) return true;
  if (kekLifetimeSeconds === null) return laterByMs < 0;
  return kek.expiryMs - kekLifetimeSeconds * 1000 < before.lastSentAtMs - SAME_EXPIRY_MS;
}

function firstWithKek(state: FleetState): FleetKs | null {
  return ksOrder(state).find((ks) => ks.kek !== null) ?? null;
}
