/** A JSON document of a device in which some values are hostile: times and numbers out of all bounds, names, depth. */
import fc from 'fast-check';
import { INHERITED_NAMES } from './hostile-names.ts';

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** One of each kind that some code may not expect. */
const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  '',
  0,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  1e300,
  -1e300,
  8.64e12,
  8.64e15 + 1,
  '9'.repeat(400),
  '-9223372036854775808',
  '18446744073709551615',
  '4294967295',
  '0001-01-01T00:00:00+00:00',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999-23:59',
  '+275760-09-13T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '2026-13-45T99:99:99Z',
  ...INHERITED_NAMES.slice(0, 12),
  'x'.repeat(100_000),
  '\u0000',
  '\u001B]0;owned\u0007\u001B[2J',
  '\u202Egnp.exe\u2066',
  '<img src=x onerror=alert(1)>',
  '=HYPERLINK("http://192.0.2.66";"x")',
  '\uD800',
  [],
  {},
  [[]],
  nested(100),
  Array.from({ length: 2_000 }, (_, index) => ({ 'group-name': `G${index}` })),
];

/** How many values of a document there are to make hostile. */
function countOf(value: unknown): number {
  if (Array.isArray(value)) return 1 + value.reduce<number>((sum, each) => sum + countOf(each), 0);
  if (typeof value !== 'object' || value === null) return 1;
  return 1 + Object.values(value).reduce<number>((sum, each) => sum + countOf(each), 0);
}

/** The document with the values of `hostileAt` in place of its own, counted from the outside inwards. */
function withValues(document: unknown, hostileAt: ReadonlyMap<number, unknown>): unknown {
  let at = 0;
  const built = (value: unknown): unknown => {
    const here = at;
    at += 1;
    const inner = Array.isArray(value)
      ? value.map(built)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, built(each)]))
        : value;
    return hostileAt.has(here) ? hostileAt.get(here) : inner;
  };
  return built(document);
}

/** Which values are hostile, and what they are instead, for a document of any size. */
export const hostility = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(...HOSTILE_VALUES)),
  { minLength: 1, maxLength: 4 },
);
export type Hostility = ReadonlyArray<readonly [place: number, value: unknown]>;

export function madeHostile(document: unknown, hostile: Hostility): unknown {
  const count = countOf(document);
  return withValues(document, new Map(hostile.map(([place, value]) => [Math.floor(place * (count - 1)), value])));
}
