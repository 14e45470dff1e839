/**
 * What is known of the fleet: each report and message goes to the recording, the tracker and the device's view, and the
 * device's groups take in what changed.
 */
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import type { GmSnapshot } from '../../gdoi/seen/snapshot.ts';
import { snmpHintsAtChange } from '../../gdoi/tracker/snmp-tracker.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { afterInternalError, type DeviceView, type GroupOnDevice } from '../../model/device-view.ts';
import type { DeviceSettings, FromDevice } from '../../model/fleet-step.ts';
import type { Maintenance } from '../../model/maintenance.ts';
import type { Intake } from './intake.ts';
import type { BesideTransport, PollReport } from '../../model/poll-report.ts';
import { deviceSettings } from '../poll/poll-target.ts';
import type { PushedFromDevice } from '../heard/pushed-messages.ts';
import type { MutableReadModel } from '../../model/read-model.ts';
import type { GoneFor } from './recorded-line.ts';
import type { Recorder } from './recorder.ts';

export class FleetRecord {
  readonly #views: MutableReadModel;
  readonly #intake: Intake;
  readonly #recorder: Recorder | null;
  readonly #maintenance: Pick<Maintenance, 'planned'> | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Turns of the schedule for one poll, for busy devices. */
  readonly #turns = new Map<string, number>();

  constructor(options: {
    readonly views: MutableReadModel;
    readonly intake: Intake;
    readonly recorder: Recorder | null;
    /** Planned work; absent: there is none. */
    readonly maintenance?: Pick<Maintenance, 'planned'>;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#views = options.views;
    this.#intake = options.intake;
    this.#recorder = options.recorder;
    this.#maintenance = options.maintenance;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** A poll by the transport that decides. Returns the device's view after it; null: the device is no longer known. */
  polled(device: ResolvedDevice, report: PollReport): DeviceView | null {
    const before = this.#views.device(device.name);
    if (before === undefined) return null;
    this.#log(before.failure ?? before.result, report);
    this.#recording()?.record(report);
    return this.#take(before, { kind: 'polled', report }, device);
  }

  /** SNMP or RESTCONF between two SSH polls. True: it hints at something that SSH should look at now. */
  polledBeside(device: ResolvedDevice, by: BesideTransport, report: PollReport): boolean {
    const before = this.#views.device(device.name);
    if (before === undefined) return false;
    this.#recording()?.record(report, by);
    const known = this.#intake.stateOf(device.name);
    this.#take(before, { kind: 'polled_beside', by, report }, device);
    return known !== null && hintsAtChange(known, before, report.observations);
  }

  pushed(device: ResolvedDevice, { messages, observations }: PushedFromDevice): void {
    const before = this.#views.device(device.name);
    if (before === undefined || observations.length === 0) return;
    this.#recording()?.recordPushed(device.name, messages);
    this.#take(before, { kind: 'pushed', observations }, device);
  }

  /** With what is planned as it is now, by which what is recorded next is judged. */
  #recording(): Recorder | null {
    if (this.#maintenance !== undefined) this.#recorder?.planned(this.#maintenance.planned);
    return this.#recorder;
  }

  /** From now on it is polled once in so many turns of its schedule, so its values count that much longer. */
  paced(device: ResolvedDevice, turns: number): void {
    if (turns === 1) this.#turns.delete(device.name);
    else this.#turns.set(device.name, turns);
    this.configured(device);
  }

  /** From now on what comes from the device is judged by this configuration, and by its turns. */
  configured(device: ResolvedDevice): void {
    const settings = this.#settingsOf(device);
    this.#recorder?.settingsOf(device.name, settings);
    const { regularIntervalMs } = settings;
    const view = this.#views.device(device.name);
    if (view !== undefined && view.regularIntervalMs !== regularIntervalMs)
      this.#views.set({ ...view, regularIntervalMs });
  }

  #settingsOf(device: ResolvedDevice): DeviceSettings {
    return deviceSettings(device, this.#turns.get(device.name));
  }

  /** A bug of ours prevented the update of the device's view: it keeps what it showed and is marked failed. */
  failedInside(device: string): void {
    const view = this.#views.device(device);
    if (view !== undefined) this.#views.set(afterInternalError(view, this.#clock.wallMs()));
  }

  /** The device is no longer polled. */
  gone(device: string, why: GoneFor): void {
    this.#turns.delete(device);
    const atMs = this.#clock.wallMs();
    this.#recording()?.gone(device, why, atMs);
    const view = this.#views.device(device);
    if (view === undefined) return;
    this.#views.remove(device);
    this.#views.update([], this.#intake.without(view, atMs));
  }

  /** Another agent polls the device. */
  left(device: string): void {
    this.#turns.delete(device);
    this.#recorder?.left(device);
    this.#views.remove(device);
  }

  /** The view of a group, computed from what it gathered. */
  grouped(fleet: GroupView): void {
    this.#views.update([], [fleet]);
  }

  #take(before: DeviceView, from: FromDevice, device: ResolvedDevice): DeviceView {
    const { view, groups } = this.#intake.take(before, from, this.#settingsOf(device));
    if (view !== before || groups.length > 0) this.#views.update([view], groups);
    return view;
  }

  /** Logs a failure when it begins and when it ends, not at every poll. */
  #log(before: string | null, report: PollReport): void {
    const { device, result, error, durationMs } = report;
    const fields = { device, durationMs: Math.round(durationMs) };
    // A device in back-off after a failure is still in that state.
    const waiting = result === 'backoff' || result === 'quarantined';
    if (result === before || (waiting && before !== null && before !== 'ok'))
      this.#logger.debug({ result, ...fields }, 'polled');
    else if (result !== 'ok') this.#logger.warn({ ...fields, result, reason: error }, 'poll failed');
    else if (before === null) this.#logger.debug({ result, ...fields }, 'polled');
    else this.#logger.info({ ...fields, was: before }, 'device answers again');
  }
}

/** An unknown key, sequence number or key server, or one more registration: SSH counts what happened. */
function hintsAtChange(known: TrackerState, before: DeviceView, observations: readonly Observation[]): boolean {
  return observations.some((seen) => {
    if (seen.kind === 'registered') return isNewRegistration(known, seen);
    if (seen.kind !== 'groups') return false;
    return seen.snapshots.some(
      (snapshot) =>
        snapshot.role === 'gm' &&
        (snmpHintsAtChange(known, snapshot, seen) || hasRegistered(before.groups.get(snapshot.group), snapshot)),
    );
  });
}

/** It is after the last answer of SSH, which cannot have shown it. */
function isNewRegistration(
  known: TrackerState,
  { group, between }: Extract<Observation, { kind: 'registered' }>,
): boolean {
  const last = known.groups.get(group)?.seen.receivedAtMs;
  return last !== undefined && between.fromMs > last;
}

/** RESTCONF counts registrations too: another count than at its last poll. */
function hasRegistered(group: GroupOnDevice | undefined, { registrations }: GmSnapshot): boolean {
  const last = group?.restconf?.gm?.snapshot.registrations.succeeded ?? null;
  return last !== null && registrations.succeeded !== null && registrations.succeeded !== last;
}
