/** Alerts in the form of Alertmanager's API v2 (`POST /alerts`, its `postableAlert`). */
import { isoInstant } from '../../gdoi/events/event-document.ts';
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { type AlertIdentity, PUSHED_RULES, type TargetLabel } from './alerts-of-event.ts';

type Labels = Readonly<Record<string, string>>;

export interface PostableAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

const RUNBOOKS = 'https://github.com/gdoiwatch/gdoiwatch/blob/main/dashboards/runbooks';

/** What Prometheus adds to alerts. */
export interface AddedLabels {
  /** Labels of the scrape of this agent: they are on its series, and on alerts whose rule keeps them. */
  readonly target: Readonly<Partial<Record<TargetLabel, string>>>;
  /** On every alert. */
  readonly external: Labels;
}

export function addedLabels(configured: Labels): AddedLabels {
  const { job, instance, ...external } = configured;
  return {
    target: { ...(job === undefined ? {} : { job }), ...(instance === undefined ? {} : { instance }) },
    external,
  };
}

/** An alert's own labels have precedence over added ones, as in Prometheus. */
export function alertLabels({ alertname, severity, labels: own }: AlertIdentity, added: AddedLabels): Labels {
  const labels: Record<string, string> = { ...added.external };
  for (const name of PUSHED_RULES[alertname].targetLabels) {
    const value = added.target[name];
    if (value !== undefined) labels[name] = value;
  }
  return Object.assign(labels, own, { alertname, severity });
}

/** The same for all messages about one alert, and for no other alert of this agent. */
export function alertKey({ alertname, severity, labels }: AlertIdentity): string {
  return JSON.stringify([alertname, severity, labels['device'], labels['cell'], labels['group'], labels['cause']]);
}

export function postableAlert(
  alertname: string,
  labels: Labels,
  event: GdoiEvent,
  told: { readonly nowMs: EpochMs; readonly endsAtMs: EpochMs; readonly generatorUrl: string },
): PostableAlert {
  const { summary, evidence, action } = event;
  return {
    labels,
    annotations: {
      summary,
      description: `${[summary, ...evidence].join('; ')}. First step: ${action}.`,
      evidence: evidence.join('\n'),
      action,
      runbook_url: `${RUNBOOKS}/${alertname}.md`,
    },
    startsAt: isoInstant(Math.min(event.atMs, told.nowMs)),
    endsAt: isoInstant(told.endsAtMs),
    generatorURL: eventsUrl(told.generatorUrl, event),
  };
}

/** The events of this kind and place in the agent's API. */
function eventsUrl(base: string, { type, device, group }: GdoiEvent): string {
  const query = new URLSearchParams({ type });
  if (device !== null) query.set('device', device);
  if (group !== null) query.set('group', group);
  return `${base}/api/v1/events?${query.toString()}`;
}
