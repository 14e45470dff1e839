/** Is a name in a list that is asked about again and again, as for each device of a storm that names thousands? */

/** A short list is looked through at once. */
const LOOKED_THROUGH = 16;

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** `names`: never changed in place. */
export function isAmong(names: readonly string[], name: string): boolean {
  if (names.length <= LOOKED_THROUGH) return names.includes(name);
  const known = sets.get(names) ?? new Set(names);
  sets.set(names, known);
  return known.has(name);
}
