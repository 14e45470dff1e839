/**
 * Set-up of every test file. Properties draw other cases in each run, so that the suite goes on looking; with
 * `PROPERTY_SEED` (a whole number) they draw the same ones again. `.ci/run` takes it from the commit: what it says of a
 * commit, anybody can repeat.
 */
import fc from 'fast-check';

const given = process.env['PROPERTY_SEED'] ?? '';
if (given !== '') {
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`PROPERTY_SEED must be a whole number, not "${given}"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}

/**
 * A seed for what is drawn without fast-check: that of the run, or another one each time. Say it where the test fails.
 */
export function drawnSeed(): number {
  return fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);
}
