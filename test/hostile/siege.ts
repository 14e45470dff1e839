/**
 * The product as a user runs it, polling a few good routers beside 200 hostile ones of every manner: three processes, as in
 * life (the good ones are `gdoiwatch simulate`, the hostile ones live here). What is measured is what the agent did for the
 * good ones over the last two thirds of the time, and what it cost it. Its figures depend on the machine: it is a benchmark.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { parse, stringify } from 'yaml';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';
import { HostileSsh, MANNERS } from './hostile-ssh.ts';

const HOSTILE = 200;
const GOOD_GMS = 18;
const GOOD_KSS = 2;
const INTERVAL_SECONDS = 3;
const LOOK_MS = 500;

export interface SiegeOutcome {
  readonly manners: number;
  readonly hostile: number;
  /** Hostile routers that were polled at least once. */
  readonly hostilePolled: number;
  readonly good: number;
  /** Good polls that were due in the measured time, and that succeeded. */
  readonly due: number;
  readonly succeeded: number;
  /** Requests to /-/healthy and /metrics, those answered 200, and how long the median and the slowest took, ms. */
  readonly asked: number;
  readonly answered: number;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Resident MB and descriptors: when the measured time began, and at its end. */
  readonly residentMb: readonly [number, number];
  readonly descriptors: readonly [number, number];
}

export async function siege(durationMs: number, main: string): Promise<SiegeOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-siege-'));
  const parts: AsyncDisposable[] = [];
  try {
    return await besiege(durationMs, { main, directory, parts });
  } finally {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Ground {
  readonly main: string;
  readonly directory: string;
  /** What is closed at the end. */
  readonly parts: AsyncDisposable[];
}

async function besiege(durationMs: number, { main, directory, parts }: Ground): Promise<SiegeOutcome> {
  const clock = createSystemClock();
  const kept = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  const flags = ['--scenario', 'healthy', '--gms', `${GOOD_GMS}`, '--kss', `${GOOD_KSS}`, '--output', directory];
  const simulated = kept(new Gdoiwatch(['simulate', ...flags], { main }));
  const [, path = ''] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  const manners = Object.values(MANNERS);
  const hostile = Array.from({ length: HOSTILE }, (_, index) =>
    kept(new HostileSsh(manners[index % manners.length] ?? {})),
  );
  const ports = await Promise.all(hostile.map((server) => server.listen()));
  await addDevices(path, ports);
  const agent = kept(new Gdoiwatch(['run', '--config', path], { main, env: { SIEGE_PASSWORD: 'pw' } }));
  const [, url = '', pid = ''] = await announced(agent);

  const asks: number[] = [];
  let asked = 0;
  const ask = async (where: string): Promise<string> => {
    asked += 1;
    const from = clock.monoMs();
    const response = await fetch(`${url}${where}`).catch(() => null);
    const text = (await response?.text().catch(() => '')) ?? '';
    if (response?.status === 200) asks.push(clock.monoMs() - from);
    return text;
  };
  const watch = async (forMs: number): Promise<void> => {
    const untilMs = clock.monoMs() + forMs;
    while (clock.monoMs() < untilMs) {
      await ask('/-/healthy');
      await clock.sleep(LOOK_MS);
    }
  };

  await watch(durationMs / 3);
  const before = { ok: goodPolls(await ask('/metrics')), cost: await costOf(pid), atMs: clock.monoMs() };
  await watch((durationMs * 2) / 3);
  const exposition = await ask('/metrics');
  const elapsedMs = clock.monoMs() - before.atMs;
  const after = await costOf(pid);
  const sorted = asks.toSorted((a, b) => a - b);
  return {
    manners: manners.length,
    hostile: HOSTILE,
    hostilePolled: hostile.filter(({ connections }) => connections > 0).length,
    good: GOOD_GMS + GOOD_KSS,
    due: Math.floor(elapsedMs / 1000 / INTERVAL_SECONDS) * (GOOD_GMS + GOOD_KSS),
    succeeded: goodPolls(exposition) - before.ok,
    asked,
    answered: asks.length,
    medianMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    slowestMs: Math.round(sorted.at(-1) ?? 0),
    residentMb: [before.cost.residentMb, after.residentMb],
    descriptors: [before.cost.descriptors, after.descriptors],
  };
}

export function siegeText(outcome: SiegeOutcome): string {
  const { hostile, manners, hostilePolled, good, due, succeeded, asked, answered } = outcome;
  return [
    `tried: ${hostile} hostile routers of ${manners} manners (${hostilePolled} connected to) beside ${good} good ones`,
    `survived: ${succeeded} good polls of ${due} due; ${answered} of ${asked} requests answered (median ${outcome.medianMs} ms, slowest ${outcome.slowestMs} ms)`,
    `lost: ${Math.max(0, due - succeeded)} polls, ${asked - answered} requests; resident ${outcome.residentMb.join(' -> ')} MB, descriptors ${outcome.descriptors.join(' -> ')}`,
  ].join('\n');
}

interface Configuration {
  listen: string;
  defaults?: Record<string, unknown>;
  credentials: Record<string, unknown>;
  ssh?: Record<string, unknown>;
  devices: Array<Record<string, unknown>>;
}

/** The hostile ones have a credential of their own, as one tenant's routers would. */
async function addDevices(path: string, ports: readonly number[]): Promise<void> {
  const config = parse(await readFile(path, 'utf8')) as Configuration;
  config.listen = '127.0.0.1:0';
  config.defaults = { ...config.defaults, interval: `${INTERVAL_SECONDS}s`, timeout: '5s' };
  config.credentials['hostile'] = { username: 'monitor', password_env: 'SIEGE_PASSWORD' };
  config.ssh = { ...config.ssh, host_keys: 'accept-new' };
  for (const [index, port] of ports.entries()) {
    config.devices.push({ name: `hostile${index}`, host: '127.0.0.1', port, credentials: 'hostile', transport: 'ssh' });
  }
  await writeFile(path, stringify(config));
}

async function announced(agent: Gdoiwatch): Promise<readonly string[]> {
  const [, url = ''] = await agent.printed(/(http:\/\/127\.0\.0\.1:\d+)/, 'stderr');
  return ['', url, String(agent.pid)];
}

/** Successful polls of all but the hostile ones. */
function goodPolls(exposition: string): number {
  let sum = 0;
  for (const [, device = '', count = '0'] of exposition.matchAll(
    /^gdoi_polls_total\{device="([^"]+)",result="ok"\} (\d+)/gm,
  )) {
    if (!device.startsWith('hostile')) sum += Number(count);
  }
  return sum;
}

async function costOf(pid: string): Promise<{ readonly residentMb: number; readonly descriptors: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const residentKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  return { residentMb: Math.round(residentKb / 1024), descriptors: (await readdir(`/proc/${pid}/fd`)).length };
}
