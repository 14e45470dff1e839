/** The ways out of a panel: overview -> group -> device -> the agent's page; an alert -> its runbook. */
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

export const TAG = 'gdoiwatch';
export const UIDS = {
  fleet: 'gdoiwatch-fleet',
  group: 'gdoiwatch-group',
  device: 'gdoiwatch-device',
  agent: 'gdoiwatch-agent',
} as const;

export const RUNBOOKS = 'https://github.com/gdoiwatch/gdoiwatch/blob/main/dashboards/runbooks';

/** Where a label's text leads to; `label` writes the placeholder of a label's value. */
export interface Target {
  readonly title: string;
  readonly url: (label: (name: string) => string) => string;
}

/** What the next dashboard has to know beside its subject. */
const KEPT = '${datasource:queryparam}&${job:queryparam}&${agent_url:queryparam}&${__url_time_range}';

export const TO_GROUP: Target = {
  title: 'The group',
  url: (label) => `/d/${UIDS.group}?var-group=${label('group')}&${KEPT}`,
};
export const TO_DEVICE: Target = {
  title: 'The device',
  url: (label) => `/d/${UIDS.device}?var-device=${label('device')}&${KEPT}`,
};
/** For alerts and for what an alert is about; the label `alertname` names the runbook. */
export const TO_RUNBOOK: Target = { title: 'Runbook', url: (label) => `${RUNBOOKS}/${label('alertname')}.md` };

/** In the head of every dashboard: the other ones, the runbooks, and a page of the agent. */
export function headLinks(agentPage: { readonly title: string; readonly path: string }): DashboardLinkBuilder[] {
  return [
    new DashboardLinkBuilder('gdoiwatch')
      .type(DashboardLinkType.Dashboards)
      .tags([TAG])
      .includeVars(true)
      .keepTime(true),
    outside('Runbooks', `${RUNBOOKS}/README.md`),
    outside(agentPage.title, `\${agent_url:raw}${agentPage.path}`),
  ];
}

function outside(title: string, url: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).icon('external link').url(url).targetBlank(true);
}
