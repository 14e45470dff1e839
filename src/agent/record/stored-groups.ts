/**
 * States as a store has them, with groups in parts, put together again. They are our own JSON, so they come back as
 * they were written.
 */
import type { ResolvedConfig } from '../../config/resolved-config.ts';
import { type ReadFleet, readFleetState, type StoredPart } from '../../gdoi/fleet/fleet-state-format.ts';
import type { FleetGm, FleetKs, FleetState } from '../../gdoi/fleet/fleet-state.ts';
import { cellDoubts } from '../../gdoi/fleet/misplaced-cells.ts';
import { named } from '../../gdoi/seen/named.ts';
import { NameTree } from '../../gdoi/seen/name-tree.ts';
import { readTrackerState } from '../../gdoi/memory/state-format.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import { DEFAULT_CELL, groupOfKey } from '../../gdoi/seen/cell.ts';
import type { MemberState, StoredStates } from '../../store/event-store.ts';

/** `names`: all stored cells and groups (`groupKey`); `groups`: those that can be continued. */
export function storedGroups({ fleets, members }: Pick<StoredStates, 'fleets' | 'members'>): {
  readonly names: ReadonlySet<string>;
  readonly groups: readonly (readonly [name: string, read: ReadFleet])[];
} {
  const partsOf = membersByGroup(members);
  const names = new Set([...fleets.keys(), ...partsOf.keys()]);
  const groups = Array.from(names).flatMap((name) => {
    const read = readFleetState(groupOfKey(name).group, storedPart(fleets.get(name)), partsOf.get(name) ?? []);
    return read === null ? [] : [[name, { ...read, state: withoutPlans(read.state) }] as const];
  });
  return { names, groups };
}

/**
 * Polls that were planned in another life of the agent are none that wait for an answer: a device is asked again when
 * its turn comes.
 */
function withoutPlans(state: FleetState): FleetState {
  const unplanned = (context: FleetGm['context']): FleetGm['context'] => ({ ...context, nextLookMs: null });
  const gms = Array.from(state.gms, ([name, gm]): [string, FleetGm] => [
    name,
    { ...gm, context: unplanned(gm.context) },
  ]);
  const kss = Array.from(state.kss, ([name, ks]): [string, FleetKs] => [
    name,
    { ...ks, context: unplanned(ks.context) },
  ]);
  return { ...state, gms: NameTree.of(gms), kss: named(kss) };
}

/** All stored groups, whether or not they can be continued, in any cell. */
export function storedGroupNames(states: Pick<StoredStates, 'fleets' | 'members'>): ReadonlySet<string> {
  return new Set(Array.from(storedGroups(states).names, (key) => groupOfKey(key).group));
}

/** By device: the states that can be continued. */
export function storedTrackers(kept: StoredStates['devices']): ReadonlyMap<string, TrackerState> {
  const states = new Map<string, TrackerState>();
  for (const [name, value] of kept) {
    const part = storedPart(value);
    const state = part && readTrackerState(part.format, part.state);
    if (state !== null) states.set(name, state);
  }
  return states;
}

/** What the cells of a configuration would do to the groups in a store; `where` names the group for a person. */
export function cellDoubtsOf(
  states: Pick<StoredStates, 'fleets' | 'members'>,
  { devices, targets }: Pick<ResolvedConfig, 'devices' | 'targets'>,
): readonly { readonly where: string; readonly summary: string }[] {
  const seen = storedGroups(states).groups.map(([key, { state }]) => ({ ...state, cell: groupOfKey(key).cell }));
  const cells = new Map(devices.map(({ name, cell }) => [name, cell ?? DEFAULT_CELL]));
  // A device that is not in the file may be a target of service discovery: it stays where it was.
  const cellOf = (device: string, seenIn: string) => cells.get(device) ?? (targets === null ? null : seenIn);
  return cellDoubts(seen, cellOf).map(({ group, cells: [cell, ...others], summary }) => {
    const inCell = others.length === 0 && cell !== DEFAULT_CELL ? ` of cell ${cell}` : '';
    return { where: `group ${group}${inCell}`, summary };
  });
}

/** Of a part that another version or program left, only that it is JSON is known; null: it is no part. */
function storedPart(value: unknown): StoredPart | null {
  if (typeof value !== 'object' || value === null) return null;
  return { format: Reflect.get(value, 'format'), state: Reflect.get(value, 'state') };
}

function membersByGroup(members: readonly MemberState[]): ReadonlyMap<string, readonly [string, StoredPart][]> {
  const groups = new Map<string, [string, StoredPart][]>();
  for (const { group, device, state } of members) {
    const part = storedPart(state);
    if (part === null) continue;
    const parts = groups.get(group) ?? [];
    groups.set(group, parts);
    parts.push([device, part]);
  }
  return groups;
}
