import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameTree } from '../../../src/gdoi/seen/name-tree.ts';

const names = fc.constantFrom('', '__proto__', 'constructor', 'gm1', 'gm10', 'gm2', 'ks\u{1F511}', 'ü');
const anyChange = fc.record({
  name: fc.oneof(
    names,
    fc.integer({ min: 0, max: 200 }).map((n) => `gm${n}`),
  ),
  value: fc.option(fc.integer()),
});

test('holds what a map holds, sorted by name, after any changes, and leaves its older versions as they were', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 300 }), (changes) => {
      const map = new Map<string, number>();
      let tree = new NameTree<number>();
      const versions: { readonly tree: NameTree<number>; readonly entries: readonly (readonly [string, number])[] }[] =
        [];
      for (const { name, value } of changes) {
        tree = value === null ? tree.without(name) : tree.with(name, value);
        if (value === null) map.delete(name);
        else map.set(name, value);
        versions.push({ tree, entries: [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)) });
      }
      for (const { tree: version, entries } of versions) {
        expect([...version]).toEqual(entries);
        expect([...version.keys()]).toEqual(entries.map(([name]) => name));
        expect([...version.values()]).toEqual(entries.map(([, value]) => value));
        expect(version.size).toBe(entries.length);
      }
      for (const { name } of changes) {
        expect(tree.get(name)).toBe(map.get(name));
        expect(tree.has(name)).toBe(map.has(name));
      }
      expect(JSON.parse(JSON.stringify(tree))).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(map))));
    }),
    { numRuns: 60 },
  );
});

test('stays shallow when ten thousand names are put in and taken out in order', () => {
  const count = 10_000;
  const inOrder = Array.from({ length: count }, (_, n) => String(n).padStart(5, '0'));
  // A tree that had become a list would overflow the stack.
  const tree = NameTree.of(inOrder.map((name, n) => [name, n] as const));
  expect(tree.size).toBe(count);
  expect([...tree.keys()]).toEqual(inOrder);
  let emptied = tree;
  for (const name of inOrder.toReversed()) emptied = emptied.without(name);
  expect(emptied.size).toBe(0);
  expect(tree.get('09999')).toBe(9999);
});

test('visits each entry once, with its name', () => {
  const seen: [string, number][] = [];
  NameTree.of([
    ['b', 2],
    ['a', 1],
    ['b', 3],
  ]).forEach((value, name) => seen.push([name, value]));
  expect(seen).toEqual([
    ['a', 1],
    ['b', 3],
  ]);
});
