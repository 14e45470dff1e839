/** Re-registrations: how many, why, and the latest ones; for each dashboard its own part of the fleet. */
import type { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { markAt } from './compose.ts';
import { TO_DEVICE, TO_GROUP } from './links.ts';
import { bars, type Panel, table } from './panels.ts';
import { per, type Selector } from './query.ts';

const LATEST = 'gdoi_gm_last_reregistration_timestamp_seconds';
const MOST_ROWS = 50;

export function byCause(selector: Selector): Panel {
  return bars({
    title: 'Re-registrations by cause',
    description:
      'Re-registrations of GMs in each interval, by the cause the agent found. legacy_ks, kek_missed_rekey, kek_expired, tek_expired and unknown are unexpected.',
    width: 16,
    unit: 'short',
    lines: [
      {
        expr: `sum by (cause) (increase(gdoi_group_reregistrations_total{${selector}}[$__rate_interval]))`,
        legend: '{{cause}}',
      },
    ],
  });
}

export function countsByCause(selector: Selector): Panel {
  return table({
    title: 'Re-registrations in this range',
    description: 'By cause, over the time range of the dashboard; causes without any are left out.',
    width: 8,
    labels: ['cause', 'unexpected'],
    columns: [
      {
        name: 'Count',
        unit: 'short',
        expr: `sort_desc(round(sum by (cause, unexpected) (increase(gdoi_group_reregistrations_total{${selector}}[$__range]))) > 0)`,
      },
    ],
    empty: 'no re-registration',
  });
}

export function latest(selector: Selector): Panel {
  return table({
    title: 'Latest re-registration of each GM',
    description: `When each GM re-registered last and why: the ${MOST_ROWS} newest. The agent's page has the evidence.`,
    width: 24,
    labels: ['device', 'group', 'cause', 'unexpected'],
    links: { device: TO_DEVICE, group: TO_GROUP },
    columns: [
      {
        name: 'When',
        unit: 'dateTimeFromNow',
        expr: `topk(${MOST_ROWS}, ${per('device, group, cause, unexpected', LATEST, selector)}) * 1000`,
      },
    ],
    empty: 'no re-registration yet',
  });
}

export function marks(selector: Selector): AnnotationQueryBuilder[] {
  const at = (unexpected: boolean) =>
    `${per('device, group, cause', LATEST, selector, `unexpected="${unexpected}"`)} * 1000`;
  return [
    markAt('Unexpected re-registrations', at(true), {
      color: 'red',
      title: 'Re-registration of {{device}}',
      text: '{{cause}} ({{group}})',
    }),
    markAt('Expected re-registrations', at(false), {
      color: 'blue',
      title: 'Re-registration of {{device}}',
      text: '{{cause}} ({{group}})',
    }),
  ];
}
