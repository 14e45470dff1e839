/**
 * In the rooms that are pure, and in some more, no function changes a list, map or set that it is given: it takes it as readonly, and gives
 * back what it makes. Parsers have one exception: the sketch of a group, of which each label's rule sets a field, is an
 * object of ours until the answer ends. Objects are not seen here.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { changeableParameters } from './mutable-parameters.ts';
import { sourceFiles } from './imports.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
const PURE = /^(?:gdoi|ios|mib|model|yang|store|agent\/poll|agent\/schedule|cli\/text)\//;

test('a function of a pure room takes lists, maps and sets as readonly', () => {
  const found = sourceFiles()
    .filter((file) => PURE.test(file))
    .flatMap((file) =>
      changeableParameters(file, readFileSync(`${SRC}${file}`, 'utf8')).map(({ name }) => `${file} ${name}`),
    );
  expect(found).toEqual([]);
});

test.each([
  ['function add(rows: Row[], row: Row) {}', ['add(rows)']],
  ['function add(rows: Row[] | null = null) {}', ['add(rows)']],
  ['function add(rows: Map<string, Row> & Named) {}', ['add(rows)']],
  ['const add = (seen: Set<string>) => 0', ['(seen)']],
  ['class A { add(rows: Array<Row>) {} }', ['(rows)']],
  ['function add({ rows }: Sketch, ...all: readonly Row[]) {}', []],
  ['function add(rows: readonly Row[], seen: ReadonlyMap<string, Row[]>) {}', []],
  ['function add(...all: Row[]) {}', []],
])('in %j it sees %j', (text, names) => {
  expect(changeableParameters('a.ts', text).map(({ name }) => name)).toEqual(names);
});
