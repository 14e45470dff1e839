/**
 * Random worlds up to the pager, by the shipped rules and the shipped Alertmanager configuration: nobody is told anything
 * of fleets in which nothing goes wrong; elsewhere no page is a second one for its happening, or begins after its cure.
 * `npm run bench:pages` asks the same of hundreds.
 */
import { describe, expect, test } from 'vitest';
import { missing } from '../dashboards/promtool.ts';
import { healthyDays } from './pages/healthy-days.ts';
import { pagedWorld, pagesIn } from './pages/paged-world.ts';

describe.skipIf(missing('promtool'))('random worlds up to the pager', () => {
  test('healthy fleets are silent: no sentence, no warning, no ticket, no page', async () => {
    // A COOP pair with KEKs of two hours, and a rekey that an operator has planned.
    const { told, kekRekeys, judged, looks } = await healthyDays({ groupDays: 0.05, first: 36, rulesEvery: 1 });
    expect(told).toEqual([]);
    // Something happened all the same.
    expect(kekRekeys).toBeGreaterThan(0);
    expect(judged).toBeGreaterThan(0.05);
    expect(looks).toBeGreaterThan(100);
  });

  test.each([401, 402, 403])('world %i: each page is right', async (seed) => {
    const { faults, sent } = await pagedWorld(seed, { gms: 4, troubles: 8, hours: 1 });
    expect(faults).toEqual([]);
    expect(pagesIn(sent).length + pagesIn(sent, 'ticket').length).toBeGreaterThan(0);
  });
});
