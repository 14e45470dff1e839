/** Expositions, one after the other, as the series that Prometheus would hold; from 2026 on, where simulated fleets begin. */

/** Series -> its values, one per scrape from the first on; null: it was not in that scrape. */
export type Scrapes = ReadonlyMap<string, readonly (number | null)[]>;

const SAMPLE = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/u;
const TARGET_LABELS = 'job="gdoiwatch",instance="agent:9848"';
const START_SECONDS = Date.UTC(2026, 0, 1) / 1000;

export class ScrapeSeries {
  readonly #series = new Map<string, (number | null)[]>();
  #scrapes = 0;

  /** Unix times count from the start, as promtool's clock does. */
  add(text: string): void {
    for (const line of text.split('\n')) {
      const { name, labels, value } = SAMPLE.exec(line)?.groups ?? {};
      if (name === undefined || value === undefined) continue;
      const key = `${name}{${labels === undefined ? '' : `${labels},`}${TARGET_LABELS}}`;
      const values = this.#series.get(key) ?? [];
      this.#series.set(key, values);
      while (values.length < this.#scrapes) values.push(null);
      values.push(name.endsWith('_timestamp_seconds') ? Number(value) - START_SECONDS : Number(value));
    }
    this.#scrapes += 1;
  }

  get scrapes(): number {
    return this.#scrapes;
  }

  all(): Scrapes {
    for (const values of this.#series.values()) while (values.length < this.#scrapes) values.push(null);
    return this.#series;
  }
}

/** promtool's notation; a series that ends has a staleness marker, as Prometheus writes one. */
export function notation(values: readonly (number | null)[]): string {
  return values.map((value, index) => value ?? (index > 0 && values[index - 1] !== null ? 'stale' : '_')).join(' ');
}
