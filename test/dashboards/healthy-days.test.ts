/** No false alarm: a healthy fleet through the end of its KEK, the begin of the next, and many rekeys of the TEKs. */
import { expect, test } from 'vitest';
import { FIDELITY_LIFETIMES, oneGroup } from '../../src/simulator/scenarios/one-group.ts';
import { evaluationsOf } from './evaluated-rules.ts';
import { missing } from './promtool.ts';
import type { Scrapes } from './scrape-series.ts';
import { scrapesOf } from './simulated-scrapes.ts';

test.skipIf(missing('promtool'))(
  'a healthy fleet with the default lifetimes raises none in the eight hours around a KEK rekey',
  async () => {
    const minutes = 8 * 60;
    const scrapeSeconds = 120;
    const scrapes = await scrapesOf({
      scenario: 'healthy',
      minutes,
      scrapeSeconds,
      pollInterval: '300s',
      timerStepMs: 30_000,
      plan: oneGroup({ gms: 2, kss: 2, lifetimes: FIDELITY_LIFETIMES }, { kekRemainingSeconds: 4 * 3600 }),
    });
    // Each of the two GMs got the new KEK: they were no hours in which nothing happened.
    expect(lastOf(scrapes, 'gdoi_events_total{type="kek_rekey"')).toBeGreaterThanOrEqual(2);
    const evaluations = await evaluationsOf(scrapes, { minutes, scrapeSeconds });
    expect(evaluations.flatMap(({ firing }) => firing)).toEqual([]);
  },
);

function lastOf(scrapes: Scrapes, series: string): number {
  const found = [...scrapes].find(([name]) => name.startsWith(series));
  return found?.[1].at(-1) ?? Number.NaN;
}
