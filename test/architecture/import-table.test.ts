/**
 * The house's import table: every import of every file is named in it, nothing in it is unused, and nothing is a cycle.
 */
import { expect, test } from 'vitest';
import { cycles, importsOf, isAllowed, roomOf, sourceFiles } from './imports.ts';
import { ROOMS } from './rooms.ts';

const FILES = sourceFiles();
const IMPORTS = FILES.flatMap((file) => importsOf(file));

test('each file imports only what its room may', () => {
  expect(IMPORTS.filter((one) => !isAllowed(one, ROOMS)).map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
});

test('the table allows nothing that no file needs', () => {
  const unused = Object.entries(ROOMS).flatMap(([room, allowed]) =>
    allowed
      .filter(
        (entry) =>
          !IMPORTS.some(({ file, target }) => roomOf(file) === room && (target === entry || roomOf(target) === entry)),
      )
      .map((entry) => `${room} -> ${entry}`),
  );
  expect(unused).toEqual([]);
});

test('each folder with sources is a room of the table, and each room is such a folder', () => {
  expect([...new Set(FILES.map(roomOf))].toSorted()).toEqual(Object.keys(ROOMS).toSorted());
});

test('no files import each other in a circle, types included', () => {
  expect(cycles(edges(IMPORTS.map(({ file, target }) => [file, target])))).toEqual([]);
});

test('no folders import each other in a circle', () => {
  const between = IMPORTS.map(({ file, target }) => [roomOf(file), roomOf(target)] as const);
  expect(cycles(edges(between.filter(([from, to]) => from !== to)))).toEqual([]);
});

test('a probe in the place of each file is refused whatever its room may not have', () => {
  const outside = [...Object.keys(ROOMS).map((room) => `${room}/probe.ts`), 'node:child_process', 'left-pad'];
  for (const file of FILES) {
    const allowed = ROOMS[roomOf(file)] ?? [];
    for (const target of outside) {
      const room = roomOf(target);
      const expected = target.endsWith('.ts')
        ? room === roomOf(file) || allowed.includes(room)
        : allowed.includes(target);
      expect({ file, target, allowed: isAllowed({ file, target }, ROOMS) }).toEqual({
        file,
        target,
        allowed: expected,
      });
    }
  }
});

test('imports of types, exports from elsewhere and dynamic imports are imports', () => {
  const text = [
    "import type { A } from '../x/a.ts';",
    "export { B } from '../x/b.ts';",
    "export * from '../x/c.ts';",
    "const d = await import('../x/d.ts');",
    "type E = import('../x/e.ts').E;",
    "import fs from 'node:fs';",
  ].join('\n');
  expect(new Set(importsOf('gdoi/probe.ts', text).map(({ target }) => target))).toEqual(
    new Set(['x/a.ts', 'x/b.ts', 'x/c.ts', 'x/d.ts', 'x/e.ts', 'node:fs']),
  );
});

function edges(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [from, to] of pairs) found.set(from, (found.get(from) ?? new Set()).add(to));
  return found;
}
