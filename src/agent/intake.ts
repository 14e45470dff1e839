/**
 * One way into the core: every observation, live or pushed, goes through here to the tracker, and what it finds goes to
 * the store before anyone is told.
 *
 * Tracker states and events of a fraction of a second are one transaction. An event is told only once its batch is kept,
 * and only if the store did not know it: after a crash the agent finds again what was not kept, under the same id, and
 * doubles nothing. A store that refuses a batch costs the telling, not the polling: the batch waits, bounded.
 */
import type { GdoiEvent } from '../gdoi/event.ts';
import { trackFleet } from '../gdoi/fleet.ts';
import { type FleetState, initialFleetState, ksOrder, type MemberFacts } from '../gdoi/fleet-state.ts';
import type { FleetSettings, FleetView } from '../gdoi/fleet-view.ts';
import type { EpochMs, Observation } from '../gdoi/observation.ts';
import { track } from '../gdoi/tracker.ts';
import { initialTrackerState, type TrackerState } from '../gdoi/tracker-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { EventStore } from '../store/event-store.ts';
import { EventTotals } from './event-totals.ts';

/** Changes of this long are one batch. */
const GATHER_MS = 200;
const RETRY_MS = { first: 1000, most: 30_000 } as const;
/** Events that may wait for a store that refuses them. */
const MAX_WAITING_EVENTS = 100_000;
const PRUNE_EVERY_MS = 600_000;

export interface IntakeOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly logger: Logger;
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
  readonly totals = new EventTotals();
  readonly #stop = new AbortController();

  #events: GdoiEvent[] = [];
  readonly #dirtyDevices = new Set<string>();
  readonly #dirtyGroups = new Set<string>();
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
    const intake = new Intake(
      options,
      new Map([...devices].filter((entry): entry is [string, TrackerState] => isStateOf(entry[1], 'device', entry[0]))),
      new Map([...fleets].filter((entry): entry is [string, FleetState] => isStateOf(entry[1], 'group', entry[0]))),
    );
    for (const { count, ...event } of await options.store.counts()) intake.totals.add(event, count);
    for (const group of intake.#fleets.keys()) intake.totals.know(group);
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
    const ksLeadSeconds = (group: string) => this.#views.get(group)?.lead.seconds ?? null;
    for (const observation of observations) {
      const tracked = track(state, observation, { ksLeadSeconds });
      state = tracked.state;
      this.#keepEvents(tracked.events);
    }
    this.#trackers.set(device, state);
    this.#removed.delete(device);
    this.#dirtyDevices.add(device);
    this.#kick();
    return state;
  }

  /** A device's part in a group changed: the fleet's view follows within a fraction of a second. */
  memberChanged(group: string, facts: MemberFacts): void {
    this.totals.know(group);
    const changes = this.#changes.get(group);
    if (changes === undefined) this.#changes.set(group, [facts]);
    else changes.push(facts);
    this.#kick();
  }

  /** The device left the configuration. */
  remove(device: string): void {
    if (!this.#trackers.delete(device)) return;
    this.#dirtyDevices.delete(device);
    this.#removed.add(device);
    this.#kick();
  }

  #keepEvents(events: readonly GdoiEvent[]): void {
    for (const event of events) {
      if (this.#events.length >= MAX_WAITING_EVENTS) this.#droppedEvents += 1;
      else this.#events.push(event);
    }
  }

  #kick(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#hasWork() && !this.#stop.signal.aborted) this.#kick();
    });
  }

  #hasWork(): boolean {
    return this.#events.length + this.#dirtyDevices.size + this.#removed.size + this.#changes.size > 0;
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    let retryMs: number = RETRY_MS.first;
    await clock.sleep(GATHER_MS, this.#stop.signal).catch(() => undefined);
    while (this.#hasWork() || this.#dirtyGroups.size > 0) {
      this.#trackFleets();
      if (await this.#commit()) {
        retryMs = RETRY_MS.first;
      } else {
        if (this.#stop.signal.aborted) return;
        await clock.sleep(retryMs, this.#stop.signal).catch(() => undefined);
        retryMs = Math.min(2 * retryMs, RETRY_MS.most);
      }
    }
    await this.#prune();
  }

  #trackFleets(): void {
    for (const [group, changes] of this.#changes) {
      const before = this.#fleets.get(group) ?? initialFleetState(group);
      const { state, events, view } = trackFleet(before, changes, this.#options.settings);
      this.#fleets.set(group, state);
      this.#views.set(group, view);
      this.#dirtyGroups.add(group);
      this.#keepEvents(events);
      this.#options.onFleetView(view);
    }
    this.#changes.clear();
  }

  /** Keep what is there now; false: the store refused it and it still waits. */
  async #commit(): Promise<boolean> {
    const { store, logger } = this.#options;
    const events = this.#events;
    const devices = [...this.#dirtyDevices];
    const groups = [...this.#dirtyGroups];
    const removed = [...this.#removed];
    this.#events = [];
    this.#dirtyDevices.clear();
    this.#dirtyGroups.clear();
    this.#removed.clear();
    try {
      const fresh = await store.commit({
        events,
        deviceStates: statesOf(devices, this.#trackers),
        fleetStates: statesOf(groups, this.#fleets),
        removedDevices: removed,
      });
      if (this.#storeErrors > 0 && this.#storeFailing) logger.info({}, 'the store takes events again');
      this.#storeFailing = false;
      for (const event of fresh) this.totals.add(event);
      if (fresh.length > 0) this.#options.onEvents(fresh);
      return true;
    } catch (error) {
      this.#storeErrors += 1;
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#storeFailing) logger.error({ reason, waiting: events.length }, 'the store refused events; they wait');
      this.#storeFailing = true;
      this.#events = [...events, ...this.#events];
      for (const device of devices) if (this.#trackers.has(device)) this.#dirtyDevices.add(device);
      for (const group of groups) this.#dirtyGroups.add(group);
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
    if (this.#hasWork() || this.#dirtyGroups.size > 0) {
      this.#trackFleets();
      await this.#commit();
    }
  }
}

function statesOf<T>(names: readonly string[], states: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const name of names) {
    const state = states.get(name);
    if (state !== undefined) found.set(name, state);
  }
  return found;
}

/** What another version or another hand left there is dropped: the device starts anew, as at first sight. */
function isStateOf(state: unknown, key: 'device' | 'group', name: string): boolean {
  return state !== null && typeof state === 'object' && key in state && Reflect.get(state, key) === name;
}
