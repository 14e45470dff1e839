/**
 * A group as a whole: what no single device can tell.
 *
 * From what each GM and KS showed, and when: who holds the group's current keys, who meets a KS of the other behaviour,
 * whether the KSs agree on a primary, and whether lost rekeys are one path's or the KS's. An occurrence has one event. A
 * re-registration's cause is not judged here: that is the tracker's.
 */
import type { GdoiEvent } from '../events/event.ts';
import { eventId } from '../events/event-id.ts';
import { assessFleet, type LastJudgement, measuresOf } from './assessment.ts';
import { fleetConditions } from './fleet-conditions.ts';
import { explain } from '../explain/explain.ts';
import { abandonedIncidents, type Incident, incidentChanges } from '../incidents/incident.ts';
import { factsOf } from './group-facts-of.ts';
import { remember, type RoleChange } from './fleet-memory.ts';
import { judge } from './fleet-occurrences.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { atItsOwnPace } from './group-pace.ts';
import type { FleetState, MemberFacts } from './fleet-state.ts';
import { type GroupView, groupView } from './group-view.ts';
import { gmChanged, ksChanged } from './material-change.ts';
import { inCell } from '../seen/cell.ts';
import { withParts } from './own-group.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { Yardstick } from './yardstick.ts';

/** One device's facts in the group's state, before anyone judges what they mean for the group. */
export interface MemberStep {
  readonly state: FleetState;
  readonly events: readonly GdoiEvent[];
  /** Something about the member has changed by which the group is judged, or that must not be lost. */
  readonly material: boolean;
  /** A KS was read: all its GMs are judged by it. */
  readonly ksRead: boolean;
}

/** Its cost does not grow with the group. `yardstick`: of the last judgement. */
export function rememberMember(before: FleetState, facts: MemberFacts, yardstick: Yardstick): MemberStep {
  const { device } = facts;
  const { state, roleChange } = remember(before, facts);
  const ks = { before: before.kss.get(device) ?? null, now: state.kss.get(device) ?? null };
  const material =
    gmChanged(before.gms.get(device) ?? null, state.gms.get(device) ?? null, yardstick) || ksChanged(ks.before, ks.now);
  return {
    state,
    events: roleChange === null ? [] : [roleChanged(state, roleChange)],
    material,
    ksRead: ks.before !== ks.now,
  };
}

export interface FleetJudgement {
  readonly state: FleetState;
  readonly events: readonly GdoiEvent[];
  /** Incidents that changed. */
  readonly incidents: readonly Incident[];
  readonly view: GroupView;
  readonly last: LastJudgement;
}

/**
 * What the records of all members mean for the group at `nowMs`; its cost grows with the group. `before`: the last
 * judgement, of which what still holds is not worked out again; null: this is the first.
 */
export function judgeFleet(
  state: FleetState,
  nowMs: EpochMs,
  settings: FleetSettings,
  before: LastJudgement | null,
): FleetJudgement {
  const assessment = assessFleet(state, measuresOf(state, settings, before), before);
  const { own } = assessment;
  const ofOwn =
    own === state
      ? assessment
      : { ...assessment, members: assessment.members.filter(({ record }) => own.gms.has(record.device)) };
  const paced = atItsOwnPace(own, settings);
  const facts = factsOf(own, ofOwn, nowMs, paced);
  const { memory, explanations } = explain(state.said, facts);
  const conditions = fleetConditions(own, ofOwn, nowMs, paced);
  const { occurrences, events } = judge(state, state.occurrences, conditions, nowMs);
  const { yardstick, roster, members } = assessment;
  const judged = withParts({ ...state, occurrences, said: memory }, yardstick.own);
  const last = { yardstick, roster, explanations, members };
  return {
    state: judged,
    incidents:
      state.gms.size + state.kss.size === 0
        ? abandonedIncidents(state, state.said, nowMs)
        : incidentChanges(state, state.said, memory, facts),
    events,
    view: groupView(judged, nowMs, last, assessment),
    last,
  };
}

function roleChanged({ group, cell }: FleetState, { before, now }: RoleChange): GdoiEvent {
  return {
    id: eventId(now.device, group, 'ks_role_changed', before.role ?? '', now.role ?? '', before.roleLastReadMs),
    atMs: now.roleLastReadMs,
    betweenMs: [Math.min(before.roleLastReadMs, now.roleLastReadMs), now.roleLastReadMs],
    type: 'ks_role_changed',
    device: now.device,
    ...inCell(cell),
    group,
    cause: null,
    unexpected: null,
    severity: 'warning',
    summary: `KS ${now.device} of group ${group} is now ${now.role}, it was ${before.role}`,
    evidence: [
      `Local KS Role: ${now.role} (before: ${before.role})`,
      ...(now.address === null ? [] : [`KS address ${now.address}`]),
    ],
    action:
      'show crypto gdoi ks coop on every KS: is there exactly one primary? Check KS CPU and the path between the KSs (UDP 848)',
  };
}
