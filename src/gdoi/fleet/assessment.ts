/** What is found of a group by its state, for its view and for the conditions that on-call is told of alike. */
import type { Explanation } from '../explain/explanation.ts';
import { coopPeers, type CoopSplit, coopSplit, type PeerSight } from './fleet-coop.ts';
import type { FleetGm, FleetState } from './fleet-state.ts';
import { ofIdentity, type Stranger, strangersIn } from './other-identity.ts';
import { type JudgedGm, judgedMembers } from './judged-members.ts';
import { type MixedVersions, mixedVersions } from './mixed-versions.ts';
import { isSameInRoster, type Roster, rosterOf } from './roster.ts';
import { type TekDivergence, tekDivergence } from './tek-divergence.ts';
import type { Yardstick } from './yardstick.ts';

export interface FleetAssessment {
  readonly yardstick: Yardstick;
  readonly roster: Roster;
  /** Its GMs, in the order of their names. */
  readonly members: readonly JudgedGm[];
  readonly divergence: TekDivergence;
  readonly mixed: MixedVersions | null;
  readonly split: CoopSplit | null;
  readonly peers: readonly PeerSight[];
  /** Members of another group of this name. */
  readonly strangers: readonly Stranger[];
}

/** What a judgement of the group leaves for the next one, and for views of the states between. */
export interface LastJudgement {
  readonly yardstick: Yardstick;
  readonly roster: Roster;
  readonly explanations: readonly Explanation[];
  /** Its GMs, in the order of their names; empty: let go of, many have been read since. */
  readonly members: readonly JudgedGm[];
}

/** `before`: what of it still holds is not found again. */
export function assessFleet(
  state: FleetState,
  yardstick: Yardstick,
  before: LastJudgement | null = null,
): FleetAssessment {
  const records = state.gms.list();
  const own = ofIdentity(state, yardstick.identity);
  const known = before?.members ?? [];
  const isSameRoster = before?.yardstick === yardstick && haveSameRoster(known, records);
  const members = judgedMembers(records, yardstick, known);
  return {
    yardstick,
    roster: isSameRoster ? before.roster : rosterOf(own.gms.list(), yardstick.members),
    members,
    divergence: tekDivergence(members, yardstick.teks),
    mixed: mixedVersions(own.gms.list(), [...own.kss.values()]),
    split: coopSplit(own),
    peers: coopPeers(own),
    strangers: strangersIn(state, yardstick.identity),
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
