/** What Prometheus's rules say, as panels and marks; the same for each dashboard, for its own part of the fleet. */
import type { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { markWhile } from './compose.ts';
import { TO_DEVICE, TO_GROUP, TO_RUNBOOK } from './links.ts';
import { type Panel, states, stateTimeline, table } from './panels.ts';
import type { Selector } from './query.ts';

const GDOI_ALERTS = 'alertname=~"Gdoi.+"';

/** The alerts of these selectors: an alert about a device does not name its groups, one about a group no device. */
export function alertPanels(...selectors: readonly Selector[]): Panel[] {
  const alerts = (state: string) => alertsOf(state, selectors);
  return [
    table({
      title: 'Alerts now',
      description: 'Firing and pending alerts of the gdoiwatch rules; the name leads to the runbook.',
      width: 12,
      labels: ['alertname', 'severity', 'alertstate', 'group', 'device', 'member', 'cause'],
      links: { alertname: TO_RUNBOOK, device: TO_DEVICE, group: TO_GROUP },
      columns: [
        {
          name: 'Value',
          unit: 'none',
          expr: `max by (alertname, severity, alertstate, group, device, member, cause) (${alerts('alertstate=~"firing|pending"')})`,
        },
      ],
      hidden: ['Value'],
      empty: 'no alert',
    }),
    stateTimeline({
      title: 'Alerts over time',
      description: 'When which alert was firing.',
      width: 12,
      mappings: states([1, 'firing', 'red']),
      lines: [
        {
          expr: `max by (alertname, group, device, member) (${alerts('alertstate="firing"')})`,
          legend: '{{alertname}} {{group}} {{device}} {{member}}',
        },
      ],
      empty: 'no alert',
    }),
  ];
}

export function alertMarks(...selectors: readonly Selector[]): AnnotationQueryBuilder {
  return markWhile('Alerts', `max by (alertname, group, device) (${alertsOf('alertstate="firing"', selectors)})`, {
    color: 'red',
    title: '{{alertname}}',
    text: '{{group}} {{device}}',
  }).enable(false);
}

function alertsOf(state: string, selectors: readonly Selector[]): string {
  return selectors
    .map((selector) => `ALERTS{${[GDOI_ALERTS, state, selector].filter(Boolean).join(',')}}`)
    .join(' or ');
}
