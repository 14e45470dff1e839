/** A group whose KS sends no rekeys has no KEK: its GMs miss none. */
import { expect, test } from 'vitest';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member } from './members.ts';

test.each([
  ['shows TEKs and no KEK', { kekExpiry: null }, []],
  ['shows a KEK', {}, ['ks_rekeys_lost']],
  ['shows no keys', { kekExpiry: null, teks: null }, ['ks_rekeys_lost']],
] as const)('GMs without a KEK, whose KS %s', (_what, ofKs, expected) => {
  const fleet = new Fleet();
  const without = (number: number, second: number): MemberFacts => {
    const facts = member(number, second);
    return { ...facts, gm: facts.gm && { ...facts.gm, snapshot: { ...facts.gm.snapshot, kek: null } } };
  };
  fleet.see(ks(0, ofKs), without(1, 0), without(2, 0));
  const view = fleet.see(ks(300, ofKs), without(1, 300), without(2, 300));
  expect(view.explanations.map(({ cause }) => cause)).toEqual(expected);
  expect(groupHealth(view, () => undefined, START + 300_000).status === 'critical').toBe(expected.length > 0);
});
