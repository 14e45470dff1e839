/**
 * What is nobody else's business is `#private`: TypeScript's `private` is a word to the compiler and open to everybody
 * else. Where there is no such form it may stand: at a constructor, and as `protected` for a class beside it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { sourceFiles } from './imports.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** Lines of members that are only said to be private, or that a leading underscore says to be. */
function openSecretsOf(file: string, text: string): readonly number[] {
  // Most files have no class: to parse them all takes a second.
  if (!/\bclass\b/.test(text)) return [];
  const lines: number[] = [];
  const look = (node: {
    readonly start: number;
    readonly accessibility?: string | null;
    readonly key?: object;
    readonly kind?: string;
    readonly override?: boolean;
  }) => {
    // Node.js named what its streams ask of a class.
    const underscored =
      node.override !== true && node.key !== undefined && 'name' in node.key && String(node.key.name).startsWith('_');
    if ((node.accessibility === 'private' && node.kind !== 'constructor') || underscored)
      lines.push(text.slice(0, node.start).split('\n').length);
  };
  const visitor = new Visitor({
    PropertyDefinition: look,
    AccessorProperty: look,
    MethodDefinition: look,
    TSParameterProperty: look,
  });
  visitor.visit(parseSync(file, text).program);
  return lines;
}

test('members that are private are #private', () => {
  const found = sourceFiles().flatMap((file) =>
    openSecretsOf(file, readFileSync(`${SRC}${file}`, 'utf8')).map((line) => `${file}:${line}`),
  );
  expect(found).toEqual([]);
});

test.each([
  ['class A { private a = 1 }', [1]],
  ['class A extends Duplex { override _read() {} }', []],
  ['class A {\n  private get a() { return 1 }\n}', [2]],
  ['class A { constructor(private readonly a: number) {} }', [1]],
  ['class A { _a = 1 }', [1]],
  ['class A { #a = 1; readonly b = 2; protected c() {} private constructor() {} }', []],
])('of %s it sees the lines %j', (text, lines) => {
  expect(openSecretsOf('a.ts', text)).toEqual(lines);
});
