/** Who takes, asks for and lets go of what. */
import { expect, test } from 'vitest';
import { planLeases } from '../../../src/agent/cluster/lease-plan.ts';
import type { CellLease, ClusterView } from '../../../src/store/leases.ts';

function agents(...ids: readonly string[]): ClusterView['agents'] {
  return ids.map((id) => ({ id, name: id, url: '', version: '1', process: '', inventory: '', leftMs: 10_000 }));
}

function aCell(cell: string, over: Partial<CellLease> = {}): CellLease {
  return { cell, agent: null, epoch: 1, weight: 1, wantedBy: null, ...over };
}

test('a cell that somebody asked for who is gone can be asked for again', () => {
  const cells = ['x', 'y', 'z'].map((cell) => aCell(cell, { agent: 'a', wantedBy: 'gone' }));
  const view = { agents: agents('a', 'b'), cells };
  expect(planLeases(view, 'b', new Set(['x', 'y', 'z'])).want).toBe('x');
  expect(planLeases(view, 'a', new Set(['x', 'y', 'z'])).release).toEqual([]);
});
