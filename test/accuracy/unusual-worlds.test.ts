/**
 * Worlds as fleets hardly ever are, each part of them possible (`--unusual` of the benchmark): nothing is invented, and
 * what is said is true. A failing world is shrunk: fewer GMs, fewer troubles, fewer hours, fewer hardships of watching.
 *
 * The worlds are fixed, so that the suite says the same each time; `npm run bench:accuracy -- --worlds N --first S
 * --unusual` looks for others.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assessWorld } from './world-watch.ts';

/** Some held a fault once; in others only the KSs are asked (62, 94), or the polls come unevenly (5, 40, 62, 70). */
const SEEDS = [4, 5, 6, 40, 62, 70, 94, 5016, 5029, 5038] as const;

const worlds = fc.record({
  seed: fc.constantFrom(...SEEDS),
  limits: fc.record({
    gms: fc.integer({ min: 1, max: 4 }),
    troubles: fc.integer({ min: 0, max: 8 }),
    hours: fc.integer({ min: 1, max: 2 }),
    unusual: fc.constant(true),
  }),
  hardships: fc.record({
    messages: fc.boolean(),
    snmp: fc.boolean(),
    losses: fc.boolean(),
    clockErrors: fc.constant(false),
  }),
});

test('in no unusual world is a registration invented, or anything said that is not true', () => {
  fc.assert(
    fc.property(worlds, ({ seed, limits, hardships }) => {
      const { judgement, findings } = assessWorld(seed, limits, hardships);
      expect(judgement.invented).toEqual([]);
      expect(findings.map(({ said, wrong }) => `${said}: ${wrong}`)).toEqual([]);
    }),
    { seed: 20_261_127, numRuns: 10 },
  );
});
