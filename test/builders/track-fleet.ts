import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { LastJudgement } from '../../src/gdoi/fleet/assessment.ts';
import { type FleetJudgement, judgeFleet, rememberMember } from '../../src/gdoi/fleet/fleet.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetSettings } from '../../src/gdoi/fleet/fleet-settings.ts';
import type { FleetState, MemberFacts } from '../../src/gdoi/fleet/fleet-state.ts';
import { groupView, notJudgedYet } from '../../src/gdoi/fleet/group-view.ts';

/**
 * State, events and view after changes, oldest first, judged at once. `last`: the judgement of `before`, of which the
 * product does not work out again what still holds; null: of a state that was only stored, it works out all.
 */
export function trackFleet(
  before: FleetState,
  changes: readonly MemberFacts[],
  settings: FleetSettings = DEFAULT_FLEET_SETTINGS,
  last: LastJudgement | null = null,
): FleetJudgement {
  const known = last ?? notJudgedYet(before, settings);
  if (changes.length === 0) {
    return { state: before, events: [], incidents: [], view: groupView(before, 0, known), last: known };
  }
  let state = before;
  const events: GdoiEvent[] = [];
  for (const facts of changes) {
    const step = rememberMember(state, facts, known.yardstick);
    state = step.state;
    events.push(...step.events);
  }
  const nowMs = changes.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
  const judged = judgeFleet(state, nowMs, settings, last);
  return { ...judged, events: [...events, ...judged.events] };
}
