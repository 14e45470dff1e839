/**
 * The running agent: builds its parts, hands each what it needs, owns start, reload and stop.
 *
 * Answers flow one way: scheduler -> poller -> view -> whoever listens to the read model.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DeviceAccess, SshTarget } from '../access/device-session.ts';
import { diffConfig } from '../config/reload-diff.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { createDevicePoller, type PollReport } from './device-poller.ts';
import { afterPoll, newDeviceView } from './device-view.ts';
import { NOTHING_LEARNT, type PollMemory } from './poll-memory.ts';
import { type AgentStatus, createReadModel, type FleetReadModel } from './read-model.ts';
import { Recorder } from './recorder.ts';
import { Scheduler } from './scheduler.ts';

/** A detail part counts this many of its intervals without an answer. */
const PART_LIFETIME_INTERVALS = 3;

export interface AgentOptions {
  readonly config: ResolvedConfig;
  /** Wall and monotonic time of polls and schedules; may run fast. */
  readonly clock: Clock;
  readonly access: DeviceAccess;
  readonly logger: Logger;
}

export interface ReloadSummary {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly kept: number;
  /** Settings that differ but count only after a restart. */
  readonly restartNeeded: readonly string[];
}

export class Agent implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #access: DeviceAccess;
  readonly #views = createReadModel();
  readonly #devices = new Map<string, ResolvedDevice>();
  readonly #memories = new Map<string, PollMemory>();
  readonly #poller: ReturnType<typeof createDevicePoller>;
  readonly #scheduler: Scheduler;
  readonly #recorder: Recorder | null;
  readonly #startedAtMs: number;
  #unpolled = new Set<string>();
  #config: ResolvedConfig;
  #reload: { readonly ok: boolean; readonly atMs: number | null } = { ok: true, atMs: null };

  constructor({ config, clock, access, logger }: AgentOptions) {
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    this.#access = access;
    this.#startedAtMs = clock.wallMs();
    this.#poller = createDevicePoller({ access, clock });
    this.#recorder = config.record === null ? null : new Recorder({ directory: config.record, clock, logger });
    this.#scheduler = new Scheduler({
      clock,
      concurrentPolls: config.limits.concurrentPolls,
      poll: (device, signal) => this.#poll(device, signal),
    });
  }

  get readModel(): FleetReadModel {
    return this.#views;
  }

  status(): AgentStatus {
    const access = this.#access.status();
    const scheduler = this.#scheduler.status();
    return {
      startedAtMs: this.#startedAtMs,
      firstSweepDone: this.#unpolled.size === 0,
      pollsRunning: scheduler.running,
      pollsQueued: scheduler.queued,
      pollsSkippedLate: scheduler.skippedLate,
      ...access,
      recordErrors: this.#recorder?.errors ?? 0,
      configReloadOk: this.#reload.ok,
      configReloadedAtMs: this.#reload.atMs,
    };
  }

  start(): void {
    for (const device of this.#config.devices) this.#add(device, this.#config.devices.length);
    this.#scheduler.start();
    this.#logger.info({ devices: this.#devices.size }, 'polling started');
  }

  /**
   * Take a new configuration: devices that did not change keep their session, schedule and counters.
   */
  async reload(config: ResolvedConfig): Promise<ReloadSummary> {
    const diff = diffConfig(this.#config, config);
    const fleetSize = config.devices.length;
    this.#config = config;
    await Promise.all([...diff.removed, ...diff.changed].map((device) => this.#drop(device.name)));
    for (const device of [...diff.changed, ...diff.added]) this.#add(device, fleetSize);
    for (const device of diff.rescheduled) this.#adjust(device, fleetSize);
    const summary: ReloadSummary = {
      added: diff.added.length,
      removed: diff.removed.length,
      changed: diff.changed.length + diff.rescheduled.length,
      kept: diff.unchanged.length,
      restartNeeded: diff.restartNeeded,
    };
    this.#reload = { ok: true, atMs: this.#clock.wallMs() };
    this.#logger.info(summary, 'configuration reloaded');
    return summary;
  }

  /** A reload was refused: the old configuration goes on, and metrics say so. */
  reloadRefused(): void {
    this.#reload = { ok: false, atMs: this.#reload.atMs };
  }

  #add(device: ResolvedDevice, fleetSize: number): void {
    this.#devices.set(device.name, device);
    this.#memories.set(device.name, { ...NOTHING_LEARNT });
    this.#unpolled.add(device.name);
    this.#views.set(newDeviceView(configured(device)));
    this.#scheduler.set(device.name, device.schedule, fleetSize);
  }

  /** Schedule, labels or collectors changed: session and figures stay. */
  #adjust(device: ResolvedDevice, fleetSize: number): void {
    const before = this.#devices.get(device.name);
    this.#devices.set(device.name, device);
    const view = this.#views.device(device.name);
    if (view !== undefined) this.#views.set({ ...view, ...configured(device) });
    if (!isDeepStrictEqual(before?.schedule, device.schedule)) {
      this.#scheduler.set(device.name, device.schedule, fleetSize);
    }
  }

  async #drop(name: string): Promise<void> {
    this.#scheduler.remove(name);
    this.#devices.delete(name);
    this.#memories.delete(name);
    this.#unpolled.delete(name);
    this.#poller.forget(name);
    this.#views.remove(name);
    await this.#access.forget(name);
  }

  async #poll(name: string, signal: AbortSignal): Promise<void> {
    const device = this.#devices.get(name);
    const memory = this.#memories.get(name);
    if (device === undefined || memory === undefined) return;
    const target = pollTarget(device);
    if (target === null) return;
    const report = await this.#poller.poll(target, memory, signal);
    // Stopped, removed or replaced while the answer was under way: it is nobody's any more.
    if (signal.aborted || this.#memories.get(name) !== memory) return;
    this.#memories.set(name, report.memory);
    this.#take(device, report);
  }

  #take(device: ResolvedDevice, report: PollReport): void {
    const before = this.#views.device(device.name);
    if (before === undefined) return;
    this.#log(before.result, report);
    this.#recorder?.record(report);
    this.#unpolled.delete(device.name);
    const partLifetimeMs = PART_LIFETIME_INTERVALS * Math.max(device.detailIntervalMs, scheduleMs(device));
    this.#views.set(afterPoll(before, report, partLifetimeMs));
  }

  /** A state is logged when it begins and when it ends, not at every poll. */
  #log(before: string | null, report: PollReport): void {
    const { device, result, error, durationMs } = report;
    const fields = { device, durationMs: Math.round(durationMs) };
    // A device that waits after a failure is still in that failure's state.
    const waiting = result === 'backoff' || result === 'quarantined';
    if (result === before || (waiting && before !== null && before !== 'ok'))
      this.#logger.debug({ ...fields, result }, 'polled');
    else if (result !== 'ok') this.#logger.warn({ ...fields, result, reason: error }, 'poll failed');
    else if (before === null) this.#logger.debug({ ...fields, result }, 'polled');
    else this.#logger.info({ ...fields, was: before }, 'device answers again');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scheduler[Symbol.asyncDispose]();
    await this.#access[Symbol.asyncDispose]();
    await this.#recorder?.[Symbol.asyncDispose]();
  }
}

function configured(device: ResolvedDevice) {
  return { device: device.name, host: device.host, configuredRole: device.role, labels: device.labels };
}

function pollTarget(device: ResolvedDevice) {
  if (device.ssh === null) return null;
  const ssh: SshTarget = {
    ...device.ssh,
    device: device.name,
    host: device.host,
    port: device.port,
    timeoutMs: device.timeoutMs,
  };
  return { ssh, collect: device.collect, detailIntervalMs: device.detailIntervalMs };
}

/** A cron schedule has no interval; its details are kept by the detail interval alone. */
function scheduleMs(device: ResolvedDevice): number {
  return device.schedule.kind === 'every' ? device.schedule.ms : 3_600_000;
}
