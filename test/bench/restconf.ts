/**
 * What a device costs over RESTCONF above `fetch` itself: CPU of the client for one poll of a GM on a kept TLS
 * connection, three documents to updated metrics, beside `fetch` and `json()` of the same documents. The device runs in
 * a process of its own; both sides in turns at the same rate; medians.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';
import type { RestconfAccess, RestconfTarget } from '../../src/access/device-restconf.ts';
import { createRestconfAccess } from '../../src/access/restconf/restconf-access.ts';
import { GM_MAIN, NOTHING_LEARNT_BY_RESTCONF, type RestconfMemory } from '../../src/agent/poll/restconf-memory.ts';
import { createRestconfPoller } from '../../src/agent/poll/restconf-poller.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { initialTrackerState, type TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { track } from '../../src/gdoi/tracker/tracker.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { afterPoll, type DeviceView, newDeviceView } from '../../src/model/device-view.ts';
import { trackingOf } from '../../src/model/group-tracking.ts';
import { type BenchRow, median } from './bench-row.ts';

const ROUNDS = 11;
const DEVICES = 20;
const POLLS_A_ROUND = 200;
const WARM_UP_POLLS = 1_000;
/** One poll started every so often. */
const PACE_MS = 4;

const never = new AbortController().signal;

interface Place {
  readonly port: number;
  readonly certificatePem: string;
}

function targetOf({ port, certificatePem }: Place, index: number): RestconfTarget {
  return {
    device: `gm${index}`,
    host: '127.0.0.1',
    port,
    credentialName: 'main',
    credential: { username: 'monitor', password: new Secret('pw'), client: null },
    trust: { authorities: certificatePem, serverName: null, fingerprint: null, certificates: 'strict' },
    timeoutMs: 15_000,
  };
}

/** All that a poll costs the agent: connection, decoder, tracker, forecast, view, metric lines. */
function wholePoll(access: RestconfAccess, place: Place): (index: number) => Promise<void> {
  const poll = createRestconfPoller({ access, clock: createSystemClock() });
  const lines = new PreparedLines(() => undefined);
  const memories = new Map<string, RestconfMemory>();
  const views = new Map<string, DeviceView>();
  const states = new Map<string, TrackerState>();
  const targets = Array.from({ length: DEVICES }, (_, index) => targetOf(place, index));
  return async (index) => {
    const target = targets[index]!;
    const { device, host } = target;
    const interest = { role: 'gm', collect: [], detailIntervalMs: 60_000, beside: false } as const;
    const report = await poll(target, interest, memories.get(device) ?? NOTHING_LEARNT_BY_RESTCONF, never);
    if (report.result !== 'ok') throw new Error(`the poll does not work: ${report.result} ${report.error}`);
    memories.set(device, report.memory);
    let state = states.get(device) ?? initialTrackerState(device);
    for (const observation of report.observations) state = track(state, observation).state;
    states.set(device, state);
    const polled = afterPoll(views.get(device) ?? newDeviceView({ device, host }), report, 180_000);
    const view = { ...polled, tracking: trackingOf(polled, state, () => null) };
    views.set(device, view);
    lines.update(device, view);
  };
}

/** `fetch` as plainly as it can be used, one connection a device. */
function bareFetch({ port, certificatePem }: Place): (index: number) => Promise<void> {
  const agents = Array.from(
    { length: DEVICES },
    () => new Agent({ connections: 1, connect: { ca: certificatePem }, keepAliveTimeout: 180_000 }),
  );
  const headers = {
    accept: 'application/yang-data+json',
    authorization: `Basic ${Buffer.from('monitor:pw').toString('base64')}`,
  };
  return async (index) => {
    for (const path of GM_MAIN) {
      const answer = await fetch(`https://127.0.0.1:${port}${path}`, { headers, dispatcher: agents[index]! });
      await answer.json();
    }
  };
}

/** CPU of this process for one poll, in microseconds. */
async function cpuOfPolls(one: (index: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  const last = Array.from({ length: DEVICES }, () => Promise.resolve());
  const from = performance.now();
  for (let polls = 0; polls < POLLS_A_ROUND; polls += 1) {
    const index = polls % DEVICES;
    // One after the other for a device, also when the machine falls behind.
    last[index] = last[index]!.then(() => one(index));
    const aheadMs = from + (polls + 1) * PACE_MS - performance.now();
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  await Promise.all(last);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / POLLS_A_ROUND;
}

/** An agent runs for weeks: its code is compiled when it is measured. */
async function warmUp(one: (index: number) => Promise<void>): Promise<void> {
  for (let polls = 0; polls < WARM_UP_POLLS; polls += DEVICES) {
    await Promise.all(Array.from({ length: DEVICES }, (_, index) => one(index)));
  }
}

async function benchCpu(place: Place, directory: string): Promise<BenchRow> {
  const silent = () => undefined;
  await using access = createRestconfAccess({
    clock: createSystemClock(),
    random: seededRandom(1),
    knownCertificatesPath: join(directory, 'known_certificates'),
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const poll = wholePoll(access, place);
  const bare = bareFetch(place);
  await warmUp(bare);
  await warmUp(poll);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await cpuOfPolls(bare));
    ours.push(await cpuOfPolls(poll));
  }
  const [measured, reference] = [median(ours), median(theirs)];
  return {
    name: 'RESTCONF poll of a GM, answers to updated metrics, CPU (bare: fetch of the same documents)',
    measured,
    bare: reference,
    unit: 'us',
    ratio: measured / reference,
    budget: 1.5,
  };
}

export async function benchRestconf(): Promise<BenchRow[]> {
  const server = spawn(process.execPath, [fileURLToPath(new URL('./restconf-server.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-bench-'));
  try {
    const [chunk]: unknown[] = await once(server.stdout, 'data');
    return [await benchCpu(JSON.parse(String(chunk)) as Place, directory)];
  } finally {
    server.kill();
    rmSync(directory, { recursive: true });
  }
}
