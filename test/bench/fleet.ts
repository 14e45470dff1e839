/**
 * The whole product: the built agent as a user starts it, against routers in another process. CPU of a poll, and its
 * ratio to bare ssh2 making the same exchanges in the same run: at the same rate, over as many sessions, each in its
 * turn (over few that are asked all the time it takes less); how it grows with the fleet; how long the first sweep and
 * a scrape take, and what a scrape costs besides; how late the event loop is; memory. Both are measured when their code
 * is compiled: an agent runs for weeks.
 *
 * `GDOIWATCH_BENCH_FLEETS` names other fleets than the default, as GROUPSxMEMBERS: `20x10,1x2000`. A fleet that
 * outnumbers the files that a process may open has its sessions in processes, here and there; what they take is
 * counted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchRow, median } from './bench-row.ts';
import { cpuMsOfAll, mainThreadCpuMs, processesOf } from './process-cpu.ts';
import { BareShell, cpuOfPolls, openAll } from './ssh-poll.ts';

interface Fleet {
  readonly groups: number;
  readonly members: number;
}

interface Ports {
  readonly group: string;
  readonly gms: readonly number[];
  readonly gmsOfAPort: number;
  readonly ks: number;
}

const DEFAULT_FLEETS = '20x10,10x200,50x200,1x8000,4x7500';
/** Polls a second that the interval is chosen for; the bare part does the same. */
const RATE = 200;
/** Most that an interval is: a larger fleet is polled faster. */
const LONGEST_INTERVAL_SECONDS = 60;
/** Sessions of one process with routers; it needs some files besides. */
const ROUTERS_OF_A_PROCESS = Math.floor(openFilesAllowed() * 0.9);
/**
 * Since the start: states that did not change are written every five minutes, so all fleets are measured when that is
 * part of what a poll costs. And after the first sweep: in its first minute a sixth of all CPU is the compiler's.
 */
const STEADY_MS = 330_000;
const SETTLE_MS = 60_000;
const MEASURE_MS = 60_000;
/** By then a scrape has cost what it costs. */
const SCRAPED_MS = 2_000;
const SWEEP_MAX_MS = 1_500_000;
/** As Prometheus may be told to. */
const SCRAPE_EVERY_MS = 15_000;
/**
 * Sessions make each poll dearer, also those of bare ssh2: as many as one process may have, within some minutes of
 * logins.
 */
const MOST_BARE_SHELLS = 10_050;
const AGENT = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const SERVER = fileURLToPath(new URL('./fleet-server.js', import.meta.url));

interface Measured {
  readonly devices: number;
  readonly cpuMs: number;
  /** Of it, on the main thread: tracker, group, store, metric lines, HTTP. */
  readonly mainMs: number;
  readonly bareMs: number;
  readonly pollsPerSecond: number;
  readonly sweepSeconds: number;
  readonly sweepScrapeMs: number;
  readonly scrapeMs: number;
  readonly scrapeCpuMs: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly rssKb: number;
}

export async function benchFleet(): Promise<BenchRow[]> {
  if (!existsSync(AGENT)) throw new Error('the agent is not built: npm run build');
  const rows: BenchRow[] = [];
  let smallest: Measured | null = null;
  for (const fleet of fleetsWanted()) {
    const name = `${fleet.groups}x${fleet.members}`;
    try {
      const measured = await measure(fleet);
      smallest ??= measured;
      rows.push(...rowsOf(fleet, measured, smallest));
      // The whole takes the better part of an hour: what was measured is not lost with what comes after it.
      console.error(`${name} ${JSON.stringify(measured)}`);
    } catch (error) {
      console.error(`${name} not measured: ${String(error)}`);
      process.exitCode = 1;
    }
  }
  return rows;
}

function fleetsWanted(): readonly Fleet[] {
  const text = process.env['GDOIWATCH_BENCH_FLEETS'] ?? DEFAULT_FLEETS;
  return text.split(',').map((each) => {
    const [groups = NaN, members = NaN] = each.split('x').map(Number);
    if (!(groups > 0 && members > 0)) throw new Error(`GDOIWATCH_BENCH_FLEETS: "${each}" is not GROUPSxMEMBERS`);
    return { groups, members };
  });
}

function openFilesAllowed(): number {
  const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return line === undefined || line === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line);
}

function rowsOf({ groups, members }: Fleet, measured: Measured, smallest: Measured): BenchRow[] {
  const { devices, cpuMs, bareMs, pollsPerSecond, sweepSeconds, rssKb } = measured;
  const name = (what: string) => `fleet, ${devices} devices (${groups} groups of ${members}): ${what}`;
  const plain = { bare: null, ratio: null, budget: null };
  const within = (value: number, budget: number) => ({ measured: value, bare: null, ratio: value / budget, budget: 1 });
  return [
    {
      name: name(`CPU of a poll, at ${pollsPerSecond.toFixed(0)} a second`),
      unit: 'ms',
      measured: cpuMs,
      bare: bareMs,
      ratio: cpuMs / bareMs,
      budget: 1.5,
    },
    {
      name: name('CPU of a poll against the smallest fleet'),
      unit: 'ms',
      measured: cpuMs,
      bare: smallest.cpuMs,
      ratio: cpuMs / smallest.cpuMs,
      budget: 1.3,
    },
    { name: name('CPU of a poll, on the main thread'), unit: 'ms', ...plain, measured: measured.mainMs },
    { name: name('first sweep'), unit: 's', ...plain, measured: sweepSeconds },
    { name: name('scrape during the first sweep'), unit: 'ms', ...within(measured.sweepScrapeMs, 2000) },
    { name: name('scrape under load'), unit: 'ms', ...within(measured.scrapeMs, 2000) },
    { name: name('CPU of a scrape'), unit: 'ms', ...plain, measured: measured.scrapeCpuMs },
    { name: name('event loop late, p99'), unit: 'ms', ...plain, measured: measured.loopP99Ms },
    { name: name('event loop late, longest'), unit: 'ms', ...within(measured.loopMaxMs, 100) },
    { name: name('memory (RSS) of a device'), unit: 'KB', ...within(rssKb / devices, 80) },
  ];
}

async function measure(fleet: Fleet): Promise<Measured> {
  const devices = fleet.groups * (fleet.members + 1);
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-bench-'));
  const servers = routersOf(fleet);
  const intervalSeconds = Math.min(LONGEST_INTERVAL_SECONDS, Math.max(1, Math.round(devices / RATE)));
  let agent: ChildProcess | null = null;
  try {
    const ports = (await Promise.all(servers.map((server) => portsOf(server)))).flat();
    const listen = await freeAddress();
    writeConfig(directory, { fleet, ports, intervalSeconds, listen });
    const begun = performance.now();
    agent = spawn(process.execPath, [...agentFlags(), AGENT, 'run', '--config', join(directory, 'gdoiwatch.yml')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: directory,
      env: { ...process.env, BENCH_PASSWORD: 'pw' },
    });
    const url = `http://${listen}`;
    await up(url);
    const sweepScrapeMs = await ready(url, begun);
    const sweepSeconds = (performance.now() - begun) / 1000;
    await pause(Math.max(SETTLE_MS, STEADY_MS - (performance.now() - begun)));
    const steady = await steadyState(pidOf(agent), url);
    await stopped(agent);
    agent = null;
    const rate = Math.min(RATE, steady.pollsPerSecond);
    const bareMs = await bareCpuMs(ports[0]?.gms[0] ?? 0, rate, Math.min(devices, MOST_BARE_SHELLS));
    return { devices, bareMs, sweepSeconds, sweepScrapeMs, ...steady };
  } finally {
    if (agent !== null) await stopped(agent);
    await Promise.all(servers.map((server) => ended(server)));
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whole groups in each process. */
function routersOf({ groups, members }: Fleet): readonly ChildProcess[] {
  const groupsOfOne = Math.max(1, Math.floor(ROUTERS_OF_A_PROCESS / (members + 1)));
  const servers: ChildProcess[] = [];
  for (let first = 1; first <= groups; first += groupsOfOne) {
    const last = Math.min(groups, first + groupsOfOne - 1);
    const args = [SERVER, ...[first, last, members].map(String)];
    servers.push(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }
  return servers;
}

async function ended(server: ChildProcess): Promise<void> {
  server.stdin?.end();
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
}

/** For a profile: `GDOIWATCH_BENCH_FLAGS='--cpu-prof --cpu-prof-dir=/tmp/prof'`. */
function agentFlags(): readonly string[] {
  return (process.env['GDOIWATCH_BENCH_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
}

async function portsOf(server: ChildProcess): Promise<readonly Ports[]> {
  if (server.stdout === null) throw new Error('the routers have no output');
  let text = '';
  while (!text.includes('\n')) {
    const [chunk]: unknown[] = await once(server.stdout, 'data');
    text += String(chunk);
  }
  const ports: readonly Ports[] = JSON.parse(text);
  return ports;
}

function writeConfig(
  directory: string,
  options: {
    readonly fleet: Fleet;
    readonly ports: readonly Ports[];
    readonly intervalSeconds: number;
    readonly listen: string;
  },
): void {
  const { fleet, ports, intervalSeconds, listen } = options;
  const devices = ports.flatMap(({ group, gms, gmsOfAPort, ks }) => [
    { name: `${group}-ks`, host: '127.0.0.1', port: ks, role: 'ks' },
    ...Array.from({ length: fleet.members }, (_, n) => ({
      name: `${group}-gm${n}`,
      host: '127.0.0.1',
      port: gms[Math.floor(n / gmsOfAPort)],
      role: 'gm',
    })),
  ]);
  const config = {
    listen,
    log: { level: 'error' },
    defaults: { interval: `${intervalSeconds}s`, credentials: 'main' },
    credentials: { main: { username: 'monitor', password_env: 'BENCH_PASSWORD' } },
    ssh: { known_hosts: 'known_hosts', host_keys: 'accept-new' },
    devices,
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'gdoiwatch.yml'), JSON.stringify(config));
}

/** Of loopback; free a moment ago. */
async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

async function up(url: string): Promise<void> {
  const healthy = () =>
    fetch(`${url}/-/healthy`).then(
      (response) => response.ok,
      () => false,
    );
  while (!(await healthy())) await pause(50);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for the first sweep; returns how long the slowest scrape meanwhile took. */
async function ready(url: string, begun: number): Promise<number> {
  let scrapeMs = 0;
  let nextScrapeAt = begun;
  for (;;) {
    const response = await fetch(`${url}/-/ready`);
    await response.text();
    if (response.ok) return scrapeMs;
    if (performance.now() - begun > SWEEP_MAX_MS) throw new Error('the first sweep does not end');
    if (performance.now() >= nextScrapeAt) {
      const scraped = await scrape(url);
      scrapeMs = Math.max(scrapeMs, scraped.ms);
      nextScrapeAt = performance.now() + SCRAPE_EVERY_MS;
    }
    await pause(1000);
  }
}

async function scrape(url: string): Promise<{ readonly ms: number; readonly text: string }> {
  const from = performance.now();
  const text = await (await fetch(`${url}/metrics`)).text();
  return { ms: performance.now() - from, text };
}

async function steadyState(pid: number, url: string) {
  // Between two scrapes that count polls, and after what the first of them leaves behind.
  const first = await countPolls(url);
  await pause(SCRAPED_MS);
  const from = { cpuMs: cpuMsOfAll(pid), mainMs: mainThreadCpuMs(pid), at: performance.now() };
  await pause(MEASURE_MS);
  const usedMs = cpuMsOfAll(pid) - from.cpuMs;
  const mainMs = mainThreadCpuMs(pid) - from.mainMs;
  const ms = performance.now() - from.at;
  const last = await countPolls(url);
  const pollsPerMs = (last.polls - first.polls) / (last.at - first.at);
  const pollingMsPerMs = usedMs / ms;
  const scrapes: { readonly ms: number; readonly cpuMs: number }[] = [];
  for (let n = 0; n < 5; n += 1) {
    const began = { cpuMs: cpuMsOfAll(pid), at: performance.now() };
    const { ms: took } = await scrape(url);
    await pause(SCRAPED_MS);
    const polling = (performance.now() - began.at) * pollingMsPerMs;
    scrapes.push({ ms: took, cpuMs: cpuMsOfAll(pid) - began.cpuMs - polling });
  }
  return {
    cpuMs: usedMs / ms / pollsPerMs,
    mainMs: mainMs / ms / pollsPerMs,
    pollsPerSecond: pollsPerMs * 1000,
    scrapeMs: median(scrapes.map((each) => each.ms)),
    scrapeCpuMs: median(scrapes.map((each) => each.cpuMs)),
    loopP99Ms: valueOf(last.text, 'nodejs_eventloop_lag_p99_seconds') * 1000,
    loopMaxMs: valueOf(last.text, 'nodejs_eventloop_lag_max_seconds') * 1000,
    rssKb: rssKbOf(pid),
  };
}

async function countPolls(url: string) {
  const at = performance.now();
  const { text } = await scrape(url);
  return { at, text, polls: pollsIn(text) };
}

function pollsIn(text: string): number {
  let polls = 0;
  for (const match of text.matchAll(/^gdoi_polls_total\{[^}]*result="ok"[^}]*\} (\d+)/gm)) polls += Number(match[1]);
  return polls;
}

function valueOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the agent did not start');
  return pid;
}

function rssKbOf(agent: number): number {
  const ofOne = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return processesOf(agent).reduce((sum, pid) => sum + ofOne(pid), 0);
}

async function stopped(agent: ChildProcess): Promise<void> {
  agent.kill('SIGTERM');
  if (agent.exitCode === null && agent.signalCode === null) await once(agent, 'exit');
}

async function bareCpuMs(port: number, rate: number, sessions: number): Promise<number> {
  const shells = Array.from({ length: sessions }, () => new BareShell());
  await openAll(shells, port);
  const ask = (index: number) => shells[index]?.ask('show crypto gdoi') ?? Promise.reject(new Error('no such shell'));
  const pace = { shells: sessions, polls: Math.round((MEASURE_MS / 1000) * rate), paceMs: 1000 / rate };
  await cpuOfPolls(ask, pace);
  const cpuUs = await cpuOfPolls(ask, pace);
  for (const { client } of shells) client.end();
  return cpuUs / 1000;
}
