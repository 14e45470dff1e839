/** A primary goes and another KS takes over, between two looks at that one: what it showed before says nothing of it. */
import { expect, test } from 'vitest';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, silent } from './members.ts';

const PEERS = { '10.1.0.2': 'Alive' } as const;
const at = (second: number) => START + second * 1000;
const second = (at: number, role: 'primary' | 'secondary') =>
  ks(at, { device: 'ks2', address: '10.1.0.2', role, peers: { '10.1.0.1': 'Alive' } });

function failing(): Fleet {
  const fleet = new Fleet();
  fleet.see(ks(0, { peers: PEERS }), second(40, 'secondary'), member(1, 45), member(2, 46));
  return fleet;
}

test('leaves open whether a KS is primary before the secondary was asked again', () => {
  const fleet = failing();
  const view = fleet.see({ ...silent(ks(0, { peers: PEERS }), 60), atMs: START + 70_000 });
  expect(view.explanations[0]).toMatchObject({ cause: 'no_primary', phase: 'unclear' });
  expect(view.explanations[0]?.summary).toBe(
    'KS ks1 gave no answer at 08:01:00 UTC, and KS ks2 was secondary when it was asked last: whether a KS is primary is not yet clear',
  );
});

test('takes the role that a KS shows beside older details, and places the change where it was seen', () => {
  const fleet = failing();
  fleet.see(silent(ks(0, { peers: PEERS }), 60));
  const view = fleet.see({ ...second(40, 'primary'), atMs: START + 100_000, ksRoleMs: START + 100_000 });
  expect(view.explanations[0]).toMatchObject({ cause: 'redundancy_lost' });
  expect(view.explanations[0]?.summary).toContain('KS ks2 took over as primary');
  expect(fleet.events.find(({ type }) => type === 'ks_role_changed')).toMatchObject({
    atMs: START + 100_000,
    betweenMs: [START + 40_200, START + 100_000],
  });
});

test('says of nobody that he is secondary while no KS answers', () => {
  const fleet = failing();
  const other = silent(second(40, 'secondary'), 75, { inARow: 2, established: false });
  const view = fleet.see({ ...silent(ks(0, { peers: PEERS }), 60), atMs: at(200) }, { ...other, atMs: at(201) });
  expect(view.explanations.map(({ cause }) => cause)).toEqual(['ks_down']);
});

test('leaves open whether a KS is primary when the primary restarted as secondary before the other one was asked', () => {
  const fleet = failing();
  const [first] = fleet.see(ks(100, { role: 'secondary', peers: PEERS })).explanations;
  expect(first).toMatchObject({ cause: 'no_primary', phase: 'unclear' });
  expect(first?.summary).toBe(
    'KSs ks1, ks2 were secondary when they were asked last: whether a KS is primary is not yet clear',
  );
});

test('does not take a peer that goes for a trace of the outage of another one that ended minutes before', () => {
  const fleet = failing();
  const dead = { '10.1.0.1': 'Dead' } as const;
  fleet.see({ ...silent(ks(0, { peers: PEERS }), 60), atMs: at(200) });
  fleet.see(ks(210, { device: 'ks2', address: '10.1.0.2', role: 'primary', peers: dead }));
  fleet.see(ks(300, { role: 'secondary', peers: PEERS }), second(310, 'primary'));
  const view = fleet.see(ks(600, { role: 'primary', peers: { '10.1.0.2': 'Dead' } }));
  expect(view.explanations.map(({ cause, phase }) => `${cause} ${phase}`)).not.toContain('redundancy_lost over');
});
