/** No false alarm: a healthy fleet over a day and a night, through a rekey of the KEK and many of the TEKs. */
import { expect, test } from 'vitest';
import { FIDELITY_LIFETIMES } from '../../src/simulator/scenarios/scenario.ts';
import { evaluationsOf } from './evaluated-rules.ts';
import { missing } from './promtool.ts';
import type { Scrapes } from './scrape-series.ts';
import { scrapesOf } from './simulated-scrapes.ts';

test.skipIf(missing('promtool'))('a healthy fleet with the default lifetimes raises none in 26 hours', async () => {
  const minutes = 26 * 60;
  const scrapeSeconds = 120;
  const scrapes = await scrapesOf({
    scenario: 'healthy',
    minutes,
    scrapeSeconds,
    pollInterval: '300s',
    timerStepMs: 30_000,
    gms: 2,
    lifetimes: FIDELITY_LIFETIMES,
  });
  // Each of the two GMs got the new KEK: it was no day in which nothing happened.
  expect(lastOf(scrapes, 'gdoi_events_total{type="kek_rekey"')).toBeGreaterThanOrEqual(2);
  const evaluations = await evaluationsOf(scrapes, { minutes, scrapeSeconds });
  expect(evaluations.flatMap(({ firing }) => firing)).toEqual([]);
});

function lastOf(scrapes: Scrapes, series: string): number {
  const found = [...scrapes].find(([name]) => name.startsWith(series));
  return found?.[1].at(-1) ?? Number.NaN;
}
