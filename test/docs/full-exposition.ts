/**
 * The exposition of an agent in which every metric has a sample: a GM and a KS that show all there is, over SSH and
 * SNMP, listeners, service discovery and an Alertmanager. Written by the real exporter, in the parts of the reference.
 */
import { afterPollBeside, type GroupTracking, NOT_POLLED_BESIDE } from '../../src/model/device-view.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { webhookMetrics } from '../../src/export/webhooks/webhook-metrics.ts';
import { pushMetrics } from '../../src/export/alertmanager/push-metrics.ts';
import { clusterMetrics } from '../../src/export/cluster-metrics.ts';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { httpMetrics } from '../../src/export/http-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { pushedMetrics } from '../../src/export/pushed-metrics.ts';
import { createSelfMetrics } from '../../src/export/self-metrics.ts';
import { targetMetrics } from '../../src/export/target-metrics.ts';
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../src/gdoi/fleet/fleet-settings.ts';
import { groupView, notJudgedYet } from '../../src/gdoi/fleet/group-view.ts';
import { initialFleetState } from '../../src/gdoi/fleet/fleet-state.ts';
import { FLOOR_LEAD } from '../../src/gdoi/keys/ks-lead.ts';
import { newCounters } from '../../src/http/base/counters.ts';
import { anAgentStatus } from '../builders/agent-status.ts';
import { certificateEnding, fleet, gmInFleet } from '../builders/health-builders.ts';
import { aDevice, aReport, facts, NOON, viewAfter } from '../builders/view-builder.ts';
import { aGm, aKek, aKs, aKsKey, aKsMember, aTek, rekeysReceived } from '../builders/snapshots.ts';

/** Part of the reference -> exposition. */
export async function fullExposition(): Promise<Readonly<Record<'device' | 'group' | 'agent', string>>> {
  return { device: deviceExposition(), group: groupExposition(), agent: await agentExposition() };
}

const GM = aGm({
  registrations: { succeeded: 1, attempted: 1 },
  rekeys: rekeysReceived(1, { lastSequence: 1, lastAgeSeconds: 9 }),
  reregistersInSeconds: 81,
  kek: aKek(500),
  teks: [aTek(900)],
  replay: { enabled: true, inputErrors: 0, outputErrors: 0, timeSyncErrors: 0, maxTimeDeltaSeconds: 1 },
  dataplane: { encrypted: 1, decrypted: 1, errors: { no_sa: 0 } },
});

const KEY = aKsKey(900, { lifetimeSeconds: 3600, timeToRekeySeconds: 700 });
const KS = aKs({
  group: 'G2',
  members: 1,
  redundancy: true,
  localRole: 'primary',
  kek: KEY,
  teks: [KEY],
  rekeysSent: 1,
  peers: [{ address: '10.0.0.2', role: 'secondary', status: 'Alive' }],
  memberDetails: [aKsMember('10.0.0.9', 0, { version: null, keyServer: null, rekeysSent: 1, acksReceived: 1 })],
});

const TRACKING: GroupTracking = {
  reregistrations: {
    expected: 0,
    unexpected: 1,
    last: { atMs: NOON, cause: 'tek_expired', unexpected: true, repeated: 3 },
    recent: [],
  },
  forecast: {
    cause: 'tek_expiry',
    possible: ['tek_expiry'],
    expectedAtMs: null,
    expectedBetweenMs: null,
    windowMs: null,
    timeLeftSeconds: null,
    kekRekeyOverdue: null,
    from: { countdown: null, kek: null, kekLeft: null, tek: null, lead: FLOOR_LEAD },
  },
  kekRekeyOverdue: false,
  tekRekeyOverdue: false,
  failedAttempts: 0,
  packetsDropped: false,
  dataProblems: [],
  sourcesDisagree: false,
};

function deviceExposition(): string {
  const report = aReport(
    { 'show crypto gdoi': [GM, KS], 'show version': facts() },
    { collectors: new Map([['show version', 'ok']]) },
  );
  const at = { sentAtMs: NOON, receivedAtMs: NOON };
  const overSsh = {
    ...viewAfter(report),
    regularIntervalMs: 60_000,
    traffic: { logins: 1, commands: 9, receivedBytes: 20_000, sentBytes: 3_000 },
    certificates: { ...certificateEnding(30), at },
    snmp: NOT_POLLED_BESIDE,
    restconf: NOT_POLLED_BESIDE,
  };
  const beside = { ...report, observations: [] };
  const overSnmp = afterPollBeside(overSsh, { by: 'snmp', report: beside }, 60_000);
  const view = afterPollBeside(overSnmp, { by: 'restconf', report: beside }, 60_000);
  const lines = new PreparedLines(() => fleet({ gms: [gmInFleet()] }));
  lines.update('gm1', { ...view, tracking: new Map([['G1', TRACKING]]) });
  lines.update('gm2', aDevice({ device: 'gm2', result: 'auth', failure: 'auth' }));
  return [...lines.chunks()].join('');
}

/** An incident that has all there is to export. */
const EXPLANATION: Explanation = {
  cause: 'ks_down',
  phase: 'present',
  status: 'critical',
  sinceMs: NOON,
  summary: 'KS ks1 has not answered',
  consequence: { what: 'traffic of 4 GMs stops', unless: null },
  deadlineMs: NOON + 600_000,
  confidence: 'certain',
  knownAtMs: null,
  firstStep: 'Is the KS up?',
  scope: ['ks1'],
  evidence: [],
  explains: [{ check: 'reachable', devices: ['ks1'] }],
};

function groupExposition(): string {
  const fleet = createReadModel();
  fleet.totals.know({ group: 'G1' });
  const state = initialFleetState('G1');
  const last = { ...notJudgedYet(state, DEFAULT_FLEET_SETTINGS), explanations: [EXPLANATION] };
  const view = groupView(state, NOON, last);
  return groupMetrics({ ...fleet, groups: () => [view] }, { device: () => false, group: () => true });
}

const WEBHOOK = {
  name: 'noc.example',
  delivered: 1,
  failed: 0,
  queued: 0,
  dropped: { overflow: 0, refused: 0 },
  failing: false,
};

const STATUS = anAgentStatus();

async function agentExposition(): Promise<string> {
  const fleet = createReadModel();
  const own = await createSelfMetrics('0', () => STATUS, fleet).metrics();
  const listener = { url: 'udp://127.0.0.1:1162', received: 0, dropped: { queue_full: 0 } };
  const source = { source: 'http://netbox.example/targets', failures: 0, failing: null };
  const alertmanager = {
    url: 'http://127.0.0.1:9093',
    sent: 0,
    failed: 0,
    queued: 0,
    dropped: { overflow: 0, expired: 0, refused: 0 },
    lastError: null,
    failing: false,
  };
  return (
    own +
    clusterMetrics(
      {
        cells: new Map([['default', true]]),
        unowned: 0,
        agents: 1,
        differing: 0,
        leaseAgeMs: 1000,
        fencedWrites: 0,
        timesFenced: 0,
      },
      { answered: 1, refused: 0, unanswered: 0 },
    ) +
    pushedMetrics(STATUS.pushed, [listener]) +
    targetMetrics({ devices: 0, findings: 0, sources: [source] }) +
    httpMetrics(newCounters()) +
    pushMetrics({ alertmanagers: [alertmanager], forgotten: 0 }) +
    webhookMetrics([WEBHOOK])
  );
}
