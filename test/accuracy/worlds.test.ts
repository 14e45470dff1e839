/**
 * Random worlds: whatever goes wrong in a fleet and however it is watched, nothing is invented, and what is said is
 * true. A failing world is shrunk: fewer GMs, fewer troubles, fewer hours, fewer hardships of watching.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namedShare, precision, recall, wrongShare } from './score.ts';
import { assessWorld } from './world-watch.ts';
import { scoreWorlds } from './worlds-table.ts';

const worlds = fc.record({
  seed: fc.noShrink(fc.integer({ min: 1, max: 1_000_000 })),
  limits: fc.record({
    gms: fc.integer({ min: 1, max: 4 }),
    troubles: fc.integer({ min: 0, max: 8 }),
    hours: fc.integer({ min: 1, max: 2 }),
  }),
  hardships: fc.record({
    messages: fc.boolean(),
    snmp: fc.constant(false),
    losses: fc.boolean(),
    clockErrors: fc.constant(false),
  }),
});

test('in no world is a registration invented or missed that the counters show', () => {
  fc.assert(
    fc.property(worlds, ({ seed, limits, hardships }) => {
      const { judgement } = assessWorld(seed, limits, hardships);
      expect(judgement.invented).toEqual([]);
      const missed = judgement.registrations.filter(
        ({ verdict, invisible }) => verdict === 'missed' && invisible === null,
      );
      // A clear after which the rekey count climbed back to what it was shows in the rekey's age only: not told yet.
      expect(missed.filter(({ truth }) => truth.cause !== 'operator_clear')).toEqual([]);
    }),
    { seed: 20_260_301, numRuns: 8 },
  );
});

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

/**
 * Over fixed worlds asked over SSH the goals hold but for one cause in 252: an interface that went down in silence
 * while the KS replaced its keys (docs/accuracy.md).
 */
test('twelve worlds: what was told, named and true', () => {
  const { bySsh, bySnmpAlone } = scoreWorlds(SEEDS, { limits: { gms: 4, troubles: 12, hours: 2 } });
  expect(bySsh.real).toBeGreaterThan(100);
  expect(recall(bySsh)).toBeGreaterThanOrEqual(0.999);
  expect(precision(bySsh)).toBeGreaterThanOrEqual(0.999);
  expect(wrongShare(bySsh)).toBeLessThanOrEqual(0.004);
  expect(namedShare(bySsh)).toBeGreaterThanOrEqual(0.985);
  expect(bySsh.falseStatements).toBe(0);
  expect(bySnmpAlone.real).toBeGreaterThan(5);
  expect(recall(bySnmpAlone)).toBeGreaterThanOrEqual(0.999);
  expect(precision(bySnmpAlone)).toBeGreaterThanOrEqual(0.999);
  expect(bySnmpAlone.falseStatements).toBe(0);
});
