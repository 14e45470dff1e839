/**
 * Queries of panels. Series are named by `device`, `group` and the like, never by the agent they came from: a device
 * that moves to another agent keeps its line, and the moment in which both show it does not count twice.
 */
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** Chosen by the reader of the dashboard. */
export const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Label matchers without braces, such as `job=~"$job"`. */
export type Selector = string;

export const IN_JOB: Selector = 'job=~"$job"';

/** One sample for each combination of `labels`, whichever agent shows it. */
export function per(labels: string, metric: string, selector: Selector, more = ''): string {
  return `max by (${labels}) (${metric}{${selector}${more === '' ? '' : `,${more}`}})`;
}

/** How many of these there are; 0, not nothing, where there are none. */
export function countOf(expr: string): string {
  return `count(${expr}) or vector(0)`;
}

/** One line of a chart. */
export interface Line {
  readonly expr: string;
  readonly legend: string;
}

/** `A`, `B`, ... */
export function refId(index: number): string {
  return String.fromCodePoint(65 + index);
}

export function overTime(lines: readonly Line[]): DataqueryBuilder[] {
  return lines.map(({ expr, legend }, index) => query(expr, index).legendFormat(legend).range());
}

/** The value now. */
export function now(lines: readonly Line[]): DataqueryBuilder[] {
  return lines.map(({ expr, legend }, index) => query(expr, index).legendFormat(legend).instant());
}

/** Now, with a column for each label. */
export function asRows(exprs: readonly string[]): DataqueryBuilder[] {
  return exprs.map((expr, index) => query(expr, index).format(PromQueryFormat.Table).instant());
}

function query(expr: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATA_SOURCE).refId(refId(index)).expr(expr);
}
