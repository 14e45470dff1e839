/**
 * A poll that shows nothing new, through the core: the tracker, the device's view and its group, of each GM of a fleet
 * in turn. What is asked of the network and read of the answer is not in it. CPU of all threads, so what its objects
 * cost the collector is.
 */
import { DEFAULT_FLEET_SETTINGS } from '../../src/gdoi/fleet/fleet-settings.ts';
import type { GmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import type { TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { type DeviceView, newDeviceView } from '../../src/model/device-view.ts';
import { fleetStep, type GroupMemory, type StepSettings } from '../../src/model/fleet-step.ts';
import type { PollReport } from '../../src/model/poll-report.ts';
import { type BenchRow, median } from './bench-row.ts';
import { aGm, aKek, aTek, rekeysReceived } from '../builders/snapshots.ts';

const GROUPS = [10, 50];
const MEMBERS = 200;
const WARM_UP = 8;
const ROUNDS = 8;
const INTERVAL_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 1);
const COMMAND = 'show crypto gdoi';
const SETTINGS: StepSettings = {
  maintenance: [],
  fleet: DEFAULT_FLEET_SETTINGS,
  device: {
    host: '192.0.2.1',
    configuredRole: 'gm',
    regularIntervalMs: INTERVAL_MS,
    partLifetimeMs: 3 * INTERVAL_MS,
    phaseAware: true,
  },
};

export function benchStep(): Promise<BenchRow[]> {
  return Promise.resolve(
    GROUPS.map((groups) => ({
      name: `a poll through the core, ${groups * MEMBERS} GMs in groups of ${MEMBERS}`,
      unit: 'us',
      measured: microseconds(groups),
      bare: null,
      ratio: null,
      budget: null,
    })),
  );
}

/** CPU of a step, the median of some sweeps over the fleet. */
function microseconds(groups: number): number {
  const count = groups * MEMBERS;
  const views = Array.from({ length: count }, (_, index) => newDeviceView({ device: `gm${index}`, host: '192.0.2.1' }));
  const states = new Map<string, TrackerState>();
  const memories = new Map<string, GroupMemory>();
  const memory = {
    state: (device: string) => states.get(device) ?? null,
    group: (name: string) => memories.get(name) ?? null,
    groups: () => memories.values(),
  };
  const take = (before: DeviceView, report: PollReport): DeviceView => {
    const step = fleetStep({ memory, before }, { kind: 'polled', report }, SETTINGS);
    states.set(before.device, step.state);
    for (const [name, group] of step.groups) memories.set(name, group.memory);
    return step.view;
  };
  const rounds: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const polls = views.map((view, index) => ({ view, index, report: reportOf(view.device, index, count, round) }));
    const before = process.cpuUsage();
    for (const { view, index, report } of polls) views[index] = take(view, report);
    const { user, system } = process.cpuUsage(before);
    if (round >= WARM_UP) rounds.push((user + system) / count);
  }
  return median(rounds);
}

function reportOf(device: string, index: number, count: number, round: number): PollReport {
  const sentAtMs = START_MS + round * INTERVAL_MS + Math.floor((index * INTERVAL_MS) / count);
  const receivedAtMs = sentAtMs + 5;
  const group = `G${Math.floor(index / MEMBERS)}`;
  const snapshots = [snapshotOf(group, Math.floor((sentAtMs - START_MS) / 1000))];
  const times = { sentAtMs, receivedAtMs };
  return {
    device,
    startedAtMs: sentAtMs,
    finishedAtMs: receivedAtMs,
    durationMs: 5,
    result: 'ok',
    error: null,
    observations: [{ kind: 'groups', origin: 'cli', device, command: COMMAND, ...times, snapshots, unknownLines: 0 }],
    collectors: new Map(),
    answers: [{ command: COMMAND, text: `${device} ${round}`, logLines: [], ...times }],
    values: null,
  };
}

function snapshotOf(group: string, seconds: number): GmSnapshot {
  return aGm({
    group,
    keyServer: '10.1.11.2',
    reregistersInSeconds: 80_000 - seconds,
    registrations: { succeeded: 1, attempted: 1 },
    rekeys: rekeysReceived(3, { lastFrom: '10.1.11.2', lastSequence: 3, lastAgeSeconds: 1000 + seconds }),
    kek: aKek(82_000 - seconds, { signatureHash: 'HMAC_AUTH_SHA', signatureKeyBits: 2048 }),
    teks: [
      aTek(70_000 - seconds, {
        interface: 'GigabitEthernet1',
        spi: '0xA0000001',
        transform: 'esp-256-aes esp-sha256-hmac',
        antiReplay: 'counter',
      }),
    ],
  });
}
