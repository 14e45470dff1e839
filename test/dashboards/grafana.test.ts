/**
 * The Grafana dashboards: the JSON files are those that the sources make, and they keep the rules of good dashboards.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Dashboard, type Panel, type RowPanel, VariableType } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { DASHBOARDS } from '../../dashboards/grafana/dashboards.ts';
import { RUNBOOKS, UIDS } from '../../dashboards/grafana/links.ts';
import { DEVICE_METRICS } from '../../src/export/device-metrics.ts';
import { labelQueriesOf, panelsOf, queriesOf, substituted, targetsOf } from './grafana-queries.ts';

const JSON_DIRECTORY = fileURLToPath(new URL('../../dashboards/grafana/json/', import.meta.url));
const RUNBOOK_DIRECTORY = fileURLToPath(new URL('../../dashboards/runbooks/', import.meta.url));
const GRID_WIDTH = 24;

const each = [...DASHBOARDS].map(([file, dashboard]) => ({ file, dashboard, title: dashboard.title }));
const panels = each.flatMap(({ dashboard }) =>
  panelsOf(dashboard).map((panel) => ({ dashboard, panel, name: `${dashboard.title} / ${panel.title}` })),
);
const targets = panels.flatMap(({ panel, ...where }) => targetsOf(panel).map((target) => ({ target, ...where })));
/** A metric of the agent with its selector, or without one. */
const METRIC = /\b(?:gdoi|process|nodejs)_\w+(?:\{[^}]*\})?/g;

test('the JSON files are what the sources make (UPDATE_GOLDENS=1 writes them)', async () => {
  const texts = new Map([...DASHBOARDS].map(([file, dashboard]) => [file, `${JSON.stringify(dashboard, null, 2)}\n`]));
  if (process.env['UPDATE_GOLDENS'] === '1') {
    await mkdir(JSON_DIRECTORY, { recursive: true });
    for (const [file, text] of texts) await writeFile(JSON_DIRECTORY + file, text);
  }
  const files = (await readdir(JSON_DIRECTORY)).filter((file) => file.endsWith('.json'));
  expect(new Set(files)).toEqual(new Set(texts.keys()));
  for (const [file, text] of texts) expect(await readFile(JSON_DIRECTORY + file, 'utf8')).toBe(text);
});

describe.each(each)('the dashboard $title', ({ dashboard }) => {
  test('has a fixed address, is read-only, refreshes itself and shows the time of the reader', () => {
    expect(dashboard.id ?? null).toBeNull();
    expect(Object.values(UIDS)).toContain(dashboard.uid);
    expect(dashboard).toMatchObject({ editable: false, refresh: '30s', timezone: 'browser' });
    expect(dashboard.description).toMatch(/[.]$/);
    expect(dashboard.tags).toContain('gdoiwatch');
  });

  test('lets the reader choose data source and jobs', () => {
    const variables = dashboard.templating.list ?? [];
    expect(variables[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(variables[1]).toMatchObject({ name: 'job', multi: true, includeAll: true, allValue: '.+' });
    for (const variable of variables.filter(({ type }) => type === VariableType.Query)) {
      // 2: a series that came since the dashboard was opened can be chosen.
      expect(variable).toMatchObject({ refresh: 2, datasource: { uid: '${datasource}' } });
      expect(variable.label).toBeTruthy();
    }
  });

  test('asks only what it has variables for', () => {
    const names = new Set(dashboard.templating.list?.map(({ name }) => name));
    const asked = [...queriesOf(dashboard), ...labelQueriesOf(dashboard)].map((query) =>
      'expr' in query ? query.expr : query.match,
    );
    const variables = Array.from(asked.join(' ').matchAll(/\$(\w+)/g), ([, name = '']) => name);
    expect(variables.filter((name) => !name.startsWith('__') && !names.has(name))).toEqual([]);
    const chosen = { group: 'G', device: 'd' };
    for (const expr of asked) expect(() => substituted(expr, chosen)).not.toThrow();
  });

  test('has a grid without holes or overlaps in its width', () => {
    for (const row of rowsOf(dashboard)) {
      const widths = new Map<number, number>();
      for (const { gridPos } of row) {
        const { x = -1, y = -1, w = 0 } = gridPos ?? {};
        expect(x).toBe(widths.get(y) ?? 0);
        widths.set(y, x + w);
      }
      expect([...widths.values()].filter((width) => width !== GRID_WIDTH)).toEqual([]);
    }
  });

  test('numbers its panels', () => {
    const ids = (dashboard.panels ?? []).flatMap((panel) => [panel.id, ...nested(panel).map(({ id }) => id)]);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });
});

test.each(panels)('$name says what it shows, in which unit, and what it means that there is nothing', ({ panel }) => {
  expect(panel.title).toBeTruthy();
  expect(panel.description).toMatch(/[.]$/);
  expect(panel.datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
  expect(panel.fieldConfig?.defaults.unit).toBeTruthy();
  expect(panel.fieldConfig?.defaults.noValue).toBeTruthy();
  expect(targetsOf(panel).length).toBeGreaterThan(0);
});

test('each panel of a dashboard has its own title', () => {
  const names = panels.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe('queries', () => {
  /** `NAME: what is wrong` for what a rule finds in each query. */
  const against = (rule: (asked: (typeof targets)[number]) => Iterable<string>) =>
    targets.flatMap((asked) => Array.from(rule(asked), (found) => `${asked.name}: ${found}`));

  test('choose the data source and the job', () => {
    const elsewhere = against(({ target }) => (target.datasource?.uid === '${datasource}' ? [] : ['data source']));
    const ofAnyJob = against(({ target }) =>
      (target.expr.match(METRIC) ?? []).filter((selector) => !selector.includes('job=~"$job"')),
    );
    expect([...elsewhere, ...ofAnyJob]).toEqual([]);
  });

  test('of the agents choose the instance; elsewhere a device may move to another agent', () => {
    const wrong = against(({ target, dashboard }) =>
      (target.expr.match(METRIC) ?? []).filter(
        (selector) => selector.includes('instance=~"$instance"') !== (dashboard.uid === UIDS.agent),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('take the rate of counters only, and of every counter', () => {
    const gauges = new Set(DEVICE_METRICS.filter(({ type }) => type === 'gauge').map(({ name }) => name));
    const ofGauges = against(({ target }) =>
      Array.from(target.expr.matchAll(/(?:rate|increase)\((\w+)/g), ([, metric = '']) => metric).filter(
        (metric) => gauges.has(metric) || !/_total$|_seconds_sum$/.test(metric),
      ),
    );
    const bare = against(({ target }) => target.expr.match(/(?<!(?:rate|increase)\()\b\w+_total\{/g) ?? []);
    expect([...ofGauges, ...bare]).toEqual([]);
  });

  test('use a rate interval that fits scrape and resolution, or the complete range for one figure', () => {
    const wrong = against(({ target }) =>
      Array.from(target.expr.matchAll(/\[([^\]]+)\]/g), ([, range = '']) => range).filter(
        (range) => range !== (target.instant === true ? '$__range' : '$__rate_interval'),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('of charts name their lines, by labels if there are several', () => {
    const unnamed = against(({ target }) => {
      if (target.format === PromQueryFormat.Table) return [];
      const [, labels = ''] = /^(?:max|sum|min|count) by \(([^)]+)\)/.exec(target.expr) ?? [];
      const legend = target.legendFormat ?? '';
      const missing = labels.split(', ').filter((label) => label !== '' && !legend.includes(`{{${label}}}`));
      return legend === '' ? ['no legend'] : missing;
    });
    expect(unnamed).toEqual([]);
  });
});

test('what a table leads to are dashboards, labels and runbooks that are there', async () => {
  const runbooks = new Set(await readdir(RUNBOOK_DIRECTORY));
  const uids: ReadonlySet<string> = new Set(Object.values(UIDS));
  const lost = panels
    .filter(({ panel }) => panel.type === 'table')
    .flatMap(({ panel, name }) => {
      const text = JSON.stringify(panel.fieldConfig?.overrides);
      const { expr = '' } = targetsOf(panel)[0] ?? {};
      const found = (pattern: RegExp, where: string) => Array.from(where.matchAll(pattern), ([, one = '']) => one);
      return [
        ...found(/\/d\/([\w-]+)/g, text).filter((uid) => !uids.has(uid)),
        ...found(/__data\.fields\.(\w+)/g, text).filter((label) => !expr.includes(label)),
        ...found(/"alertname", "(\w+)"/g, expr).filter((alertname) => !runbooks.has(`${alertname}.md`)),
      ].map((missing) => `${name}: ${missing}`);
    });
  expect(lost).toEqual([]);
});

test('links to runbooks are those of the rules', async () => {
  const rules = await readFile(new URL('../../dashboards/prometheus/rules.yml', import.meta.url), 'utf8');
  expect(rules).toContain(`runbook_url: ${RUNBOOKS}/`);
});

function nested(panel: Panel | RowPanel): readonly Panel[] {
  return 'panels' in panel ? panel.panels : [];
}

/** Panels between two row headers, and those in a closed row. */
function rowsOf(dashboard: Dashboard): Panel[][] {
  const rows: Panel[][] = [];
  for (const panel of dashboard.panels ?? []) {
    if (panel.type === 'row') rows.push([...nested(panel)]);
    else rows.at(-1)?.push(panel);
  }
  return rows;
}
