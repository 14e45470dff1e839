/**
 * A hash of a device's name as a number in [0, 1): its phase in every spread, the same after every restart. FNV-1a, then
 * MurmurHash3's finalizer: the upper bits of FNV-1a alone are much alike where names differ in their last digit.
 */
export function nameFraction(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
