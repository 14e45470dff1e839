/** Names in one line, in the order people count: gm2 before gm10. */

/** Names in one line. */
const MAX_NAMES = 5;

const order = new Intl.Collator('en', { numeric: true });

export function naturalOrder(a: string, b: string): number {
  return order.compare(a, b) || (a < b ? -1 : Number(a > b));
}

const LONGEST_NUMBER = 9;

/**
 * A text that sorts, plainly compared, as people count; of another name another one. For lists that go on from a key, and
 * are too long for a collator.
 */
export function naturalKey(name: string): string {
  const counted = name.toLowerCase().replaceAll(/\d+/gu, (digits) => {
    const number = digits.replace(/^0+(?=\d)/u, '');
    return `${Math.min(number.length, LONGEST_NUMBER)}${number}`;
  });
  return `${counted}\u0000${name}`;
}

/** `gm1, gm2 and 7 more`. */
export function nameList(names: readonly string[]): string {
  const sorted = names.toSorted(naturalOrder);
  const rest = sorted.length - MAX_NAMES;
  if (rest > 0) return `${sorted.slice(0, MAX_NAMES).join(', ')} and ${rest} more`;
  return sorted.join(', ');
}

/** `KS ks1`, `KSs ks1, ks2`. */
export function ksNamed(names: readonly string[]): string {
  return `${names.length === 1 ? 'KS' : 'KSs'} ${nameList(names)}`;
}
