/**
 * How deep a value out of JSON may be nested. The parser takes millions of levels; whatever walks the value afterwards has
 * a stack of some ten thousand calls.
 */

/** No document that we ask for has more than ten. */
export const MAX_JSON_DEPTH = 64;

export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return inner.some((each) => isDeeperThan(each, levels - 1));
}
