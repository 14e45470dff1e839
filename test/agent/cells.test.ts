/** Two customers, one name: groups are kept apart by cell, in what is concluded, kept and shown. */
import { expect, test } from 'vitest';
import type { Agent } from '../../src/agent/agent.ts';
import type { ResolvedDevice } from '../../src/config/resolved-config.ts';
import { naturalOrder } from '../../src/gdoi/events/name-list.ts';
import type { GroupView } from '../../src/gdoi/fleet/group-view.ts';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { openAnsweringAgent } from '../builders/answering-agent.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { showCryptoGdoi, showCryptoGdoiOfKs } from '../builders/shown-gdoi.ts';
import { join } from 'node:path';
import { temporaryDirectory } from '../store/temporary-directory.ts';

const file = () => join(temporaryDirectory(), 'cells.db');
const EACH_MINUTE = { kind: 'every', ms: 60_000 } as const;

/** `name: cell` of each device; null: none is configured. */
function devices(cells: Readonly<Record<string, string | null>>): ResolvedDevice[] {
  return Object.entries(cells).map(([name, cell]) =>
    aConfiguredDevice({ name, schedule: EACH_MINUTE, ...(cell === null ? {} : { cell }) }),
  );
}

interface Watching extends AsyncDisposable {
  readonly agent: Agent;
  readonly clock: FakeClock;
  readonly store: EventStore;
  readonly metrics: () => readonly string[];
}

async function watching(path: string, cells: Readonly<Record<string, string | null>>): Promise<Watching> {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const logger = new MemoryLogger();
  const store = await openSqliteStore({ path, clock, logger });
  let succeeded = 1;
  const answer = (device: string) =>
    device.startsWith('ks')
      ? showCryptoGdoiOfKs({ group: 'G1', address: `192.0.2.${device.slice(2)}` })
      : showCryptoGdoi({ group: 'G1', succeeded: device === 'gm1' ? succeeded : 1 });
  const config = aConfig({ devices: devices(cells) });
  const agent = await openAnsweringAgent(answer, { config, clock, store, logger });
  const lines = new PreparedLines((group, cell) => agent.readModel.group(group, cell));
  agent.readModel.onChange((device, view) => lines.update(device, view));
  agent.start();
  await clock.advance(200_000);
  succeeded = 2;
  await clock.advance(200_000);
  return {
    agent,
    clock,
    store,
    metrics: () => ([...lines.chunks()].join('') + groupMetrics(agent.readModel)).split('\n'),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function byCell({ readModel }: Agent): readonly GroupView[] {
  return [...readModel.groups()].toSorted((a, b) => naturalOrder(a.cell ?? '', b.cell ?? ''));
}

const TWO_CUSTOMERS = { ks1: 'acme', gm1: 'acme', ks2: null, gm2: null };

test('in one cell, two primaries that know nothing of each other are one split group', async () => {
  await using one = await watching(file(), { ks1: null, gm1: null, ks2: null, gm2: null });
  const group = one.agent.readModel.group('G1');
  expect([group?.members, group?.primaries.toSorted()]).toEqual([2, ['ks1', 'ks2']]);
  expect(one.agent.readModel.group('G1')?.coopSplit).not.toBeNull();
  expect(one.metrics().some((line) => line.includes('cell='))).toBe(false);
});

test('in two cells they are two groups, each with its own primary, members and counts', async () => {
  await using two = await watching(file(), TWO_CUSTOMERS);
  const groups = byCell(two.agent).map(({ cell, group, primaries, members, coopSplit }) => ({
    cell,
    group,
    primaries,
    members,
    coopSplit,
  }));
  expect(groups).toEqual([
    { cell: 'acme', group: 'G1', primaries: ['ks1'], members: 1, coopSplit: null },
    { cell: 'default', group: 'G1', primaries: ['ks2'], members: 1, coopSplit: null },
  ]);
  const { events } = await two.store.query({ limit: 100, order: 'oldest_first' });
  expect(events.map(({ type, cell, device }) => ({ type, cell, device }))).toEqual([
    { type: 'reregistration', cell: 'acme', device: 'gm1' },
  ]);
  const metrics = two.metrics();
  expect(metrics).toContain('gdoi_group_members{cell="acme",group="G1"} 1');
  expect(metrics).toContain('gdoi_group_members{cell="default",group="G1"} 1');
  expect(metrics).toContain('gdoi_gm_registered{device="gm2",cell="default",group="G1"} 1');
  const counted = metrics.filter((line) => /^gdoi_group_reregistrations_total.* [1-9]/.test(line));
  expect(counted).toEqual([expect.stringMatching(/\{cell="acme",group="G1",.*\} 1$/)]);
});

test('both are there again after a restart, each with what it had', async () => {
  const path = file();
  {
    await using _before = await watching(path, TWO_CUSTOMERS);
  }
  await using after = await watching(path, TWO_CUSTOMERS);
  expect(byCell(after.agent).map(({ cell, primaries }) => [cell, primaries])).toEqual([
    ['acme', ['ks1']],
    ['default', ['ks2']],
  ]);
  const { events } = await after.store.query({ limit: 100, order: 'oldest_first', type: 'coop_split' });
  expect(events).toEqual([]);
});

test('a device that moves to another cell leaves its group there, and cells are shown from then on', async () => {
  await using moved = await watching(file(), { ks1: null, gm1: null, ks2: null, gm2: null });
  await moved.agent.reload(aConfig({ devices: devices(TWO_CUSTOMERS) }));
  await moved.clock.advance(200_000);
  expect(byCell(moved.agent).map(({ cell, primaries }) => [cell, primaries])).toEqual([
    ['acme', ['ks1']],
    ['default', ['ks2']],
  ]);
  expect(moved.metrics()).toContain('gdoi_gm_registered{device="gm2",cell="default",group="G1"} 1');
});

test('a cell that is another agent’s from now on is shown no more at once, also while the sessions of its devices end', async () => {
  await using two = await watching(file(), TWO_CUSTOMERS);
  const shown = () => byCell(two.agent).map(({ cell }) => cell);
  const left = two.agent.disown(['acme'], false);
  expect(shown()).toEqual(['default']);
  await left;
  expect(shown()).toEqual(['default']);
  expect(two.metrics().some((line) => line.includes('cell="acme"'))).toBe(false);
});
