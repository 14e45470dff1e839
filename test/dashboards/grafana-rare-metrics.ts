/**
 * The exposition of an agent with what no demo shows, or only to an agent that is quick: collectors that are off by
 * default, a device that does not answer, a re-registration that was expected (the demo's clears come within two
 * minutes, six seconds at its speed here), a credential in quarantine, service discovery, and a store that another
 * agent shares. Written by the real exporter.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GroupTracking } from '../../src/model/device-view.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { pushMetrics } from '../../src/export/alertmanager/push-metrics.ts';
import { clusterMetrics } from '../../src/export/cluster-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { createSelfMetrics } from '../../src/export/self-metrics.ts';
import { targetMetrics } from '../../src/export/target-metrics.ts';
import { anAgentStatus } from '../builders/agent-status.ts';
import { aDevice, aReport, facts, viewAfter } from '../builders/view-builder.ts';
import { certificateEnding } from '../builders/health-builders.ts';
import { aGm } from '../builders/snapshots.ts';

const STATUS = anAgentStatus({ startedAtMs: Date.now(), quarantinedCredentials: ['main'] });
const SELF = createSelfMetrics('0', () => STATUS, createReadModel());

const ALERTMANAGER = {
  url: 'http://alertmanager.example:9093/api/v2/alerts',
  sent: 1,
  failed: 1,
  queued: 0,
  dropped: { overflow: 0, expired: 0, refused: 1 },
  lastError: 'status 400',
  failing: true,
};

const CLUSTER = {
  cells: new Map([
    ['rare', true],
    ['elsewhere', false],
  ]),
  unowned: 0,
  agents: 2,
  differing: 0,
  leaseAgeMs: 1200,
  fencedWrites: 1,
  timesFenced: 1,
};

function clearedAt(atMs: number): GroupTracking {
  return {
    reregistrations: {
      expected: 1,
      unexpected: 0,
      last: { atMs, cause: 'operator_clear', unexpected: false },
      recent: [],
    },
    forecast: null,
    kekRekeyOverdue: false,
    tekRekeyOverdue: false,
    failedAttempts: 0,
    packetsDropped: true,
    dataProblems: [],
    sourcesDisagree: false,
  };
}

async function exposition(): Promise<string> {
  const atMs = Date.now();
  const rare = viewAfter(
    aReport(
      {
        'show crypto gdoi': [
          aGm({
            group: 'RARE',
            replay: { enabled: true, inputErrors: 3, outputErrors: 0, timeSyncErrors: 1, maxTimeDeltaSeconds: 2 },
            dataplane: { encrypted: 9, decrypted: 9, errors: { no_sa: 4, invalid_sa: 0 } },
          }),
        ],
        'show version': facts(),
      },
      {},
      atMs,
    ),
  );
  const silent = aDevice({
    device: 'silent',
    host: '192.0.2.66',
    result: 'timeout',
    failure: 'timeout',
    polls: { timeout: 3 },
  });
  const lines = new PreparedLines(() => undefined);
  const read = { sentAtMs: atMs, receivedAtMs: atMs };
  lines.update('rare', {
    ...rare,
    device: 'rare',
    certificates: { ...certificateEnding(20), at: read },
    tracking: new Map([['RARE', clearedAt(STATUS.startedAtMs)]]),
  });
  lines.update('silent', silent);
  lines.update(
    'beside',
    aDevice({ device: 'beside', restconf: { result: 'ok', error: null, polls: { ok: 3 }, lastSuccessAtMs: atMs } }),
  );
  const sources = [{ source: 'http://netbox.example/targets/', failures: 1, failing: 'timeout' }];
  const texts = [
    await SELF.metrics(),
    ...lines.chunks(),
    targetMetrics({ devices: 0, findings: 2, sources }),
    clusterMetrics(CLUSTER, { answered: 1, refused: 1, unanswered: 1 }),
    pushMetrics({ alertmanagers: [ALERTMANAGER], forgotten: 0 }),
  ];
  return texts.join('');
}

export class RareMetrics implements AsyncDisposable {
  readonly #server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    exposition().then(
      (text) => response.end(text),
      (error: Error) => response.destroy(error),
    );
  });

  static async start(): Promise<RareMetrics> {
    const metrics = new RareMetrics();
    metrics.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => metrics.#server.once('listening', resolve));
    return metrics;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
