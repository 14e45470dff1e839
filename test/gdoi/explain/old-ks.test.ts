/** A KS of the old KEK behaviour that nobody polls: what one GM has proved holds until a rekey shows otherwise. */
import { expect, test } from 'vitest';
import type { KnownReregistration } from '../../../src/gdoi/explain/group-facts.ts';
import { Fleet, START } from '../../builders/fleet-group.ts';
import { member, said } from './members.ts';

const KEK = { kekExpiry: 1000 } as const;

function registered(cause: KnownReregistration['cause'], second: number) {
  return { succeeded: 2, change: { lastReregistration: { cause, atMs: START + second * 1000 } } } as const;
}

/** GM gm1 proved it at 850 s; gm2 has no KEK timer. */
function proven(): Fleet {
  const fleet = new Fleet();
  fleet.see(member(1, 700, KEK), member(2, 700, { kekExpiry: null }));
  expect(said(fleet, member(1, 860, { ...KEK, ...registered('legacy_ks', 850) }))).toMatchObject({
    cause: 'legacy_ks',
  });
  return fleet;
}

test.each(['operator_clear', 'tek_expired'] as const)(
  'the GM registers for another reason (%s): its KS is as old as before, and no path drops what it never sent',
  (cause) => {
    const fleet = proven();
    const again = { ...KEK, ...registered(cause, 880), change: { ...registered(cause, 880).change } };
    const waiting = member(1, 890, { ...again, succeeded: 3, change: { ...again.change, kekRekeyOverdue: true } });
    expect(said(fleet, waiting)).toMatchObject({ cause: 'legacy_ks', phase: 'present' });
    expect(said(fleet, member(1, 1010, { ...again, kekExpiry: 1000 }))).toMatchObject({ cause: 'legacy_ks' });
    const expired = member(1, 1070, { kekExpiry: 4600, ...registered('kek_expired', 1060), succeeded: 4 });
    const view = fleet.see(expired, member(2, 1075, { kekExpiry: null }));
    expect(view.explanations.map((each) => each.cause)).toEqual(['legacy_ks']);
  },
);

test('a KEK that came by rekey proves that the KS sends it ahead: what is lost later is lost on the way', () => {
  const fleet = proven();
  fleet.see(member(1, 1070, { kekExpiry: 4600, ...registered('kek_expired', 1060), succeeded: 3 }));
  fleet.see(member(1, 4400, { kekExpiry: 8200, ...registered('kek_expired', 1060), succeeded: 3 }));
  const lost = registered('kek_missed_rekey', 8050);
  const view = fleet.see(member(1, 8060, { kekExpiry: 11_800, ...lost, succeeded: 4 }));
  expect(view.explanations.map((each) => each.cause)).not.toContain('legacy_ks');
});
