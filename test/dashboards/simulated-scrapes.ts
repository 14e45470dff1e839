/**
 * What Prometheus would have scraped from an agent that watches a simulated fleet, with the real exposition.
 */
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { createSelfMetrics } from '../../src/export/self-metrics.ts';
import { simulatedAgent, type SimulatedWatch, START_MS } from '../builders/simulated-agent.ts';

interface Watched extends SimulatedWatch {
  readonly minutes: number;
  readonly scrapeSeconds: number;
}

/** Series -> its values, one per scrape from the first on; null: it was not in that scrape. */
export type Scrapes = ReadonlyMap<string, readonly (number | null)[]>;

/** Unix times count from the start, as promtool's clock does. */
export async function scrapesOf(watched: Watched): Promise<Scrapes> {
  await using watching = await simulatedAgent(watched);
  const { agent, clock } = watching;
  const lines = new PreparedLines((group) => agent.readModel.group(group));
  agent.readModel.onChange((device, view) => lines.update(device, view));
  const self = createSelfMetrics('0', () => agent.status(), agent.readModel);
  for (const { name } of self.getMetricsAsArray()) if (!name.startsWith('gdoi_')) self.removeSingleMetric(name);

  const scrapes = new Map<string, (number | null)[]>();
  agent.start();
  const count = Math.floor((watched.minutes * 60) / watched.scrapeSeconds) + 1;
  for (let index = 0; index < count; index += 1) {
    const text = [...lines.chunks()].join('') + groupMetrics(agent.readModel) + (await self.metrics());
    addScrape(scrapes, `up 1\n${text}`, index);
    await clock.advance(watched.scrapeSeconds * 1000);
  }
  for (const values of scrapes.values()) while (values.length < count) values.push(null);
  return scrapes;
}

const SAMPLE = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/u;
const TARGET_LABELS = 'job="gdoiwatch",instance="agent:9848"';

function addScrape(scrapes: Map<string, (number | null)[]>, text: string, index: number): void {
  for (const line of text.split('\n')) {
    const { name, labels, value } = SAMPLE.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) continue;
    const series = `${name}{${labels === undefined ? '' : `${labels},`}${TARGET_LABELS}}`;
    let values = scrapes.get(series);
    if (values === undefined) {
      values = [];
      scrapes.set(series, values);
    }
    while (values.length < index) values.push(null);
    values.push(name.endsWith('_timestamp_seconds') ? Number(value) - START_MS / 1000 : Number(value));
  }
}

/** promtool's notation; a series that ends has a staleness marker, as Prometheus writes one. */
export function notation(values: readonly (number | null)[]): string {
  return values.map((value, index) => value ?? (index > 0 && values[index - 1] !== null ? 'stale' : '_')).join(' ');
}
