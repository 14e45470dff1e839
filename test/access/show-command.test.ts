import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { SHOW_COMMANDS } from '../../src/access/show-command.ts';
import { roomOf, sourceFiles } from '../architecture/imports.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** None of them, in whatever order, makes IOS print configuration, keys or files, or write anywhere. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'version clock logging crypto gdoi gkm gm ks rekey detail replay dataplane counters policy members summary coop ' +
    'pki certificates processes cpu'
  ).split(' '),
);
const FILTER = /^(?:%[A-Z0-9-]+(?:\|%[A-Z0-9-]+)*|\^CPU)$/;

test('a command shows, in words that are fixed; none shows configuration, keys or files', () => {
  for (const command of SHOW_COMMANDS) {
    const [shown = '', filter = '%GDOI-'] = command.split(' | include ');
    const [verb, ...words] = shown.split(' ');
    expect([command, verb, words.filter((word) => !WORDS.has(word))]).toEqual([command, 'show', []]);
    expect(filter).toMatch(FILTER);
  }
});

/** Text that a file itself writes to a shell, with letters in it. */
function wordsTypedBy(file: string, text: string): readonly string[] {
  const words: string[] = [];
  const visitor = new Visitor({
    CallExpression({ callee, arguments: given }) {
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
      if (callee.property.name !== 'write') return;
      for (const { start, end } of given) {
        const written = text.slice(start, end);
        // Quoted text, and a template without its expressions.
        const typed = /^['"`]/.test(written) ? written.replaceAll(/\$\{[^}]*\}|\\n/g, '') : '';
        if (/[a-z]/i.test(typed)) words.push(written);
      }
    },
  });
  visitor.visit(parseSync(file, text).program);
  return words;
}

test('no word is typed at a router that is not written there', () => {
  expect(wordsTypedBy('probe.ts', 'line.write("exit"); line.write(`${a.b} force\n`);')).toHaveLength(2);
  const files = sourceFiles().filter((file) => roomOf(file) === 'access/ssh');
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap((file) => wordsTypedBy(file, readFileSync(`${SRC}${file}`, 'utf8')))).toEqual([]);
});
