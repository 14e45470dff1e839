/**
 * What is known of a fleet between its steps: the one memory that live polling, `replay`, `check` and `parse` step with.
 * What a step changed is kept here before anyone gets it; what happened is decided by the step alone (`fleet-step.ts`).
 */
import type { GdoiEvent } from '../gdoi/events/event.ts';
import type { TrackerState } from '../gdoi/memory/tracker-state.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { DeviceView } from './device-view.ts';
import {
  type FleetMemory,
  type FleetStep,
  fleetStep,
  type FromDevice,
  type GroupGuard,
  type GroupMemory,
  type GroupSettings,
  type GroupStep,
  isDue,
  isGathering,
  isOver,
  judged,
  settled,
  type StepSettings,
  UNGUARDED,
  withoutDevice,
  withoutRemoved,
  withoutUnjudged,
} from './fleet-step.ts';

export interface KnownFleetOptions {
  /** Default: a fault of our own strikes the caller. */
  readonly guard?: GroupGuard;
  /** Each group that a step concerned. `before` null: nobody of it was known. A group that is over is forgotten then. */
  readonly onGroup?: (key: string, step: GroupStep, before: GroupMemory | null) => void;
}

export class KnownFleet {
  readonly #trackers = new Map<string, TrackerState>();
  /** By `groupKey`. */
  readonly #groups = new Map<string, GroupMemory>();
  /** Groups with gathered changes. */
  readonly #gathering = new Set<string>();
  /** What the step may see. */
  readonly #memory: FleetMemory = {
    state: (device) => this.state(device),
    group: (key) => this.group(key),
    groups: () => this.#groups.values(),
  };
  readonly #guard: GroupGuard;
  readonly #onGroup: NonNullable<KnownFleetOptions['onGroup']>;

  constructor({ guard = UNGUARDED, onGroup = () => undefined }: KnownFleetOptions = {}) {
    this.#guard = guard;
    this.#onGroup = onGroup;
  }

  state(device: string): TrackerState | null {
    return this.#trackers.get(device) ?? null;
  }

  group(key: string): GroupMemory | null {
    return this.#groups.get(key) ?? null;
  }

  get trackers(): ReadonlyMap<string, TrackerState> {
    return this.#trackers;
  }

  /** By `groupKey`. */
  get groupsByKey(): ReadonlyMap<string, GroupMemory> {
    return this.#groups;
  }

  /** Changes of groups wait to be judged. */
  get gathers(): boolean {
    return this.#gathering.size > 0;
  }

  /** As it was stored. */
  rememberDevice(device: string, state: TrackerState): void {
    this.#trackers.set(device, state);
  }

  /** As it was stored. */
  rememberGroup(key: string, group: GroupMemory): void {
    this.#groups.set(key, group);
  }

  forgetDevice(device: string): void {
    this.#trackers.delete(device);
  }

  forgetGroup(key: string): void {
    this.#groups.delete(key);
    this.#gathering.delete(key);
  }

  /** Takes in what came from a device; `before` is its view so far. */
  step(before: DeviceView, from: FromDevice, settings: StepSettings): FleetStep {
    const step = fleetStep({ memory: this.#memory, before }, from, settings, this.#guard);
    this.#trackers.set(before.device, step.state);
    this.#keep(step.groups);
    return step;
  }

  /** The device is no longer polled, or is polled anew: its groups are judged without it. */
  without(before: DeviceView, atMs: EpochMs, settings: GroupSettings): FleetStep['groups'] {
    return this.#keep(withoutDevice({ memory: this.#memory, before }, atMs, settings, this.#guard));
  }

  /** Groups without those of their members that are configured no more. */
  withoutRemoved(configured: ReadonlySet<string>, atMs: EpochMs, settings: GroupSettings): FleetStep['groups'] {
    const steps = new Map<string, GroupStep>();
    for (const [key, group] of this.#groups) {
      const step = this.#guard(key, () => withoutRemoved(group, configured, atMs, settings));
      if (step !== null) steps.set(key, step);
    }
    return this.#keep(steps);
  }

  /** Nothing more is heard of the device: what still waited for its next answer is decided by what there is. */
  settle(device: string, cell: string | undefined, maintenance: GroupSettings['maintenance']): readonly GdoiEvent[] {
    const known = this.#trackers.get(device);
    if (known === undefined) return [];
    const { state, events } = settled({ state: known, cell }, maintenance);
    this.#trackers.set(device, state);
    return events;
  }

  /** Judges the groups that gathered changes for long enough; `all`: whether or not they did. */
  judgeGathered(nowMs: EpochMs, settings: GroupSettings, all = false): FleetStep['groups'] {
    const steps = new Map<string, GroupStep>();
    for (const key of this.#gathering) {
      const group = this.#groups.get(key);
      if (group === undefined || !(all || isDue(group, nowMs))) continue;
      // An error costs what was gathered, not the group for ever.
      this.#groups.set(key, withoutUnjudged(group));
      this.#gathering.delete(key);
      const step = this.#guard(key, () => judged(group, nowMs, settings));
      if (step !== null) steps.set(key, step);
    }
    return this.#keep(steps);
  }

  #keep(groups: FleetStep['groups']): FleetStep['groups'] {
    for (const [key, step] of groups) {
      const before = this.#groups.get(key) ?? null;
      this.#groups.set(key, step.memory);
      if (isGathering(step.memory)) this.#gathering.add(key);
      else this.#gathering.delete(key);
      if (isOver(step.memory)) this.forgetGroup(key);
      this.#onGroup(key, step, before);
    }
    return groups;
  }
}
