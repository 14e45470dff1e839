/** What is found of a group by its state, for its view and for the conditions that have events. */
import type { Explanation } from '../explain/explanation.ts';
import { coopPeers, type CoopSplit, coopSplitOf, type PeerSight } from './fleet-coop.ts';
import type { FleetGm, FleetState } from './fleet-state.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { otherGroupsIn, ofOwnGroup } from './own-group.ts';
import type { OtherGroups } from '../explain/group-facts.ts';
import { type JudgedGm, judgedMembers } from './judged-members.ts';
import { type MixedVersions, mixedVersions } from './mixed-versions.ts';
import { isSameInRoster, type Roster, rosterOf } from './roster.ts';
import { type TekDivergence, tekDivergence } from './tek-divergence.ts';
import { withUnpolled, type Yardstick, yardstickOf } from './yardstick.ts';

/** By what a group is judged. */
export interface Measures {
  /** Without members of another group of its name. */
  readonly own: FleetState;
  readonly yardstick: Yardstick;
  readonly roster: Roster;
}

export interface FleetAssessment extends Measures {
  /** Its GMs, in the order of their names. */
  readonly members: readonly JudgedGm[];
  readonly divergence: TekDivergence;
  readonly mixed: MixedVersions | null;
  readonly split: CoopSplit | null;
  readonly peers: readonly PeerSight[];
  readonly ofOtherGroup: OtherGroups | null;
}

/** What a judgement of the group leaves for the next one, and for views of the states in between. */
export interface LastJudgement {
  readonly yardstick: Yardstick;
  readonly roster: Roster;
  readonly explanations: readonly Explanation[];
  /** Its GMs, in the order of their names; empty: let go of, many have been read since. */
  readonly members: readonly JudgedGm[];
}

/** `before`: what still holds of it is not worked out again. */
export function measuresOf(state: FleetState, settings: FleetSettings, before: LastJudgement | null = null): Measures {
  const known = yardstickOf(state, settings, before?.yardstick);
  const measures = measuresBy(state, known, before);
  return { ...measures, yardstick: withUnpolled(known, measures.roster.notPolled > 0) };
}

/** By the yardstick of the last judgement, whoever has come or gone since. */
export function measuresBy(state: FleetState, yardstick: Yardstick, before: LastJudgement | null): Measures {
  const own = ofOwnGroup(state, yardstick.own);
  const gms = own.gms.list();
  const isKnown = before?.yardstick.members === yardstick.members && haveSameRoster(before.members, gms);
  return { own, yardstick, roster: isKnown ? before.roster : rosterOf(gms, yardstick.members) };
}

export function assessFleet(
  state: FleetState,
  measures: Measures,
  before: LastJudgement | null = null,
): FleetAssessment {
  const { own, yardstick } = measures;
  const members = judgedMembers(state.gms.list(), yardstick, before?.members ?? []);
  return {
    ...measures,
    members,
    divergence: tekDivergence(members, yardstick.teks),
    mixed: mixedVersions(own.gms.list(), [...own.kss.values()]),
    split: coopSplitOf(own),
    peers: coopPeers(own),
    ofOtherGroup: otherGroupsIn(state, yardstick.own),
  };
}

function haveSameRoster(before: readonly JudgedGm[], now: readonly FleetGm[]): boolean {
  return (
    before.length === now.length &&
    now.every((gm, index) => {
      const known = before[index]?.record;
      return known === gm || (known?.device === gm.device && isSameInRoster(known, gm));
    })
  );
}
