/**
 * The running agent's only way into the core. What comes from a device, polled or pushed, takes the fleet's step here
 * (`model/known-fleet.ts`, as in a replay and in a look without an agent), and the result is stored before anyone gets
 * it. The step decides what happened; what is stored and when is decided here.
 *
 * States and events of a fraction of a second are one transaction; a state in which nothing happened is written less
 * often. An event is published only once its batch is stored, and only if the store did not have it yet: after a crash
 * the agent finds events that were not stored again, under the same id, and repeats none. If the store refuses a batch,
 * polls go on and events are not published; the batch waits, within a bound.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import { FLEET_STATE_FORMAT, groupPart, memberPart } from '../../gdoi/fleet/fleet-state-format.ts';
import type { FleetState } from '../../gdoi/fleet/fleet-state.ts';
import { groupPartChanged } from '../../gdoi/fleet/material-change.ts';
import { DEFAULT_CELL, groupKey, groupOfKey, inCell } from '../../gdoi/seen/cell.ts';
import type { FleetSettings } from '../../gdoi/fleet/fleet-settings.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import { stateChanged } from '../../gdoi/memory/material-state.ts';
import { TRACKER_STATE_FORMAT } from '../../gdoi/memory/state-format.ts';
import type { TrackerState } from '../../gdoi/memory/tracker-state.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { DeviceView } from '../../model/device-view.ts';
import type { EventTotals } from '../../model/event-totals.ts';
import type { Maintenance } from '../../model/maintenance.ts';
import {
  type DeviceSettings,
  type FleetStep,
  type FromDevice,
  type GroupMemory,
  groupOfState,
  type GroupSettings,
  type GroupStep,
  isOver,
} from '../../model/fleet-step.ts';
import { KnownFleet } from '../../model/known-fleet.ts';
import type { EventStore, MemberKey, MemberState } from '../../store/event-store.ts';
import { isStoreFailure } from '../../store/store-error.ts';
import { KeepPace } from './keep-pace.ts';
import { storedGroups, storedTrackers } from './stored-groups.ts';
import { eventsUnkept, type Piece, Unkept } from './unkept.ts';

/** Changes within this time are one batch. */
const GATHER_MS = 200;
const RETRY_MS = { first: 1000, most: 30_000 } as const;
/** The KEK ends within this time, or just ended. */
const URGENT_MS = 600_000;
const PRUNE_EVERY_MS = 600_000;
/** A configuration that was cut short is noticed within days. */
const KEEP_RETIRED_MS = 7 * 86_400_000;

export interface IntakeOptions {
  /** Counted here, shown elsewhere. */
  readonly totals: EventTotals;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  readonly settings: FleetSettings;
  /** Cells whose stored states are loaded; absent: all. `adopt` loads others. */
  readonly cells?: readonly string[];
  /** Planned work; absent: there is none. */
  readonly maintenance?: Pick<Maintenance, 'planned'>;
  /** The view of a large group, computed from what was gathered since the last one. */
  readonly onGroupView: (view: GroupView) => void;
  /** Events that are stored and new. */
  readonly onEvents: (events: readonly GdoiEvent[]) => void;
}

/** What a step changed, for the read model. */
export interface Taken {
  readonly state: TrackerState;
  readonly view: DeviceView;
  readonly groups: readonly GroupView[];
}

export class Intake implements AsyncDisposable {
  readonly #options: IntakeOptions;
  readonly #known: KnownFleet;
  /** Cells of devices that are not in the default one. */
  readonly #cells = new Map<string, string>();
  readonly #stop = new AbortController();
  #settings: FleetSettings;

  readonly #unkept = new Unkept();
  readonly #devicePace: KeepPace;
  readonly #groupPace: KeepPace;
  /** Devices that left the configuration, whose state is kept for a while. */
  readonly #retired = new Set<string>();
  #flushing: Promise<void> | null = null;
  #committing: Promise<void> = Promise.resolve();
  #storeErrors = 0;
  #prunedMonoMs: number;

  private constructor(options: IntakeOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#known = new KnownFleet({
      guard: (group, step) => options.errors.guard('group', { group }, step, null),
      onGroup: (key, step, before) => this.#takeGroup(key, step, before),
    });
    this.#prunedMonoMs = options.clock.monoMs();
    this.#devicePace = new KeepPace(options.clock);
    this.#groupPace = new KeepPace(options.clock);
  }

  /** Continues from the stored states. They are our own JSON, so they come back as they were written. */
  static async open(options: IntakeOptions): Promise<Intake> {
    const intake = new Intake(options);
    if (options.cells === undefined) await intake.#goOn(null);
    else for (const cell of options.cells) await intake.#goOn(cell);
    return intake;
  }

  /** Continues from what another agent stored of these cells. */
  async adopt(cells: readonly string[]): Promise<void> {
    for (const cell of cells) await this.#goOn(cell);
  }

  /** `cell` null: all of them. */
  async #goOn(cell: string | null): Promise<void> {
    const { clock, store, totals } = this.#options;
    const of = cell === null ? null : [cell];
    const { devices, ...kept } = await store.loadStates(of);
    const { names, groups } = storedGroups(kept);
    const counts = await store.counts(of);
    for (const [device, state] of storedTrackers(devices)) {
      this.#known.rememberDevice(device, state);
      if (cell !== null) this.#cells.set(device, cell);
    }
    for (const { count, ...event } of counts) totals.add(event, count);
    // Groups that ended earlier: their counts have the same bound as those of groups that end now.
    for (const { cell: shown, group } of counts) {
      if (group !== null && !names.has(groupKey(shown, group))) totals.vanished({ ...inCell(shown), group });
    }
    for (const [name, read] of groups) {
      totals.know(read.state);
      // Until its KS is polled again, the KS's last lead is better than the floor.
      this.#known.rememberGroup(name, groupOfState(read.state, clock.wallMs(), this.#settings));
      if (read.outdated) this.#keepWhole(name);
    }
  }

  /** Stores everything that waits, if the store accepts it. */
  async keepAll(): Promise<void> {
    this.#judgeGathered(true);
    this.#catchUp();
    while (this.#hasWork()) if (!(await this.#commit())) return;
    await this.#committing;
  }

  /** The cells are now another agent's: what is known of them, and what still waits, is dropped and not stored. */
  async abandon(cells: ReadonlySet<string>): Promise<void> {
    await this.#committing;
    const ofGroup = (key: string) => cells.has(groupOfKey(key).cell);
    const ofDevice = (device: string) => cells.has(this.#cellOf(device));
    this.#unkept.abandon(ofDevice, ofGroup);
    for (const group of this.#known.groupsByKey.keys()) {
      if (!ofGroup(group)) continue;
      this.#known.forgetGroup(group);
      this.#groupPace.forget(group);
    }
    for (const device of this.#known.trackers.keys()) {
      if (!ofDevice(device)) continue;
      this.#known.forgetDevice(device);
      this.#retired.delete(device);
      this.#devicePace.forget(device);
    }
    for (const device of this.#cells.keys()) if (ofDevice(device)) this.#cells.delete(device);
    this.#options.totals.forget(cells);
  }

  #cellOf(device: string): string {
    return this.#cells.get(device) ?? DEFAULT_CELL;
  }

  /** Devices to poll first after a change of owner: KSs, then GMs in the order in which their KEK ends. */
  urgentDevices(cells: ReadonlySet<string>, nowMs: EpochMs): readonly string[] {
    const groups = [...this.#known.groupsByKey].filter(([key]) => cells.has(groupOfKey(key).cell));
    const states = groups.map(([, { state }]) => state);
    const gms = states.flatMap((state) => [...state.gms.values()]);
    const near = gms.flatMap(({ device, kekExpiryMs }) =>
      kekExpiryMs !== null && Math.abs(kekExpiryMs - nowMs) < URGENT_MS ? [{ device, kekExpiryMs }] : [],
    );
    const inOrder = near.toSorted((a, b) => a.kekExpiryMs - b.kekExpiryMs).map(({ device }) => device);
    return [...new Set([...states.flatMap((state) => [...state.kss.keys()]), ...inOrder])];
  }

  get storeErrors(): number {
    return this.#storeErrors;
  }

  get storeDamaged(): number {
    return this.#options.store.damaged;
  }

  get droppedEvents(): number {
    return this.#unkept.dropped;
  }

  /** Devices in the store, configured or not. */
  knownDevices(): readonly string[] {
    return [...this.#known.trackers.keys()];
  }

  stateOf(device: string): TrackerState | null {
    return this.#known.state(device);
  }

  get #groupSettings(): GroupSettings {
    return { fleet: this.#settings, maintenance: this.#options.maintenance?.planned ?? [] };
  }

  /** The configuration changed; applies from the next step. */
  settingsChanged(settings: FleetSettings): void {
    this.#settings = settings;
  }

  /** Takes in what came from a device; `before` is its view so far. */
  take(before: DeviceView, from: FromDevice, device: DeviceSettings): Taken {
    if (before.cell !== undefined) this.#cells.set(before.device, before.cell);
    const settings = { ...this.#groupSettings, device };
    const known = this.#known.state(before.device);
    const { state, view, events, groups } = this.#known.step(before, from, settings);
    if (state !== known || events.length > 0) {
      const material = [...groups.values()].some(({ members }) => members.get(before.device)?.material === true);
      const urgent = events.length > 0 || material || stateChanged(known, state);
      if (this.#devicePace.isDue(before.device, urgent)) {
        this.#unkept.device(before.device, events);
        for (const group of groups.keys()) this.#unkept.member(group, before.device);
      }
    }
    this.#retired.delete(before.device);
    this.#kick();
    return { state, view, groups: viewsOf(groups) };
  }

  /** The device is no longer polled, or is replaced: its groups are judged without it. */
  without(before: DeviceView, atMs: EpochMs): readonly GroupView[] {
    const groups = this.#known.without(before, atMs, this.#groupSettings);
    this.#kick();
    return viewsOf(groups);
  }

  /** A step concerned the group: what of it is to be stored. */
  #takeGroup(key: string, { memory, events, incidents, members }: GroupStep, before: GroupMemory | null): void {
    this.#options.totals.know(memory.state);
    const changed = groupPartChanged(before?.state ?? null, memory.state);
    for (const [device, { material }] of members) if (material) this.#unkept.member(key, device);
    if (this.#groupPace.isDue(key, changed || events.length + incidents.length > 0)) {
      this.#unkept.group(key, events, incidents);
    }
    if (isOver(memory)) this.#endGroup(key, memory.state);
  }

  /** Stores the group and all its members, as after a change of their format. */
  #keepWhole(name: string): void {
    const state = this.#known.group(name)?.state;
    if (state === undefined) return;
    this.#unkept.group(name);
    for (const device of [...state.gms.keys(), ...state.kss.keys()]) this.#unkept.member(name, device);
  }

  /** The device left the configuration. Its state is kept for a while, since that may be a mistake. */
  retire(device: string): void {
    if (this.#known.state(device) === null) return;
    const cell = this.#cellOf(device);
    const { maintenance } = this.#groupSettings;
    const events = this.#known.settle(device, cell === DEFAULT_CELL ? undefined : cell, maintenance);
    this.#unkept.device(device, events);
    this.#retired.add(device);
    this.#kick();
  }

  /**
   * Groups that were stored with members that are no longer configured, as after a restart with another configuration.
   */
  leaveGroups(configured: ReadonlySet<string>): void {
    const atMs = this.#options.clock.wallMs();
    for (const [key, group] of this.#known.groupsByKey) if (isOver(group)) this.#endGroup(key, group.state);
    const steps = this.#known.withoutRemoved(configured, atMs, this.#groupSettings);
    this.#kick();
    for (const view of viewsOf(steps)) this.#options.onGroupView(view);
  }

  /** Nobody is in the group any more: its events are stored, its state is dropped. */
  #endGroup(key: string, state: FleetState): void {
    this.#known.forgetGroup(key);
    this.#groupPace.forget(key);
    this.#unkept.groupGone(key);
    this.#options.totals.vanished(state);
  }

  /** Drops states of devices that have been out of the configuration for longer than it takes to notice a mistake. */
  #forgetRetired(): void {
    const beforeMs = this.#options.clock.wallMs() - KEEP_RETIRED_MS;
    for (const device of this.#retired) {
      if ((this.#known.state(device)?.latestSentMs ?? 0) >= beforeMs) continue;
      this.#retired.delete(device);
      this.#known.forgetDevice(device);
      this.#devicePace.forget(device);
      this.#unkept.deviceGone(device);
    }
  }

  #kick(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#hasWork() && !this.#stop.signal.aborted) this.#kick();
    });
  }

  #hasWork(): boolean {
    return !this.#unkept.empty || this.#known.gathers;
  }

  async #flush(): Promise<void> {
    const { clock } = this.#options;
    let retryMs: number = RETRY_MS.first;
    let pauseMs: number = GATHER_MS;
    do {
      await clock.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      this.#judgeGathered();
      const kept = await this.#commit();
      retryMs = kept ? RETRY_MS.first : Math.min(2 * retryMs, RETRY_MS.most);
      pauseMs = kept ? (this.#unkept.empty ? GATHER_MS : 0) : retryMs;
    } while (this.#hasWork());
    await this.#prune();
  }

  /** `all`: even what has not been gathered for long enough. */
  #judgeGathered(all = false): void {
    const steps = this.#known.judgeGathered(this.#options.clock.wallMs(), this.#groupSettings, all);
    this.#kick();
    for (const view of viewsOf(steps)) this.#options.onGroupView(view);
  }

  /** Stores some of what waits; false: the store refused it and it still waits. One batch after the other. */
  #commit(): Promise<boolean> {
    const commit = this.#committing.then(() => this.#commitSome());
    this.#committing = commit.then(() => undefined);
    return commit;
  }

  async #commitSome(): Promise<boolean> {
    const { store, logger } = this.#options;
    const piece = this.#unkept.take();
    const events = eventsUnkept(piece);
    try {
      const fresh = await store.commit({
        ...this.#statesOf(piece),
        events,
        incidents: piece.incidents,
        cellOf: (device) => this.#cellOf(device),
      });
      if (this.#storeFailing) logger.info({}, 'the store accepts events again');
      this.#storeFailing = false;
      this.#unkept.kept(piece);
      for (const event of fresh) this.#options.totals.add(event);
      if (fresh.length > 0) this.#options.onEvents(fresh);
      return true;
    } catch (error) {
      this.#storeErrors += 1;
      if (!isStoreFailure(error)) this.#options.errors.caught('store', error);
      else if (!this.#storeFailing) {
        logger.error({ reason: error.message, waiting: events.length }, 'the store refused events; they wait');
      }
      this.#storeFailing = true;
      this.#unkept.refused(piece);
      return false;
    }
  }

  #storeFailing = false;

  /** The present states of what a batch stores. */
  #statesOf({ devices, groups, members, removedDevices, removedGroups }: Piece) {
    const memberStates: MemberState[] = [];
    const removedMembers: MemberKey[] = [];
    for (const [group, changed] of members) {
      const known = this.#known.group(group);
      if (known === null) continue;
      for (const device of changed) {
        const state = memberPart(known.state, device);
        if (state === null) removedMembers.push({ group, device });
        else memberStates.push({ group, device, state: { format: FLEET_STATE_FORMAT, state } });
      }
    }
    return {
      deviceStates: statesOf(devices.keys(), this.#known.trackers, (state) => state, TRACKER_STATE_FORMAT),
      fleetStates: statesOf(
        groups.keys(),
        this.#known.groupsByKey,
        ({ state }) => groupPart(state),
        FLEET_STATE_FORMAT,
      ),
      memberStates,
      removedMembers,
      removedDevices,
      removedFleets: removedGroups,
    };
  }

  async #prune(): Promise<void> {
    const { clock, store, logger } = this.#options;
    if (clock.monoMs() - this.#prunedMonoMs < PRUNE_EVERY_MS) return;
    this.#prunedMonoMs = clock.monoMs();
    this.#forgetRetired();
    await store.prune(clock.wallMs()).catch((error: unknown) => {
      logger.warn({ reason: String(error) }, 'old events could not be removed');
    });
  }

  /** Stores what waits, if the store accepts it. Closing the store is left to the caller. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await this.#flushing;
    this.#judgeGathered(true);
    this.#catchUp();
    while (this.#hasWork()) {
      if (await this.#commit()) continue;
      const { waitingEvents: events } = this.#unkept;
      this.#options.logger.error({ events }, 'the store did not accept the last events and states: they are lost');
      return;
    }
  }

  /** Writes what was not due yet before the agent ends. */
  #catchUp(): void {
    const behind = new Set(this.#devicePace.behind);
    for (const device of behind) this.#unkept.device(device);
    for (const [group, { state }] of this.#known.groupsByKey) {
      for (const device of [...state.gms.keys(), ...state.kss.keys()]) {
        if (behind.has(device)) this.#unkept.member(group, device);
      }
    }
    for (const group of this.#groupPace.behind) this.#unkept.group(group);
  }
}

function viewsOf(groups: FleetStep['groups']): readonly GroupView[] {
  return Array.from(groups.values(), ({ memory }) => memory.view);
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

interface Kept<T extends object> {
  readonly format: number;
  readonly state: T;
}
