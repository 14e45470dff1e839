/**
 * What is known of the fleet: each report and message goes to the recording, the tracker and the device's view, and the
 * device's groups hear what changed.
 */
import type { ResolvedDevice } from '../../config/resolved-config.ts';
import type { FleetView } from '../../gdoi/fleet/fleet-view.ts';
import { FLOOR_LEAD } from '../../gdoi/keys/ks-lead.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import { snmpHintsAtChange } from '../../gdoi/tracker/snmp-tracker.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { afterInternalError, afterPoll, afterSnmpPoll, type DeviceView, observe } from '../../model/device-view.ts';
import { membershipChanges, trackingOf } from '../../model/group-tracking.ts';
import type { Intake } from './intake.ts';
import { nameFraction } from '../schedule/name-hash.ts';
import { observationsOfReport } from '../poll/observations.ts';
import { phasePlan } from '../schedule/phase-plan.ts';
import type { PollReport } from '../../model/poll-report.ts';
import type { PollResult } from '../../model/poll-result.ts';
import { partLifetimeMs } from '../poll/poll-target.ts';
import type { PushedFromDevice } from '../heard/pushed-messages.ts';
import type { MutableReadModel } from '../../model/read-model.ts';
import type { Recorder } from './recorder.ts';

const REFUSALS: ReadonlySet<PollResult> = new Set<PollResult>(['auth', 'host_key', 'quarantined']);

export class FleetRecord {
  readonly #views: MutableReadModel;
  readonly #intake: Intake;
  readonly #recorder: Recorder | null;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: {
    readonly views: MutableReadModel;
    readonly intake: Intake;
    readonly recorder: Recorder | null;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#views = options.views;
    this.#intake = options.intake;
    this.#recorder = options.recorder;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** A poll by the transport that decides. Returns the device's view after it; null: it is not known any more. */
  polled(device: ResolvedDevice, report: PollReport): DeviceView | null {
    const before = this.#views.device(device.name);
    if (before === undefined) return null;
    this.#log(before.result, report);
    this.#recorder?.record(report);
    const known = this.#intake.stateOf(device.name);
    const observations = observationsOfReport(report);
    const state = this.#intake.observe(device.name, observations);
    const seen = afterPoll(before, report, partLifetimeMs(device));
    const planned = this.#plan(device, seen, state, known !== null && changed(known, state));
    return this.#show(before, { ...seen, planned }, state, observations.at(-1)?.receivedAtMs ?? report.finishedAtMs);
  }

  /** SNMP between two SSH polls. True: it hints at something that SSH should look at now. */
  polledBeside(device: ResolvedDevice, report: PollReport): boolean {
    const before = this.#views.device(device.name);
    if (before === undefined) return false;
    this.#recorder?.record(report);
    const known = this.#intake.stateOf(device.name);
    // An SNMP engine restarts without the device: what the device is and since when, its CLI says.
    const ofGroups = report.observations.filter(({ kind }) => kind !== 'facts');
    const state = this.#intake.observe(device.name, ofGroups);
    this.#show(before, afterSnmpPoll(before, report, partLifetimeMs(device)), state, report.finishedAtMs);
    return known !== null && hintsAtChange(known, ofGroups);
  }

  pushed({ device, messages, observations }: PushedFromDevice): void {
    const before = this.#views.device(device);
    const last = observations.at(-1);
    if (before === undefined || last === undefined) return;
    this.#recorder?.recordPushed(device, messages);
    const known = this.#intake.stateOf(device);
    const state = this.#intake.observe(device, observations);
    const seen = observations.reduce((view, observation) => observe(view, observation, 0), before);
    if (state !== known || seen !== before) this.#show(before, seen, state, last.receivedAtMs);
  }

  /** A fault of our own came between the device and its view: it keeps what it showed and is marked failed. */
  failedInside(device: string): void {
    const view = this.#views.device(device);
    if (view !== undefined) this.#views.set(afterInternalError(view, this.#clock.wallMs()));
  }

  /** The device is polled no more. */
  gone(device: string): void {
    const view = this.#views.device(device);
    if (view !== undefined) this.#tellFleets(view, null, this.#clock.wallMs());
    this.#views.remove(device);
  }

  /** What the group's view says of a GM belongs to the GM's view; only what differs is made anew. */
  grouped(fleet: FleetView): void {
    this.#views.setGroup(fleet);
    for (const { device, kekMatchesKs, tekMatchesKs, listedByKs } of fleet.gms) {
      const view = this.#views.device(device);
      const tracking = view?.tracking.get(fleet.group);
      if (view === undefined || tracking === undefined) continue;
      const same =
        tracking.kekMatchesKs === kekMatchesKs &&
        tracking.tekMatchesKs === tekMatchesKs &&
        tracking.listedByKs === listedByKs;
      if (same) continue;
      const now = { ...tracking, kekMatchesKs, tekMatchesKs, listedByKs };
      this.#views.set({ ...view, tracking: new Map(view.tracking).set(fleet.group, now) });
    }
  }

  /** The device's next view, with what the tracker says of it; its groups hear what changed. */
  #show(before: DeviceView, seen: DeviceView, state: TrackerState, atMs: number): DeviceView {
    const tracking = trackingOf(seen, state, (group) => this.#intake.fleetView(group));
    const view: DeviceView = { ...seen, tracking };
    this.#views.set(view);
    this.#tellFleets(before, view, atMs);
    return view;
  }

  /** Polls beside the schedule. */
  #plan(device: ResolvedDevice, view: DeviceView, state: TrackerState, confirm: boolean): DeviceView['planned'] {
    // Nobody knocks again at once where the credential or the host key was refused.
    if (!device.phaseAware || view.result === null || REFUSALS.has(view.result)) return [];
    const nowMs = this.#clock.wallMs();
    return phasePlan({
      view,
      state,
      leadSeconds: (group) => (this.#intake.fleetView(group)?.lead ?? FLOOR_LEAD).seconds,
      ksKekExpiryMs: (group) => this.#intake.ksKekExpiryMs(group),
      regularIntervalMs: view.regularIntervalMs,
      nowMs,
      jitter: nameFraction(device.name),
      changedAtMs: confirm ? nowMs : null,
    });
  }

  /** Each group the device is or was in hears what changed; `after` null: the device is gone. */
  #tellFleets(before: DeviceView, after: DeviceView | null, atMs: number): void {
    const state = this.#intake.stateOf(before.device);
    for (const [group, facts] of membershipChanges(before, after, state, atMs)) {
      this.#intake.memberChanged(group, facts);
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
}

/** A registration, a new KEK: worth a second look soon. */
function changed(before: TrackerState, after: TrackerState): boolean {
  return [...after.groups].some(([name, now]) => {
    const was = before.groups.get(name);
    if (was === undefined) return false;
    return (
      was.counters.succeeded !== now.counters.succeeded ||
      was.registered !== now.registered ||
      was.view?.kek?.anchor !== now.view?.kek?.anchor
    );
  });
}

/** A key, sequence number or key server that SNMP shows and the tracker did not know: SSH counts what happened. */
function hintsAtChange(known: TrackerState, observations: readonly Observation[]): boolean {
  return observations.some(
    (seen) =>
      seen.kind === 'groups' &&
      seen.snapshots.some((snapshot) => snapshot.role === 'gm' && snmpHintsAtChange(known, snapshot, seen)),
  );
}
