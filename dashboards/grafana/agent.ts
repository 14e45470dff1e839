/** The agents themselves: do they keep up, what do they drop, do they see everybody. */
import { alertMarks, alertPanels } from './alerts.ts';
import { compose, markAt } from './compose.ts';
import { UIDS } from './links.ts';
import {
  BAD_ABOVE_ZERO,
  bars,
  GOOD_FROM_ONE,
  stat,
  states,
  stateTimeline,
  timeSeries,
  WARN_ABOVE_ZERO,
  YES_OR_NO,
} from './panels.ts';
import { IN_JOB } from './query.ts';
import { agentUrl, chooseMany, datasource, job, valuesOf } from './variables.ts';

const OF_AGENT = `${IN_JOB},instance=~"$instance"`;
const of = (metric: string, more = '') => `${metric}{${OF_AGENT}${more === '' ? '' : `,${more}`}}`;
/** Process and event-loop figures; agents only, should the job scrape others too. */
const ofProcess = (metric: string) => `${of(metric)} and on (job, instance) gdoi_build_info{${OF_AGENT}}`;
const counted = (labels: string, metric: string) => `sum by (${labels}) (increase(${of(metric)}[$__rate_interval]))`;
/** SQLite, or no agent that Prometheus reaches. */
const NO_CLUSTER = 'no shared store';
/** Of a lease of 20 s, which is the default of cluster.lease. */
const RENEWED_SECONDS = 5;
const GIVEN_UP_SECONDS = 15;

export const agentDashboard = compose({
  uid: UIDS.agent,
  title: 'gdoiwatch agents',
  description: 'Polls, queues, sessions, store, cells, listeners, service discovery and resources of the agents.',
  tags: ['monitoring'],
  from: 'now-3h',
  agentPage: { title: "The agent's page", path: '/' },
  variables: [
    datasource(),
    job(),
    chooseMany('instance', 'Instance', valuesOf('gdoi_build_info', IN_JOB, 'instance')),
    agentUrl(),
  ],
  annotations: [
    markAt('Configuration loaded', `${of('gdoi_config_last_reload_success_timestamp_seconds')} * 1000`, {
      color: 'blue',
      title: 'Configuration loaded',
      text: '{{instance}}',
    }),
    alertMarks('instance=~"$instance"'),
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Agents',
          description: 'Agents that Prometheus reaches, by version.',
          width: 3,
          unit: 'short',
          empty: 'none',
          expr: `count(${of('gdoi_build_info')})`,
        }),
        stat({
          title: 'Devices',
          description: 'In the configuration of the agents.',
          width: 3,
          unit: 'short',
          expr: `sum(${of('gdoi_inventory_devices')})`,
        }),
        stat({
          title: 'Devices that answer',
          description: 'Of those that were polled.',
          width: 3,
          unit: 'percentunit',
          steps: GOOD_FROM_ONE,
          expr: `sum(${of('gdoi_device_up')}) / count(${of('gdoi_device_up')})`,
        }),
        stat({
          title: 'Last reload',
          description: 'A configuration that was refused changes nothing; the log says why.',
          width: 3,
          unit: 'none',
          mappings: states([1, 'taken', 'green'], [0, 'refused', 'red']),
          expr: `min(${of('gdoi_config_last_reload_successful')})`,
        }),
        stat({
          title: 'Credentials in quarantine',
          description: 'Not used for now, because several devices in a row refused them.',
          width: 3,
          unit: 'short',
          steps: BAD_ABOVE_ZERO,
          expr: `sum(${of('gdoi_credentials_quarantined')})`,
        }),
        stat({
          title: 'Events lost',
          description: 'In the time range: the store refused them for too long.',
          width: 3,
          unit: 'short',
          decimals: 0,
          steps: BAD_ABOVE_ZERO,
          expr: `round(sum(increase(${of('gdoi_events_dropped_total')}[$__range])))`,
        }),
        stat({
          title: 'Polls skipped in this range',
          description: 'The previous poll of the device was not over.',
          width: 3,
          unit: 'short',
          decimals: 0,
          steps: WARN_ABOVE_ZERO,
          expr: `round(sum(increase(${of('gdoi_polls_skipped_total')}[$__range])))`,
        }),
        stat({
          title: 'Youngest agent',
          description: 'Time since the last start of an agent.',
          width: 3,
          unit: 's',
          expr: `time() - max(${ofProcess('process_start_time_seconds')})`,
        }),
      ],
    },
    {
      title: 'Polls',
      panels: [
        timeSeries({
          title: 'Polls by result',
          description:
            'Polls a second. backoff: not tried, after failures; quarantined: the credential is not used for now.',
          width: 12,
          unit: 'ops',
          lines: [
            {
              expr: `sum by (result) (rate(${of('gdoi_polls_total')}[$__rate_interval]))`,
              legend: '{{result}}',
            },
            {
              expr: `sum by (result) (rate(${of('gdoi_snmp_polls_total')}[$__rate_interval]))`,
              legend: 'SNMP beside SSH: {{result}}',
            },
            {
              expr: `sum by (result) (rate(${of('gdoi_restconf_polls_total')}[$__rate_interval]))`,
              legend: 'RESTCONF beside SSH: {{result}}',
            },
          ],
        }),
        timeSeries({
          title: 'Poll duration over the devices',
          description: 'Of the last poll of each device.',
          width: 12,
          unit: 's',
          lines: [
            ...[0.5, 0.95, 0.99].map((share) => ({
              expr: `quantile(${share}, ${of('gdoi_device_poll_duration_seconds')})`,
              legend: `${share * 100} %`,
            })),
            { expr: `max(${of('gdoi_device_poll_duration_seconds')})`, legend: 'longest' },
          ],
        }),
        timeSeries({
          title: 'Polls under way and waiting',
          description:
            'Waiting for a free slot (limits.concurrent_polls). Waiting for long: the agent does not keep up.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: of('gdoi_polls_running'), legend: '{{instance}}: under way' },
            { expr: of('gdoi_polls_queued'), legend: '{{instance}}: waiting' },
          ],
        }),
        bars({
          title: 'Polls skipped',
          description: 'Due while the previous poll of the device was not over.',
          width: 12,
          unit: 'short',
          lines: [{ expr: counted('instance', 'gdoi_polls_skipped_total'), legend: '{{instance}}' }],
        }),
      ],
    },
    {
      title: 'Sessions',
      panels: [
        timeSeries({
          title: 'SSH sessions and RESTCONF connections',
          description: 'Open; SSH logins under way and waiting for a free slot (ssh.max_handshakes).',
          width: 12,
          unit: 'short',
          lines: [
            { expr: of('gdoi_ssh_sessions'), legend: '{{instance}}: open' },
            { expr: of('gdoi_ssh_handshakes_running'), legend: '{{instance}}: logins under way' },
            { expr: of('gdoi_ssh_handshakes_waiting'), legend: '{{instance}}: logins waiting' },
            { expr: of('gdoi_restconf_connections'), legend: '{{instance}}: RESTCONF connections' },
          ],
        }),
        timeSeries({
          title: 'SNMP requests waiting for an answer',
          description: 'Over all devices.',
          width: 6,
          unit: 'short',
          lines: [{ expr: of('gdoi_snmp_requests_running'), legend: '{{instance}}' }],
        }),
        bars({
          title: 'SNMP datagrams dropped',
          description: 'No answer to anything asked, or unreadable.',
          width: 6,
          unit: 'short',
          lines: [{ expr: counted('instance', 'gdoi_snmp_datagrams_dropped_total'), legend: '{{instance}}' }],
        }),
      ],
    },
    {
      title: 'Events, store and listeners',
      panels: [
        bars({
          title: 'Events by type',
          description: 'What the agents found.',
          width: 12,
          unit: 'short',
          lines: [{ expr: counted('type', 'gdoi_events_total'), legend: '{{type}}' }],
        }),
        bars({
          title: 'Store, recording and log errors',
          description: 'Batches that the store refused are tried again; events are dropped when too many wait.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: counted('instance', 'gdoi_store_errors_total'), legend: '{{instance}}: store' },
            { expr: counted('instance', 'gdoi_events_dropped_total'), legend: '{{instance}}: events dropped' },
            { expr: counted('instance', 'gdoi_log_errors_total'), legend: '{{instance}}: log' },
            { expr: counted('instance', 'gdoi_record_errors_total'), legend: '{{instance}}: recording' },
            {
              expr: counted('instance', 'gdoi_record_lines_dropped_total'),
              legend: '{{instance}}: lines not recorded',
            },
          ],
        }),
        bars({
          title: 'Log messages and traps',
          description: 'By what became of them. unknown_device: from no configured address or name.',
          width: 12,
          unit: 'short',
          lines: [{ expr: counted('kind, result', 'gdoi_messages_total'), legend: '{{kind}}: {{result}}' }],
          empty: 'no listener is configured',
        }),
        bars({
          title: 'Dropped by listeners',
          description: 'By reason; a limit that is reached shows here.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: counted('listener, reason', 'gdoi_listener_dropped_total'), legend: '{{listener}}: {{reason}}' },
          ],
          empty: 'no listener is configured',
        }),
      ],
    },
    {
      title: 'Agents on one store',
      panels: [
        stat({
          title: 'Agents that share the store',
          description: 'As far as the agents know. One that has lost the database knows of fewer.',
          width: 6,
          unit: 'short',
          empty: NO_CLUSTER,
          expr: `max(${of('gdoi_cluster_agents')})`,
        }),
        stat({
          title: 'Cells',
          description: 'Parts of the inventory, each of which one agent polls.',
          width: 6,
          unit: 'short',
          empty: NO_CLUSTER,
          expr: `count(sum by (job, cell) (${of('gdoi_cell_owned')}))`,
        }),
        stat({
          title: 'Cells that nobody polls',
          description: 'When an agent looked last. While another one takes over it is no fault.',
          width: 6,
          unit: 'short',
          steps: BAD_ABOVE_ZERO,
          empty: NO_CLUSTER,
          expr: `max(${of('gdoi_cells_unowned')})`,
        }),
        stat({
          title: 'Cells that several agents poll',
          description: 'Of the agents that are chosen. A single scrape in a handover is no fault.',
          width: 6,
          unit: 'short',
          steps: BAD_ABOVE_ZERO,
          empty: NO_CLUSTER,
          expr: `sum(sum by (job, cell) (${of('gdoi_cell_owned')}) > bool 1)`,
        }),
        stateTimeline({
          title: 'Who polls which cell',
          description: 'A line for each cell and each agent that polled it; a takeover ends one and begins another.',
          width: 12,
          mappings: states([1, 'polls it', 'green']),
          lines: [{ expr: `${of('gdoi_cell_owned')} == 1`, legend: '{{cell}}: {{instance}}' }],
          empty: NO_CLUSTER,
        }),
        timeSeries({
          title: 'Cells by agent',
          description: 'Shared out by the number of devices. An agent with none is a standby.',
          width: 12,
          unit: 'short',
          lines: [{ expr: `sum by (instance) (${of('gdoi_cell_owned')})`, legend: '{{instance}}' }],
          empty: NO_CLUSTER,
        }),
        timeSeries({
          title: 'Age of the lease',
          description: `Up to a quarter of cluster.lease in operation (${RENEWED_SECONDS} s); from three quarters on (${GIVEN_UP_SECONDS} s) the agent polls nothing, unless it is alone.`,
          width: 12,
          unit: 's',
          steps: [
            { value: null, color: 'green' },
            { value: RENEWED_SECONDS, color: 'orange' },
            { value: GIVEN_UP_SECONDS, color: 'red' },
          ],
          lines: [{ expr: of('gdoi_lease_age_seconds'), legend: '{{instance}}' }],
          empty: NO_CLUSTER,
        }),
        bars({
          title: 'Fenced writes and lost leases',
          description:
            'Writes that were refused, as another agent polls the cell by then. A few with a takeover, none otherwise.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: counted('instance', 'gdoi_fenced_writes_total'), legend: '{{instance}}: writes refused' },
            { expr: counted('instance', 'gdoi_lease_losses_total'), legend: '{{instance}}: leases lost' },
          ],
          empty: NO_CLUSTER,
        }),
      ],
    },
    {
      title: 'Service discovery',
      panels: [
        stateTimeline({
          title: 'Sources of targets',
          description: 'The last look at each file or URL was good.',
          width: 12,
          mappings: YES_OR_NO,
          lines: [{ expr: of('gdoi_target_source_up'), legend: '{{instance}}: {{source}}' }],
          empty: 'no targets are configured',
        }),
        timeSeries({
          title: 'Targets',
          description: 'Devices from service discovery in use, and what was left out of it; the log says why.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: of('gdoi_targets'), legend: '{{instance}}: in use' },
            { expr: of('gdoi_target_findings'), legend: '{{instance}}: left out' },
          ],
          empty: 'no targets are configured',
        }),
      ],
    },
    {
      title: 'Web page, API and push to Alertmanager',
      panels: [
        timeSeries({
          title: 'Event streams open',
          description: 'Readers of the live events, the web page among them.',
          width: 6,
          unit: 'short',
          lines: [{ expr: of('gdoi_http_streams'), legend: '{{instance}}' }],
        }),
        bars({
          title: 'Requests refused',
          description: 'By reason; wrong credentials and limits show here.',
          width: 6,
          unit: 'short',
          lines: [{ expr: counted('reason', 'gdoi_http_refused_total'), legend: '{{reason}}' }],
        }),
        stateTimeline({
          title: 'Alertmanagers take alerts',
          description: 'The latest push was taken, or none was needed yet.',
          width: 6,
          mappings: YES_OR_NO,
          lines: [{ expr: of('gdoi_alertmanager_up'), legend: '{{instance}}: {{alertmanager}}' }],
          empty: 'no push is configured',
        }),
        bars({
          title: 'Alerts pushed and dropped',
          description: 'Dropped: too many waited, it was over before, or Alertmanager refused it.',
          width: 6,
          unit: 'short',
          lines: [
            { expr: counted('alertmanager', 'gdoi_alertmanager_alerts_sent_total'), legend: '{{alertmanager}}: taken' },
            {
              expr: counted('alertmanager, reason', 'gdoi_alertmanager_alerts_dropped_total'),
              legend: '{{alertmanager}}: {{reason}}',
            },
          ],
          empty: 'no push is configured',
        }),
      ],
    },
    {
      title: 'Resources',
      panels: [
        timeSeries({
          title: 'Memory',
          description: 'Resident memory of the process and used heap.',
          width: 8,
          unit: 'bytes',
          lines: [
            { expr: ofProcess('process_resident_memory_bytes'), legend: '{{instance}}: resident' },
            { expr: ofProcess('nodejs_heap_size_used_bytes'), legend: '{{instance}}: heap used' },
          ],
        }),
        timeSeries({
          title: 'CPU',
          description: 'Seconds of CPU a second; the event loop has one core.',
          width: 8,
          unit: 'percentunit',
          lines: [
            {
              expr: `rate(${of('process_cpu_seconds_total')}[$__rate_interval]) and on (job, instance) gdoi_build_info{${OF_AGENT}}`,
              legend: '{{instance}}',
            },
          ],
        }),
        timeSeries({
          title: 'Event loop delay',
          description: 'How long work had to wait for its turn; over 0.5 s for long, polls come late.',
          width: 8,
          unit: 's',
          steps: [
            { value: null, color: 'green' },
            { value: 0.5, color: 'red' },
          ],
          lines: [
            { expr: ofProcess('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}: 99 %' },
            { expr: ofProcess('nodejs_eventloop_lag_mean_seconds'), legend: '{{instance}}: mean' },
          ],
        }),
        timeSeries({
          title: 'Garbage collection',
          description: 'Seconds a second, by kind.',
          width: 12,
          unit: 'percentunit',
          lines: [
            {
              expr: `sum by (instance, kind) (rate(${of('nodejs_gc_duration_seconds_sum')}[$__rate_interval]))`,
              legend: '{{instance}}: {{kind}}',
            },
          ],
        }),
        timeSeries({
          title: 'Open file descriptors',
          description: 'Sessions, sockets and files, and the limit of the process.',
          width: 12,
          unit: 'short',
          lines: [
            { expr: ofProcess('process_open_fds'), legend: '{{instance}}: open' },
            { expr: ofProcess('process_max_fds'), legend: '{{instance}}: limit' },
          ],
        }),
      ],
    },
    {
      title: 'Alerts',
      panels: alertPanels('alertname=~"GdoiAgent.+|GdoiCell.+|GdoiAuthenticationFailed|GdoiParserDrift"'),
    },
  ],
});
