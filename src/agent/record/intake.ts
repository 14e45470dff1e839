/**
 * One way into the core: every observation, live or pushed, goes through here to the tracker, and what it finds goes to
 * the store before anyone is told.
 *
 * Tracker states and events of a fraction of a second are one transaction. An event is told only once its batch is kept,
 * and only if the store did not know it: after a crash the agent finds again what was not kept, under the same id, and
 * doubles nothing. A store that refuses a batch costs the telling, not the polling: the batch waits, bounded.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { trackFleet } from '../../gdoi/fleet/fleet.ts';
import {
  type FleetState,
  fleetStateOfJson,
  initialFleetState,
  ksOrder,
  type MemberFacts,
} from '../../gdoi/fleet/fleet-state.ts';
import { type FleetSettings, type FleetView, fleetView } from '../../gdoi/fleet/fleet-view.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import type { Observation } from '../../gdoi/seen/observation.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { settle, track } from '../../gdoi/tracker/tracker.ts';
import { readTrackerState, TRACKER_STATE_FORMAT } from '../../gdoi/memory/state-format.ts';
import { initialTrackerState, type TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { EventStore } from '../../store/event-store.ts';
import { StoreError } from '../../store/store-error.ts';
import type { EventTotals } from '../../model/event-totals.ts';
import { trackOptions } from '../../model/group-tracking.ts';

/** Changes of this long are one batch. */
const GATHER_MS = 200;
const RETRY_MS = { first: 1000, most: 30_000 } as const;
/** Events that may wait for a store that refuses them. */
const MAX_WAITING_EVENTS = 100_000;
/** One commit blocks the event loop for some ten milliseconds at most. */
const BATCH_DEVICES = 250;
const BATCH_GROUPS = 4;
/** A view of a group this large is made once a second, not with every poll. */
const LARGE_GROUP = 200;
const LARGE_GROUP_EVERY_MS = 1000;
const PRUNE_EVERY_MS = 600_000;

export interface IntakeOptions {
  /** Counted here, read by whoever shows them. */
  readonly totals: EventTotals;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  readonly settings: FleetSettings;
  /** The fleet's view of a group changed. */
  readonly onFleetView: (view: FleetView) => void;
  /** Events that are kept and new. */
  readonly onEvents: (events: readonly GdoiEvent[]) => void;
}

export class Intake implements AsyncDisposable {
  readonly #options: IntakeOptions;
  readonly #trackers: Map<string, TrackerState>;
  readonly #fleets: Map<string, FleetState>;
  readonly #views = new Map<string, FleetView>();
  readonly #stop = new AbortController();

  /** What waits to be kept: a state goes with the events that led to it, never without them. */
  readonly #dirtyDevices = new Map<string, GdoiEvent[]>();
  readonly #dirtyGroups = new Map<string, GdoiEvent[]>();
  /** By id: as they are now. They go with their group's state. */
  readonly #dirtyIncidents = new Map<string, Incident>();
  #waitingEvents = 0;
  readonly #fleetTrackedMs = new Map<string, number>();
  readonly #removed = new Set<string>();
  readonly #changes = new Map<string, MemberFacts[]>();
  #flushing: Promise<void> | null = null;
  #storeErrors = 0;
  #droppedEvents = 0;
  #prunedMonoMs: number;

  private constructor(options: IntakeOptions, trackers: Map<string, TrackerState>, fleets: Map<string, FleetState>) {
    this.#options = options;
    this.#trackers = trackers;
    this.#fleets = fleets;
    this.#prunedMonoMs = options.clock.monoMs();
  }

  /** Go on from what the store keeps. Its states are our own JSON: they come back as they went. */
  static async open(options: IntakeOptions): Promise<Intake> {
    const { devices, fleets } = await options.store.loadStates();
    const intake = new Intake(options, trackerStatesOf(devices), ofThisFormat(fleets, fleetStateOfJson));
    for (const { count, ...event } of await options.store.counts()) options.totals.add(event, count);
    for (const [group, state] of intake.#fleets) {
      options.totals.know(group);
      // Until its KS is polled again, what it said last is better than the floor.
      intake.#views.set(group, fleetView(state, options.clock.wallMs(), options.settings));
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

  fleetView(group: string): FleetView | null {
    return this.#views.get(group) ?? null;
  }

  /** When the KEK of the group's KS expires; null: no KS is polled, or it shows none. */
  ksKekExpiryMs(group: string): EpochMs | null {
    const state = this.#fleets.get(group);
    return state === undefined ? null : (ksOrder(state)[0]?.kek?.expiryMs ?? null);
  }

  /** Observations of one device, in their order. Returns the device's state after them. */
  observe(device: string, observations: readonly Observation[]): TrackerState {
    let state = this.#trackers.get(device) ?? initialTrackerState(device);
    const options = trackOptions((group) => this.fleetView(group));
    for (const observation of observations) {
      const tracked = track(state, observation, options);
      state = tracked.state;
      this.#wait(this.#dirtyDevices, device, tracked.events);
    }
    this.#trackers.set(device, state);
    this.#removed.delete(device);
    this.#kick();
    return state;
  }

  /** A device's part in a group changed: the fleet's view follows within a fraction of a second. */
  memberChanged(group: string, facts: MemberFacts): void {
    this.#options.totals.know(group);
    const changes = this.#changes.get(group);
    if (changes === undefined) this.#changes.set(group, [facts]);
    else changes.push(facts);
    this.#kick();
  }

  /** The device left the configuration. */
  remove(device: string): void {
    const state = this.#trackers.get(device);
    if (state === undefined) return;
    // What still waited for its next answer is told on what there is.
    this.#wait(this.#dirtyDevices, device, settle(state).events);
    this.#trackers.delete(device);
    this.#removed.add(device);
    this.#kick();
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
    return this.#dirtyDevices.size + this.#dirtyGroups.size + this.#removed.size + this.#changes.size > 0;
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    let retryMs: number = RETRY_MS.first;
    let pauseMs: number = GATHER_MS;
    do {
      await clock.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      this.#trackFleets();
      const kept = await this.#commit();
      retryMs = kept ? RETRY_MS.first : Math.min(2 * retryMs, RETRY_MS.most);
      const more = this.#dirtyDevices.size + this.#dirtyGroups.size > 0;
      pauseMs = kept ? (more ? 0 : GATHER_MS) : retryMs;
    } while (this.#hasWork());
    await this.#prune();
  }

  /** `all`: also those of large groups that were tracked just now. */
  #trackFleets(all = false): void {
    const nowMs = this.#options.clock.monoMs();
    for (const [group, changes] of this.#changes) {
      const members = this.#views.get(group)?.members ?? 0;
      const trackedMs = this.#fleetTrackedMs.get(group) ?? Number.NEGATIVE_INFINITY;
      if (!all && members > LARGE_GROUP && nowMs - trackedMs < LARGE_GROUP_EVERY_MS) continue;
      // One by one where that costs nothing: then a replay, which knows no batches, says the same to the instant.
      const steps = members > LARGE_GROUP ? [changes] : changes.map((change) => [change]);
      this.#changes.delete(group);
      this.#fleetTrackedMs.set(group, nowMs);
      this.#options.errors.guard('group', { group }, () => this.#trackFleet(group, steps), undefined);
    }
  }

  #trackFleet(group: string, steps: readonly (readonly MemberFacts[])[]): void {
    let state = this.#fleets.get(group) ?? initialFleetState(group);
    for (const step of steps) {
      const tracked = trackFleet(state, step, this.#options.settings);
      state = tracked.state;
      this.#fleets.set(group, state);
      this.#views.set(group, tracked.view);
      this.#wait(this.#dirtyGroups, group, tracked.events);
      for (const incident of tracked.incidents) this.#dirtyIncidents.set(incident.id, incident);
    }
    const view = this.#views.get(group);
    if (view !== undefined) this.#options.onFleetView(view);
  }

  /** Keep some of what waits; false: the store refused it and it still waits. */
  async #commit(): Promise<boolean> {
    const { store, logger } = this.#options;
    const devices = firstOf(this.#dirtyDevices, BATCH_DEVICES);
    const groups = firstOf(this.#dirtyGroups, BATCH_GROUPS);
    const removed = [...this.#removed];
    if (devices.size + groups.size + removed.length === 0) return true;
    for (const name of devices.keys()) this.#dirtyDevices.delete(name);
    for (const name of groups.keys()) this.#dirtyGroups.delete(name);
    this.#removed.clear();
    const events = [...devices.values(), ...groups.values()].flat();
    const incidents = [...this.#dirtyIncidents.values()].filter(({ group }) => groups.has(group));
    for (const { id } of incidents) this.#dirtyIncidents.delete(id);
    try {
      const fresh = await store.commit({
        events,
        deviceStates: statesOf(devices.keys(), this.#trackers, TRACKER_STATE_FORMAT),
        fleetStates: statesOf(groups.keys(), this.#fleets, STATE_FORMAT),
        removedDevices: removed,
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
      return false;
    }
  }

  #storeFailing = false;

  async #prune(): Promise<void> {
    const { clock, store, logger } = this.#options;
    if (clock.monoMs() - this.#prunedMonoMs < PRUNE_EVERY_MS) return;
    this.#prunedMonoMs = clock.monoMs();
    await store.prune(clock.wallMs()).catch((error: unknown) => {
      logger.warn({ reason: String(error) }, 'old events could not be removed');
    });
  }

  /** What waits is kept, if the store takes it; then the store is the caller's to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await this.#flushing;
    this.#trackFleets(true);
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

function statesOf(
  names: Iterable<string>,
  states: ReadonlyMap<string, object>,
  format: number,
): ReadonlyMap<string, Kept<object>> {
  const found = new Map<string, Kept<object>>();
  for (const name of names) {
    const state = states.get(name);
    if (state !== undefined) found.set(name, { format, state });
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
