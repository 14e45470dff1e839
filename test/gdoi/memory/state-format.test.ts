/**
 * The next version must understand the tracker state that a store keeps. One state of each format lies here: a state
 * that differs needs a higher format number, its own file (UPDATE_GOLDENS=1 writes it once and never overwrites an
 * older one) and the conversion from the previous format.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTrackerState, TRACKER_STATE_FORMAT } from '../../../src/gdoi/memory/state-format.ts';
import { initialTrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { fed, gmAnswer, log } from '../../builders/tracker-builders.ts';
import { fullState } from './full-state.ts';

const goldenOf = (format: number) => new URL(`./tracker-state.format-${format}.json`, import.meta.url);
const kept = (format: number): unknown => JSON.parse(readFileSync(goldenOf(format), 'utf8'));

test('reads a stored state of the current format unchanged', () => {
  const state = fullState();
  const file = goldenOf(TRACKER_STATE_FORMAT);
  if (process.env['UPDATE_GOLDENS'] === '1' && !existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`);
  }
  expect(readTrackerState(TRACKER_STATE_FORMAT, kept(TRACKER_STATE_FORMAT))).toEqual(state);
});

test('converts a state of the previous format without losing or repeating an event', () => {
  const before = readTrackerState(TRACKER_STATE_FORMAT - 1, kept(TRACKER_STATE_FORMAT - 1));
  const next = [gmAnswer(1100, { succeeded: 3, attempted: 3, received: 2, kekAt: 87_000 })];
  const expected = fed(fullState(), next).events;
  expect(expected.length).toBeGreaterThan(0);
  expect(fed(before!, next).events).toEqual(expected);
});

test('does not continue from a document that is not a state of a known format', () => {
  const state = kept(TRACKER_STATE_FORMAT);
  for (const format of [TRACKER_STATE_FORMAT - 2, TRACKER_STATE_FORMAT + 1, '3', null, undefined]) {
    expect(readTrackerState(format, state)).toBeNull();
  }
  for (const nothing of [null, 3, 'state', undefined]) {
    expect(readTrackerState(TRACKER_STATE_FORMAT, nothing)).toBeNull();
  }
});

/** Group names that are special on a plain object. */
const NAMES = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '', 'G1'];

test('accepts any group name, in memory and from the store', () => {
  const answer = (at: number, succeeded: number) =>
    gmAnswer(at, ...NAMES.map((group) => ({ group, succeeded, kekAt: 50_000 })));
  const first = fed(initialTrackerState('gm1'), [answer(0, 1), log(30, 'GDOI-5-GM_CLEAR_REGISTER', '')]);
  const again = readTrackerState(TRACKER_STATE_FORMAT, JSON.parse(JSON.stringify(first.state)));
  expect([...(again?.groups.keys() ?? [])]).toEqual(NAMES);
  const second = fed(again!, [answer(60, 2)]);
  expect(second.events.map(({ group, type, cause }) => [group, type, cause])).toEqual(
    NAMES.map((group) => [group, 'reregistration', 'operator_clear']),
  );
});
