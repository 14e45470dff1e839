/**
 * Every query of the Grafana dashboards gives data: from the demo, which has incidents, and from an agent's exposition
 * with what no demo shows. Both are scraped by a real Prometheus with the rules.
 */
import { describe, expect, test, vi } from 'vitest';
import { DASHBOARDS } from '../../dashboards/grafana/dashboards.ts';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';
import { prometheusMissing } from '../e2e/prometheus.ts';
import { RareMetrics } from './grafana-rare-metrics.ts';
import { type LabelQuery, labelQueriesOf, type Query, queriesOf, substituted } from './grafana-queries.ts';
import { startPrometheus } from './real-servers.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

/** A panel needs data for one of these: a KS has no countdown to its re-registration. */
const CHOICES = [
  { group: 'CORP', device: 'gm2' },
  { group: 'CORP', device: 'gm3' },
  { group: 'BRANCH', device: 'ks1' },
  { group: 'RARE', device: 'rare' },
  { group: 'RARE', device: 'beside' },
];
const NOWHERE = '127.0.0.1:9';

describe.skipIf(prometheusMissing())('the queries of the Grafana dashboards', () => {
  test('all give data after trouble', async () => {
    await using demo = new Gdoiwatch(['demo', '--speed', '20', '--listen', '127.0.0.1:0']);
    await using rare = await RareMetrics.start();
    const [, url = ''] = await demo.printed(/gdoiwatch demo is running: (\S+)/);
    await using prometheus = await startPrometheus([new URL(url).host, rare.address], NOWHERE);

    const dashboards = [...DASHBOARDS.values()];
    let silent: readonly Query[] = dashboards.flatMap(queriesOf);
    let unset: readonly LabelQuery[] = dashboards.flatMap(labelQueriesOf);
    const look = async () => {
      silent = await without(silent, (query) => hasData(prometheus.address, query));
      unset = await without(unset, async ({ match, label }) => {
        for (const choice of CHOICES) {
          const parameters = new URLSearchParams({ 'match[]': substituted(match, choice) });
          const values = await ask<readonly string[]>(
            prometheus.address,
            `label/${label}/values?${parameters.toString()}`,
          );
          if (values !== null && values.length > 0) return true;
        }
        return false;
      });
      expect({ silent: silent.map(({ asker, expr }) => `${asker}: ${expr}`), unset }).toEqual({
        silent: [],
        unset: [],
      });
    };
    // One look asks some hundred queries, one after the other: on a busy machine that alone takes minutes.
    await vi.waitFor(look, { ...PATIENCE_WITH_PROCESSES, timeout: 2 * PATIENCE_WITH_PROCESSES.timeout });
  });
});

async function hasData(prometheus: string, { expr, over }: Query): Promise<boolean> {
  for (const query of new Set(CHOICES.map((choice) => substituted(expr, choice)))) {
    const nowSeconds = Date.now() / 1000;
    const range = { start: String(nowSeconds - 30), end: String(nowSeconds), step: '1' };
    const parameters = new URLSearchParams(over === 'now' ? { query } : { query, ...range });
    const data = await ask<{ readonly result: readonly unknown[] }>(
      prometheus,
      `${over === 'now' ? 'query' : 'query_range'}?${parameters.toString()}`,
    );
    if (data !== null && data.result.length > 0) return true;
  }
  return false;
}

/** null while Prometheus is starting; a query that it does not understand fails the test. */
async function ask<Data>(prometheus: string, path: string): Promise<Data | null> {
  const response = await fetch(`http://${prometheus}/api/v1/${path}`).catch(() => null);
  if (response === null || response.status === 503) return null;
  const body = (await response.json()) as { readonly status: string; readonly data: Data; readonly error?: string };
  if (body.status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${body.error}`);
  return body.data;
}

/** What is left of them from the first on that is not done: who waits for it need not ask for the others again. */
async function without<Item>(items: readonly Item[], done: (item: Item) => Promise<boolean>): Promise<readonly Item[]> {
  for (const [index, item] of items.entries()) if (!(await done(item))) return items.slice(index);
  return [];
}
