/** Views and poll reports for tests: name only what matters. */
import { afterPoll, type DeviceView, newDeviceView } from '../../src/model/device-view.ts';
import type { PollReport } from '../../src/model/poll-report.ts';
import type { DeviceFacts } from '../../src/gdoi/seen/device-facts.ts';
import type { GroupSnapshot } from '../../src/gdoi/seen/snapshot.ts';

export const NOON = Date.parse('2026-01-01T12:00:00Z');

export function aDevice(over: Partial<DeviceView> = {}): DeviceView {
  return { ...newDeviceView({ device: 'gm1', host: '192.0.2.1' }), ...over };
}

export function facts(over: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    role: 'device',
    hostname: 'GM1',
    software: 'ios',
    version: '15.6(3)M2',
    platform: 'CISCO2921/K9',
    uptimeSeconds: 3600,
    reloadReason: null,
    ...over,
  };
}

/** A report of a poll at `atMs`: each command with what it showed. */
export function aReport(
  answers: Readonly<Record<string, readonly GroupSnapshot[] | DeviceFacts>>,
  over: Partial<PollReport> = {},
  atMs = NOON,
): PollReport {
  const at = { device: 'gm1', sentAtMs: atMs, receivedAtMs: atMs };
  return {
    device: 'gm1',
    startedAtMs: atMs,
    finishedAtMs: atMs,
    durationMs: 120,
    result: 'ok',
    error: null,
    observations: Object.entries(answers).map(([command, shown]) =>
      'role' in shown
        ? { ...at, kind: 'facts', facts: shown }
        : { ...at, command, kind: 'groups', origin: 'cli', snapshots: shown, unknownLines: 0 },
    ),
    collectors: new Map(),
    answers: [],
    values: null,
    ...over,
  };
}

const PART_LIFETIME_MS = 180_000;

/** The view of a device after these polls. */
export function viewAfter(...reports: readonly PollReport[]): DeviceView {
  return reports.reduce((view, report) => afterPoll(view, report, PART_LIFETIME_MS), aDevice());
}
