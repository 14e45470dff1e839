/** What the reader of a dashboard chooses. */
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, type Selector } from './query.ts';

export function datasource(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
}

/** Several, all by default. */
export function chooseMany(name: string, label: string, query: string): QueryVariableBuilder {
  return chooseOne(name, label, query)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: 'All', value: '$__all' });
}

export function chooseOne(name: string, label: string, query: string): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged);
  variable.sort(VariableSort.NaturalAsc);
  return variable;
}

/** The scrape jobs that hold agents. */
export function job(): QueryVariableBuilder {
  return chooseMany('job', 'Job', 'label_values(gdoi_build_info, job)');
}

export function agentUrl(): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder('agent_url')
    .label('Agent')
    .description("Address of the agent's web page, as this browser reaches it; for links only")
    .defaultValue('http://127.0.0.1:9848');
}

export function valuesOf(metric: string, selector: Selector, label: string): string {
  return `label_values(${metric}{${selector}}, ${label})`;
}
