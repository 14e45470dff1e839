import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { PATIENCE, TEST_TIMEOUT_MS } from './test/builders/patience.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    benchmark: { include: ['test/bench/**/*.bench.ts'] },
    setupFiles: ['test/builders/property-seed.ts'],
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    expect: { poll: PATIENCE },
    pool: 'forks',
    // One more than cores: many files wait for servers and child processes. The default leaves one of two cores idle.
    maxWorkers: availableParallelism() + 1,
  },
});
