/**
 * The house's import table: every import of every file is named in it, nothing in it is unused, and nothing is a cycle.
 */
import { describe, expect, test } from 'vitest';
import { cycles, importsOf, isAllowed, roomOf, sourceFiles } from './imports.ts';
import { ROOMS } from './rooms.ts';

const FILES = sourceFiles();
/** The edges that show what happened. */
const OUTLETS = Object.keys(ROOMS).filter((room) => /^(?:export|http|page)(?:\/|$)/.test(room));
/** Rooms and files of the step from an observation to state and events. */
const MAKES_EVENTS: readonly string[] = [
  'gdoi/fleet/fleet.ts',
  'gdoi/fleet/fleet-state.ts',
  'gdoi/memory',
  'gdoi/registrations',
  'gdoi/tracker',
  'model/fleet-step.ts',
];
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

test('a room of eight files or more is open as a whole only to who uses three of them', () => {
  const files = (room: string) => FILES.filter((file) => roomOf(file) === room).length;
  const usedBy = (room: string, of: string) =>
    new Set(
      IMPORTS.filter(({ file, target }) => roomOf(file) === room && roomOf(target) === of).map((one) => one.target),
    );
  const wide = Object.entries(ROOMS).flatMap(([room, allowed]) =>
    allowed
      .filter((entry) => entry in ROOMS && files(entry) >= 8 && usedBy(room, entry).size < 3)
      .map((entry) => `${room} -> ${entry}`),
  );
  expect(wide).toEqual([]);
  const beside = Object.entries(ROOMS).flatMap(([room, allowed]) =>
    allowed
      .filter((entry) => entry.endsWith('.ts') && allowed.includes(roomOf(entry)))
      .map((one) => `${room} -> ${one}`),
  );
  expect(beside).toEqual([]);
});

describe('a probe', () => {
  test('in the place of each file is refused whatever its room may not have: files, rooms and packages', () => {
    const inside = [...FILES, ...Object.keys(ROOMS).map((room) => `${room}/probe.ts`)];
    for (const room of Object.keys(ROOMS)) {
      const file = `${room}/probe.ts`;
      const allowed = new Set(ROOMS[room]);
      const expected = [
        ...inside.filter((one) => roomOf(one) === room || allowed.has(roomOf(one)) || allowed.has(one)),
        ...['node:child_process', 'left-pad'].filter((one) => allowed.has(one)),
      ];
      const found = [...inside, 'node:child_process', 'left-pad'].filter((target) =>
        isAllowed({ file, target }, ROOMS),
      );
      expect({ room, found }).toEqual({ room, found: expected });
    }
  });

  test.each(OUTLETS)('in %s reaches nothing of what makes events', (outlet) => {
    const step = FILES.filter((file) => MAKES_EVENTS.some((part) => file === part || roomOf(file) === part));
    expect(step.length).toBeGreaterThan(30);
    expect(step.filter((target) => isAllowed({ file: `${outlet}/probe.ts`, target }, ROOMS))).toEqual([]);
  });

  test.each([
    ['export/probe.ts', 'gdoi/fleet/fleet.ts'],
    ['http/documents/probe.ts', 'gdoi/fleet/fleet-state.ts'],
    ['http/routes/probe.ts', 'model/fleet-step.ts'],
    ['http/base/probe.ts', 'model/probe.ts'],
  ])('%s may not import %s', (file, target) => expect(isAllowed({ file, target }, ROOMS)).toBe(false));
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
