/** From a router to a real Alertmanager without Prometheus, and with it: in time, once, and at no one else's cost. */
import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePushPorts } from '../../src/cli/simulated/free-ports.ts';
import { createAlertmanagerPush } from '../../src/export/alertmanager/alertmanager-push.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { systemRandom } from '../../src/kernel/random.ts';
import { ScriptedIos } from '../access/scripted-ios.ts';
import { missing } from '../dashboards/promtool.ts';
import { startAlertmanager, startPrometheus } from '../dashboards/real-servers.ts';
import { rekeyed, rekeyOverdue } from '../export/alertmanager-events.ts';
import { AlertmanagerServer, silence } from '../export/alertmanager-server.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { Gdoiwatch } from './gdoiwatch.ts';
import { prometheusMissing } from './prometheus.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

/** Told to nobody: these tests look at Alertmanager's own list. */
const NO_RECEIVER = '127.0.0.1:9';

interface Listed {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

/** The alerts that fire; null while Alertmanager starts. */
async function alertsOf(address: string): Promise<readonly Listed[] | null> {
  try {
    return (await (await fetch(`http://${address}/api/v2/alerts`)).json()) as readonly Listed[];
  } catch {
    return null;
  }
}

async function startedAlertmanager() {
  const alertmanager = await startAlertmanager(NO_RECEIVER);
  await vi.waitUntil(() => alertsOf(alertmanager.address), PATIENCE_WITH_PROCESSES);
  return alertmanager;
}

/** A GM that registers again when a test says so. */
class Router implements AsyncDisposable {
  readonly #ssh: ScriptedIos;
  readonly #text: string;
  port = 0;
  syslogPort = 0;
  #registrations = 3;

  private constructor(text: string) {
    this.#text = text;
    this.#ssh = new ScriptedIos({
      answers: {
        'show crypto gdoi': (terminal) => {
          terminal.write(this.#answer());
          terminal.prompt();
        },
      },
    });
  }

  static async start(): Promise<Router> {
    const golden = fileURLToPath(new URL('../ios/goldens/show-crypto-gdoi/xe17-unicast-two-teks.txt', import.meta.url));
    const [, ...lines] = (await readFile(golden, 'utf8')).split('\n');
    const router = new Router(`${lines.join('\r\n')}\r\n`);
    router.port = await router.#ssh.listen();
    router.syslogPort = (await freePushPorts()).syslog;
    return router;
  }

  #answer(): string {
    const after = this.#registrations === 3 ? 17 : 0;
    return this.#text
      .replace(/(Succeeded registration: )\d+/, `$1${this.#registrations}`)
      .replace(/(Attempted registration: )\d+/, `$1${this.#registrations + 1}`)
      .replace(/(After latest register : )\d+/, `$1${after}`);
  }

  registerAgain(): void {
    this.#registrations += 1;
  }

  async log(message: string): Promise<void> {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.send(`<188>77: ${message}`, this.syslogPort, '127.0.0.1', resolve));
    socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ssh[Symbol.asyncDispose]();
  }
}

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-push-'));
  await writeFile(join(directory, 'password'), 'pw\n', { mode: 0o600 });
});
afterAll(() => rm(directory, { recursive: true }));

async function startAgent(name: string, router: Router, interval: string, alertmanagerUrl: string) {
  const file = join(directory, `${name}.yml`);
  const config = {
    listen: '127.0.0.1:0',
    store: { sqlite: `${name}.db` },
    credentials: { main: { username: 'monitor', password_file: 'password' } },
    ssh: { known_hosts: `known_hosts-${name}`, host_keys: 'accept-new' },
    defaults: { interval, credentials: 'main' },
    devices: [{ name: 'gm1', host: '127.0.0.1', port: router.port, role: 'gm' }],
    syslog: { listen: `udp://127.0.0.1:${router.syslogPort}` },
    alertmanager: { urls: [alertmanagerUrl], labels: { instance: 'agent:9848' } },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const agent = new Gdoiwatch(['run', '--config', file, '--log-format', 'json']);
  const [, url = ''] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const sample = async (series: string) => {
    const line = (await metrics()).split('\n').find((text) => text.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  await vi.waitUntil(() => sample('gdoi_gm_registered{device="gm1",group="retail.eu-1"}'), PATIENCE_WITH_PROCESSES);
  return { agent, sample };
}

const noAlertmanager = missing('prometheus-alertmanager');

describe.skipIf(noAlertmanager)('a re-registration is in Alertmanager', () => {
  const whenListed = async (address: string) => {
    const alerts = await vi.waitUntil(async () => {
      const listed = await alertsOf(address);
      return listed !== null && listed.length > 0 ? listed : null;
    }, PATIENCE_WITH_PROCESSES);
    return alerts;
  };
  const REREGISTRATION = {
    labels: expect.objectContaining({
      alertname: 'GdoiUnexpectedReregistration',
      severity: 'warning',
      job: 'gdoiwatch',
      device: 'gm1',
      group: 'retail.eu-1',
      unexpected: 'true',
    }),
    generatorURL: expect.stringMatching(/^http:.*\/api\/v1\/events\?type=reregistration&device=gm1&group=retail/),
  };

  test('from its message, an hour before the next poll', async () => {
    await using alertmanager = await startedAlertmanager();
    await using router = await Router.start();
    const { agent } = await startAgent('message', router, '1h', `http://${alertmanager.address}`);
    await using _agent = agent;
    router.registerAgain();
    await router.log('%GDOI-5-GM_REGS_COMPL: Registration to KS 192.0.2.12 complete for group retail.eu-1');
    const alerts = await whenListed(alertmanager.address);
    expect(alerts).toEqual([expect.objectContaining(REREGISTRATION)]);
  });

  test('from the poll that saw it', async () => {
    await using alertmanager = await startedAlertmanager();
    await using router = await Router.start();
    const { agent } = await startAgent('poll', router, '1s', `http://${alertmanager.address}`);
    await using _agent = agent;
    router.registerAgain();
    const alerts = await whenListed(alertmanager.address);
    expect(alerts).toEqual([expect.objectContaining(REREGISTRATION)]);
  });
});

test('an Alertmanager that does not answer costs the push only: polls go on, and the agent stops', async () => {
  await using alertmanager = await AlertmanagerServer.start(silence);
  await using router = await Router.start();
  const { agent, sample } = await startAgent('silent', router, '1s', alertmanager.apiUrl);
  await using _agent = agent;
  router.registerAgain();
  await vi.waitUntil(() => alertmanager.posted.length > 0, PATIENCE_WITH_PROCESSES);
  const failed = `gdoi_alertmanager_requests_failed_total{alertmanager="${alertmanager.apiUrl}"}`;
  await vi.waitUntil(async () => ((await sample(failed)) ?? 0) > 0, PATIENCE_WITH_PROCESSES);
  const polls = 'gdoi_polls_total{device="gm1",result="ok"}';
  const before = (await sample(polls)) ?? 0;
  await vi.waitUntil(async () => ((await sample(polls)) ?? 0) > before, PATIENCE_WITH_PROCESSES);
  expect(await sample('gdoi_device_up{device="gm1"}')).toBe(1);
  expect(await sample(`gdoi_alertmanager_up{alertmanager="${alertmanager.apiUrl}"}`)).toBe(0);
  agent.signal('SIGTERM');
  expect((await agent.finished).status).toBe(0);
  expect(agent.stderr.match(/"msg":"Alertmanager does not accept alerts"/g)).toHaveLength(1);
  expect(agent.stderr).toContain('"msg":"alerts not sent at the end"');
});

/** What an agent would export, until told otherwise. */
class Exporter implements AsyncDisposable {
  exposition = '';
  readonly #server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(this.exposition),
  );

  static async start(): Promise<Exporter> {
    const exporter = new Exporter();
    exporter.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => exporter.#server.once('listening', resolve));
    return exporter;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe.skipIf(noAlertmanager || prometheusMissing())('with a Prometheus that has the rules', () => {
  test('what both tell is one alert from the push to the end, and Prometheus ends it', async () => {
    await using alertmanager = await startedAlertmanager();
    await using exporter = await Exporter.start();
    await using push = createAlertmanagerPush({
      destinations: {
        apiUrls: [`http://${alertmanager.address}/api/v2`],
        basicAuth: null,
        labels: { job: 'gdoiwatch', instance: exporter.address },
      },
      clock: createSystemClock(),
      random: systemRandom,
      logger: new MemoryLogger(),
      generatorUrl: () => 'http://agent:9848',
    });
    const nowMs = Date.now();
    push.push([rekeyOverdue({ atMs: nowMs })]);
    const overdue = async () =>
      ((await alertsOf(alertmanager.address)) ?? []).filter(
        ({ labels }) => labels['alertname'] === 'GdoiKekRekeyOverdue',
      );
    const [pushed] = await vi.waitUntil(
      async () => ((await overdue()).length > 0 ? overdue() : null),
      PATIENCE_WITH_PROCESSES,
    );
    expect(pushed?.generatorURL).toContain('http://agent:9848/');

    const gm = 'device="gm1",group="G1"';
    const expiry = `gdoi_gm_kek_expiry_timestamp_seconds{${gm}} ${Math.round(nowMs / 1000) + 150}\n`;
    exporter.exposition = `${expiry}gdoi_gm_kek_rekey_overdue{${gm}} 1\n`;
    await using _prometheus = await startPrometheus(exporter.address, alertmanager.address);
    const taken = await vi.waitUntil(async () => {
      const listed = await overdue();
      return listed.some(({ generatorURL }) => generatorURL.includes('/graph')) ? listed : null;
    }, PATIENCE_WITH_PROCESSES);
    expect(taken).toEqual([expect.objectContaining({ labels: pushed?.labels, startsAt: pushed?.startsAt })]);

    exporter.exposition = `${expiry}gdoi_gm_kek_rekey_overdue{${gm}} 0\n`;
    await vi.waitUntil(async () => (await overdue()).length === 0, PATIENCE_WITH_PROCESSES);
    expect(push.status().alertmanagers).toMatchObject([{ sent: 1, failed: 0 }]);
  });
});

test.skipIf(noAlertmanager)('an alert is gone from Alertmanager when an event ends it', async () => {
  await using alertmanager = await startedAlertmanager();
  await using push = createAlertmanagerPush({
    destinations: { apiUrls: [`http://${alertmanager.address}/api/v2`], basicAuth: null, labels: {} },
    clock: createSystemClock(),
    random: systemRandom,
    logger: new MemoryLogger(),
    generatorUrl: () => 'http://agent:9848',
  });
  const atMs = Date.now();
  push.push([rekeyOverdue({ atMs }), rekeyOverdue({ atMs, device: 'gm2' })]);
  const devices = async () => (await alertsOf(alertmanager.address))?.map(({ labels }) => labels['device']).toSorted();
  await expect.poll(devices, PATIENCE_WITH_PROCESSES).toEqual(['gm1', 'gm2']);
  push.push([rekeyed({ atMs: atMs + 1 })]);
  await expect.poll(devices, PATIENCE_WITH_PROCESSES).toEqual(['gm2']);
});
