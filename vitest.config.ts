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

const PROJECTS: TestProjectConfiguration[] = [
  { test: { ...EVERY_FILE, name: 'pure', include: [PURE], isolate: false } },
  { test: { ...EVERY_FILE, name: 'edges', include: ['test/**/*.test.ts'], exclude: [PURE] } },
];

export default defineConfig({
  test: {
    projects: PROJECTS,
    // One more than cores: many files wait for servers and child processes. The default leaves one of two cores idle.
    maxWorkers: availableParallelism() + 1,
  },
});
