/**
 * The next version must understand the tracker state that a store keeps. Of each format there is one state here, and
 * of the present one its fields. Fields that differ, but for new optional ones, need a higher format number, files of
 * their own (UPDATE_GOLDENS=1 writes them) and the conversion from the previous format.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readTrackerState, TRACKER_STATE_FORMAT } from '../../../src/gdoi/memory/state-format.ts';
import { initialTrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { fed, gmAnswer, log } from '../../builders/tracker-builders.ts';
import { againstFormat, linesOf, misread, shapeOf, wholeOf } from '../../builders/state-shape.ts';
import { fullState } from './full-state.ts';
import { TRACKER_SHAPE } from './tracker-shape.ts';

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

test('has the fields of its format, and beside them only optional ones that read as absent', () => {
  const file = new URL(`./tracker-fields.format-${TRACKER_STATE_FORMAT}.txt`, import.meta.url);
  expect(againstFormat(TRACKER_SHAPE, file)).toEqual({ misread: [], missing: [] });
});

describe('a state of the same number would be misread', () => {
  const before = linesOf({ at: 'number', 'beside?': { by: 'string' }, teks: { list: { spi: 'string' } } });

  test.each([
    [
      'with a new field',
      { at: 'number', 'beside?': { by: 'string' }, teks: { list: { spi: 'string', end: 'number' } } },
    ],
    ['without a field', { 'beside?': { by: 'string' }, teks: { list: { spi: 'string' } } }],
    ['with another kind', { at: 'string', 'beside?': { by: 'string' }, teks: { list: { spi: 'string' } } }],
    [
      'with a new field of an optional one',
      { at: 'number', 'beside?': { by: 'string', n: 'number' }, teks: { list: { spi: 'string' } } },
    ],
    [
      'where an optional field is always there',
      { at: 'number', beside: { by: 'string' }, teks: { list: { spi: 'string' } } },
    ],
    ['where null is new', { at: 'number | null', 'beside?': { by: 'string' }, teks: { list: { spi: 'string' } } }],
  ])('%s', (_what, now) => {
    expect(misread(before, linesOf(now))).not.toEqual([]);
  });

  test.each([
    [
      'with a new optional field',
      { at: 'number', 'beside?': { by: 'string' }, teks: { list: { spi: 'string' } }, 'new?': { of: 'string' } },
    ],
    ['without an optional field', { at: 'number', teks: { list: { spi: 'string' } } }],
  ])('but not %s', (_what, now) => {
    expect(misread(before, linesOf(now))).toEqual([]);
  });

  test('and a field that is not written down beside its type does not compile', () => {
    const exact = shapeOf<{ readonly at: number; readonly told?: true }>();
    expect(linesOf(exact({ at: 'number', 'told?': 'boolean' }))).toEqual(['at: number', 'told?: boolean']);
    // @ts-expect-error -- the optional field is not there
    exact({ at: 'number' });
    // @ts-expect-error -- it is not always there
    exact({ at: 'number', told: 'boolean' });
    const other = { at: 'number', 'told?': 'boolean', gone: 'string' } as const;
    // @ts-expect-error -- the type has no such field
    exact(other);
  });
});

test('reads every field back that a state can have', () => {
  const whole = wholeOf(TRACKER_SHAPE);
  const read = readTrackerState(TRACKER_STATE_FORMAT, whole);
  expect(JSON.parse(JSON.stringify(read))).toEqual(whole);
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
