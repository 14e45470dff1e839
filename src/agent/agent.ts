/**
 * The running agent: builds its parts, hands each what it needs, owns start, reload and stop.
 *
 * Answers flow one way: scheduler -> poller -> view and tracker -> store -> whoever listens to the read model or to
 * events. What a tracker's state asks for (polls at the instants that decide) goes back as a value, through the plan.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DeviceAccess, SshTarget } from '../access/device-session.ts';
import { diffConfig } from '../config/reload-diff.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import type { GdoiEvent } from '../gdoi/event.ts';
import type { FleetSettings, FleetView } from '../gdoi/fleet-view.ts';
import { FLOOR_LEAD } from '../gdoi/ks-lead.ts';
import type { Observation } from '../gdoi/observation.ts';
import type { TrackerState } from '../gdoi/tracker-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { EventStore } from '../store/event-store.ts';
import { createDevicePoller, type PollReport } from './device-poller.ts';
import { afterPoll, type DeviceView, newDeviceView } from './device-view.ts';
import { EventTotals } from './event-totals.ts';
import { membershipChanges, trackingOf } from './group-tracking.ts';
import { Intake } from './intake.ts';
import { nameFraction } from './name-hash.ts';
import { phasePlan } from './phase-plan.ts';
import { NOTHING_LEARNT, type PollMemory } from './poll-memory.ts';
import { type AgentStatus, createReadModel, type FleetReadModel, type MutableReadModel } from './read-model.ts';
import { Recorder } from './recorder.ts';
import { Scheduler } from './scheduler.ts';

/** A detail part counts this many of its intervals without an answer. */
const PART_LIFETIME_INTERVALS = 3;

export interface AgentOptions {
  readonly config: ResolvedConfig;
  /** Wall and monotonic time of polls and schedules; may run fast. */
  readonly clock: Clock;
  readonly access: DeviceAccess;
  readonly store: EventStore;
  readonly logger: Logger;
  /** Events that are kept and new, in the order they were kept. */
  readonly onEvents?: (events: readonly GdoiEvent[]) => void;
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
  readonly #views: MutableReadModel;
  readonly #intake: Intake;
  readonly #devices = new Map<string, ResolvedDevice>();
  readonly #memories = new Map<string, PollMemory>();
  readonly #poller: ReturnType<typeof createDevicePoller>;
  readonly #scheduler: Scheduler;
  readonly #recorder: Recorder | null;
  readonly #startedAtMs: number;
  readonly #unpolled = new Set<string>();
  #config: ResolvedConfig;
  #reload: { readonly ok: boolean; readonly atMs: number | null } = { ok: true, atMs: null };

  private constructor({ config, clock, access, logger }: AgentOptions, intake: Intake, views: MutableReadModel) {
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    this.#access = access;
    this.#intake = intake;
    this.#views = views;
    this.#startedAtMs = clock.wallMs();
    this.#poller = createDevicePoller({ access, clock });
    this.#recorder = config.record === null ? null : new Recorder({ directory: config.record, clock, logger });
    this.#scheduler = new Scheduler({
      clock,
      concurrentPolls: config.limits.concurrentPolls,
      poll: (device, signal) => this.#poll(device, signal),
    });
  }

  /** An agent that goes on from what the store keeps; it polls nothing before `start`. The store stays the caller's. */
  static async open(options: AgentOptions): Promise<Agent> {
    const { config, clock, store, logger } = options;
    let agent: Agent | null = null;
    const totals = new EventTotals();
    const views = createReadModel(totals);
    const intake = await Intake.open({
      store,
      clock,
      logger,
      totals,
      settings: fleetSettings(config),
      onFleetView: (view) => {
        if (agent !== null) agent.#takeFleetView(view);
      },
      onEvents: (events) => {
        for (const event of events) logEvent(logger, event);
        views.addEvents(events);
        options.onEvents?.(events);
      },
    });
    agent = new Agent(options, intake, views);
    return agent;
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
      storeErrors: this.#intake.storeErrors,
      eventsDropped: this.#intake.droppedEvents,
      configReloadOk: this.#reload.ok,
      configReloadedAtMs: this.#reload.atMs,
    };
  }

  start(): void {
    const configured = new Set(this.#config.devices.map((device) => device.name));
    for (const device of this.#intake.knownDevices()) if (!configured.has(device)) this.#intake.remove(device);
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
    for (const device of diff.removed) this.#intake.remove(device.name);
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
    const view = this.#views.device(name);
    if (view !== undefined) this.#tellFleets(view, null, this.#clock.wallMs());
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
    const known = this.#intake.stateOf(device.name);
    const observations = observationsOfReport(report);
    const state = this.#intake.observe(device.name, observations);
    const polled = afterPoll(before, report, partLifetimeMs);
    const planned = this.#plan(device, polled, state, known !== null && changed(known, state));
    const view: DeviceView = {
      ...polled,
      tracking: trackingOf(polled, state, (group) => this.#intake.fleetView(group)),
      planned,
    };
    this.#views.set(view);
    this.#tellFleets(before, view, observations.at(-1)?.receivedAtMs ?? report.finishedAtMs);
  }

  /** Polls beside the schedule; the view shows them, the scheduler makes them. */
  #plan(device: ResolvedDevice, view: DeviceView, state: TrackerState, confirm: boolean): DeviceView['planned'] {
    if (!device.phaseAware || view.result !== 'ok') return [];
    const nowMs = this.#clock.wallMs();
    const planned = phasePlan({
      view,
      state,
      leadSeconds: (group) => (this.#intake.fleetView(group)?.lead ?? FLOOR_LEAD).seconds,
      ksKekExpiryMs: (group) => this.#intake.ksKekExpiryMs(group),
      regularIntervalMs: device.schedule.kind === 'every' ? device.schedule.ms : null,
      nowMs,
      jitter: nameFraction(device.name),
      changedAtMs: confirm ? nowMs : null,
    });
    this.#scheduler.plan(
      device.name,
      planned.map((poll) => poll.atMs - nowMs),
    );
    return planned;
  }

  /** Each group the device is or was in hears what changed; `after` null: the device is gone. */
  #tellFleets(before: DeviceView, after: DeviceView | null, atMs: number): void {
    const state = this.#intake.stateOf(before.device);
    for (const [group, facts] of membershipChanges(before, after, state, atMs)) {
      this.#intake.memberChanged(group, facts);
    }
  }

  /** What the group's view says of a GM belongs to the GM's view; only what differs is made anew. */
  #takeFleetView(fleet: FleetView): void {
    this.#views.setGroup(fleet);
    for (const { device, kekMatchesKs, tekMatchesKs } of fleet.gms) {
      const view = this.#views.device(device);
      const tracking = view?.tracking.get(fleet.group);
      if (view === undefined || tracking === undefined) continue;
      if (tracking.kekMatchesKs === kekMatchesKs && tracking.tekMatchesKs === tekMatchesKs) continue;
      const now = { ...tracking, kekMatchesKs, tekMatchesKs };
      this.#views.set({ ...view, tracking: new Map(view.tracking).set(fleet.group, now) });
    }
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
    await this.#intake[Symbol.asyncDispose]();
  }
}

/** A failed poll is an observation too: nothing was seen, and why. */
function observationsOfReport(report: PollReport): readonly Observation[] {
  if (report.result === 'ok') return report.observations;
  const { device, startedAtMs, finishedAtMs, result } = report;
  return [
    ...report.observations,
    { kind: 'failure', device, sentAtMs: startedAtMs, receivedAtMs: finishedAtMs, result },
  ];
}

/** A registration, a new KEK: worth a second look soon. */
function changed(before: TrackerState, after: TrackerState): boolean {
  return Object.keys(after.groups).some((name) => {
    const was = before.groups[name];
    const now = after.groups[name];
    if (was === undefined || now === undefined) return false;
    return (
      was.counters.succeeded !== now.counters.succeeded ||
      was.registered !== now.registered ||
      was.view?.kek?.anchor !== now.view?.kek?.anchor
    );
  });
}

/** The group's tolerances follow the slowest pace that is common. */
function fleetSettings(config: ResolvedConfig): FleetSettings {
  const pollIntervalMs = config.devices.reduce((slowest, device) => Math.max(slowest, scheduleMs(device)), 0);
  const detailIntervalMs = config.devices.reduce((slowest, device) => Math.max(slowest, device.detailIntervalMs), 0);
  return { pollIntervalMs, detailIntervalMs };
}

function logEvent(logger: Logger, event: GdoiEvent): void {
  const { id, type, device, group, cause, summary, severity } = event;
  const fields = { id, type, device, group, cause, summary };
  if (severity === 'info') logger.info(fields, 'event');
  else logger.warn(fields, 'event');
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
