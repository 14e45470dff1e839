/** Object identifiers as lists of sub-identifiers, in the order of a walk. */

export type Oid = readonly number[];

/** `1.3.6.1` as a list; throws on anything else. */
export function oidOf(text: string): Oid {
  const parts = text.split('.').map(Number);
  if (parts.length < 2 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 0xff_ff_ff_ff)) {
    throw new Error(`not an object identifier: ${text}`);
  }
  return parts;
}

/** Negative: `a` comes first in a walk. */
export function compareOids(a: Oid, b: Oid): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isWithin(subtree: Oid, oid: Oid): boolean {
  return oid.length >= subtree.length && subtree.every((part, index) => oid[index] === part);
}
