import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectConfiguration, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LAST, LONG, WAITING } from './test/builders/first-files.ts';
import { PATIENCE, TEST_TIMEOUT_MS } from './test/builders/patience.ts';

/**
 * Node.js 20 optimizes a function of the product after a few thousand steps, and where hundreds of functions run for a quarter
 * of a minute the compiler took a third of the CPU. Later it is asked eight times as seldom, and inlines less. From
 * Node.js 22 on V8 does that by itself, and has no such option.
 */
const SELDOM_OPTIMIZED = process.versions.node.startsWith('20.')
  ? ['--interrupt-budget=1056000', '--max-inlined-bytecode-size-cumulative=200']
  : [];

/**
 * Where each core has a worker that computes, V8's threads for collecting garbage have none left to be quick on: what they take
 * to wait for one another is lost.
 */
const COLLECTED_ALONE = ['--single-threaded-gc'];

/**
 * A step of a fleet outlives a small young generation: with this one 1,600 tests that compute took 5 % less CPU (four
 * pairs of runs, less in three of them).
 */
const LARGE_YOUNG_GENERATION = ['--max-semi-space-size=64', '--min-semi-space-size=32'];

/** What every test file is run with. */
export const EVERY_FILE = {
  setupFiles: ['test/builders/property-seed.ts'],
  testTimeout: TEST_TIMEOUT_MS,
  hookTimeout: TEST_TIMEOUT_MS,
  expect: { poll: PATIENCE },
  pool: 'forks',
  execArgv: SELDOM_OPTIMIZED,
} satisfies TestProjectInlineConfiguration['test'];

/** From wherever a configuration takes these projects. */
const RUN_DIRECTORY = fileURLToPath(new URL('test/builders/run-directory.ts', import.meta.url));

/**
 * Rooms whose tests compute: what they need of the world is simulated. Files share a process and what it has loaded and
 * compiled: a process and its modules for each cost more than most of these tests. One worker a core: 784 tests of simulated
 * fleets took 203 s of CPU with two workers on two cores, and 245 s, and no less time, with four.
 */
const COMPUTED = [
  'test/{gdoi,ios,mib,yang,model,kernel,config,architecture,docs,accuracy,incidents}/**/*.test.ts',
  // The other two start the product and a Prometheus, and wait for them.
  'test/dashboards/!(live|grafana-live).test.ts',
];

/**
 * Counts work by V8's block coverage, which slows a process and goes through all that it has loaded: a process of its
 * own took 14 s, one that had run other files before 66 to 113.
 */
const COUNTED = 'test/hostile/repeated-blocks.test.ts';

const PROJECTS: TestProjectConfiguration[] = [
  {
    test: {
      ...EVERY_FILE,
      name: 'computed',
      include: COMPUTED,
      isolate: false,
      execArgv: [...SELDOM_OPTIMIZED, ...COLLECTED_ALONE, ...LARGE_YOUNG_GENERATION],
      maxWorkers: availableParallelism(),
      sequence: { groupOrder: 0 },
    },
  },
  // What opens servers and sessions, starts programs, browsers and agents as a user does, or attacks them. Four workers
  // more than cores: most of what these files take is waiting, for servers, child processes and back-offs.
  {
    test: {
      ...EVERY_FILE,
      name: 'served',
      globalSetup: [RUN_DIRECTORY],
      include: ['test/**/*.test.ts'],
      exclude: [...COMPUTED, COUNTED],
      isolate: false,
      maxWorkers: availableParallelism() + 4,
      sequence: { groupOrder: 1 },
    },
  },
  {
    test: {
      ...EVERY_FILE,
      name: 'counted',
      include: [COUNTED],
      maxWorkers: availableParallelism() + 4,
      sequence: { groupOrder: 1 },
    },
  },
];

/**
 * Long ones begin first, in turn one that waits and one that works: where those that wait began together, the processor had
 * nothing to do for a quarter of a minute. A runner that has no durations of an earlier run begins with large files: the
 * smallest ended half a minute after all others, alone.
 */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const groups = new Set(sorted.map(groupOf).toSorted((a, b) => a - b));
    return [...groups].flatMap((group) => {
      const own = sorted.filter((file) => groupOf(file) === group);
      const waiting = own.filter((file) => isAmong(WAITING, file));
      const last = own.filter((file) => isAmong(LAST, file));
      const working = own.filter((file) => !isAmong(WAITING, file) && !isAmong(LAST, file));
      const long = working.filter((file) => isAmong(LONG, file));
      const short = working.filter((file) => !isAmong(LONG, file));
      return [...inTurn(waiting, [...long, ...short]), ...last];
    });
  }
}

const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;

function isAmong(names: readonly string[], { moduleId }: TestSpecification): boolean {
  return names.some((name) => moduleId.includes(`/test/${name}${name.endsWith('.ts') ? '' : '/'}`));
}

/** One of the first, one of the second, and so on; then what is left of either. */
function inTurn<T>(first: readonly T[], second: readonly T[]): T[] {
  const most = Math.max(first.length, second.length);
  return Array.from({ length: most }, (_, index) => [first[index], second[index]])
    .flat()
    .filter((each) => each !== undefined);
}

/**
 * What becomes of a file before it runs is kept in node_modules, by its content: where nothing changed, a run with all tests
 * left out took Vitest's own process 4 s of CPU, and 13 s without. `npx vitest --clearCache` removes it.
 */
const KEPT_MODULES = { fsModuleCache: true } as const;

export default defineConfig({
  test: { projects: PROJECTS, sequence: { sequencer: LongFirst }, experimental: KEPT_MODULES },
});
