/**
 * One way into the core: what comes from a device, polled or pushed, takes the fleet's step here, and what it finds goes
 * to the store before anyone is told. What is decided, the step decides (`model/fleet-step.ts`); what is kept, and when,
 * is decided here.
 *
 * Tracker states and events of a fraction of a second are one transaction. An event is told only once its batch is kept,
 * and only if the store did not know it: after a crash the agent finds again what was not kept, under the same id, and
 * doubles nothing. A store that refuses a batch costs the telling, not the polling: the batch waits, bounded.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { type FleetState, fleetStateOfJson } from '../../gdoi/fleet/fleet-state.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { groupKey, inCell } from '../../gdoi/seen/cell.ts';
import type { FleetSettings, FleetView } from '../../gdoi/fleet/fleet-view.ts';
import { settle } from '../../gdoi/tracker/tracker.ts';
import { readTrackerState, TRACKER_STATE_FORMAT } from '../../gdoi/memory/state-format.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { DeviceView } from '../../model/device-view.ts';
import type { EventTotals } from '../../model/event-totals.ts';
import {
  type DeviceSettings,
  type FleetMemory,
  fleetStep,
  type FromDevice,
  type GroupGuard,
  type GroupMemory,
  groupOfState,
  type GroupStep,
  isDue,
  isOver,
  takeWaiting,
  withoutDevice,
  withoutStrangers,
} from '../../model/fleet-step.ts';
import type { EventStore } from '../../store/event-store.ts';
import { StoreError } from '../../store/store-error.ts';

/** Changes of this long are one batch. */
const GATHER_MS = 200;
const RETRY_MS = { first: 1000, most: 30_000 } as const;
/** Events that may wait for a store that refuses them. */
const MAX_WAITING_EVENTS = 100_000;
/** One commit blocks the event loop for some ten milliseconds at most. */
const BATCH_DEVICES = 250;
const BATCH_GROUPS = 4;
const PRUNE_EVERY_MS = 600_000;
/** A configuration cut short is seen within days. */
const KEEP_RETIRED_MS = 7 * 86_400_000;

export interface IntakeOptions {
  /** Counted here, read by whoever shows them. */
  readonly totals: EventTotals;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  readonly settings: FleetSettings;
  /** The view of a large group, made of what was gathered since the last one. */
  readonly onFleetView: (view: FleetView) => void;
  /** Events that are kept and new. */
  readonly onEvents: (events: readonly GdoiEvent[]) => void;
}

/** What a step changed, for the read model. */
export interface Taken {
  readonly state: TrackerState;
  readonly view: DeviceView;
  readonly groups: readonly FleetView[];
}

export class Intake implements AsyncDisposable {
  readonly #options: IntakeOptions;
  readonly #trackers: Map<string, TrackerState>;
  /** By `groupKey`. */
  readonly #groups = new Map<string, GroupMemory>();
  readonly #memory: FleetMemory = {
    state: (device) => this.#trackers.get(device) ?? null,
    group: (name) => this.#groups.get(name) ?? null,
  };
  readonly #guard: GroupGuard = (group, step) => this.#options.errors.guard('group', { group }, step, null);
  readonly #stop = new AbortController();
  #settings: FleetSettings;

  /** What waits to be kept: a state goes with the events that led to it, never without them. */
  readonly #dirtyDevices = new Map<string, GdoiEvent[]>();
  readonly #dirtyGroups = new Map<string, GdoiEvent[]>();
  /** By id: as they are now. They go with their group's state. */
  readonly #dirtyIncidents = new Map<string, Incident>();
  #waitingEvents = 0;
  readonly #removed = new Set<string>();
  readonly #removedGroups = new Set<string>();
  /** Devices that left the configuration and whose state is kept for a while. */
  readonly #retired = new Set<string>();
  /** Groups that gather changes. */
  readonly #gathering = new Set<string>();
  #flushing: Promise<void> | null = null;
  #storeErrors = 0;
  #droppedEvents = 0;
  #prunedMonoMs: number;

  private constructor(options: IntakeOptions, trackers: Map<string, TrackerState>) {
    this.#options = options;
    this.#settings = options.settings;
    this.#trackers = trackers;
    this.#prunedMonoMs = options.clock.monoMs();
  }

  /** Go on from what the store keeps. Its states are our own JSON: they come back as they went. */
  static async open(options: IntakeOptions): Promise<Intake> {
    const { clock, settings, store, totals } = options;
    const { devices, fleets } = await store.loadStates();
    const intake = new Intake(options, trackerStatesOf(devices));
    const counts = await store.counts();
    for (const { count, ...event } of counts) totals.add(event, count);
    // Groups that ended before: their counts have the bound that those have which end now.
    for (const { cell, group } of counts) {
      if (group !== null && !fleets.has(groupKey(cell, group))) totals.vanished({ ...inCell(cell), group });
    }
    for (const [name, state] of ofThisFormat<FleetState>(fleets, fleetStateOfJson)) {
      totals.know(state);
      // Until its KS is polled again, what it said last is better than the floor.
      intake.#groups.set(name, groupOfState(state, clock.wallMs(), settings));
    }
    return intake;
  }

  get storeErrors(): number {
    return this.#storeErrors;
  }

  get droppedEvents(): number {
    return this.#droppedEvents;
  }

  /** Devices that the store knows, configured or not. */
  knownDevices(): readonly string[] {
    return [...this.#trackers.keys()];
  }

  stateOf(device: string): TrackerState | null {
    return this.#trackers.get(device) ?? null;
  }

  /** The configuration changed: from the next step on. */
  settingsChanged(settings: FleetSettings): void {
    this.#settings = settings;
  }

  /** What came from a device, whose view was `before`. */
  take(before: DeviceView, from: FromDevice, device: DeviceSettings): Taken {
    const settings = { fleet: this.#settings, device };
    const { state, view, events, groups } = fleetStep({ memory: this.#memory, before }, from, settings, this.#guard);
    if (state !== this.#trackers.get(before.device) || events.length > 0) {
      this.#wait(this.#dirtyDevices, before.device, events);
      this.#trackers.set(before.device, state);
    }
    this.#removed.delete(before.device);
    this.#retired.delete(before.device);
    return { state, view, groups: this.#takeGroups(groups) };
  }

  /** The device is polled no more, or anew: its groups are without it. */
  without(before: DeviceView): readonly FleetView[] {
    const atMs = this.#options.clock.wallMs();
    return this.#takeGroups(withoutDevice({ memory: this.#memory, before }, atMs, this.#settings, this.#guard));
  }

  #takeGroups(groups: ReadonlyMap<string, GroupStep>): readonly FleetView[] {
    const views: FleetView[] = [];
    for (const [name, { memory, events, incidents }] of groups) {
      this.#options.totals.know(memory.state);
      this.#groups.set(name, memory);
      this.#removedGroups.delete(name);
      if (memory.waiting.length > 0) this.#gathering.add(name);
      else {
        this.#gathering.delete(name);
        this.#wait(this.#dirtyGroups, name, events);
        for (const incident of incidents) this.#dirtyIncidents.set(incident.id, incident);
        views.push(memory.view);
      }
      if (isOver(memory)) this.#endGroup(name);
    }
    this.#kick();
    return views;
  }

  /** The device left the configuration. Its state is kept for a while: it may have been left out by mistake. */
  retire(device: string): void {
    const state = this.#trackers.get(device);
    if (state === undefined) return;
    // What still waited for its next answer is emitted on what there is.
    const settled = settle(state);
    this.#wait(this.#dirtyDevices, device, settled.events);
    this.#trackers.set(device, settled.state);
    this.#retired.add(device);
    this.#kick();
  }

  /** Groups that were kept with members that are configured no more, as after a restart with another configuration. */
  leaveGroups(configured: ReadonlySet<string>): void {
    const atMs = this.#options.clock.wallMs();
    const steps = new Map<string, GroupStep>();
    for (const [name, group] of this.#groups) {
      if (isOver(group)) this.#endGroup(name);
      const step = this.#guard(name, () => withoutStrangers(group, configured, atMs, this.#settings));
      if (step !== null) steps.set(name, step);
    }
    for (const view of this.#takeGroups(steps)) this.#options.onFleetView(view);
  }

  /** Nobody is in the group any more: its events are kept, its state is of no use. */
  #endGroup(group: string): void {
    const state = this.#groups.get(group)?.state;
    this.#groups.delete(group);
    this.#removedGroups.add(group);
    if (state !== undefined) this.#options.totals.vanished(state);
  }

  /** States of devices that are configured no more for longer than a mistake takes to be seen. */
  #forgetRetired(): void {
    const beforeMs = this.#options.clock.wallMs() - KEEP_RETIRED_MS;
    for (const device of this.#retired) {
      if ((this.#trackers.get(device)?.latestSentMs ?? 0) >= beforeMs) continue;
      this.#retired.delete(device);
      this.#trackers.delete(device);
      this.#removed.add(device);
    }
  }

  #wait(dirty: Map<string, GdoiEvent[]>, name: string, events: readonly GdoiEvent[]): void {
    const waiting = dirty.get(name) ?? [];
    dirty.set(name, waiting);
    for (const event of events) {
      if (this.#waitingEvents >= MAX_WAITING_EVENTS) {
        this.#droppedEvents += 1;
        continue;
      }
      waiting.push(event);
      this.#waitingEvents += 1;
    }
  }

  #kick(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#hasWork() && !this.#stop.signal.aborted) this.#kick();
    });
  }

  #hasWork(): boolean {
    const waiting = [this.#dirtyDevices, this.#dirtyGroups, this.#removed, this.#removedGroups, this.#gathering];
    return waiting.some(({ size }) => size > 0);
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    let retryMs: number = RETRY_MS.first;
    let pauseMs: number = GATHER_MS;
    do {
      await clock.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      this.#takeGathered();
      const kept = await this.#commit();
      retryMs = kept ? RETRY_MS.first : Math.min(2 * retryMs, RETRY_MS.most);
      const more = this.#dirtyDevices.size + this.#dirtyGroups.size > 0;
      pauseMs = kept ? (more ? 0 : GATHER_MS) : retryMs;
    } while (this.#hasWork());
    await this.#prune();
  }

  /** `all`: also what was not gathered for a second. */
  #takeGathered(all = false): void {
    const nowMs = this.#options.clock.wallMs();
    const steps = new Map<string, GroupStep>();
    for (const name of this.#gathering) {
      const group = this.#groups.get(name);
      if (group === undefined || !(all || isDue(group, nowMs))) continue;
      // A fault costs what was gathered, and not the group for ever.
      this.#groups.set(name, { ...group, waiting: [] });
      this.#gathering.delete(name);
      const step = this.#guard(name, () => takeWaiting(group, nowMs, this.#settings));
      if (step !== null) steps.set(name, step);
    }
    for (const view of this.#takeGroups(steps)) this.#options.onFleetView(view);
  }

  /** Keep some of what waits; false: the store refused it and it still waits. */
  async #commit(): Promise<boolean> {
    const { store, logger } = this.#options;
    const devices = firstOf(this.#dirtyDevices, BATCH_DEVICES);
    const groups = firstOf(this.#dirtyGroups, BATCH_GROUPS);
    const removed = [...this.#removed];
    const removedGroups = [...this.#removedGroups];
    if (devices.size + groups.size + removed.length + removedGroups.length === 0) return true;
    for (const name of devices.keys()) this.#dirtyDevices.delete(name);
    for (const name of groups.keys()) this.#dirtyGroups.delete(name);
    this.#removed.clear();
    this.#removedGroups.clear();
    const events = [...devices.values(), ...groups.values()].flat();
    const incidents = [...this.#dirtyIncidents.values()].filter(({ cell, group }) => groups.has(groupKey(cell, group)));
    for (const { id } of incidents) this.#dirtyIncidents.delete(id);
    try {
      const fresh = await store.commit({
        events,
        deviceStates: statesOf(devices.keys(), this.#trackers, (state) => state, TRACKER_STATE_FORMAT),
        fleetStates: statesOf(groups.keys(), this.#groups, ({ state }) => state, STATE_FORMAT),
        removedDevices: removed,
        removedFleets: removedGroups,
        incidents,
      });
      if (this.#storeFailing) logger.info({}, 'the store takes events again');
      this.#storeFailing = false;
      this.#waitingEvents -= events.length;
      for (const event of fresh) this.#options.totals.add(event);
      if (fresh.length > 0) this.#options.onEvents(fresh);
      return true;
    } catch (error) {
      this.#storeErrors += 1;
      if (!(error instanceof StoreError)) this.#options.errors.caught('store', error);
      else if (!this.#storeFailing) {
        logger.error({ reason: error.message, waiting: events.length }, 'the store refused events; they wait');
      }
      this.#storeFailing = true;
      putBack(this.#dirtyDevices, devices);
      putBack(this.#dirtyGroups, groups);
      // What has been said since is newer.
      for (const incident of incidents) {
        if (!this.#dirtyIncidents.has(incident.id)) this.#dirtyIncidents.set(incident.id, incident);
      }
      for (const device of removed) if (!this.#trackers.has(device)) this.#removed.add(device);
      for (const group of removedGroups) if (!this.#groups.has(group)) this.#removedGroups.add(group);
      return false;
    }
  }

  #storeFailing = false;

  async #prune(): Promise<void> {
    const { clock, store, logger } = this.#options;
    if (clock.monoMs() - this.#prunedMonoMs < PRUNE_EVERY_MS) return;
    this.#prunedMonoMs = clock.monoMs();
    this.#forgetRetired();
    await store.prune(clock.wallMs()).catch((error: unknown) => {
      logger.warn({ reason: String(error) }, 'old events could not be removed');
    });
  }

  /** What waits is kept, if the store takes it; then the store is the caller's to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await this.#flushing;
    this.#takeGathered(true);
    while (this.#hasWork()) if (!(await this.#commit())) return;
  }
}

function firstOf<T>(waiting: ReadonlyMap<string, T>, count: number): ReadonlyMap<string, T> {
  const first = new Map<string, T>();
  for (const [name, value] of waiting) {
    if (first.size === count) break;
    first.set(name, value);
  }
  return first;
}

/** What was refused comes before what has come since. */
function putBack(waiting: Map<string, GdoiEvent[]>, refused: ReadonlyMap<string, GdoiEvent[]>): void {
  for (const [name, events] of refused) waiting.set(name, [...events, ...(waiting.get(name) ?? [])]);
}

function statesOf<Known>(
  names: Iterable<string>,
  known: ReadonlyMap<string, Known>,
  stateOf: (known: Known) => object,
  format: number,
): ReadonlyMap<string, Kept<object>> {
  const found = new Map<string, Kept<object>>();
  for (const name of names) {
    const of = known.get(name);
    if (of !== undefined) found.set(name, { format, state: stateOf(of) });
  }
  return found;
}

/** Raised with every change of what a fleet's state holds: an older one is not gone on from. */
const STATE_FORMAT = 3;

interface Kept<T extends object> {
  readonly format: number;
  readonly state: T;
}

function trackerStatesOf(kept: ReadonlyMap<string, unknown>): Map<string, TrackerState> {
  const states = new Map<string, TrackerState>();
  for (const [name, value] of kept) {
    if (value === null || typeof value !== 'object') continue;
    const state = readTrackerState(Reflect.get(value, 'format'), Reflect.get(value, 'state'));
    if (state !== null) states.set(name, state);
  }
  return states;
}

/** What another version or another hand left there is dropped: the device starts anew, as at first sight. */
function ofThisFormat<State>(
  kept: ReadonlyMap<string, unknown>,
  stateOfJson: (json: object) => State,
): Map<string, State> {
  const states = new Map<string, State>();
  for (const [name, value] of kept) {
    if (isKept(value)) states.set(name, stateOfJson(value.state));
  }
  return states;
}

/** The same program wrote it, in the same format: it comes back as it went. */
function isKept(value: unknown): value is Kept<object> {
  if (value === null || typeof value !== 'object' || !('format' in value) || !('state' in value)) return false;
  return value.format === STATE_FORMAT && typeof value.state === 'object' && value.state !== null;
}
