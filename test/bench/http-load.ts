/**
 * Does a busy web side disturb polling? 10,000 devices, 1,000 event streams, a page and a script that ask for lists and
 * metrics five times a second, 20 events a second. What a poll would feel is how late a timer of 5 ms comes, and what
 * the loop has to do beside it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { serve, type Served } from '../http/served.ts';
import { aReport, facts, NOON, viewAfter } from '../builders/view-builder.ts';
import { anEvent } from '../builders/event-builder.ts';
import type { BenchRow } from './bench-row.ts';
import { aGm } from '../builders/snapshots.ts';

const DEVICES = 10_000;
const STREAMS = 1000;
const EVENTS_PER_SECOND = 20;
const MEASURE_MS = 10_000;
const TICK_MS = 5;
const BUDGET_MS = 50;

export async function benchHttp(): Promise<BenchRow[]> {
  const lines = new PreparedLines(() => undefined);
  await using served = await serve({ network: createSystemClock(), deviceMetrics: () => lines.chunks() });
  const view = viewAfter(aReport({ 'show version': facts(), 'show crypto gdoi': [aGm({ address: '10.1.13.2' })] }));
  for (let n = 0; n < DEVICES; n += 1) {
    const device = { ...view, device: `gm${n}`, host: `10.0.${n >> 8}.${n & 255}` };
    served.fleet.set(device);
    lines.update(device.device, device);
  }
  const quiet = await lateness(served, 0);
  const clients = spawn(
    process.execPath,
    [fileURLToPath(new URL('./http-load-clients.js', import.meta.url)), served.url, String(STREAMS)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(clients.stdout, 'data');
  const busy = await lateness(served, EVENTS_PER_SECOND);
  const open = served.server.counters.streamsOpen;
  clients.stdin.end();
  await once(clients, 'exit');
  const row = (name: string, measured: number, bare: number, budget: number | null = null): BenchRow => ({
    name: `http, ${open} streams, ${name}`,
    unit: 'ms',
    measured,
    bare,
    ratio: budget === null ? null : measured / budget,
    budget: budget === null ? null : 1,
  });
  return [
    row('a timer is late by, p50', busy.p50, quiet.p50),
    row('a timer is late by, p99', busy.p99, quiet.p99, BUDGET_MS),
    row('a timer is late by, longest', busy.longest, quiet.longest),
    row('CPU a second', busy.cpuMs, quiet.cpuMs),
  ];
}

async function lateness(served: Served, eventsPerSecond: number) {
  const clock = createSystemClock();
  const late: number[] = [];
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let told = 0;
  for (let now = startedMs; now - startedMs < MEASURE_MS; now = performance.now()) {
    await clock.sleep(TICK_MS);
    late.push(Math.max(0, performance.now() - now - TICK_MS));
    if (((performance.now() - startedMs) / 1000) * eventsPerSecond <= told) continue;
    told += 1;
    served.fleet.addEvents([anEvent({ id: `gm${told}/G1/kek_rekey/${told}`, atMs: NOON + told * 1000 })]);
  }
  const { user, system } = process.cpuUsage(cpu);
  late.sort((a, b) => a - b);
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), longest: at(1), cpuMs: ((user + system) / 1000 / MEASURE_MS) * 1000 };
}
