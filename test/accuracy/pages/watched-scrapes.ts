/**
 * What Prometheus would scrape from an agent that watches a random world: the real exposition of what it knows by then.
 */
import { groupMetrics } from '../../../src/export/group-metrics.ts';
import { PreparedLines } from '../../../src/export/prepared-lines.ts';
import { createReadModel } from '../../../src/model/read-model.ts';
import { type Scrapes, ScrapeSeries } from '../../dashboards/scrape-series.ts';
import type { Look } from '../agent-model.ts';

export const SCRAPE_SECONDS = 30;

export class WatchedScrapes {
  readonly #startMs: number;
  readonly #series = new ScrapeSeries();
  readonly #model = createReadModel();
  readonly #lines = new PreparedLines((group) => this.#model.group(group));

  constructor(startMs: number) {
    this.#startMs = startMs;
    this.#model.onChange((device, view) => this.#lines.update(device, view));
  }

  hear({ atMs, view, deviceOf }: Look): void {
    this.#scrapeUntil(atMs);
    const devices = [...view.gms, ...view.kss].map(({ device }) => deviceOf(device));
    this.#model.update(devices, [view]);
  }

  /** All scrapes up to the last look. */
  all(): { readonly scrapes: Scrapes; readonly minutes: number } {
    return { scrapes: this.#series.all(), minutes: ((this.#series.scrapes - 1) * SCRAPE_SECONDS) / 60 };
  }

  #scrapeUntil(atMs: number): void {
    while (this.#startMs + this.#series.scrapes * SCRAPE_SECONDS * 1000 < atMs) {
      const text = [...this.#lines.chunks()].join('') + groupMetrics(this.#model);
      this.#series.add(`up 1\ngdoi_build_info 1\n${text}`);
    }
  }
}
