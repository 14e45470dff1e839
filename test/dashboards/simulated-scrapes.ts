/**
 * What Prometheus would have scraped from an agent that watches a simulated fleet: the real agent with its schedule, its
 * tracker and its exposition, on a clock that tests move, so that hours take seconds. Only the network is left out: a
 * session asks the simulated device directly.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceAccess, DeviceSession, Reply } from '../../src/access/device-session.ts';
import type { SnmpAccess } from '../../src/access/device-snmp.ts';
import type { ShowCommand } from '../../src/access/show-command.ts';
import { Agent } from '../../src/agent/agent.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import { writeSimulatedConfig } from '../../src/cli/simulated-config.ts';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { createSelfMetrics } from '../../src/export/self-metrics.ts';
import { createSimulatedFleet, type SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import type { Lifetimes, ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';

/** All are asked on one grid, so a GM's answer comes while its KS is being asked, at every poll. */
const GM_LATENCY_MS = 80;
const KS_LATENCY_MS = 120;

const START_MS = Date.UTC(2026, 0, 1);

interface Watched {
  readonly scenario: ScenarioName;
  readonly minutes: number;
  readonly scrapeSeconds: number;
  readonly pollInterval: string;
  readonly gms?: number;
  readonly kss?: number;
  readonly lifetimes?: Lifetimes;
  /** Makes something else of what a device prints. */
  readonly amend?: (device: string, command: ShowCommand, text: string) => string;
  /** Timers come at multiples of this only, as on a busy machine: days take seconds. Default: exactly. */
  readonly timerStepMs?: number;
}

/** Series -> its values, one per scrape from the first on; null: it was not in that scrape. */
export type Scrapes = ReadonlyMap<string, readonly (number | null)[]>;

/** Unix times count from the start, as promtool's clock does. */
export async function scrapesOf(watched: Watched): Promise<Scrapes> {
  const clock = watched.timerStepMs === undefined ? new FakeClock(START_MS) : new CoarseClock(watched.timerStepMs);
  const { scenario, gms, kss, lifetimes } = watched;
  const fleet = createSimulatedFleet({
    scenario,
    seed: 5,
    startMs: START_MS,
    ...(gms === undefined ? {} : { gms }),
    ...(kss === undefined ? {} : { kss }),
    ...(lifetimes === undefined ? {} : { lifetimes }),
  });
  await using directory = await temporaryDirectory();
  const file = await writeSimulatedConfig({
    directory: directory.path,
    devices: fleet.devices,
    ports: new Map(fleet.devices.map(({ name }) => [name, 22])),
    password: 'unused',
    listen: '127.0.0.1:0',
    interval: watched.pollInterval,
  });
  const { config } = await readConfig(file);
  await using agent = await Agent.open({
    config,
    clock,
    networkClock: clock,
    access: accessTo(fleet, clock, watched.amend ?? ((_device, _command, text) => text)),
    snmp: NO_SNMP,
    lookup: (host) => Promise.resolve([host]),
    store: createMemoryStore(),
    logger: new MemoryLogger(),
  });
  const lines = new PreparedLines();
  agent.readModel.onChange((device, view) => lines.update(device, view));
  const self = createSelfMetrics('0', () => agent.status(), agent.readModel);
  for (const { name } of self.getMetricsAsArray()) if (!name.startsWith('gdoi_')) self.removeSingleMetric(name);

  const scrapes = new Map<string, (number | null)[]>();
  agent.start();
  const count = Math.floor((watched.minutes * 60) / watched.scrapeSeconds) + 1;
  for (let index = 0; index < count; index += 1) {
    const text = [...lines.chunks()].join('') + groupMetrics(agent.readModel) + (await self.metrics());
    addScrape(scrapes, `up 1\n${text}`, index);
    await clock.advance(watched.scrapeSeconds * 1000);
  }
  for (const values of scrapes.values()) while (values.length < count) values.push(null);
  return scrapes;
}

/** What devices wait for stays exact. */
class CoarseClock extends FakeClock {
  readonly exactly = this.sleep;

  constructor(stepMs: number) {
    super(START_MS);
    this.sleep = (ms, signal) => {
      const nowMs = this.monoMs();
      return this.exactly(Math.ceil((nowMs + ms) / stepMs) * stepMs - nowMs, signal);
    };
  }
}

const SAMPLE = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/u;
const TARGET_LABELS = 'job="gdoiwatch",instance="agent:9848"';

function addScrape(scrapes: Map<string, (number | null)[]>, text: string, index: number): void {
  for (const line of text.split('\n')) {
    const { name, labels, value } = SAMPLE.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) continue;
    const series = `${name}{${labels === undefined ? '' : `${labels},`}${TARGET_LABELS}}`;
    let values = scrapes.get(series);
    if (values === undefined) {
      values = [];
      scrapes.set(series, values);
    }
    while (values.length < index) values.push(null);
    values.push(name.endsWith('_timestamp_seconds') ? Number(value) - START_MS / 1000 : Number(value));
  }
}

function accessTo(fleet: SimulatedFleet, clock: FakeClock, amend: NonNullable<Watched['amend']>): DeviceAccess {
  const sessions = new Map<string, { readonly session: DeviceSession; readonly bootedAtMs: number }>();
  const sessionOf = (device: string): DeviceSession => {
    const bootedAtMs = fleet.bootedAtMs(device);
    const open = sessions.get(device);
    if (open?.bootedAtMs === bootedAtMs) return open.session;
    const session: DeviceSession = {
      hostname: device,
      run: async (command) => {
        const reply = await answerOf(fleet, clock, device, command);
        return reply.kind === 'output' ? { ...reply, text: amend(device, command, reply.text) } : reply;
      },
    };
    sessions.set(device, { session, bootedAtMs });
    return session;
  };
  return {
    async withSession({ device }, _signal, use) {
      fleet.advance(clock.wallMs());
      if (!fleet.isUp(device)) {
        return { kind: 'failed', error: { kind: 'timeout', operation: 'connect', message: `${device} is down` } };
      }
      return { kind: 'done', value: await use(sessionOf(device)) };
    },
    forget: () => Promise.resolve(),
    status: () => ({
      openSessions: sessions.size,
      handshakesActive: 0,
      handshakesWaiting: 0,
      quarantinedCredentials: [],
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The device answers as of half the latency. */
async function answerOf(fleet: SimulatedFleet, clock: FakeClock, device: string, command: ShowCommand): Promise<Reply> {
  const sentAtMs = clock.wallMs();
  const sleep = clock instanceof CoarseClock ? clock.exactly : clock.sleep;
  const halfMs = (fleet.devices.find(({ name }) => name === device)?.role === 'ks' ? KS_LATENCY_MS : GM_LATENCY_MS) / 2;
  await sleep(halfMs);
  const text = fleet.answer(device, command, clock.wallMs());
  await sleep(halfMs);
  if (/^% Invalid input/mu.test(text)) return { kind: 'rejected', command, reason: 'invalid', line: text.trim() };
  return { kind: 'output', command, text, logLines: [], sentAtMs, receivedAtMs: clock.wallMs() };
}

const NO_SNMP: SnmpAccess = {
  read: () => Promise.reject(new Error('no device of these fleets is polled by SNMP')),
  forget: () => undefined,
  status: () => ({ requestsActive: 0, datagramsDropped: 0, quarantinedCredentials: [] }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'gdoiwatch-incident-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
