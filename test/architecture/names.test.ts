/**
 * One name, one meaning: an exported name stands for one thing in all of `src`. Where two files may export the same
 * name, a rule or a line below says why.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sourceFiles } from './imports.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let|enum) ([\w$]+)/gmu;

/** Rooms that say the same of two transports, databases or programs, with the same names. */
const TWINS: readonly (readonly [one: string, other: string, why: string])[] = [
  ['simulator/', '', 'the simulator shares no code with the agent, and plays the same routers'],
  ['page/', '', 'the page is a program of its own: its components are named after what they draw'],
  ['store/sqlite/', 'store/postgres/', 'the same statement for each database'],
  ['mib/', 'yang/', 'the same snapshot out of each transport'],
];

/** Names that two files export, and why. */
const SAME_MEANING: Readonly<Record<string, string>> = {
  EpochMs: 'the core imports nothing, the kernel neither: the same milliseconds',
  ListenerAddress: 'listeners do not know the configuration: the same address',
  instant: 'the text, and the schema of it',
};

test('an exported name is declared once, or a reason is given', () => {
  expect(Object.fromEntries(declaredTwice())).toEqual({});
});

test('every name with a reason is still exported twice', () => {
  const twice = new Set(declaredTwice({}).map(([name]) => name));
  expect(Object.keys(SAME_MEANING).filter((name) => !twice.has(name))).toEqual([]);
});

function declaredTwice(reasons = SAME_MEANING): readonly (readonly [name: string, files: readonly string[]])[] {
  const files = new Map<string, string[]>();
  for (const file of sourceFiles()) {
    for (const [, name = ''] of readFileSync(`${SRC}${file}`, 'utf8').matchAll(EXPORTED)) {
      const known = files.get(name) ?? [];
      if (!known.includes(file)) files.set(name, [...known, file]);
    }
  }
  return [...files].filter(([name, declared]) => !Object.hasOwn(reasons, name) && !areTwins(declared));
}

function areTwins(files: readonly string[]): boolean {
  return files.every((file, index) => files.slice(index + 1).every((other) => isTwin(file, other)));
}

function isTwin(file: string, other: string): boolean {
  return TWINS.some(
    ([one, two]) => (file.startsWith(one) && other.startsWith(two)) || (other.startsWith(one) && file.startsWith(two)),
  );
}
