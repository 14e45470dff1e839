/** No text holds up a regular expression of ours: devices, files and clients choose what is matched. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expressionsOf, weaknessOf } from './expressions.ts';
import { sourceFiles } from './imports.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** Put together at run time, and why nobody from outside has a hand in it. */
const MADE_AT_RUN_TIME: ReadonlyMap<string, string> = new Map([
  ['ios/paste/prefixes.ts', 'parts of its own, all of them bounded'],
  ['simulator/render/answer.ts', 'the filter that a user of the simulator types, for himself'],
]);

const expressions = sourceFiles().flatMap((file) =>
  expressionsOf(file, readFileSync(`${SRC}${file}`, 'utf8')).map((expression) => ({ file, ...expression })),
);

describe('the expressions of the product', () => {
  test('take time in proportion to the text', () => {
    expect(expressions.length).toBeGreaterThan(400);
    const weak = expressions.flatMap(({ file, line, pattern }) => {
      const weakness = pattern === null ? null : weaknessOf(pattern);
      return weakness === null ? [] : [`${file}:${line}: ${weakness}: /${pattern?.source}/`];
    });
    expect(weak).toEqual([]);
  });

  test('stand in the source, where they can be judged', () => {
    const made = expressions.filter(({ pattern }) => pattern === null).map(({ file }) => file);
    expect(new Set(made)).toEqual(new Set(MADE_AT_RUN_TIME.keys()));
  });
});

describe('the judge', () => {
  test.each([
    [/^(a+)+$/, 'exponential (Self)'],
    [/^(?:-{3,100} ?){1,8}$/, 'exponential within its bounds'],
    [/^(?:\w{2,8} ?){1,12}:$/, 'exponential within its bounds'],
    [/a*a*b/, 'polynomial (Trade)'],
    [/\s+$/, 'polynomial (Move)'],
    [/(?<!\s)\s+$/, null],
    [/^(?:-{3,100} ){1,8}$/, null],
    [/^[(){2,9}]{1,40}$/, null],
    [/^\S{1,64} +\d{1,12}$/, null],
  ])('says of %s: %s', ({ source, flags }, weakness) => {
    expect(weaknessOf({ source, flags })).toBe(weakness);
  });

  test('sees those that are made at run time', () => {
    expect(expressionsOf('a.ts', 'const a = /x/u;\nconst b = new RegExp(a);')).toEqual([
      { line: 1, pattern: { source: 'x', flags: 'u' } },
      { line: 2, pattern: null },
    ]);
  });
});
