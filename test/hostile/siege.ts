/**
 * The product as a user runs it, polling a few good routers beside many hostile ones of every manner: four processes,
 * as in life (the good ones are `gdoiwatch simulate`, the hostile ones `hostile-fleet.ts`, and who asks is this one).
 * What is measured is what the agent did for the good ones over the last two thirds of the time, and what it cost it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parse, stringify } from 'yaml';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import { PATIENCE } from '../builders/patience.ts';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';
import type { HostileRouter } from './hostile-fleet.ts';

const GOOD_GMS = 18;
const GOOD_KSS = 2;
const GOOD = GOOD_GMS + GOOD_KSS;
const INTERVAL_SECONDS = 3;
const LOOK_MS = 500;

/** The programs of a siege, where they were built. */
export interface SiegePrograms {
  /** `gdoiwatch`. */
  readonly main: string;
  /** `hostile-fleet.ts`. */
  readonly hostileFleet: string;
}

export interface Besiegers {
  readonly hostileRouters: number;
  /** So long at least; and then until the good routers were polled `goodPolls` times and each hostile one was tried. */
  readonly durationMs: number;
  /** Of each good router, in the measured time. */
  readonly goodPolls: number;
}

/** What the agent has done and takes, by its own metrics and the kernel's. */
interface AgentState {
  /** Successful polls of each good router, and which ones failed. */
  readonly goodPolls: ReadonlyMap<string, number>;
  readonly goodFailures: readonly string[];
  readonly cpuSeconds: number;
  readonly residentMb: number;
  readonly descriptors: number;
}

export interface SiegeOutcome {
  readonly durationSeconds: number;
  /** With the time before the measured one. */
  readonly besiegedSeconds: number;
  readonly hostile: readonly HostileRouter[];
  /** Before the hostile ones were added to a running agent. */
  readonly atPeace: AgentState;
  /** When the measured time began, and at its end. */
  readonly before: AgentState;
  readonly after: AgentState;
  /** When the hostile ones were gone. */
  readonly afterwards: AgentState;
  /** Requests to /-/healthy and /metrics: how long each took that was answered 200, ms, and how many were not. */
  readonly answeredMs: readonly number[];
  readonly unanswered: number;
  /** The longest that the agent's event loop was late, ms. */
  readonly loopMaxMs: number;
}

/** Polls of good routers that were due in the measured time. */
function dueOf({ durationSeconds }: SiegeOutcome): number {
  return Math.floor(durationSeconds / INTERVAL_SECONDS) * GOOD;
}

/** Successful polls of each good router in the measured time. */
export function polledOf({ before, after }: Pick<SiegeOutcome, 'before' | 'after'>): readonly number[] {
  return [...after.goodPolls].map(([device, polls]) => polls - (before.goodPolls.get(device) ?? 0));
}

/** The agent besieged; figures are of what comes after the first third of `durationMs`. */
export async function siege(besiegers: Besiegers, programs: SiegePrograms): Promise<SiegeOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-siege-'));
  const parts: AsyncDisposable[] = [];
  try {
    return await besiege(besiegers, { ...programs, directory, parts });
  } finally {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Ground extends SiegePrograms {
  readonly directory: string;
  /** What is closed at the end. */
  readonly parts: AsyncDisposable[];
}

async function besiege(
  { hostileRouters, durationMs, goodPolls }: Besiegers,
  { main, hostileFleet, directory, parts }: Ground,
): Promise<SiegeOutcome> {
  const clock = createSystemClock();
  const kept = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  const flags = ['--scenario', 'healthy', '--gms', `${GOOD_GMS}`, '--kss', `${GOOD_KSS}`, '--output', directory];
  const simulated = kept(new Gdoiwatch(['simulate', ...flags], { main }));
  const [, path = ''] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  await setUp(path, []);
  const agent = kept(new Gdoiwatch(['run', '--config', path], { main, env: { SIEGE_PASSWORD: 'pw' } }));
  const [, url = ''] = await agent.printed(/(http:\/\/127\.0\.0\.1:\d+)/, 'stderr');
  const gate = new Gate(url, clock);
  const state = async (): Promise<AgentState> => stateOf(await gate.ask('/metrics'), String(agent.pid));
  const atPeace = await until(clock, state, ({ goodPolls }) => goodPolls.size === GOOD && fewest(goodPolls) > 1);

  const enemy = kept(new HostileFleet(hostileFleet, hostileRouters));
  await setUp(path, await enemy.ports());
  agent.signal('SIGHUP');
  const besiegedMs = clock.monoMs();
  await gate.watch({ atLeastMs: durationMs / 3, until: async () => true });
  const before = await state();
  gate.forget();
  const fromMs = clock.monoMs();
  const isEnough = async () =>
    Math.min(...polledOf({ before, after: await state() })) >= goodPolls &&
    (await enemy.seen()).every(({ connections }) => connections > 0);
  await gate.watch({ atLeastMs: (durationMs * 2) / 3, until: isEnough });
  const after = await state();
  const durationSeconds = (clock.monoMs() - fromMs) / 1000;
  const besiegedSeconds = (clock.monoMs() - besiegedMs) / 1000;
  const hostile = await enemy.seen();
  const { answeredMs, unanswered, loopMaxMs } = gate;
  await enemy[Symbol.asyncDispose]();
  const afterwards = await until(clock, state, ({ descriptors }) => descriptors <= atPeace.descriptors + SLACK);
  return {
    durationSeconds,
    besiegedSeconds,
    hostile,
    atPeace,
    before,
    after,
    afterwards,
    answeredMs,
    unanswered,
    loopMaxMs,
  };
}

/** Descriptors that come and go in peace: one more socket for each good router. Each hostile one held one or more. */
export const SLACK = GOOD;

/** The first state that is as wanted, or the last one that patience saw. */
async function until(
  clock: Clock,
  state: () => Promise<AgentState>,
  wanted: (state: AgentState) => boolean,
): Promise<AgentState> {
  const giveUpMs = clock.monoMs() + PATIENCE.timeout;
  for (;;) {
    const now = await state();
    if (wanted(now) || clock.monoMs() > giveUpMs) return now;
    await clock.sleep(LOOK_MS);
  }
}

function fewest(polls: ReadonlyMap<string, number>): number {
  return Math.min(...polls.values());
}

interface Watch {
  readonly atLeastMs: number;
  readonly until: () => Promise<boolean>;
}

/** Who asks the agent, as its prober and its Prometheus would. */
class Gate {
  readonly #url: string;
  readonly #clock: Clock;
  answeredMs: number[] = [];
  unanswered = 0;
  loopMaxMs = 0;

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** What was asked so far does not count. */
  forget(): void {
    this.answeredMs = [];
    this.unanswered = 0;
    this.loopMaxMs = 0;
  }

  async ask(where: string): Promise<string> {
    const fromMs = this.#clock.monoMs();
    const response = await fetch(`${this.#url}${where}`).catch(() => null);
    const text = (await response?.text().catch(() => '')) ?? '';
    if (response?.status === 200) this.answeredMs.push(this.#clock.monoMs() - fromMs);
    else this.unanswered += 1;
    const lag = /^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1];
    if (lag !== undefined) this.loopMaxMs = Math.max(this.loopMaxMs, Number(lag) * 1000);
    return text;
  }

  /** Asks for that time, and then until it holds or patience ends: who called judges what came. */
  async watch({ atLeastMs, until: holds }: Watch): Promise<void> {
    const fromMs = this.#clock.monoMs();
    const isOver = async () => {
      const passedMs = this.#clock.monoMs() - fromMs;
      return passedMs >= atLeastMs && (passedMs >= atLeastMs + PATIENCE.timeout || (await holds()));
    };
    for (let look = 0; !(await isOver()); look += 1) {
      await this.ask(look % SCRAPE_EVERY === 0 ? '/metrics' : '/-/healthy');
      await this.#clock.sleep(LOOK_MS);
    }
  }
}

/** Every tenth look is a scrape: one in five seconds. */
const SCRAPE_EVERY = 10;

/** The process of `hostile-fleet.ts`. */
class HostileFleet implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(script: string, hostileRouters: number) {
    this.#process = spawn(process.execPath, [script, String(hostileRouters)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  async ports(): Promise<readonly number[]> {
    return JSON.parse(await this.#line()) as readonly number[];
  }

  seen(): Promise<readonly HostileRouter[]> {
    this.#process.stdin.write('\n');
    return this.#line().then((line) => JSON.parse(line) as readonly HostileRouter[]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.stdin.end();
    await ended;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the hostile fleet has ended');
    return value;
  }
}

export function siegeText(outcome: SiegeOutcome): string {
  const { hostile, before, after, answeredMs, unanswered } = outcome;
  const polled = polledOf(outcome);
  const survived = polled.reduce((sum, polls) => sum + polls, 0);
  const due = dueOf(outcome);
  const sorted = answeredMs.toSorted((a, b) => a - b);
  const median = Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
  const slowest = Math.round(sorted.at(-1) ?? 0);
  const asked = answeredMs.length + unanswered;
  const attacked = hostile.filter(({ connections }) => connections > 0).length;
  const cpu = Math.round(((after.cpuSeconds - before.cpuSeconds) / outcome.durationSeconds) * 100);
  const logins = hostile.reduce((sum, router) => sum + router.logins, 0);
  return [
    `tried: ${hostile.length} hostile routers of ${new Set(hostile.map(({ manner }) => manner)).size} manners (${attacked} connected to, ${logins} logins) beside ${polled.length} good ones`,
    `survived: ${survived} good polls of ${due} due (fewest of one router ${Math.min(...polled)}); ${answeredMs.length} of ${asked} requests answered (median ${median} ms, slowest ${slowest} ms)`,
    `lost: ${Math.max(0, due - survived)} polls, ${unanswered} requests; event loop late by ${Math.round(outcome.loopMaxMs)} ms at most, ${cpu} % of a core; resident ${before.residentMb} -> ${after.residentMb} MB, descriptors ${before.descriptors} -> ${after.descriptors}, ${outcome.atPeace.descriptors} before the siege and ${outcome.afterwards.descriptors} after it`,
  ].join('\n');
}

interface Configuration {
  listen: string;
  defaults?: Record<string, unknown>;
  credentials: Record<string, unknown>;
  ssh?: Record<string, unknown>;
  devices: Array<Record<string, unknown>>;
}

/**
 * The simulator's configuration with the pace of a siege, and hostile routers on `ports`: they have a credential of
 * their own, as one tenant's routers would.
 */
async function setUp(path: string, ports: readonly number[]): Promise<void> {
  const config = parse(await readFile(path, 'utf8')) as Configuration;
  config.listen = '127.0.0.1:0';
  const interval = `${INTERVAL_SECONDS}s`;
  config.defaults = { ...config.defaults, interval, timeout: `${PATIENCE.timeout / 1000}s`, snmp: { interval } };
  config.credentials['hostile'] = { username: 'monitor', password_env: 'SIEGE_PASSWORD' };
  config.ssh = { ...config.ssh, host_keys: 'accept-new' };
  const hostile = { host: '127.0.0.1', credentials: 'hostile', transport: 'ssh', timeout: '5s' };
  for (const [index, port] of ports.entries()) {
    config.devices.push({ ...hostile, name: `hostile${index}`, port });
  }
  await writeFile(path, stringify(config));
}

async function stateOf(exposition: string, pid: string): Promise<AgentState> {
  const goodPolls = new Map<string, number>();
  const goodFailures: string[] = [];
  for (const [, device = '', result = '', count = '0'] of exposition.matchAll(
    /^gdoi_polls_total\{device="([^"]+)",result="(\w+)"\} (\d+)/gm,
  )) {
    if (device.startsWith('hostile')) continue;
    if (result === 'ok') goodPolls.set(device, Number(count));
    else if (count !== '0') goodFailures.push(`${device}: ${count} ${result}`);
  }
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const residentKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  return {
    goodPolls,
    goodFailures,
    cpuSeconds: Number(/^process_cpu_seconds_total (\S+)/m.exec(exposition)?.[1] ?? 0),
    residentMb: Math.round(residentKb / 1024),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
  };
}
