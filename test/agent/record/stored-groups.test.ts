/** What an agent goes on from after a time in which it did not run. */
import { expect, test } from 'vitest';
import { storedGroups } from '../../../src/agent/record/stored-groups.ts';
import { FLEET_STATE_FORMAT, groupPart, memberPart } from '../../../src/gdoi/fleet/fleet-state-format.ts';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import { DEFAULT_CELL, groupKey } from '../../../src/gdoi/seen/cell.ts';
import { Fleet, gm, ks, START } from '../../builders/fleet-group.ts';
import { trackFleet } from '../../builders/track-fleet.ts';

const planned = (second: number) => ({ context: { ...NO_CONTEXT, nextLookMs: START + second * 1000 } });

test('does not take polls that were planned before it stopped for polls without an answer', () => {
  const fleet = new Fleet();
  fleet.see({ ...ks(0, { kekExpiry: 900 }), ...planned(60) }, { ...gm(1, { kekExpiry: 900 }), ...planned(61) });
  const { state } = fleet;
  const stored = (part: object | null) => JSON.parse(JSON.stringify({ format: FLEET_STATE_FORMAT, state: part }));
  const key = groupKey(DEFAULT_CELL, 'G1');
  const { groups } = storedGroups({
    fleets: new Map([[key, stored(groupPart(state))]]),
    members: ['gm1', 'ks1'].map((device) => ({
      group: key,
      device,
      state: stored(memberPart(state, device)),
    })),
  });
  const [, read] = groups[0] ?? [];
  if (read === undefined) throw new Error('it was stored');
  const overdue = gm(740, { kekExpiry: 900, change: { kekRekeyOverdue: true } });
  const { view } = trackFleet(read.state, [overdue]);
  expect(view.explanations.map(({ cause }) => cause)).not.toContain('ks_down');
});
