import { describe, expect, test } from 'vitest';
import { keptWindows } from '../../src/agent/record/kept-windows.ts';
import { type EventStore } from '../../src/store/event-store.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { type Announced, Maintenance, MAX_ANNOUNCED } from '../../src/model/maintenance.ts';
import type { PlannedWork } from '../../src/model/planned-work.ts';

const NOTHING = { devices: [], groups: [], cells: [], reason: '' };
const window = (over: Partial<PlannedWork>): PlannedWork => ({ ...NOTHING, fromMs: 1000, untilMs: 2000, ...over });
const gm1 = { device: 'gm1', groups: ['G1'] };

test('a window includes its start but not its end, and ends by itself', () => {
  const maintenance = new Maintenance();
  maintenance.configure([window({ devices: ['gm1'], reason: 'line card' })]);
  expect([999, 1000, 1999, 2000].map((atMs) => maintenance.of(gm1, atMs)?.reason)).toEqual([
    undefined,
    'line card',
    'line card',
    undefined,
  ]);
  expect(maintenance.windows(1999)).toHaveLength(1);
  expect(maintenance.windows(2000)).toEqual([]);
});

test('a window for a group covers its devices, one for a cell its groups, and no others', () => {
  const of = (work: Partial<PlannedWork>, concerned: Parameters<Maintenance['of']>[0]) => {
    const maintenance = new Maintenance();
    maintenance.configure([window(work)]);
    return maintenance.of(concerned, 1500) !== null;
  };
  expect(of({ groups: ['G1'] }, gm1)).toBe(true);
  expect(of({ groups: ['G1'] }, { device: null, groups: ['G1'] })).toBe(true);
  expect(of({ groups: ['G2'] }, gm1)).toBe(false);
  expect(of({ devices: ['gm2'] }, gm1)).toBe(false);
  expect(of({ devices: ['gm1'] }, { device: null, groups: ['G1'] })).toBe(false);
  expect(of({ cells: ['acme'] }, { ...gm1, cell: 'acme' })).toBe(true);
  expect(of({ cells: ['default'] }, gm1)).toBe(true);
  expect(of({ cells: ['acme'] }, gm1)).toBe(false);
});

test('an announced window can be ended, but a configured one only ends by reloading the configuration', async () => {
  const maintenance = new Maintenance();
  maintenance.configure([window({ groups: ['G2'] })]);
  const id = idOf(await maintenance.announce(window({ devices: ['gm1'] }), 500));
  expect(maintenance.windows(1500).map(({ source }) => source)).toEqual(['api', 'configuration']);
  expect(await maintenance.end(id)).toBe('ended');
  expect(await maintenance.end(id)).toBe('unknown');
  expect(await maintenance.end(maintenance.windows(1500)[0]?.id ?? '')).toBe('fixed');
  maintenance.configure([]);
  expect(maintenance.windows(1500)).toEqual([]);
});

test('the number of announced windows is limited, and those that ended make room', async () => {
  const maintenance = new Maintenance();
  for (let n = 0; n < MAX_ANNOUNCED; n += 1) await maintenance.announce(window({ devices: ['gm1'] }), 500);
  expect(await maintenance.announce(window({}), 500)).toEqual({ kind: 'too_many' });
  expect(await maintenance.announce(window({}), 200_000_000)).toMatchObject({ kind: 'announced' });
});

const idOf = (announced: Announced) => (announced.kind === 'announced' ? announced.window.id : announced.kind);

describe('windows kept in a store', () => {
  const of = (store: EventStore, tag: string) => new Maintenance(keptWindows(store.notes, new MemoryLogger()), tag);

  test('are known to other agents, even to one that starts later, and have distinct ids', async () => {
    const store = createMemoryStore();
    const [a, b] = [of(store, 'a'), of(store, 'b')];
    const [first, second] = [await a.announce(window({ devices: ['gm1'] }), 500), await b.announce(window({}), 500)];
    expect(idOf(first)).not.toBe(idOf(second));
    await a.refresh();
    const later = of(store, 'c');
    await later.refresh();
    for (const each of [a, later]) expect(each.windows(600)).toHaveLength(2);
    expect(later.of(gm1, 1500)).toMatchObject({ source: 'api', devices: ['gm1'] });
    expect(await later.end(idOf(first))).toBe('ended');
    await b.refresh();
    expect(b.windows(600).map(({ id }) => id)).toEqual([idOf(second)]);
  });

  test('are neither announced nor ended if the store fails', async () => {
    const store = createMemoryStore();
    const maintenance = of(store, '');
    const id = idOf(await maintenance.announce(window({ devices: ['gm1'] }), 500));
    const down = () => Promise.reject(new StoreError('io', 'unreachable'));
    Object.assign(store.notes, { all: down, put: down, remove: down });
    expect(await maintenance.announce(window({}), 500)).toEqual({ kind: 'not_kept' });
    expect(await maintenance.end(id)).toBe('not_kept');
    await maintenance.refresh();
    expect(maintenance.windows(600).map((each) => each.id)).toEqual([id]);
  });

  test.each(['', '[]', '{"fromMs":"now","untilMs":2}', 'null'])(
    'do not include a note that is not a window (%s)',
    async (text) => {
      const store = createMemoryStore();
      await store.notes.put('maintenance', 'api-1', text);
      const maintenance = of(store, '');
      await maintenance.refresh();
      expect(maintenance.windows(0)).toEqual([]);
    },
  );
});
