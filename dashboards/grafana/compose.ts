/** A dashboard from its parts: rows of panels, variables, annotations, and the settings that all share. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { headLinks, TAG } from './links.ts';
import type { Panel } from './panels.ts';
import { DATA_SOURCE } from './query.ts';

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Closed, and not asked for, until someone opens it. */
  readonly collapsed?: boolean;
}

export interface Parts {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly from: string;
  readonly agentPage: { readonly title: string; readonly path: string };
  readonly variables: readonly Builder<VariableModel>[];
  readonly annotations: readonly AnnotationQueryBuilder[];
  readonly rows: readonly Row[];
}

export function compose(parts: Parts): Dashboard {
  const builder = new DashboardBuilder(parts.title)
    .uid(parts.uid)
    .description(parts.description)
    .tags([TAG, ...parts.tags])
    .readonly()
    .timezone('browser')
    .time({ from: parts.from, to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .links(headLinks(parts.agentPage))
    .variables([...parts.variables])
    .annotations([...parts.annotations]);
  let id = 0;
  for (const { title, panels, collapsed } of parts.rows) {
    const row = new RowBuilder(title).id((id += 1));
    const numbered = panels.map((panel) => panel.id((id += 1)));
    if (collapsed === true) {
      row.collapsed(true);
      for (const panel of numbered) row.withPanel(panel);
    }
    builder.withRow(row);
    if (collapsed !== true) for (const panel of numbered) builder.withPanel(panel);
  }
  return builder.build();
}

/** How a mark is drawn and read: its colour, its title and its text, with `{{label}}` for the labels of the sample. */
export interface Mark {
  readonly color: string;
  readonly title: string;
  readonly text: string;
}

/** A mark at the instants that the values are, in milliseconds of Unix time. */
export function markAt(name: string, expr: string, mark: Mark): AnnotationQueryBuilder {
  return annotation(name, expr, mark).useValueForTime(true);
}

/** A region for as long as there is a sample. */
export function markWhile(name: string, expr: string, mark: Mark): AnnotationQueryBuilder {
  return annotation(name, expr, mark);
}

function annotation(name: string, expr: string, { color, title, text }: Mark): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .titleFormat(title)
    .textFormat(text);
}
