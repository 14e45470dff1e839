/** FNV-1a of a device's name as a number in [0, 1): its phase in every spread, the same after every restart. */
export function nameFraction(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 4_294_967_296;
}
