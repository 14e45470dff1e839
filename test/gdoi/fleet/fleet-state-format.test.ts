/**
 * The next version must understand what a store keeps of a group. This folder has one state of each format, and the
 * fields of the present one. Fields that differ, but for new optional ones, need a higher format number, files of their
 * own (UPDATE_GOLDENS=1 writes them) and a conversion from the format before.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { trackFleet } from '../../builders/track-fleet.ts';
import { FLEET_STATE_FORMAT, readFleetState, type StoredPart } from '../../../src/gdoi/fleet/fleet-state-format.ts';
import { type FleetState, initialFleetState } from '../../../src/gdoi/fleet/fleet-state.ts';
import { throughStore } from '../../builders/fleet-group.ts';
import { named } from '../../../src/gdoi/seen/named.ts';
import { NameTree } from '../../../src/gdoi/seen/name-tree.ts';
import { againstFormat, wholeOf } from '../../builders/state-shape.ts';
import { FLEET_SHAPE } from './fleet-shape.ts';
import { FULL_FLEET, FULL_FLEET_NEXT } from './full-fleet.ts';

const goldenOf = (format: number) => new URL(`./fleet-state.format-${format}.json`, import.meta.url);
const kept = (format: number): unknown => JSON.parse(readFileSync(goldenOf(format), 'utf8'));
const part = (format: unknown, state: unknown): StoredPart => ({ format, state });

function fullFleet(): FleetState {
  let state = initialFleetState('G1');
  for (const facts of FULL_FLEET) state = trackFleet(state, [facts]).state;
  return state;
}

function eventsNext(state: FleetState): readonly string[] {
  const ids: string[] = [];
  let now = state;
  for (const facts of FULL_FLEET_NEXT) {
    const next = trackFleet(now, [facts]);
    now = next.state;
    ids.push(...next.events.map(({ id }) => id));
  }
  return ids;
}

test('has the fields of its format, and beside them only optional ones that read as absent', () => {
  const file = new URL(`./fleet-fields.format-${FLEET_STATE_FORMAT}.txt`, import.meta.url);
  expect(againstFormat(FLEET_SHAPE, file)).toEqual({ misread: [], missing: [] });
});

test('writes every field that a group can have, in its parts, and reads them back', () => {
  const whole = wholeOf(FLEET_SHAPE);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made field by field from its type
  const { gms, kss, occurrences, ...same } = whole as FleetState;
  const state = {
    ...same,
    gms: NameTree.of(Object.entries(gms)),
    kss: named(Object.entries(kss)),
    occurrences: named(Object.entries(occurrences)),
  };
  expect(JSON.parse(JSON.stringify(throughStore(state)))).toEqual(whole);
});

test('makes the state that is kept of this format', () => {
  const state = fullFleet();
  const file = goldenOf(FLEET_STATE_FORMAT);
  if (process.env['UPDATE_GOLDENS'] === '1' && !existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`);
  }
  expect(JSON.parse(JSON.stringify(state))).toEqual(kept(FLEET_STATE_FORMAT));
});

test('puts the state together again from its stored parts', () => {
  expect(throughStore(fullFleet())).toEqual(fullFleet());
});

test('carries a whole group over from the format before without losing or repeating an event', () => {
  const before = readFleetState('G1', part(3, kept(3)), []);
  expect(before?.outdated).toBe(true);
  const expected = eventsNext(fullFleet());
  expect(expected.some((id) => id.includes('kek_expired_in_use'))).toBe(true);
  expect(eventsNext(before!.state)).toEqual(expected);
});

test('builds the group from its members if it has no state of its own, and loses only parts that are damaged', () => {
  const [gm1, gm2] = [...fullFleet().gms.values()];
  const members: readonly (readonly [string, StoredPart])[] = [
    ['gm1', part(FLEET_STATE_FORMAT, { gm: gm1, ks: null })],
    ['gm2', part(FLEET_STATE_FORMAT - 2, { gm: gm2, ks: null })],
    ['gm3', part(FLEET_STATE_FORMAT, 'a word')],
  ];
  const read = readFleetState('G1', part('another', {}), members);
  expect([...(read?.state.gms ?? [])]).toEqual([['gm1', gm1]]);
  expect(read?.state.kss.size).toBe(0);
});

test('does not continue from a state of another format or from anything that is no state', () => {
  for (const format of [FLEET_STATE_FORMAT - 2, FLEET_STATE_FORMAT + 1, '4', null, undefined]) {
    expect(readFleetState('G1', part(format, kept(FLEET_STATE_FORMAT)), [])).toBeNull();
  }
  for (const nothing of [null, 3, 'state', undefined]) {
    expect(readFleetState('G1', part(FLEET_STATE_FORMAT, nothing), [])).toBeNull();
  }
  expect(readFleetState('G1', null, [])).toBeNull();
});
