/** Who takes, asks for and lets go of what. */
import { expect, test } from 'vitest';
import { planLeases, type Planner } from '../../../src/agent/cluster/lease-plan.ts';
import type { CellLease, ClusterView } from '../../../src/store/leases.ts';

const agents = (...ids: readonly string[]) => agentsWith('same', ...ids);

function agentsWith(inventory: string, ...ids: readonly string[]): ClusterView['agents'] {
  return ids.map((id) => ({ id, name: id, url: '', version: '1', process: '', inventory, leftMs: 10_000 }));
}

function anAgent(id: string, cells: readonly string[]): Planner {
  return { id, digest: 'same', cells: new Set(cells), waits: false };
}

function aCell(cell: string, over: Partial<CellLease> = {}): CellLease {
  return { cell, agent: null, term: 1, weight: 1, wantedBy: null, ...over };
}

test('a cell that somebody asked for who is gone can be asked for again', () => {
  const cells = ['x', 'y', 'z'].map((cell) => aCell(cell, { agent: 'a', wantedBy: 'gone' }));
  const view = { agents: agents('a', 'b'), cells };
  expect(planLeases(view, anAgent('b', ['x', 'y', 'z'])).want).toBe('x');
  expect(planLeases(view, anAgent('a', ['x', 'y', 'z'])).release).toEqual([]);
});

test('an agent lets go of a cell that is in its inventory no more, also while inventories differ', () => {
  const view = { agents: agents('a', 'b'), cells: [aCell('x', { agent: 'a' }), aCell('gone', { agent: 'a' })] };
  expect(planLeases(view, anAgent('a', ['x'])).release).toEqual(['gone']);
  expect(planLeases(view, { ...anAgent('a', ['x']), waits: true }).release).toEqual(['gone']);
});

test('while a live owner has another inventory, nothing is taken, asked for or handed over', () => {
  const cells = [aCell('x', { agent: 'a', wantedBy: 'b', weight: 9 }), aCell('y')];
  const view = { agents: agents('a', 'b'), cells };
  const nothing = { take: [], release: [], want: null };
  expect(planLeases(view, { ...anAgent('a', ['x', 'y']), waits: true })).toEqual(nothing);
  expect(planLeases(view, { ...anAgent('b', ['x', 'y']), waits: true })).toEqual(nothing);
});

test('a free cell is not left to an agent of another inventory, which may have no devices of it', () => {
  const view = {
    agents: [...agents('a'), ...agentsWith('without x', 'b')],
    cells: [aCell('x'), aCell('y', { agent: 'a', weight: 9 })],
  };
  expect(planLeases(view, anAgent('a', ['x', 'y'])).take).toEqual(['x']);
  expect(planLeases(view, { ...anAgent('b', ['y']), digest: 'without x' }).take).toEqual([]);
});

test('where an agent of another inventory has the least, the one of this inventory with the least asks for its share', () => {
  const view = {
    agents: [...agents('a', 'b'), ...agentsWith('nothing of it', 'c')],
    cells: ['v', 'w', 'x', 'y'].map((cell) => aCell(cell, { agent: 'a' })).concat(aCell('z', { agent: 'b' })),
  };
  expect(planLeases(view, anAgent('b', ['v', 'w', 'x', 'y', 'z'])).want).toBe('v');
});

test('where the agent with the most has one cell that is of no use to move, the one with the next most is asked', () => {
  const small = ['v', 'w', 'x'].map((cell) => aCell(cell, { agent: 'b', weight: 5 }));
  const view = { agents: agents('a', 'b', 'c'), cells: [aCell('giant', { agent: 'a', weight: 100 }), ...small] };
  expect(planLeases(view, anAgent('c', ['giant', 'v', 'w', 'x'])).want).toBe('v');
});
