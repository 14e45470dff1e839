/**
 * The agent's decisions without its I/O: observations go in, events and polls worth making come out. Observations and
 * events are kept in order, so that every statement can be checked against what had been seen by then.
 */
import { phasePlan } from '../../src/model/phase-plan.ts';
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { trackFleet } from '../builders/track-fleet.ts';
import type { LastJudgement } from '../../src/gdoi/fleet/assessment.ts';
import { type FleetState, initialFleetState } from '../../src/gdoi/fleet/fleet-state.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetSettings } from '../../src/gdoi/fleet/fleet-settings.ts';
import type { GroupView } from '../../src/gdoi/fleet/group-view.ts';
import { FLOOR_LEAD } from '../../src/gdoi/keys/ks-lead.ts';
import type { PlannedPoll } from '../../src/gdoi/keys/poll-instants.ts';
import { initialTrackerState, type TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import type { Incident } from '../../src/gdoi/incidents/incident.ts';
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { settle, track } from '../../src/gdoi/tracker/tracker.ts';
import { type DeviceView, newDeviceView, observe } from '../../src/model/device-view.ts';
import { membershipChanges, trackingOf, trackOptions } from '../../src/model/group-tracking.ts';

export interface RecordedObservation {
  readonly observation: Observation;
  /** The agent's clock minus true time when it was made: two observations are comparable on one clock only. */
  readonly clockOffsetMs: number;
}

export interface EmittedEvent {
  readonly event: GdoiEvent;
  /** The number of observations made by then. */
  readonly known: number;
  /** In true time. */
  readonly emittedAtMs: EpochMs;
}

/** The explanations of a group after a look at one of its devices. */
export interface Said {
  /** In true time. */
  readonly atMs: EpochMs;
  readonly group: string;
  readonly explanations: readonly Explanation[];
}

/** All that the agent knows about a group, as its page and API would show it now. */
export interface Look {
  /** In true time. */
  readonly atMs: EpochMs;
  /** On the agent's clock. */
  readonly nowMs: EpochMs;
  readonly view: GroupView;
  readonly incidents: readonly Incident[];
  readonly deviceOf: (device: string) => DeviceView;
}

/** The schedule by which a device was just polled: from it the agent says until when it waits for the next look. */
export interface Schedule {
  readonly intervalMs: number;
  readonly phaseAware: boolean;
  readonly jitter: number;
  readonly changedAtMs: EpochMs | null;
}

const PART_LIFETIME_MS = 900_000;

export class AgentModel {
  readonly observations: RecordedObservation[] = [];
  readonly emitted: EmittedEvent[] = [];
  readonly said: Said[] = [];
  readonly #states = new Map<string, TrackerState>();
  readonly #views = new Map<string, DeviceView>();
  readonly #fleets = new Map<string, FleetState>();
  readonly #lastJudgements = new Map<string, LastJudgement>();
  readonly #groupViews = new Map<string, GroupView>();
  readonly #settings: FleetSettings;
  readonly #options = trackOptions((group) => this.#groupViews.get(group) ?? null);
  readonly #ids = new Set<string>();

  readonly #onLook: ((look: Look) => void) | null;

  constructor(settings: Partial<FleetSettings> = {}, onLook: ((look: Look) => void) | null = null) {
    this.#settings = { ...DEFAULT_FLEET_SETTINGS, ...settings };
    this.#onLook = onLook;
  }

  stateOf(device: string): TrackerState {
    return this.#states.get(device) ?? initialTrackerState(device);
  }

  /**
   * Takes the observations of one poll or message. Returns true if they changed something that another look has to
   * confirm. `schedule` is that of a poll; absent: a message, or a look beside the schedule.
   */
  take(
    device: string,
    observations: readonly Observation[],
    at: { readonly trueMs: EpochMs; readonly clockOffsetMs: number; readonly schedule?: Schedule },
  ): boolean {
    const before = this.#viewOf(device);
    let after = before;
    let changed = false;
    for (const observation of observations) {
      this.observations.push({ observation, clockOffsetMs: at.clockOffsetMs });
      const tracked = track(this.stateOf(device), observation, this.#options);
      this.#states.set(device, tracked.state);
      if (this.#emit(tracked.events, at.trueMs)) changed = true;
      after = observe(after, observation, PART_LIFETIME_MS);
    }
    const last = observations.at(-1);
    if (last !== undefined) {
      const seen = at.schedule === undefined ? after : this.#scheduled(after, at.schedule, last.receivedAtMs);
      this.#pollOver(before, seen, last.receivedAtMs, at.trueMs);
    }
    return changed;
  }

  /** No observation will follow. */
  end(trueMs: EpochMs): void {
    for (const state of this.#states.values()) this.#emit(settle(state).events, trueMs);
  }

  /** The instants beside the schedule at which the agent would poll this device, on its own clock. */
  planned(
    device: string,
    plan: { readonly nowMs: EpochMs } & Pick<Schedule, 'intervalMs' | 'jitter' | 'changedAtMs'>,
  ): readonly EpochMs[] {
    return this.#plan(this.#viewOf(device), plan).map(({ atMs }) => atMs);
  }

  #scheduled(seen: DeviceView, schedule: Schedule, nowMs: EpochMs): DeviceView {
    const plannedPolls = schedule.phaseAware ? this.#plan(seen, { nowMs, ...schedule }) : [];
    return { ...seen, lastPollAtMs: nowMs, regularIntervalMs: schedule.intervalMs, plannedPolls };
  }

  #plan(
    view: DeviceView,
    plan: { readonly nowMs: EpochMs } & Pick<Schedule, 'intervalMs' | 'jitter' | 'changedAtMs'>,
  ): readonly PlannedPoll[] {
    return phasePlan({
      view,
      state: this.stateOf(view.device),
      leadSeconds: (group) => this.#groupViews.get(group)?.lead.seconds ?? FLOOR_LEAD.seconds,
      ksKekExpiryMs: (group) => this.#kekExpiryOfKs(group),
      regularIntervalMs: plan.intervalMs,
      nowMs: plan.nowMs,
      jitter: plan.jitter,
      changedAtMs: plan.changedAtMs,
    });
  }

  #kekExpiryOfKs(group: string): EpochMs | null {
    for (const view of this.#views.values()) {
      const ks = view.groups.get(group)?.ks ?? null;
      const remaining = ks?.snapshot.kek?.remainingSeconds ?? null;
      if (ks !== null && remaining !== null) return ks.at.receivedAtMs + remaining * 1000;
    }
    return null;
  }

  #viewOf(device: string): DeviceView {
    return this.#views.get(device) ?? newDeviceView({ device, host: device });
  }

  #pollOver(before: DeviceView, seen: DeviceView, atMs: EpochMs, trueMs: EpochMs): void {
    const { device } = seen;
    const state = this.stateOf(device);
    const after = { ...seen, tracking: trackingOf(seen, state, (group) => this.#groupViews.get(group) ?? null) };
    this.#views.set(device, after);
    for (const [group, facts] of membershipChanges(before, after, state, atMs)) {
      const known = this.#fleets.get(group) ?? initialFleetState(group);
      const tracked = trackFleet(known, [facts], this.#settings, this.#lastJudgements.get(group));
      this.#fleets.set(group, tracked.state);
      this.#lastJudgements.set(group, tracked.last);
      this.#groupViews.set(group, tracked.view);
      this.said.push({ atMs: trueMs, group, explanations: tracked.view.explanations });
      this.#emit(tracked.events, trueMs);
      const { view, incidents } = tracked;
      this.#onLook?.({ atMs: trueMs, nowMs: atMs, view, incidents, deviceOf: (name) => this.#viewOf(name) });
    }
  }

  #emit(events: readonly GdoiEvent[], trueMs: EpochMs): boolean {
    let fresh = false;
    for (const event of events) {
      if (this.#ids.has(event.id)) continue;
      this.#ids.add(event.id);
      this.emitted.push({ event, known: this.observations.length, emittedAtMs: trueMs });
      fresh = true;
    }
    return fresh;
  }
}
