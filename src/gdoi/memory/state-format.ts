/**
 * The tracker's state as a store keeps it between two lives of the agent: which formats this program goes on from.
 *
 * The number rises when a state of the same number would be misread: a field comes, goes, is renamed or holds another
 * kind of value. An optional field that is new needs no rise, which would cost whoever goes back to an older agent all
 * of its memory: this program finds it absent in older states, and an older one passes it over. A test holds every
 * field against those of the format. A state of the format before is carried over; of anything else nothing is kept,
 * and the device starts anew, as at first sight.
 */
import { mapNamed, type Named, namedOfJson } from '../seen/named.ts';
import type { LogMark } from '../log/log-evidence.ts';
import {
  type Draft,
  type Failures,
  type GroupState,
  type HeldView,
  NO_EPISODES,
  type Pending,
  type TrackerState,
} from './tracker-state.ts';

export const TRACKER_STATE_FORMAT = 3;

/**
 * null: no state that can be gone on from. `state` is what JSON made of one of ours, so its own format says its shape.
 */
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

/** What had its event was marked field by field; of messages and keys less was kept. */
type StateOfFormat2 = Omit<TrackerState, 'groups' | 'emittedBoot' | 'failures' | 'ksMarks'> & {
  readonly toldBoot: TrackerState['emittedBoot'];
  readonly failures: (Omit<Failures, 'unreachable'> & { readonly told: boolean }) | null;
  readonly groups: object;
};

type GroupOfFormat2 = Omit<
  GroupState,
  | 'emitted'
  | 'sameBootMs'
  | 'forced'
  | 'episodes'
  | 'view'
  | 'marks'
  | 'pending'
  | 'withoutTek'
  | 'replayErrors'
  | 'dataplaneErrors'
> & {
  readonly forced: Omit<NonNullable<GroupState['forced']>, 'untilMs'> | null;
  readonly told: number;
  readonly toldOverdue: number | null;
  readonly toldMissing: boolean;
  readonly toldLost: boolean;
  readonly toldFailed: boolean;
  readonly view: Omit<HeldView, 'interfaces' | 'keysCame'> | null;
  readonly marks: readonly Omit<LogMark, 'detail'>[];
  readonly pending: (Omit<Pending, 'drafts'> & { readonly drafts: readonly Omit<Draft, 'stated'>[] }) | null;
};

function fromFormat2(state: StateOfFormat2): TrackerState {
  const { toldBoot, failures, ...same } = state;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format says so
  const groups = namedOfJson(state.groups) as Named<GroupOfFormat2>;
  return {
    ...same,
    emittedBoot: toldBoot,
    failures: failures === null ? null : failuresFromFormat2(failures),
    groups: mapNamed(groups, groupFromFormat2),
    ksMarks: [],
  };
}

function failuresFromFormat2({ told, ...same }: NonNullable<StateOfFormat2['failures']>): Failures {
  return { ...same, unreachable: told };
}

function groupFromFormat2(known: GroupOfFormat2): GroupState {
  const { forced, told, toldOverdue, toldMissing, toldLost, toldFailed, view, marks, pending, ...same } = known;
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
    sameBootMs: null,
    forced: forced === null ? null : { ...forced, untilMs: forced.atMs + 3_600_000 },
    withoutTek: null,
    replayErrors: null,
    dataplaneErrors: null,
    view: view === null ? null : { ...view, interfaces: [], keysCame: null },
    marks: marks.map((mark) => ({ ...mark, detail: '' })),
    pending:
      pending === null ? null : { ...pending, drafts: pending.drafts.map((draft) => ({ ...draft, stated: null })) },
  };
}
