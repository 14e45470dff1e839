/**
 * Expositions, one after the other, as the series that Prometheus would hold; from 2026 on, where simulated fleets
 * begin.
 */

/** Series -> its values, one per scrape from the first on; null: it was not in that scrape. */
export type Scrapes = ReadonlyMap<string, readonly (number | null)[]>;

const SERIES = /^(?<name>\w+)(?:\{(?<labels>.*)\})?$/u;
const TARGET_LABELS = 'job="gdoiwatch",instance="agent:9848"';
const START_SECONDS = Date.UTC(2026, 0, 1) / 1000;

interface Printed {
  readonly values: (number | null)[];
  /** What is taken off each value. */
  readonly startSeconds: number;
}

export class ScrapeSeries {
  readonly #series = new Map<string, (number | null)[]>();
  /**
   * By what stands before the value: each series is read once, and not at each of hundreds of scrapes; null: a comment.
   */
  readonly #printed = new Map<string, Printed | null>();
  #scrapes = 0;

  /** Unix times count from the start, as promtool's clock does. */
  add(text: string): void {
    for (const line of text.split('\n')) {
      const end = line.lastIndexOf(' ');
      const before = line.slice(0, Math.max(end, 0));
      let printed = this.#printed.get(before);
      if (printed === undefined) this.#printed.set(before, (printed = this.#read(before)));
      if (printed === null) continue;
      const { values, startSeconds } = printed;
      while (values.length < this.#scrapes) values.push(null);
      values.push(Number(line.slice(end + 1)) - startSeconds);
    }
    this.#scrapes += 1;
  }

  #read(before: string): Printed | null {
    const { name, labels } = SERIES.exec(before)?.groups ?? {};
    if (name === undefined) return null;
    const key = `${name}{${labels === undefined ? '' : `${labels},`}${TARGET_LABELS}}`;
    const values = this.#series.get(key) ?? [];
    this.#series.set(key, values);
    return { values, startSeconds: name.endsWith('_timestamp_seconds') ? START_SECONDS : 0 };
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
