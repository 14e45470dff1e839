/**
 * Open incidents, as the agent explains them: why, whom, since when, what follows and what to do first; and their
 * history.
 */
import { TO_GROUP } from './links.ts';
import { type Panel, stateTimeline, states, table } from './panels.ts';
import { per, type Selector } from './query.ts';

const SEVERITIES = ['critical', 'warning', 'info'] as const;

/** A label of a metric that some incidents have not: those keep their row, without it. */
function labelled(label: string, metric: string, selector: Selector): string {
  const every = per('group, cause', 'gdoi_incident', selector);
  return `on (group, cause) group_left (${label}) (${per(`group, cause, ${label}`, metric, selector)} or on (group, cause) ${every})`;
}

function rowsOf(selector: Selector): string {
  const since = `(time() - ${per('group, cause', 'gdoi_incident_began_timestamp_seconds', selector)})`;
  return [
    per('group, cause, severity', 'gdoi_incident', selector),
    `on (group, cause) group_left () ${since}`,
    labelled('devices', 'gdoi_incident_first_devices', selector),
    labelled('consequence', 'gdoi_incident_consequence', selector),
    labelled('first_step', 'gdoi_incident_first_step', selector),
  ].join('\n* ');
}

export function incidentPanels(selector: Selector): readonly Panel[] {
  return [
    table({
      title: 'Open incidents',
      description:
        'Each with its cause, what follows from it, and the first step. What a cause explains is told with it and nowhere else; critical ones page.',
      width: 24,
      labels: ['group', 'severity', 'cause', 'devices', 'consequence', 'first_step'],
      links: { group: TO_GROUP },
      columns: [{ name: 'Since', unit: 's', expr: rowsOf(selector) }],
      empty: 'no open incident',
    }),
    stateTimeline({
      title: 'Incidents over time',
      description: 'By cause, in the colour of what they were: what happened to the group last night.',
      width: 24,
      mappings: states([3, 'critical', 'red'], [2, 'warning', 'orange'], [1, 'info', 'blue']),
      lines: [
        {
          expr: SEVERITIES.map(
            (severity, index) =>
              `${per('group, cause', 'gdoi_incident', selector, `severity="${severity}"`)} * ${SEVERITIES.length - index}`,
          ).join(' or '),
          legend: '{{group}} {{cause}}',
        },
      ],
      empty: 'no incident in this range',
    }),
  ];
}
