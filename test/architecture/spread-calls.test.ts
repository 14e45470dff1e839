/**
 * Lists that somebody else fills are not handed to `push` item by item: each item is an argument, and the stack takes
 * about a hundred thousand. A file with as many mistakes, a page with as many lines or a document with as many texts
 * has them.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { append } from '../../src/kernel/append.ts';
import { sourceFiles } from './imports.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
/** Where text and values from outside become lists. */
const INTAKE = /^(?:access|config|ios|mib|yang)\//;

/** Lines with `list.push(...items)` or `list.unshift(...items)`. */
function spreadPushesIn(file: string, text: string): readonly number[] {
  const lines: number[] = [];
  const visitor = new Visitor({
    CallExpression(node) {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
      if (!['push', 'unshift'].includes(callee.property.name)) return;
      if (node.arguments.some(({ type }) => type === 'SpreadElement')) {
        lines.push(text.slice(0, node.start).split('\n').length);
      }
    },
  });
  visitor.visit(parseSync(file, text).program);
  return lines;
}

test('no list from outside is spread into a call', () => {
  const found = sourceFiles()
    .filter((file) => INTAKE.test(file))
    .flatMap((file) => spreadPushesIn(file, readFileSync(`${SRC}${file}`, 'utf8')).map((line) => `${file}:${line}`));
  expect(found).toEqual([]);
});

test.each([
  ['list.push(...items)', [1]],
  ['a;\nthis.#list.unshift(...items.map(f))', [2]],
  ['list.push(item); f(...items); [...items]', []],
])('in %j it sees the lines %j', (text, lines) => {
  expect(spreadPushesIn('a.ts', text)).toEqual(lines);
});

test('what does it instead takes any number', () => {
  const list = [0];
  append(
    list,
    Array.from({ length: 1_000_000 }, () => 1),
  );
  expect(list).toHaveLength(1_000_001);
});
