/** Every query that the Grafana dashboards ask: of panels, annotations and variables. */
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';

/** Panels in their order, those of closed rows too. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).flatMap((panel) => ('panels' in panel ? panel.panels : [panel]));
}

export function targetsOf(panel: Panel): Dataquery[] {
  return (panel.targets ?? []) as Dataquery[];
}

export interface Query {
  /** The dashboard and what asks it there. */
  readonly asker: string;
  readonly expr: string;
  readonly over: 'now' | 'range';
}

export function queriesOf(dashboard: Dashboard): Query[] {
  const panels = panelsOf(dashboard).flatMap((panel) =>
    targetsOf(panel).map((target) => ({
      asker: `${dashboard.title} / ${panel.title} / ${target.refId}`,
      expr: target.expr,
      over: target.instant === true ? ('now' as const) : ('range' as const),
    })),
  );
  const annotations = (dashboard.annotations.list ?? []).map(({ name, expr = '' }) => ({
    asker: `${dashboard.title} / annotation ${name}`,
    expr,
    over: 'range' as const,
  }));
  return [...panels, ...annotations];
}

export interface LabelQuery {
  readonly asker: string;
  readonly match: string;
  readonly label: string;
}

/** The `label_values(SELECTOR, LABEL)` of the variables. */
export function labelQueriesOf(dashboard: Dashboard): LabelQuery[] {
  return (dashboard.templating.list ?? []).flatMap(({ name, definition }) => {
    if (definition === undefined) return [];
    const [, match, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
    if (match === undefined || label === undefined) throw new Error(`not a label_values(): ${definition}`);
    return [{ asker: `${dashboard.title} / variable ${name}`, match, label }];
  });
}

/** What the reader chose. */
export interface Chosen {
  readonly group: string;
  readonly device: string;
}

/** As Grafana would: a variable of which several can be chosen stands in a regular expression, here as "All". */
export function substituted(expr: string, { group, device }: Chosen): string {
  const text = expr
    .replaceAll(/=~"\$(?:job|group|instance)"/g, '=~".+"')
    .replaceAll('"$group"', `"${group}"`)
    .replaceAll('"$device"', `"${device}"`)
    .replaceAll('$__rate_interval', '20s')
    .replaceAll('$__range', '60s');
  if (text.includes('$')) throw new Error(`a variable that nobody sets: ${text}`);
  return text;
}
