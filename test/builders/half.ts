/**
 * Simulated worlds and attacks are many, and each takes long: a run of the suite tells half of them. `.ci/run` tells one
 * half on the oldest Node.js and the other one on the newest; elsewhere the half is drawn, by `PROPERTY_SEED` if that is
 * set. `CASES=all npm test` tells all.
 */
import { drawnSeed } from './property-seed.ts';

const TOLD = ['all', 'first', 'second'] as const;
type Told = (typeof TOLD)[number];

/** Files of one process tell the same half. */
const told = toldBy(process.env['CASES'] ?? '');

function toldBy(given: string): Told {
  if (given === '') return drawnSeed() % 2 === 0 ? 'first' : 'second';
  const known = TOLD.find((name) => name === given);
  if (known === undefined) throw new Error(`CASES must be one of ${TOLD.join(', ')}, not "${given}"`);
  return known;
}

/**
 * Each second one of `cases`, which go by their place in the table. What is told of the same cases in another way
 * gives `otherWay`: a case that is left out here is told there.
 */
export function half<T>(cases: readonly T[], { otherWay = false } = {}): readonly T[] {
  return halfBy(told, cases, otherWay);
}

/** `half` of a run that tells `which`. */
export function halfBy<T>(which: Told, cases: readonly T[], otherWay: boolean): readonly T[] {
  if (which === 'all') return cases;
  const rest = (which === 'first') === otherWay ? 1 : 0;
  return cases.filter((_, index) => index % 2 === rest);
}
