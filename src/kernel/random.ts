/** Randomness of the edge: jitter and spreading. Seeded in tests and in the simulator. */

/** A number in [0, 1). */
export type Random = () => number;

/** The machine's randomness. */
export const systemRandom: Random = Math.random;

/** A seeded generator (mulberry32): the same seed gives the same sequence on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
