import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectConfiguration, type TestProjectInlineConfiguration } from 'vitest/config';
import { PATIENCE, TEST_TIMEOUT_MS } from './test/builders/patience.ts';

/** What every test file is run with. */
export const EVERY_FILE = {
  setupFiles: ['test/builders/property-seed.ts'],
  testTimeout: TEST_TIMEOUT_MS,
  hookTimeout: TEST_TIMEOUT_MS,
  expect: { poll: PATIENCE },
  pool: 'forks',
} satisfies TestProjectInlineConfiguration['test'];

/**
 * Rooms whose tests leave nothing behind: no server, timer or setting of the process. Their files share a process and what
 * it has loaded: a process and its modules for each cost more than most of these tests (75 files without their tests: 34 s
 * of CPU, 8 s shared).
 */
const PURE = 'test/{gdoi,ios,mib,yang,model,kernel,config,architecture,docs}/**/*.test.ts';

/**
 * Rooms whose tests open servers and sessions and close them again, so that files share a process too, apart from the pure
 * ones (32 files of export, http and simulator: 52 s of CPU each for itself, 27 s shared).
 */
const SERVED = 'test/{access,agent,export,http,simulator,store}/**/*.test.ts';

/**
 * Rooms whose tests watch simulated fleets for hours: what the compiler has learnt of one serves the next (21 files: 252 s of
 * CPU each for itself, 217 s shared).
 */
const SIMULATED = 'test/{accuracy,dashboards,incidents}/**/*.test.ts';

const PROJECTS: TestProjectConfiguration[] = [
  { test: { ...EVERY_FILE, name: 'pure', include: [PURE], isolate: false } },
  { test: { ...EVERY_FILE, name: 'served', include: [SERVED], isolate: false } },
  { test: { ...EVERY_FILE, name: 'simulated', include: [SIMULATED], isolate: false } },
  // What starts programs, browsers and agents as a user does, or attacks them: files share what a process has loaded of the
  // tests themselves (63 files without their tests: 39 s of CPU each for itself, 15 s shared).
  {
    test: {
      ...EVERY_FILE,
      name: 'edges',
      include: ['test/**/*.test.ts'],
      exclude: [PURE, SERVED, SIMULATED],
      isolate: false,
    },
  },
];

export default defineConfig({
  test: {
    projects: PROJECTS,
    // Two more than cores: half of what files take is waiting, for servers and child processes.
    maxWorkers: availableParallelism() + 2,
  },
});
