import { FNV_BASIS, fnv1a } from '../kernel/fnv1a.ts';

/**
 * Two spreads from one basis would coincide: devices that are due together in the one would be so in the
 * other.
 */
const BASES = { polls: FNV_BASIS, processor: 0x9e3779b9 } as const;

/**
 * A hash of a device's name as a number in [0, 1): its place in a spread, the same after every restart. FNV-1a from the
 * basis of that spread, then MurmurHash3's finalizer: the upper bits of FNV-1a alone are much alike where names differ
 * in their last digit.
 */
export function nameFraction(name: string, spread: keyof typeof BASES): number {
  let hash = fnv1a(name, BASES[spread]);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
