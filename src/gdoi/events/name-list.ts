/** Names in one line, in the order people count: gm2 before gm10. */

/** Names that are written out in one line; the rest is a number. */
const MAX_NAMES = 5;

const order = new Intl.Collator('en', { numeric: true });

export function naturalOrder(a: string, b: string): number {
  return plainly(a, b) || order.compare(a, b) || (a < b ? -1 : Number(a > b));
}

/**
 * What names and addresses of routers are made of, in the order of the collator: numbers come after these, then
 * letters.
 */
const MARKS = '_-:./';
const NUMBER = MARKS.length + 1;
const WEIGHTS = weights();

function weights(): Uint8Array {
  const table = new Uint8Array(128);
  for (let mark = 0; mark < MARKS.length; mark += 1) table[MARKS.charCodeAt(mark)] = mark + 1;
  for (let digit = 0; digit < 10; digit += 1) table['0'.charCodeAt(0) + digit] = NUMBER;
  for (let letter = 0; letter < 26; letter += 1) {
    for (const first of ['a', 'A']) table[first.charCodeAt(0) + letter] = NUMBER + 1 + letter;
  }
  return table;
}

/** Weight of the character there; 0: only the collator knows it; -1: the end of the name. */
function weightAt(name: string, index: number): number {
  return index >= name.length ? -1 : (WEIGHTS[name.charCodeAt(index)] ?? 0);
}

/**
 * The collator's verdict where the first difference alone decides it; 0: the collator has to be asked. Lists of
 * thousands of names are sorted many times over in a storm (`npm run bench -- judging`).
 */
function plainly(a: string, b: string): number {
  let [i, j] = [0, 0];
  for (;;) {
    const [ofA, ofB] = [weightAt(a, i), weightAt(b, j)];
    if (ofA === 0 || ofB === 0 || (ofA === -1 && ofB === -1)) return 0;
    if (ofA !== ofB) return isPlainAfter(a, i) && isPlainAfter(b, j) ? ofA - ofB : 0;
    if (ofA === NUMBER) {
      const [fromA, fromB] = [afterZeros(a, i), afterZeros(b, j)];
      [i, j] = [afterDigits(a, fromA), afterDigits(b, fromB)];
      const longer = i - fromA - (j - fromB);
      if (i - fromA > LONGEST_COLLATED || j - fromB > LONGEST_COLLATED) return 0;
      if (longer !== 0) return longer;
      for (let digit = 0; fromA + digit < i; digit += 1) {
        const more = a.charCodeAt(fromA + digit) - b.charCodeAt(fromB + digit);
        if (more !== 0) return more;
      }
    } else {
      i += 1;
      j += 1;
    }
  }
}

/** The collator takes longer numbers in pieces. */
const LONGEST_COLLATED = 200;

/** The character after it may combine with it into another one. */
function isPlainAfter(name: string, index: number): boolean {
  return weightAt(name, index + 1) !== 0;
}

function afterZeros(name: string, from: number): number {
  let index = from;
  while (name.charCodeAt(index) === 48) index += 1;
  return index;
}

function afterDigits(name: string, from: number): number {
  let index = from;
  while (weightAt(name, index) === NUMBER) index += 1;
  return index;
}

const LONGEST_NUMBER = 9;

/**
 * A text that sorts by plain comparison as people count, different for every name. For lists that continue from a key
 * and are too long for a collator.
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
