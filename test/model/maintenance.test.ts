import { expect, test } from 'vitest';
import { Maintenance, MAX_ANNOUNCED, type PlannedWork } from '../../src/model/maintenance.ts';

const NOTHING = { devices: [], groups: [], cells: [], reason: '' };
const window = (over: Partial<PlannedWork>): PlannedWork => ({ ...NOTHING, fromMs: 1000, untilMs: 2000, ...over });
const gm1 = { device: 'gm1', groups: ['G1'] };

test('a window is from its beginning to before its end, and ends by itself', () => {
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

test('a group has its devices, a cell its groups; others are not meant', () => {
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

test('what is announced can be ended; what the configuration has ends there, with a reload', () => {
  const maintenance = new Maintenance();
  maintenance.configure([window({ groups: ['G2'] })]);
  const announced = maintenance.announce(window({ devices: ['gm1'] }), 500);
  expect(maintenance.windows(1500).map(({ source }) => source)).toEqual(['api', 'configuration']);
  expect(maintenance.end(announced?.id ?? '')).toBe('ended');
  expect(maintenance.end(announced?.id ?? '')).toBe('unknown');
  expect(maintenance.end(maintenance.windows(1500)[0]?.id ?? '')).toBe('fixed');
  maintenance.configure([]);
  expect(maintenance.windows(1500)).toEqual([]);
});

test('announcements are bounded, and those that ended make room', () => {
  const maintenance = new Maintenance();
  for (let n = 0; n < MAX_ANNOUNCED; n += 1) maintenance.announce(window({ devices: ['gm1'] }), 500);
  expect(maintenance.announce(window({}), 500)).toBeNull();
  expect(maintenance.announce(window({}), 200_000_000)).not.toBeNull();
});
