/**
 * What Prometheus would have scraped from an agent that watches a simulated fleet, with the real exposition.
 */
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { createSelfMetrics } from '../../src/export/self-metrics.ts';
import { simulatedAgent, type SimulatedWatch } from '../builders/simulated-agent.ts';
import { type Scrapes, ScrapeSeries } from './scrape-series.ts';

interface Watched extends SimulatedWatch {
  readonly minutes: number;
  readonly scrapeSeconds: number;
}

/** Unix times count from the start, as promtool's clock does. */
export async function scrapesOf(watched: Watched): Promise<Scrapes> {
  await using watching = await simulatedAgent(watched);
  const { agent, clock } = watching;
  const lines = new PreparedLines((group) => agent.readModel.group(group));
  agent.readModel.onChange((device, view) => lines.update(device, view));
  const self = createSelfMetrics('0', () => agent.status(), agent.readModel);
  for (const { name } of self.getMetricsAsArray()) if (!name.startsWith('gdoi_')) self.removeSingleMetric(name);

  const series = new ScrapeSeries();
  agent.start();
  const count = Math.floor((watched.minutes * 60) / watched.scrapeSeconds) + 1;
  for (let index = 0; index < count; index += 1) {
    const text = [...lines.chunks()].join('') + groupMetrics(agent.readModel) + (await self.metrics());
    series.add(`up 1\n${text}`);
    await clock.advance(watched.scrapeSeconds * 1000);
  }
  return series.all();
}
