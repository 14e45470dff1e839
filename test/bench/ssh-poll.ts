/**
 * What a device costs above ssh2 itself: CPU of the client for one poll on an open shell (command written, answer of 2
 * KB with its echo character by character, prompt), and memory of an open session. The server runs in a process of its
 * own; both sides do the same exchanges at the same rate, in turns; medians.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import ssh2 from 'ssh2';
import type { DeviceAccess, SshTarget } from '../../src/access/device-session.ts';
import type { HostKeyStore } from '../../src/access/ssh/known-hosts.ts';
import { createDevicePoller, type SshReport } from '../../src/agent/poll/device-poller.ts';
import { afterPoll, type DeviceView, newDeviceView } from '../../src/model/device-view.ts';
import { trackingOf } from '../../src/model/group-tracking.ts';
import { NOTHING_LEARNT, type PollMemory } from '../../src/agent/poll/poll-memory.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { track } from '../../src/gdoi/tracker/tracker.ts';
import { initialTrackerState, type TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { createSshAccess, type SshAccessOptions } from '../../src/access/ssh/ssh-access.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { type BenchRow, median } from './bench-row.ts';

const ROUNDS = 15;
const SHELLS = 40;
const POLLS_A_ROUND = 250;
const WARM_UP_POLLS = 2_000;
/** One poll started every so often: a fleet of 30,000 at one poll a minute and device. */
const PACE_MS = 2;
const MEMORY_SESSIONS = 300;
const SESSION_BUDGET_KB = 80;

const never = new AbortController().signal;

const trusting: HostKeyStore = {
  description: 'bench',
  howToReplace: () => '',
  check: () => Promise.resolve({ kind: 'known' }),
  add: () => Promise.resolve({ kind: 'known' }),
  knownTypes: () => Promise.resolve([]),
};

/** `workers`: where sessions live if not in this thread. */
export function newAccess(workers: Pick<SshAccessOptions, 'workers' | 'workerKind' | 'workerUrl'> = {}): DeviceAccess {
  const silent = () => undefined;
  return createSshAccess({
    clock: createSystemClock(),
    random: seededRandom(1),
    hostKeyStore: trusting,
    maxHandshakes: 8,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    ...workers,
  });
}

export function targetOf(port: number, index: number): SshTarget {
  return {
    device: `gm${index}`,
    host: '127.0.0.1',
    port,
    credentialName: 'main',
    username: 'monitor',
    password: new Secret('pw'),
    privateKey: null,
    passphrase: null,
    enablePassword: null,
    hostKeys: 'accept-new',
    algorithms: 'modern',
    session: 'persistent',
    timeoutMs: 15_000,
  };
}

/** ssh2 alone, as plainly as it can be used: a shell, a buffer, a pattern for the prompt at its end. */
export class BareShell {
  readonly client = new ssh2.Client();
  #channel: ssh2.ClientChannel | null = null;
  #buffer = '';
  #done: ((answer: string) => void) | null = null;

  async open(port: number): Promise<void> {
    this.client.connect({ host: '127.0.0.1', port, username: 'monitor', password: 'pw', hostVerifier: () => true });
    await once(this.client, 'ready');
    this.#channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
      this.client.shell({ cols: 511, rows: 1000 }, (error, channel) => (error ? reject(error) : resolve(channel)));
    });
    const first = new Promise<string>((resolve) => {
      this.#done = resolve;
    });
    this.#channel.on('data', (data: Buffer) => {
      this.#buffer += data.toString();
      if (this.#done !== null && /\n\S+#$/.test(this.#buffer)) {
        const done = this.#done;
        this.#done = null;
        done(this.#buffer);
      }
    });
    await first;
  }

  ask(command: string): Promise<string> {
    this.#buffer = '';
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#channel?.write(`${command}\n`);
    });
  }
}

/** Eight at a time, as the access under test does. */
export async function openAll(shells: readonly BareShell[], port: number): Promise<void> {
  for (let from = 0; from < shells.length; from += 8) {
    await Promise.all(shells.slice(from, from + 8).map((shell) => shell.open(port)));
  }
}

/** An agent runs for weeks: its code is compiled when it is measured. */
async function warmUp(one: (index: number) => Promise<unknown>): Promise<void> {
  for (let polls = 0; polls < WARM_UP_POLLS; polls += SHELLS) {
    await Promise.all(Array.from({ length: SHELLS }, (_, index) => one(index)));
  }
}

interface Pace {
  readonly shells: number;
  readonly polls: number;
  /** One poll is started every so often. */
  readonly paceMs: number;
}

const A_ROUND: Pace = { shells: SHELLS, polls: POLLS_A_ROUND, paceMs: PACE_MS };

/** CPU of this process for one poll, in microseconds. */
export async function cpuOfPolls(
  one: (index: number) => Promise<unknown>,
  { shells, polls: count, paceMs }: Pace = A_ROUND,
): Promise<number> {
  const before = process.cpuUsage();
  const last: Array<Promise<unknown>> = Array.from({ length: shells }, () => Promise.resolve());
  const from = performance.now();
  for (let polls = 0; polls < count; polls += 1) {
    const index = polls % shells;
    // One after the other on a shell, also when the machine falls behind.
    last[index] = last[index]?.then(() => one(index)) ?? one(index);
    const aheadMs = from + (polls + 1) * paceMs - performance.now();
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  await Promise.all(last);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / count;
}

function memoryBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') for (let turns = 0; turns < 3; turns += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 200));

/** All that a poll costs the agent: session, parser, tracker, forecast, view, metric lines. */
function wholePoll(access: DeviceAccess): (target: SshTarget) => Promise<SshReport> {
  const clock = createSystemClock();
  const poller = createDevicePoller({ access, clock });
  const lines = new PreparedLines(() => undefined);
  const memories = new Map<string, PollMemory>();
  const views = new Map<string, DeviceView>();
  const states = new Map<string, TrackerState>();
  return async (ssh) => {
    const { device } = ssh;
    const memory = memories.get(device) ?? NOTHING_LEARNT;
    const report = await poller.poll({ ssh, collect: [], detailIntervalMs: 60_000 }, memory, never);
    memories.set(device, report.memory);
    let state = states.get(device) ?? initialTrackerState(device);
    for (const observation of report.observations) state = track(state, observation).state;
    states.set(device, state);
    const before = views.get(device) ?? newDeviceView({ device, host: ssh.host });
    const polled = afterPoll(before, report, 180_000);
    const view = { ...polled, tracking: trackingOf(polled, state, () => null) };
    views.set(device, view);
    lines.update(device, view);
    return report;
  };
}

async function benchCpu(port: number): Promise<BenchRow> {
  const bareShells = Array.from({ length: SHELLS }, () => new BareShell());
  await openAll(bareShells, port);
  await using access = newAccess();
  const targets = bareShells.map((_, index) => targetOf(port, index));
  const pollOnce = wholePoll(access);
  const poll = (index: number) => {
    const target = targets[index];
    if (target === undefined) throw new Error('no such shell');
    return pollOnce(target);
  };
  const ask = (index: number) =>
    bareShells[index]?.ask('show crypto gdoi') ?? Promise.reject(new Error('no such shell'));
  const first = await Promise.all(targets.map((_, index) => poll(index)));
  const wrong = first.find((report) => report.result !== 'ok' || report.observations.length === 0);
  if (wrong !== undefined) throw new Error(`the poll does not work: ${wrong.result} ${wrong.error}`);
  const ours: number[] = [];
  const bare: number[] = [];
  await warmUp(ask);
  await warmUp(poll);
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await cpuOfPolls(ask));
    ours.push(await cpuOfPolls(poll));
  }
  for (const { client } of bareShells) client.end();
  const [measured, reference] = [median(ours), median(bare)];
  return {
    name: 'poll on an open shell, answer to updated metrics, CPU',
    measured,
    bare: reference,
    unit: 'us',
    ratio: measured / reference,
    budget: 1.5,
  };
}

async function benchMemory(port: number): Promise<BenchRow> {
  const beforeBare = memoryBytes();
  const shells = Array.from({ length: MEMORY_SESSIONS }, () => new BareShell());
  await openAll(shells, port);
  await settled();
  const bare = (memoryBytes() - beforeBare) / MEMORY_SESSIONS / 1024;
  for (const { client } of shells) client.end();
  shells.length = 0;
  await settled();

  const beforeOurs = memoryBytes();
  await using access = newAccess();
  const poll = wholePoll(access);
  await Promise.all(Array.from({ length: MEMORY_SESSIONS }, (_, index) => poll(targetOf(port, index))));
  await settled();
  const measured = (memoryBytes() - beforeOurs) / MEMORY_SESSIONS / 1024;
  return {
    name: `memory of a device with an open session (budget ${SESSION_BUDGET_KB} KB)`,
    measured,
    bare,
    unit: 'KB',
    ratio: measured / bare,
    budget: SESSION_BUDGET_KB / bare,
  };
}

export function benchSshPoll(): Promise<BenchRow[]> {
  return withRouter(async (port) => [await benchCpu(port), await benchMemory(port)]);
}

/** A router in a process of its own, on this port while `work` runs. */
export async function withRouter<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server = spawn(process.execPath, [fileURLToPath(new URL('./ssh-poll-server.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [chunk]: unknown[] = await once(server.stdout, 'data');
    return await work(Number(String(chunk).trim()));
  } finally {
    server.kill();
  }
}
