/** A KS that is not polled: the legacy behaviour that one GM has proved holds until a rekey shows otherwise. */
import { expect, test } from 'vitest';
import type { KnownReregistration } from '../../../src/gdoi/explain/group-facts.ts';
import { Fleet, START } from '../../builders/fleet-group.ts';
import { member, said } from './members.ts';

const KEK = { kekExpiry: 1000 } as const;

function registered(cause: KnownReregistration['cause'], second: number) {
  return { succeeded: 2, change: { lastReregistration: { cause, atMs: START + second * 1000 } } } as const;
}

/** GM gm1 proved the legacy behaviour at 850 s; gm2 has no KEK timer. */
function proven(): Fleet {
  const fleet = new Fleet();
  fleet.see(member(1, 700, KEK), member(2, 700, { kekExpiry: null }));
  expect(said(fleet, member(1, 860, { ...KEK, ...registered('legacy_ks', 850) }))).toMatchObject({
    cause: 'legacy_ks',
  });
  return fleet;
}

test.each(['operator_clear', 'tek_expired'] as const)(
  'still reports legacy_ks, and no path_loss, after the GM registered for another cause (%s)',
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

test('reports no legacy_ks for a later loss once a KEK came by rekey, as the KS does send it ahead', () => {
  const fleet = proven();
  fleet.see(member(1, 1070, { kekExpiry: 4600, ...registered('kek_expired', 1060), succeeded: 3 }));
  fleet.see(member(1, 4400, { kekExpiry: 8200, ...registered('kek_expired', 1060), succeeded: 3 }));
  const lost = registered('kek_missed_rekey', 8050);
  const view = fleet.see(member(1, 8060, { kekExpiry: 11_800, ...lost, succeeded: 4 }));
  expect(view.explanations.map((each) => each.cause)).not.toContain('legacy_ks');
});

test('blames no path before the look that tells whether the GM’s registration brought the same KEK', () => {
  const look = (second: number) => ({ nextLookMs: START + second * 1000 });
  const fleet = new Fleet();
  fleet.see(member(1, 600, KEK, look(900)), member(2, 600, { kekExpiry: null }));
  // Polled by its interval alone; it registers at 920 s, unseen.
  const overdue = { ...KEK, change: { kekRekeyOverdue: true } };
  const waiting = member(1, 850, overdue, { ...look(1150), reregistersAtMs: START + 920_000 });
  expect(said(fleet, waiting)).toMatchObject({ phase: 'unclear', knownAtMs: START + 1_155_000 });
  expect(said(fleet, member(2, 1100, { kekExpiry: null }))).toMatchObject({ phase: 'unclear' });
});
