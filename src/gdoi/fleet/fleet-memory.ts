/**
 * The group's state after one device's facts changed: its records, the KEK generation of the group's KS, and roles that
 * changed. What a GM's counters were before the KS replaced its KEK is kept, since that alone tells whether a GM without
 * a KEK timer got the new one.
 */
import { isSameKsKek, rememberGm, rememberKs } from './fleet-records.ts';
import {
  type FleetGm,
  type FleetKs,
  type FleetState,
  ksOrder,
  type MemberFacts,
  type RekeyCounters,
} from './fleet-state.ts';
import type { EpochMs } from '../seen/instant.ts';
import { named } from '../seen/named.ts';

/** A KS whose role is another one than at its last answer. */
export interface RoleChange {
  readonly before: FleetKs;
  readonly now: FleetKs;
}

export interface Remembered {
  readonly state: FleetState;
  readonly roleChanges: readonly RoleChange[];
}

export function rememberAll(before: FleetState, changes: readonly MemberFacts[]): Remembered {
  const gms = new Map(before.gms);
  const kss = new Map(before.kss);
  const roleChanges: RoleChange[] = [];
  let state = before;
  for (const facts of changes) {
    const { device } = facts;
    const gm = nextGm(gms.get(device) ?? null, facts);
    if (gm === null) gms.delete(device);
    else gms.set(device, gm);
    const ksBefore = kss.get(device) ?? null;
    const ks = nextKs(ksBefore, facts);
    if (ks === null) kss.delete(device);
    else kss.set(device, ks);
    if (ks !== null && ksBefore !== null && ksBefore.role !== null && ks.role !== ksBefore.role) {
      roleChanges.push({ before: ksBefore, now: ks });
    }
    if (ks === null && ksBefore === null) continue;
    state = withGeneration({ ...state, kss: named(kss) }, gms);
  }
  return { state: { ...state, gms: named(gms), kss: named(kss) }, roleChanges };
}

function nextGm(before: FleetGm | null, facts: MemberFacts): FleetGm | null {
  if (facts.presence === 'gone') return null;
  if (facts.gm !== null) return rememberGm(before, facts, facts.gm.snapshot, facts.gm.at);
  return facts.presence === 'unreachable' && before !== null
    ? { ...before, reachable: false, context: facts.context ?? before.context }
    : null;
}

function nextKs(before: FleetKs | null, facts: MemberFacts): FleetKs | null {
  if (facts.presence === 'gone') return null;
  if (facts.ks !== null) return rememberKs(before, facts, facts.ks.snapshot, facts.ks.at);
  return facts.presence === 'unreachable' && before !== null
    ? { ...before, reachable: false, context: facts.context ?? before.context }
    : null;
}

/**
 * The generation after an answer of a KS, and the GMs' counters kept beside it (`gms` is changed in place). One KS is
 * followed as long as it answers, so that a split does not look like a KEK that changes to and fro.
 */
function withGeneration(state: FleetState, gms: Map<string, FleetGm>): FleetState {
  const known = state.kekGeneration;
  const followed = known === null ? null : (state.kss.get(known.ks) ?? null);
  const ks = followed !== null && followed.reachable && followed.kek !== null ? followed : firstWithKek(state);
  if (ks === null || ks.kek === null) return state;
  const { spi, expiryMs, remainingSeconds, sinceMs } = ks.kek;
  const seen = { ks: ks.device, spi, expiryMs, remainingSeconds, lastSentAtMs: ks.sentAtMs };
  if (known !== null && known.ks === ks.device && ks.sentAtMs === known.lastSentAtMs) return state;
  const changed = known !== null && !isSameKsKek(known, seen);
  // Another KS that had its own KEK all along is a split; nothing was replaced.
  if (changed && known.ks !== ks.device && sinceMs <= known.lastSentAtMs) {
    return { ...state, kekGeneration: { ...seen, changedBetweenMs: null } };
  }
  for (const [device, gm] of gms) {
    gms.set(device, {
      ...gm,
      countersBeforeKek: changed ? gm.countersAtKsRead : gm.countersBeforeKek,
      countersAtKsRead: countersBefore(gm, ks.sentAtMs) ?? gm.countersAtKsRead,
    });
  }
  const changedBetweenMs = changed
    ? ([known.lastSentAtMs, ks.receivedAtMs] as const)
    : (known?.changedBetweenMs ?? null);
  return { ...state, kekGeneration: { ...seen, changedBetweenMs } };
}

/**
 * The newest counters that were certainly read before the KS was asked. Polled on one grid, a GM's answer always comes
 * while the KS is being asked; then they are one poll old. null: neither of the last two answers is old enough.
 */
function countersBefore(gm: FleetGm, ksSentAtMs: EpochMs): RekeyCounters | null {
  if (gm.receivedAtMs <= ksSentAtMs) return gm.counters;
  const { previousCounters: previous } = gm;
  return previous !== null && previous.receivedAtMs <= ksSentAtMs ? previous.counters : null;
}

function firstWithKek(state: FleetState): FleetKs | null {
  return ksOrder(state).find((ks) => ks.kek !== null) ?? null;
}
