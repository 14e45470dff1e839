/**
 * What it costs that sessions live in a worker: CPU of a command on an open shell, of all threads and processes, with the
 * sessions in the main thread, in a thread beside it and in a process. Commands begin on beats, as polls do.
 */
import { existsSync } from 'node:fs';
import type { DeviceAccess } from '../../src/access/device-session.ts';
import { packageFile } from '../../src/kernel/package-file.ts';
import { type BenchRow, median } from './bench-row.ts';
import { cpuMsOfAll } from './process-cpu.ts';
import { newAccess, targetOf, withRouter } from './ssh-poll.ts';

const DEVICES = 200;
const BEAT_MS = 100;
/** 250 a second, as each of two processes of a fleet of 30,000 has them. */
const COMMANDS_A_BEAT = 25;
const BEATS_A_ROUND = 50;
const ROUNDS = 7;

const WORKER = packageFile('dist/workers/ssh-session-worker.js');
const never = new AbortController().signal;

export async function benchWorkers(): Promise<BenchRow[]> {
  if (!existsSync(WORKER)) throw new Error('the worker is not built: npm run build');
  return withRouter(async (port) => {
    await using here = newAccess();
    await using inThread = newAccess({ workers: 1, workerKind: 'thread', workerUrl: WORKER });
    await using inProcess = newAccess({ workers: 1, workerKind: 'process', workerUrl: WORKER });
    const places = [here, inThread, inProcess].map((access) => ({ access, costs: [] as number[] }));
    for (const { access } of places) {
      await Promise.all(Array.from({ length: DEVICES }, (_, index) => ask(access, port, index)));
      await cpuOfRound(access, port);
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { access, costs } of places) costs.push(await cpuOfRound(access, port));
    }
    const [bare = Number.NaN, ...others] = places.map(({ costs }) => median(costs));
    return others.map((measured, index) => ({
      name: `command on an open shell, session in a ${['thread', 'process'][index]}, against one in the main thread, CPU`,
      measured,
      bare,
      unit: 'us',
      ratio: measured / bare,
      budget: null,
    }));
  });
}

async function ask(access: DeviceAccess, port: number, index: number): Promise<void> {
  const outcome = await access.withSession(targetOf(port, index), never, (session) =>
    session.run('show crypto gdoi', never),
  );
  if (outcome.kind === 'failed') throw new Error(`no session: ${outcome.error.message}`);
  if (outcome.value.kind !== 'output') throw new Error(`no answer: ${outcome.value.kind}`);
}

/** Of one command, in microseconds. */
async function cpuOfRound(access: DeviceAccess, port: number): Promise<number> {
  const before = cpuMsOfAll(process.pid);
  const asked: Promise<void>[] = [];
  let next = 0;
  for (let beat = 0; beat < BEATS_A_ROUND; beat += 1) {
    for (let command = 0; command < COMMANDS_A_BEAT; command += 1) {
      asked.push(ask(access, port, next % DEVICES));
      next += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
  }
  await Promise.all(asked);
  return ((cpuMsOfAll(process.pid) - before) * 1000) / asked.length;
}
