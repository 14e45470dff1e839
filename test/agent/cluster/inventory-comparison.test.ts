/** Agents whose configurations differ: a staggered reload, or a mistake. */
import { expect, test } from 'vitest';
import { InventoryComparison } from '../../../src/agent/cluster/inventory-comparison.ts';
import type { ClusterView } from '../../../src/store/leases.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';

const HOLD_MS = 60_000;
const ME = { id: 'me', digest: 'mine' };

function beside(inventory: string, { owner = 'other' } = {}): ClusterView {
  const around = { url: '', version: '1', process: '' };
  return {
    agents: [
      { ...around, id: 'me', name: 'me', inventory: 'before the reload', leftMs: 10_000 },
      { ...around, id: 'other', name: 'host2 7', inventory, leftMs: 10_000 },
    ],
    cells: [{ cell: 'default', agent: owner, term: 1, weight: 1, wantedBy: null }],
  };
}

test('what is nobody’s is left alone while a live owner has other devices, for a time, and that is told once', () => {
  const logger = new MemoryLogger();
  const comparison = new InventoryComparison(logger, HOLD_MS);
  expect(comparison.compare(beside('mine'), ME, 0)).toBe(false);
  expect(comparison.differing).toBe(0);
  expect(comparison.compare(beside('another'), ME, 5_000)).toBe(true);
  expect(comparison.compare(beside('another'), ME, 10_000)).toBe(true);
  expect(comparison.differing).toBe(1);
  expect(logger.messages('warn')).toEqual([
    'other agents have different devices or cells than this one: a device may be polled twice',
  ]);
  // It stays so: that must keep nothing from being polled.
  expect(comparison.compare(beside('another'), ME, 5_000 + HOLD_MS)).toBe(false);
  expect(comparison.compare(beside('mine'), ME, 90_000)).toBe(false);
  expect(comparison.compare(beside('another'), ME, 95_000)).toBe(true);
});

test.each([
  ['an agent that is gone', { ...beside('another'), agents: [] }],
  ['a standby', beside('another', { owner: 'me' })],
  ['an agent of a version before', beside('')],
])('%s keeps nobody from taking a cell', (_who, view) => {
  expect(new InventoryComparison(new MemoryLogger(), HOLD_MS).compare(view, ME, 0)).toBe(false);
});
