/**
 * From a pushed message to tracker, view and metric lines at 5,000 messages a second from 1,000 GMs: how long it
 * takes and what a message costs. The listener's own part is in the `listeners` benchmark.
 */
import { performance } from 'node:perf_hooks';
import { FleetRecord } from '../../src/agent/record/fleet-record.ts';
import { Intake } from '../../src/agent/record/intake.ts';
import { EventTotals } from '../../src/model/event-totals.ts';
import { PushedMessages } from '../../src/agent/heard/pushed-messages.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { Senders } from '../../src/agent/heard/senders.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { InternalErrors } from '../../src/kernel/internal-errors.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { aDevice, aReport } from '../builders/view-builder.ts';
import { aConfiguredDevice } from '../builders/config-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import type { BenchRow } from './bench-row.ts';
import { aGm } from '../builders/snapshots.ts';

const DEVICES = 1000;
const PER_SECOND = 5000;
const SECONDS = 5;
const TURN_MS = 10;
const BUDGET_MS = 1000;

const GM = aGm({ registrations: { succeeded: 1, attempted: 1 }, keyServer: '10.1.11.2' });

export async function benchHeard(): Promise<BenchRow[]> {
  const clock = createSystemClock();
  const logger = new MemoryLogger();
  const totals = new EventTotals();
  const errors = new InternalErrors(logger);
  const views = createReadModel(totals);
  const lines = new PreparedLines(() => undefined);
  const takenMs = new Map<string, number>();
  const latencies: number[] = [];
  await using intake = await Intake.open({
    store: createMemoryStore(),
    clock,
    logger,
    errors,
    totals,
    settings: { pollIntervalMs: 60_000, detailIntervalMs: 60_000 },
    onGroupView: (view) => views.setGroup(view),
    onEvents: (events) => views.addEvents(events),
  });
  const record = new FleetRecord({ views, intake, recorder: null, clock, logger });
  const senders = new Senders();
  for (let n = 0; n < DEVICES; n += 1) {
    const device = `gm${n}`;
    const host = `10.0.${n >> 8}.${n & 255}`;
    views.set(aDevice({ device, host }));
    senders.set(device, { host, others: [] });
    const report = aReport({ 'show crypto gdoi': [GM] }, {}, clock.wallMs());
    const observations = report.observations.map((observation) => ({ ...observation, device }));
    record.polled(aConfiguredDevice({ name: device }), { ...report, device, observations });
  }
  views.onChange((device, view) => {
    lines.update(device, view);
    const taken = takenMs.get(device);
    if (taken === undefined) return;
    latencies.push(performance.now() - taken);
    takenMs.delete(device);
  });
  await using messages = new PushedMessages({
    senders,
    clock,
    errors,
    onPushed: (pushed) => record.pushed(aConfiguredDevice({ name: pushed.device }), pushed),
  });

  let sent = 0;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  while (sent < PER_SECOND * SECONDS) {
    const dueMs = startedMs + (sent / PER_SECOND) * 1000;
    await clock.sleep(Math.max(0, dueMs - performance.now()));
    for (let n = 0; n < (PER_SECOND * TURN_MS) / 1000; n += 1) {
      const index = sent % DEVICES;
      const device = `gm${index}`;
      if (!takenMs.has(device)) takenMs.set(device, performance.now());
      const mnemonic = sent % 2 === 0 ? 'GM_RE_REGISTER' : 'GM_REGS_COMPL';
      messages.take({
        kind: 'syslog',
        receivedAtMs: clock.wallMs(),
        host: `10.0.${index >> 8}.${index & 255}`,
        claimedHost: null,
        text: `${sent}: %GDOI-4-${mnemonic}: for group G1`,
      });
      sent += 1;
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  await clock.sleep(100);
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  const latency = (name: string, measured: number): BenchRow => ({
    name: `heard, message to metric line at ${PER_SECOND}/s, ${name}`,
    unit: 'ms',
    measured,
    bare: BUDGET_MS,
    ratio: measured / BUDGET_MS,
    budget: 1,
  });
  const figure = (name: string, unit: string, measured: number): BenchRow => ({
    name: `heard, ${name}`,
    unit,
    measured,
    bare: null,
    ratio: null,
    budget: null,
  });
  return [
    latency('p50', at(0.5)),
    latency('p99', at(0.99)),
    latency('longest', at(1)),
    figure('CPU of a message, tracker to metric line', 'us', (user + system) / sent),
  ];
}
