/**
 * Every member of an interface or class, and everything exported, is used by someone in src/: what only tests use, or
 * nobody, goes, apart from the members named here with their readers. The simulator is there for tests. Judged by name,
 * so what is dead and shares its name with something living is not seen.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sourceFiles } from './imports.ts';
import { type Members, membersOf } from './members.ts';

/** What src/ writes, and who outside of it reads. */
const READ_OUTSIDE: Readonly<Record<string, string>> = {
  annotations: 'Alertmanager, in JSON',
  endsAt: 'Alertmanager, in JSON',
  generatorURL: 'Alertmanager, in JSON',
  startsAt: 'Alertmanager, in JSON',
  estimatedSeconds: 'API: toDocument writes every field of a lead',
  measuredSeconds: 'API: toDocument writes every field of a lead',
  spis: 'API: toDocument writes every field of the group’s TEKs',
  interruptsPercent: 'parse --json: toDocument writes every field of a snapshot',
  features: 'API: toDocument writes every field of a snapshot',
  supported: 'API: toDocument writes every field of a snapshot',
  gmAddress: 'a fact of a trap, decoded whole',
  rekeySequence: 'a fact of a trap, decoded whole',
  understood: 'tests of conservation: understood, ignored and unknown lines add up',
  recalled: 'who reads the table of messages: the name was never seen in a capture',
  setGroup: 'tests, which show a group without a poll',
  toJSON: 'JSON.stringify',
  Params: 'fastify, a type parameter',
  enqueue: 'p-queue, of its queue',
  dequeue: 'p-queue, of its queue',
  setPriority: 'p-queue, of its queue',
  _read: 'Node.js, of a stream',
  _write: 'Node.js, of a stream',
  _final: 'Node.js, of a stream',
  _destroy: 'Node.js, of a stream',
  socket_full: 'metrics: every reason of a drop',
};

const FILES = sourceFiles();
const MEMBERS = FILES.map((file) => [file, membersOf(file, readSource(file))] as const);

function readSource(file: string): string {
  return readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
}

function unread(files: readonly (readonly [string, Members])[]): readonly (readonly [file: string, name: string])[] {
  const read = new Set(files.flatMap(([, members]) => [...members.read]));
  return files.flatMap(([file, { declared }]) =>
    [...declared].filter((name) => !read.has(name)).map((name) => [file, name] as const),
  );
}

test('each member is read in src/', () => {
  // The simulated routers are there for tests: what these ask of them is no dead surface.
  const dead = unread(MEMBERS).filter(([file, name]) => !file.startsWith('simulator/') && !(name in READ_OUTSIDE));
  expect(dead.map(([file, name]) => `${file}: ${name}`)).toEqual([]);
});

test('what is said to be read outside is read nowhere in src/', () => {
  const names = new Set(unread(MEMBERS).map(([, name]) => name));
  expect(Object.keys(READ_OUTSIDE).filter((name) => !names.has(name))).toEqual([]);
});

/** Values that a text exports under a name of their own. */
const exportedBy = (text: string): readonly string[] =>
  Array.from(text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm), ([, name = '']) => name);

/** How often each word is written, comments apart. */
function wordCounts(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '');
    for (const [word] of code.matchAll(/\w+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

test('each exported value is used in src/', () => {
  const counts = wordCounts(FILES.map(readSource));
  const dead = FILES.filter((file) => !file.startsWith('simulator/')).flatMap((file) =>
    exportedBy(readSource(file))
      .filter((name) => counts.get(name) === 1)
      .map((name) => `${file}: ${name}`),
  );
  expect(dead).toEqual([]);
});

test('an exported value that nobody uses is found, also if comments name it', () => {
  const texts = ['/** As `dead` has it. */\nexport const dead = 1;\nexport function used() {}', 'used(); // not dead'];
  const counts = wordCounts(texts);
  expect(texts.flatMap(exportedBy).filter((name) => counts.get(name) === 1)).toEqual(['dead']);
});

describe('seen as dead is', () => {
  const dead = (...texts: readonly string[]) =>
    unread(texts.map((text, index) => [`${index}.tsx`, membersOf(`${index}.tsx`, text)] as const)).map(
      ([, name]) => name,
    );

  test.each([
    ['a member that nobody reads', ['interface A { readonly used: 1; readonly dead: 1 }', 'a.used'], ['dead']],
    ['a member that is only written', ['interface A { dead: 1 }', 'a.dead = 1; f({ dead: 1 })'], ['dead']],
    ['a getter of a private field of its name', ['class A { #n = 1; get n() { return this.#n; } }'], ['n']],
    ['an optional method', ['interface A { call?(): void }'], ['call']],
  ])('%s', (_, texts, found) => expect(dead(...texts)).toEqual(found));

  test.each([
    ['read after a dot, also to be called or counted up', ['interface A { n: 1; f(): void }', 'a.n += 1; a?.f()']],
    ['taken apart', ['interface A { n: 1; m: 1 }', 'const { n, m: other } = a; const f = ({ n }) => n']],
    ['named by a text', ['interface A { n: 1 }', "const key: keyof A = 'n'"]],
    ['given to a component', ['interface Props { label: 1 }', '<Box label="x" />']],
  ])('not what is %s', (_, texts) => expect(dead(...texts)).toEqual([]));
});
