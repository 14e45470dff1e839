/** What each part of the tracker gives back, and how the parts follow each other. */
import type { GdoiEvent } from '../events/event.ts';
import type { FreshLine } from '../log/log-buffer.ts';
import type { GmPlace } from './gm-answer.ts';
import { mapNamed } from '../seen/named.ts';
import type { GroupState, TrackerState } from './tracker-state.ts';

export interface Tracked {
  readonly state: TrackerState;
  readonly events: readonly GdoiEvent[];
  /** Lines of a log buffer that are new since it was last read. Absent: none was read, or none is new. */
  readonly freshLines?: readonly FreshLine[];
}

/** The same for one group of the device. */
export interface GroupTracked {
  readonly state: GroupState;
  readonly events: readonly GdoiEvent[];
}

const NO_EVENTS: readonly GdoiEvent[] = [];

export function unchanged(state: GroupState): GroupTracked {
  return { state, events: NO_EVENTS };
}

export function emitting(state: GroupState, event: GdoiEvent): GroupTracked {
  return { state, events: [event] };
}

/** One part after another: each goes on from the state that the one before it left. */
export function andThen(before: GroupTracked, step: (state: GroupState) => GroupTracked): GroupTracked {
  const { state, events } = step(before.state);
  return { state, events: joined(before.events, events) };
}

/** Every poll comes through here, and mostly nothing happened: an empty list costs no copy. */
export function joined(before: readonly GdoiEvent[], after: readonly GdoiEvent[]): readonly GdoiEvent[] {
  if (after.length === 0) return before;
  return before.length === 0 ? after : [...before, ...after];
}

/** For an observation that is older than what is known, or a duplicate. */
export function ignoring(state: TrackerState): Tracked {
  return { state, events: NO_EVENTS };
}

/** Where an event of this group is, and which way its rekeys take. */
export function placeOf(device: string, group: string, { multicast }: Pick<GroupState, 'multicast'>): GmPlace {
  return multicast === true ? { device, group, multicast } : { device, group };
}

/** Every group of the device through the same step, in their order. */
export function trackEach(state: TrackerState, step: (known: GroupState, place: GmPlace) => GroupTracked): Tracked {
  const tracked = mapNamed(state.groups, (known, group) => step(known, placeOf(state.device, group, known)));
  return {
    state: { ...state, groups: mapNamed(tracked, (each) => each.state) },
    events: [...tracked.values()].flatMap(({ events }) => events),
  };
}
