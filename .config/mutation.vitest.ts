/** The tests that decide about causes, fast ones only: each of a thousand mutants runs those that reach it. */
import { defineConfig, mergeConfig } from 'vitest/config';
import { EVERY_FILE } from '../vitest.config.ts';

export default mergeConfig(
  { test: EVERY_FILE },
  defineConfig({
    test: {
      include: ['test/gdoi/{registrations,keys,tracker,memory,log}/**/*.test.ts'],
      exclude: ['**/*properties.test.ts', '**/tracker-simulated.test.ts'],
    },
  }),
);
