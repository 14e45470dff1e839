/**
 * Coverage of the pure rooms, with a ratchet: a figure below these fails, one above is written here by the run itself.
 * Coverage shows where to look; that a line ran does not say that anyone would notice if it were wrong (`npm run
 * mutate`).
 */
import { defineConfig, mergeConfig } from 'vitest/config';
import suite from '../vitest.config.ts';

export default mergeConfig(
  suite,
  defineConfig({
    test: {
      coverage: {
        provider: 'v8',
        include: ['src/{gdoi,ios,mib,model,yang}/**/*.ts'],
        reporter: ['text-summary', 'html', 'json-summary'],
        reportsDirectory: 'coverage',
        thresholds: {
          // Some room: properties draw other cases in each run.
          autoUpdate: (figure) => Math.floor(figure) - 2,
          'src/gdoi/**': { lines: 95, branches: 89 },
          'src/ios/**': { lines: 97, branches: 91 },
          'src/mib/**': { lines: 97, branches: 92 },
          'src/model/**': { lines: 85, branches: 78 },
          'src/yang/**': { lines: 94, branches: 80 },
        },
      },
    },
  }),
);
