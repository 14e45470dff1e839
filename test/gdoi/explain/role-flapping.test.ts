/** The role of primary that keeps moving (on-call catalogue, row 14): one happening, and not one warning for each move. */
import { expect, test } from 'vitest';
import { Fleet, ks } from '../../builders/fleet-group.ts';

const OTHER = { device: 'ks2', address: '10.1.0.2' } as const;

/** Which of the two is primary, each a minute and by the second. */
function swaps(fleet: Fleet, ...primaries: readonly ('ks1' | 'ks2')[]): ReturnType<Fleet['see']> {
  let view = fleet.see();
  for (const [index, primary] of primaries.entries()) {
    const role = (device: string) => (device === primary ? 'primary' : 'secondary');
    view = fleet.see(ks(60 * index, { role: role('ks1') }), ks(60 * index, { ...OTHER, role: role('ks2') }));
  }
  return view;
}

const told = ({ explanations }: ReturnType<Fleet['see']>) =>
  explanations.map(({ cause, phase, status }) => `${cause} ${phase} ${status}`);

test('four swaps within eight minutes are one warning, with whom, since when and what to do first', () => {
  const fleet = new Fleet();
  const view = swaps(fleet, 'ks1', 'ks2', 'ks2', 'ks1', 'ks1', 'ks2', 'ks2', 'ks1');
  expect(told(view)).toEqual(['role_flapping present warning']);
  const [said] = view.explanations;
  expect(said?.summary).toMatch(/^The role of primary keeps moving between KSs ks1, ks2 since \d\d:\d\d:\d\d UTC$/u);
  expect(said?.scope).toEqual(['ks1', 'ks2']);
  expect(said?.firstStep).toContain('show crypto gdoi ks coop');
  expect(said?.evidence).toHaveLength(8);
  expect(fleet.types().filter((type) => type === 'ks_role_changed')).toHaveLength(8);
});

test('a failover and the way back are none', () => {
  expect(told(swaps(new Fleet(), 'ks1', 'ks2', 'ks2', 'ks1', 'ks1'))).toEqual([]);
});

test('three changes of a KS are enough where its peers are not polled', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ks(60, { role: 'secondary' }), ks(120));
  expect(told(fleet.see(ks(130)))).toEqual([]);
  expect(told(fleet.see(ks(180, { role: 'secondary' })))).toContain('role_flapping present warning');
});

test('it says the same until it ends, half an hour after all but two of its changes', () => {
  const fleet = new Fleet();
  const before = swaps(fleet, 'ks1', 'ks2', 'ks1', 'ks2');
  const both = (second: number) =>
    fleet.see(ks(second, { role: 'secondary' }), ks(second, { ...OTHER, role: 'primary' }));
  expect(both(1800).explanations[0]).toEqual(before.explanations[0]);
  expect(told(both(1870))).toEqual([]);
});

test('what two splits make of the role of one KS is told as splits', () => {
  const fleet = new Fleet();
  const told: string[] = [];
  for (let second = 0; second <= 1500; second += 30) {
    const isSplit = (second >= 120 && second < 420) || (second >= 720 && second < 1020);
    const view = fleet.see(ks(second), ks(second + 2, { ...OTHER, role: isSplit ? 'primary' : 'secondary' }));
    told.push(...view.explanations.map(({ cause }) => cause));
  }
  expect(new Set(told)).toEqual(new Set(['coop_split']));
});

test('changes half an hour apart are none', () => {
  const fleet = new Fleet();
  for (const [index, role] of (['primary', 'secondary', 'primary', 'secondary'] as const).entries())
    expect(told(fleet.see(ks(1000 * index, { role })))).not.toContain('role_flapping present warning');
});
