/** What each part of the tracker gives back, and the little they share. */
import type { GdoiEvent } from '../events/event.ts';
import { mapNamed, type Named } from '../seen/named.ts';
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
): Named<GroupState> {
  return mapNamed(state.groups, (group, name) => change(name, group));
}
