/** Metrics of the agent itself, on prom-client: process, polls under way, limits reached, reloads. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { AgentStatus, FleetReadModel } from '../model/read-model.ts';

interface SelfMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly value: (status: AgentStatus, fleet: FleetReadModel) => number;
}

const SELF_METRICS: readonly SelfMetric[] = [
  {
    name: 'gdoi_inventory_devices',
    type: 'gauge',
    help: 'Devices in the configuration and from service discovery.',
    value: (_, fleet) => fleet.size,
  },
  {
    name: 'gdoi_first_sweep_progress_ratio',
    type: 'gauge',
    help: 'Share of all devices that were polled at least once since the start, from 0 to 1.',
    value: (status) => status.firstSweepProgress,
  },
  { name: 'gdoi_polls_running', type: 'gauge', help: 'Polls in progress.', value: (status) => status.pollsRunning },
  {
    name: 'gdoi_polls_queued',
    type: 'gauge',
    help: 'Polls that are due and waiting for a free slot (limits.concurrent_polls).',
    value: (status) => status.pollsQueued,
  },
  {
    name: 'gdoi_polls_skipped_total',
    type: 'counter',
    help: 'Scheduled polls that did not take place: the previous poll was still running, or the agent itself was paused.',
    value: (status) => status.pollsSkippedLate,
  },
  {
    name: 'gdoi_hints_held_total',
    type: 'counter',
    help: 'Syslog messages and traps whose poll was delayed, because the polls that earlier ones caused had shown nothing new.',
    value: (status) => status.hintsDelayed,
  },
  {
    name: 'gdoi_polls_over_allowance_total',
    type: 'counter',
    help: 'Extra polls (planned, or caused by a message) that were left out, because the device had used up its allowance of them.',
    value: (status) => status.pollsOverAllowance,
  },
  { name: 'gdoi_ssh_sessions', type: 'gauge', help: 'Open SSH sessions.', value: (status) => status.openSessions },
  {
    name: 'gdoi_ssh_session_threads',
    type: 'gauge',
    help: 'Threads, besides the main one, that hold SSH sessions and have devices: one for each 1,000 devices at the start, at most one for each core besides the first, and at most 4. Processes instead, if one process may not open a file for each session.',
    value: (status) => status.workers ?? 0,
  },
  {
    name: 'gdoi_ssh_session_threads_lost_total',
    type: 'counter',
    help: 'Threads or processes with SSH sessions that ended unexpectedly; the agent then logs in to their devices again.',
    value: (status) => status.workersLost ?? 0,
  },
  {
    name: 'gdoi_ssh_handshakes_running',
    type: 'gauge',
    help: 'SSH logins in progress.',
    value: (status) => status.handshakesActive,
  },
  {
    name: 'gdoi_ssh_handshakes_waiting',
    type: 'gauge',
    help: 'SSH logins waiting for a free slot (ssh.max_handshakes); those waiting because of ssh.logins_per_second count as running.',
    value: (status) => status.handshakesWaiting,
  },
  {
    name: 'gdoi_credentials_quarantined',
    type: 'gauge',
    help: 'Credentials that are not used for now, because several devices in a row refused them.',
    value: (status) => status.quarantinedCredentials.length,
  },
  {
    name: 'gdoi_snmp_requests_running',
    type: 'gauge',
    help: 'SNMP requests waiting for an answer.',
    value: (status) => status.snmpRequestsActive,
  },
  {
    name: 'gdoi_restconf_connections',
    type: 'gauge',
    help: 'Open RESTCONF connections.',
    value: (status) => status.restconfConnections,
  },
  {
    name: 'gdoi_snmp_datagrams_dropped_total',
    type: 'counter',
    help: 'Datagrams on the sockets for polling that answered no request, or could not be read.',
    value: (status) => status.snmpDatagramsDropped,
  },
  {
    name: 'gdoi_log_errors_total',
    type: 'counter',
    help: 'Failed writes of the log; its lines are kept for another try, up to 1 MiB of them.',
    value: (status) => status.logErrors ?? 0,
  },
  {
    name: 'gdoi_record_errors_total',
    type: 'counter',
    help: 'Failed writes of the recording.',
    value: (status) => status.recordErrors,
  },
  {
    name: 'gdoi_record_lines_dropped_total',
    type: 'counter',
    help: 'Lines missing from the recording: the disk refused them, or they came faster than it could write.',
    value: (status) => status.recordLinesDropped,
  },
  {
    name: 'gdoi_store_errors_total',
    type: 'counter',
    help: 'Batches of events and state that the store refused; the agent tries them again.',
    value: (status) => status.storeErrors,
  },
  {
    name: 'gdoi_store_damaged_total',
    type: 'counter',
    help: 'Damaged rows and write-ahead logs found in the store since the start; their contents are left out.',
    value: (status) => status.storeDamaged,
  },
  {
    name: 'gdoi_events_dropped_total',
    type: 'counter',
    help: 'Events lost, because too many were waiting for a store that refused them.',
    value: (status) => status.eventsDropped,
  },
  {
    name: 'gdoi_config_last_reload_successful',
    type: 'gauge',
    help: '1 if the last reload of the configuration succeeded, 0 if it was refused.',
    value: (status) => Number(status.configReloadOk),
  },
  {
    name: 'gdoi_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the configuration in use was loaded, Unix time.',
    value: (status) => (status.configReloadedAtMs ?? status.startedAtMs) / 1000,
  },
];

/** Gauges that prom-client names `_total`: promtool rejects them, and the event loop's metrics say more. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** How often the event loop's lag is measured: a figure that is finer than the stalls that matter is not needed. */
const LAG_PRECISION_MS = 20;

/** A registry of the agent's own metrics; values are read on request. */
export function createSelfMetrics(version: string, status: () => AgentStatus, fleet: FleetReadModel): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge({
    name: 'gdoi_build_info',
    help: 'Constant 1, with the versions of gdoiwatch and of Node.js.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version, node_version: process.version }, 1);
  registry.registerMetric(
    new Counter({
      name: 'gdoi_internal_errors_total',
      help: 'Bugs of the agent that came to light, by what it was doing; the log has each one with its stack.',
      labelNames: ['where'],
      registers: [],
      collect() {
        this.reset();
        for (const [where, count] of status().internalErrors) this.inc({ where }, count);
      },
    }),
  );
  for (const { name, help, value, type } of SELF_METRICS) {
    const read = () => value(status(), fleet);
    registry.registerMetric(
      type === 'gauge'
        ? new Gauge({ name, help, registers: [], collect: collectGauge(read) })
        : new Counter({ name, help, registers: [], collect: collectCounter(read) }),
    );
  }
  return registry;
}

function collectGauge(read: () => number) {
  return function collect(this: Gauge): void {
    this.set(read());
  };
}

/** A count that another part keeps. */
function collectCounter(read: () => number) {
  return function collect(this: Counter): void {
    this.reset();
    this.inc(read());
  };
}
