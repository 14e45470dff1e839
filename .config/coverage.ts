/**
 * Coverage of the pure rooms; `coverage-ratchet.mjs` holds what it reaches. It shows where to look: that a line ran does not
 * say that anyone would notice if it were wrong (`npm run mutate`).
 */
import { defineConfig, mergeConfig } from 'vitest/config';
import suite from '../vitest.config.ts';

// Floors are of all cases, whichever half a run of the suite tells.
process.env['CASES'] ??= 'all';

export default mergeConfig(
  suite,
  defineConfig({
    test: {
      coverage: {
        provider: 'v8',
        include: ['src/{gdoi,ios,mib,model,yang}/**/*.ts'],
        reporter: ['text-summary', 'html', 'json-summary'],
        reportsDirectory: 'coverage',
      },
    },
  }),
);
