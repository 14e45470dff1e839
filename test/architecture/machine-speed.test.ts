/**
 * No test depends on how fast the machine is: one patience for all waits, and none that is judged by time that passed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const TESTS = join(import.meta.dirname, '..');

const REFUSED: ReadonlyArray<readonly [reason: string, pattern: RegExp]> = [
  ['a time limit of its own: the runner has one for all', /^\s*\},(?: |\n\s*)[\d_]{4,},?\s*\);$/m],
  ['a wait with its own bound: take PATIENCE', /\b(?:waitFor|waitUntil|poll)\((?:(?!;\n)[\s\S])*?\{ timeout: [\d_]+/],
  ['a default limit of its own: take PATIENCE', /\bsetDefault(?:Navigation)?Timeout\([\d_]+\)/],
  ['a look that the page’s policy refuses from the second on: take expect.poll', /\.waitForFunction\(/],
  [
    'a pause that nothing but time ends: wait for what it is for',
    /\bsetTimeout\(\w+, [\d_]{3,}\)|\bawait (?:sleep|pause|delay)\([\d_]+[,)]/,
  ],
  ['a judgement by time that passed', /expect\((?:performance\.now|Date\.now|\w+\.monoMs)\(\) - \w+\)\.toBeLess/],
];

function refusals(text: string): readonly string[] {
  return REFUSED.filter(([, pattern]) => pattern.test(text)).map(([reason]) => reason);
}

/** The clock's own test counts time, and this file shows what is refused. */
const ABOUT_TIME: readonly string[] = [join('kernel', 'clock.test.ts'), join('architecture', 'machine-speed.test.ts')];

test('every test waits for conditions', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('bench') && !ABOUT_TIME.includes(file),
  );
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) =>
    refusals(readFileSync(join(TESTS, file), 'utf8')).map((reason) => `${file}: ${reason}`),
  );
  expect(found).toEqual([]);
});

describe('refused is', () => {
  test.each([
    [
      'test.each(all)(\n  "x",\n  async () => {\n  },\n  30_000,\n);\n',
      'a time limit of its own: the runner has one for all',
    ],
    ['test("x", async () => {\n  await y;\n}, 30_000);\n', 'a time limit of its own: the runner has one for all'],
    ['await vi.waitUntil(() => seen, { timeout: 500 });\n', 'a wait with its own bound: take PATIENCE'],
    ['await expect.poll(() => f(1), { timeout: 5_000 }).toBe(1);\n', 'a wait with its own bound: take PATIENCE'],
    ['page.setDefaultTimeout(15_000);\n', 'a default limit of its own: take PATIENCE'],
    [
      'await page.waitForFunction("ready");\n',
      'a look that the page’s policy refuses from the second on: take expect.poll',
    ],
    [
      'await new Promise((resolve) => setTimeout(resolve, 1_500));\n',
      'a pause that nothing but time ends: wait for what it is for',
    ],
    ['await sleep(50);\n', 'a pause that nothing but time ends: wait for what it is for'],
    ['expect(performance.now() - from).toBeLessThan(5);\n', 'a judgement by time that passed'],
  ])('%j', (text, reason) => expect(refusals(text)).toEqual([reason]));
});
