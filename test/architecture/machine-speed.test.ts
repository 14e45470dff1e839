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
  ['a judgement by time that passed', /expect\((?:performance\.now|Date\.now|\w+\.monoMs)\(\) - \w+\)\.toBeLess/],
];

const A_PAUSE = 'a pause that nothing but time ends: wait for what it is for';

/** A promise that time alone resolves, however long; `sleep` of a clock only where it is the machine's. */
const PAUSES: readonly RegExp[] = [
  /\bsetTimeout\(\w+(?:, [^()]*)?\)/g,
  /(?<![.\w]|function )(?:sleep|pause|delay)\((?!\))/g,
];
const CLOCK_PAUSE = /\bawait [\w.#]+\.sleep\(/g;

/** File -> how many pauses it has, and why they are no wait for luck. */
const ALLOWED: Readonly<Record<string, readonly [pauses: number, why: string]>> = {
  'builders/patience.ts': [1, 'between two looks of a wait that holds or fails'],
  'builders/simulated-agent.ts': [2, 'a fake clock’s'],
  'agent/cluster/campaign-clock.ts': [1, 'a fake clock’s own'],
  'e2e/cluster-campaign.ts': [2, 'between two looks: at connections until the end, and of a wait'],
  'hostile/siege.ts': [2, 'between two looks of a wait, and between two questions of a prober'],
  'product/start-and-stop.test.ts': [1, 'between two looks of a wait'],
  'agent/record/killed-agent.ts': [1, 'the pace of a process that goes on until it is killed'],
  'store/kill-writer.test.ts': [1, 'the drawn instant of a kill: the store has to be whole at any'],
  'access/scripted-ios.ts': [1, 'a router that hesitates between two pieces: right is what follows, apart or together'],
};

function pausesIn(text: string): number {
  const patterns = text.includes('createSystemClock') ? [...PAUSES, CLOCK_PAUSE] : PAUSES;
  return patterns.reduce((sum, pattern) => sum + (text.match(pattern)?.length ?? 0), 0);
}

function refusals(text: string, allowedPauses = 0): readonly string[] {
  const refused = REFUSED.filter(([, pattern]) => pattern.test(text)).map(([reason]) => reason);
  return pausesIn(text) === allowedPauses ? refused : [...refused, A_PAUSE];
}

/** The clock's own test counts time, and this file shows what is refused. */
const ABOUT_TIME: readonly string[] = [join('kernel', 'clock.test.ts'), join('architecture', 'machine-speed.test.ts')];

test('every test waits for conditions', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('bench') && !ABOUT_TIME.includes(file),
  );
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) =>
    refusals(readFileSync(join(TESTS, file), 'utf8'), ALLOWED[file.replaceAll('\\', '/')]?.[0]).map(
      (reason) => `${file}: ${reason}`,
    ),
  );
  expect(Object.keys(ALLOWED).filter((file) => !files.includes(join(file)))).toEqual([]);
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
    ['await new Promise((resolve) => setTimeout(resolve, 1_500));\n', A_PAUSE],
    ['await new Promise((resolve) => setTimeout(resolve, 15));\n', A_PAUSE],
    ['await new Promise((resolve) => setTimeout(resolve, LOOK_MS));\n', A_PAUSE],
    ['await new Promise((done) => setTimeout(done));\n', A_PAUSE],
    ['await sleep(50);\n', A_PAUSE],
    ['await sleep(lifeMs);\n', A_PAUSE],
    ['void pause(lifeMs, null);\n', A_PAUSE],
    ['const clock = createSystemClock();\nawait clock.sleep(lifeMs);\n', A_PAUSE],
    ['expect(performance.now() - from).toBeLessThan(5);\n', 'a judgement by time that passed'],
  ])('%j', (text, reason) => expect(refusals(text)).toEqual([reason]));

  test('a pause more than is allowed, and an allowance that is not used', () => {
    expect(refusals('await sleep(50);\nawait sleep(60);\n', 1)).toEqual([A_PAUSE]);
    expect(refusals('', 1)).toEqual([A_PAUSE]);
  });
});

describe('not refused is', () => {
  test.each([
    'const clock = new FakeClock();\nawait clock.sleep(5);\n',
    'socket.setTimeout(PATIENCE.timeout, () => {\n',
  ])('%j', (text) => expect(refusals(text)).toEqual([]));
});
