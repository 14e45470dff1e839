/** A step of the agent's clock moves every instant that will be compared again, but nothing that serves as a name. */
import { expect, test } from 'vitest';
import { withClockStep } from '../../../src/gdoi/memory/clock-step.ts';
import type { TrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { fullState } from './full-state.ts';

const STEP_MS = 3_600_000;

/** Instants of events stay as they were emitted. */
const EMITTED = /\.tally\./u;

const asJson = (state: TrackerState): unknown => JSON.parse(JSON.stringify(state));

/** Maps the path of every number in a document to its value. */
function numbers(value: unknown, path = ''): ReadonlyMap<string, number> {
  if (typeof value === 'number') return new Map([[path, value]]);
  if (value === null || typeof value !== 'object') return new Map();
  return new Map(Object.entries(value).flatMap(([name, inner]) => [...numbers(inner, `${path}.${name}`)]));
}

test('moves every instant in milliseconds with the clock, but no seconds or counts', () => {
  const state = fullState();
  const after = numbers(asJson(withClockStep(state, STEP_MS)));
  const before = numbers(asJson(state));
  expect(before.size).toBeGreaterThan(100);
  for (const [path, value] of before) {
    if (path === '.clockSteps') continue;
    const isInstant = /(?:Ms|\.at)$/u.test(path) && !EMITTED.test(path);
    expect([path, after.get(path)]).toEqual([path, isInstant ? value + STEP_MS : value]);
  }
  expect(after.get('.clockSteps')).toBe((before.get('.clockSteps') ?? 0) + 1);
});
