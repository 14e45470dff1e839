/**
 * The tracker's state as a store keeps it between two lives of the agent: which formats this program goes on from.
 *
 * The number rises with every change of what a state holds (a test compares with a kept state of each format). A state of
 * the format before is carried over; of anything else nothing is kept, and the device starts anew, as at first sight.
 */
import { mapNamed, type Named, namedOfJson } from '../seen/named.ts';
import { type GroupState, NO_EPISODES, type TrackerState } from './tracker-state.ts';

export const TRACKER_STATE_FORMAT = 3;

/** null: no state that can be gone on from. `state` is what JSON made of one of ours, so its own format says its shape. */
export function readTrackerState(format: unknown, state: unknown): TrackerState | null {
  if (typeof state !== 'object' || state === null) return null;
  switch (format) {
    case TRACKER_STATE_FORMAT:
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format names the shape it was written in
      return fromThisFormat(state as StateOfThisFormat);
    case 2:
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      return fromFormat2(state as StateOfFormat2);
    default:
      return null;
  }
}

type StateOfThisFormat = Omit<TrackerState, 'groups'> & { readonly groups: object };

function fromThisFormat(state: StateOfThisFormat): TrackerState {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format says so
  return { ...state, groups: namedOfJson(state.groups) as Named<GroupState> };
}

/** What had its event was marked field by field. */
type StateOfFormat2 = Omit<TrackerState, 'groups' | 'emittedBoot' | 'failures'> & {
  readonly toldBoot: TrackerState['emittedBoot'];
  readonly failures: (Omit<NonNullable<TrackerState['failures']>, 'unreachable'> & { readonly told: boolean }) | null;
  readonly groups: object;
};

type GroupOfFormat2 = Omit<GroupState, 'emitted' | 'episodes'> & {
  readonly told: number;
  readonly toldOverdue: number | null;
  readonly toldMissing: boolean;
  readonly toldLost: boolean;
  readonly toldFailed: boolean;
};

function fromFormat2(state: StateOfFormat2): TrackerState {
  const { toldBoot, failures, ...same } = state;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format says so
  const groups = namedOfJson(state.groups) as Named<GroupOfFormat2>;
  return {
    ...same,
    emittedBoot: toldBoot,
    failures:
      failures === null
        ? null
        : {
            inARow: failures.inARow,
            firstMs: failures.firstMs,
            unreachable: failures.told,
            result: failures.result,
          },
    groups: mapNamed(groups, groupFromFormat2),
  };
}

function groupFromFormat2(known: GroupOfFormat2): GroupState {
  const { told, toldOverdue, toldMissing, toldLost, toldFailed, ...same } = known;
  return {
    ...same,
    emitted: told,
    episodes: {
      ...NO_EPISODES,
      overdueKek: toldOverdue,
      kekMissing: toldMissing,
      registrationLost: toldLost,
      registrationFailed: toldFailed,
    },
  };
}
