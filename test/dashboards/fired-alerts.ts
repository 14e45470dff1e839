/** The alerts that fired over the scrapes of a scenario, exactly: as a test of promtool on its `ALERTS` series. */
import type { ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import type { RuleTest } from './promtool.ts';
import { notation, type Scrapes } from './scrape-series.ts';

type Severity = 'critical' | 'warning' | 'info';

/** An alert as these tests tell one from another. */
interface Fired {
  readonly alertname: string;
  readonly severity: Severity;
  /** Empty: it is about a group. */
  readonly device: string;
}

export function fired(alertname: string, severity: Severity, ...devices: readonly string[]): readonly Fired[] {
  return (devices.length === 0 ? [''] : devices).map((device) => ({ alertname, severity, device }));
}

/** What fires while a scenario runs. */
export interface Firing {
  readonly scenario: ScenarioName;
  readonly minutes: number;
  /** Incidents that were told, `cause severity`; all else is muted by what explains it. */
  readonly tells?: readonly string[];
  /** Most alerts at one moment that nothing explains: they stand alone. None unless said. */
  readonly alone?: number;
  /** All other alerts that fired in that time. */
  readonly raises: readonly (readonly Fired[])[];
  /** What fires at a minute. */
  readonly at?: Readonly<Record<number, readonly (readonly Fired[])[]>>;
}

const SERIES_LABELS = 'alertname, severity, device';
const EXPLAINING = 'GdoiIncident|GdoiExplained';
/** What the example Alertmanager configuration mutes while a group, or a device's silence, is explained. */
const MUTED_BY_GROUP = `ALERTS{alertstate="firing",group!="",alertname!~"${EXPLAINING}"}`;
const MUTED_BY_DEVICE = `ALERTS{alertstate="firing",group="",alertname="GdoiDeviceUnreachable"}`;
const EXPLAINED = 'ALERTS{alertstate="firing",alertname="GdoiExplained"}';

function samples(alerts: readonly (readonly Fired[])[]): RuleTest['promql_expr_test'][number]['exp_samples'] {
  return alerts.flat().map(({ alertname, severity, device }) => ({
    labels: `{alertname="${alertname}", severity="${severity}"${device === '' ? '' : `, device="${device}"`}}`,
    value: 1,
  }));
}

export function firingTest(firing: Firing, scrapes: Scrapes, scrapeSeconds: number): RuleTest {
  const { minutes, raises, tells = [], alone = 0, at = {} } = firing;
  return {
    name: firing.scenario,
    interval: `${scrapeSeconds}s`,
    input_series: [...scrapes].map(([series, values]) => ({ series, values: notation(values) })),
    promql_expr_test: [
      {
        expr: `group by (${SERIES_LABELS}) (last_over_time(ALERTS{alertstate="firing",alertname!~"${EXPLAINING}"}[${minutes}m]))`,
        eval_time: `${minutes}m`,
        exp_samples: samples(raises),
      },
      {
        expr: `group by (cause, severity) (last_over_time(ALERTS{alertstate="firing",alertname="GdoiIncident"}[${minutes}m]))`,
        eval_time: `${minutes}m`,
        exp_samples: tells.map((told) => {
          const [cause = '', severity = ''] = told.split(' ');
          return { labels: `{cause="${cause}", severity="${severity}"}`, value: 1 };
        }),
      },
      {
        // At no moment is a symptom told that the agent explains: neither before its cause, nor after the cure.
        expr: `max_over_time((count(${MUTED_BY_GROUP} unless on (group) ${EXPLAINED} or ${MUTED_BY_DEVICE} unless on (device) ${EXPLAINED}))[${minutes}m:${scrapeSeconds}s])`,
        eval_time: `${minutes}m`,
        exp_samples: alone === 0 ? [] : [{ labels: '{}', value: alone }],
      },
      ...Object.entries(at).map(([minute, alerts]) => ({
        expr: `group by (${SERIES_LABELS}) (ALERTS{alertstate="firing",alertname!~"${EXPLAINING}"})`,
        eval_time: `${minute}m`,
        exp_samples: samples(alerts),
      })),
    ],
  };
}
