/**
 * Set-up of every test file. Properties draw different cases in each run; with `PROPERTY_SEED` (a whole number) they
 * draw the same ones again. `.ci/run` derives it from the commit, so that anybody can repeat its result.
 */
import fc from 'fast-check';

const given = process.env['PROPERTY_SEED'] ?? '';
if (given !== '') {
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`PROPERTY_SEED must be a whole number, not "${given}"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}

/**
 * A seed for random data without fast-check: that of the run, or a new one each time. Print it where the test fails.
 */
export function drawnSeed(): number {
  return fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);
}
