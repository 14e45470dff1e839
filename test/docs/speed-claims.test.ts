/** A comment with a figure of speed names the benchmark that measures it, and that benchmark exists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { sourceFiles } from '../architecture/imports.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Microseconds are always ours; milliseconds and shares may be a protocol's, unless they are of the processor. */
const SPEED =
  /\d ?(?:us|µs)\b|\d ?(?:ms|s|%) of (?:the |a |one )?(?:CPU|core|processor)\b|\d CPU\b|\b(?:half|most|an? (?:third|quarter|fifth|sixth|eighth|tenth)) of (?:what (?:an|the)|(?:a poll|the agent|an agent)(?:'|’)s)\b/;
const BENCHMARK = /`npm run bench(?:(:[a-z-]+)|(?: -- ([a-z]+)(?: \d+)?)?)`|`npm run bench(:[a-z-]+) /g;

/** Comments of a file, those of adjacent lines as one, on one line. */
function commentsOf(file: string, text: string): readonly string[] {
  const merged: Array<{ end: number; text: string }> = [];
  for (const { value, start, end } of parseSync(file, text).comments) {
    const plain = value.replaceAll(/\s*\n\s*\*?\s*/g, ' ');
    const last = merged.at(-1);
    if (last !== undefined && text.slice(last.end, start).trim() === '') {
      last.text += ` ${plain}`;
      last.end = end;
    } else merged.push({ end, text: plain });
  }
  return merged.map((comment) => comment.text);
}

const COMMENTS = sourceFiles().flatMap((file) =>
  commentsOf(file, readFileSync(join(ROOT, 'src', file), 'utf8')).map((text) => ({ file, text })),
);

test('a figure of speed names its benchmark', () => {
  expect(COMMENTS.length).toBeGreaterThan(3000);
  const figures = COMMENTS.filter(({ text }) => SPEED.test(text));
  expect(figures.length).toBeGreaterThan(0);
  expect(figures.filter(({ text }) => !text.includes('npm run bench'))).toEqual([]);
});

test('each benchmark that is named exists', () => {
  const runner = readFileSync(join(ROOT, 'test/bench/run.ts'), 'utf8');
  const scripts = readFileSync(join(ROOT, 'package.json'), 'utf8');
  const named = COMMENTS.flatMap(({ file, text }) =>
    Array.from(text.matchAll(BENCHMARK), ([whole, script, word, longer]) => ({
      file,
      whole,
      script: script ?? longer,
      word,
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  const missing = named.filter(({ script, word }) =>
    script === undefined
      ? word !== undefined && !new RegExp(String.raw`^  ${word}: bench|\{ ${word}: bench`, 'm').test(runner)
      : !scripts.includes(`"bench${script}":`),
  );
  expect(missing).toEqual([]);
});

describe('a figure of speed is', () => {
  test.each([
    'whose text would take 40 us',
    'costs about 49 ms of CPU',
    'took 5 % of the CPU',
    '0.3 to 1.3 CPU',
    'half of what the main thread allocated',
    'a tenth of an agent’s start',
  ])('%j', (text) => expect(text).toMatch(SPEED));
  test.each(['a GM registers within 80 s', 'a poll each 30 s', 'at 95 % of its life', 'half of the GMs say the same'])(
    'but not %j',
    (text) => expect(text).not.toMatch(SPEED),
  );
});
