/** What each part of the tracker gives back, and the little they share. */
import type { GdoiEvent } from '../events/event.ts';
import type { GroupState, TrackerState } from './tracker-state.ts';

export interface Tracked {
  readonly state: TrackerState;
  readonly events: readonly GdoiEvent[];
}

export function ignored(state: TrackerState): Tracked {
  return { state: { ...state, ignored: state.ignored + 1 }, events: [] };
}

export function mapGroups(
  state: TrackerState,
  change: (name: string, group: GroupState) => GroupState,
): Readonly<Record<string, GroupState>> {
  const groups: Record<string, GroupState> = {};
  for (const name of Object.keys(state.groups)) {
    const group = state.groups[name];
    if (group !== undefined) groups[name] = change(name, group);
  }
  return groups;
}
