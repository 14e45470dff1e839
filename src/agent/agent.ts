/**
 * The running agent: builds its parts, gives each what it needs, owns start, reload and stop.
 *
 * Data flows one way: scheduler -> poller -> tracker and view -> store -> listeners of the read model and of events.
 * What the tracker asks for (polls at the instants that decide a cause) is a value that it returns; the scheduler plans
 * it. A device polled over SSH and also over SNMP or RESTCONF has two schedules: SSH decides its state, and a change
 * seen by the other transport or in a pushed message triggers an SSH poll.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DeviceTraffic } from '../access/device-traffic.ts';
import type { PushedMessage } from '../access/pushed.ts';
import { groupDoubts } from '../config/name-doubts.ts';
import { asItRuns, diffConfig, type RenewedDevice, restartNeeded } from '../config/reload-diff.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import type { Clock } from '../kernel/clock.ts';
import { InternalErrors } from '../kernel/internal-errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { UserError } from '../kernel/user-error.ts';
import type { EventStore, StoredStates } from '../store/event-store.ts';
import { StoreError } from '../store/store-error.ts';
import { DeviceAsker, type Ways } from './poll/device-asker.ts';
import {
  type ConfiguredDevice,
  type DeviceView,
  newDeviceView,
  NOT_POLLED_BESIDE,
  roleOf,
} from '../model/device-view.ts';
import { EventTotals } from '../model/event-totals.ts';
import type { GroupSettings } from '../model/fleet-step.ts';
import type { Maintenance } from '../model/maintenance.ts';
import { FleetRecord } from './record/fleet-record.ts';
import { Intake } from './record/intake.ts';
import { keptFleet } from './record/kept-fleet.ts';
import { type PollRequestOutcome, PollRequests } from './schedule/poll-requests.ts';
import { configuredView, decidingWay, fleetSettings, type Beside, polledBeside } from './poll/poll-target.ts';
import { HintPace } from './heard/hint-pace.ts';
import { Returning } from './heard/returning.ts';
import { shownState } from './heard/shown-state.ts';
import { systemRandom } from '../kernel/random.ts';
import { type PushedFromDevice, PushedMessages } from './heard/pushed-messages.ts';
import { type AgentStatus, createReadModel, type FleetReadModel, type MutableReadModel } from '../model/read-model.ts';
import type { GoneFor } from './record/recorded-line.ts';
import { type ReplaySettings, settingsOfConfig } from './record/recorded-settings.ts';
import type { BesideTransport, PollReport } from '../model/poll-report.ts';
import { makeRecordDirectory } from './record/record-directory.ts';
import { Recorder } from './record/recorder.ts';
import { FirstSweep } from './schedule/first-sweep.ts';
import { withStaying } from './staying-devices.ts';
import { Scheduler } from './schedule/scheduler.ts';
import { SenderLookup } from './heard/sender-lookup.ts';
import { Senders } from './heard/senders.ts';

export interface AgentOptions extends Ways {
  readonly config: ResolvedConfig;
  /** Wall and monotonic time of polls and schedules; may run fast (`--speed`). */
  readonly clock: Clock;
  /** Time of the network, which a fast `clock` must not shorten. */
  readonly networkClock: Clock;
  /** Addresses of a host name; rejects if there are none. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly store: EventStore;
  /** What devices were asked, counted by their access; absent: not counted. */
  readonly traffic?: DeviceTraffic;
  readonly logger: Logger;
  /** Planned maintenance; absent: none. */
  readonly maintenance?: Maintenance;
  /** Events that are stored and new, in the order in which they were stored. */
  readonly onEvents?: (events: readonly GdoiEvent[]) => void;
  /**
   * Set if several agents share the store: this one polls only the cells given to it (`own`). Called before each poll;
   * false: it may poll nothing now.
   */
  readonly mayPoll?: () => boolean;
  /**
   * The other agent that owns this cell has still the inventory that this one had before its reload, so it does not poll
   * devices that the reload moves there. Absent: there is no other.
   */
  readonly isBehind?: (cell: string) => boolean;
  /** Loads what other agents learned about the devices, before those are polled here. Absent: nothing to load. */
  readonly recall?: () => Promise<void>;
  /** Counts internal errors; absent: the agent keeps its own count. */
  readonly errors?: InternalErrors;
}

export interface ReloadSummary {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly kept: number;
  /** Changed settings that need a restart. */
  readonly restartNeeded: readonly string[];
}

/**
 * SSH is asked right after RESTCONF if both have the same interval, because what RESTCONF shows of a registration is
 * evidence for the next SSH answer. The other way round, each answer would end the interval that the other has yet to
 * explain.
 */
const RESTCONF_AHEAD_MS = 500;

export class Agent implements AsyncDisposable {
  readonly #options: AgentOptions;
  readonly #views: MutableReadModel;
  readonly #intake: Intake;
  readonly #record: FleetRecord;
  readonly #recorder: Recorder | null;
  readonly #asker: DeviceAsker;
  readonly #devices = new Map<string, ResolvedDevice>();
  /** Polls by the transport that decides a device's state. */
  readonly #scheduler: Scheduler;
  /** SNMP or RESTCONF polls of devices that SSH decides. */
  readonly #besideScheduler: Scheduler;
  readonly #pollEndsMonoMs = new Map<string, number>();
  readonly #firstSweep: FirstSweep;
  readonly #requests: PollRequests;
  readonly #senders = new Senders();
  readonly #senderLookup: SenderLookup;
  readonly #pushed: PushedMessages;
  readonly #hints: HintPace;
  readonly #returning: Returning;
  readonly #startedAtMs: number;
  readonly #errors: InternalErrors;
  /** The configuration at the start, for the settings that no reload can change. */
  readonly #started: ResolvedConfig;
  /** What polls go by: as given, but for devices that stay until another agent takes them. */
  #config: ResolvedConfig;
  #given: ResolvedConfig;
  /** One change of the configuration after the other. */
  #changes: Promise<unknown> = Promise.resolve();
  #restartNeeded: readonly string[] = [];
  /** Cells that this agent polls; null: all. */
  #owned: ReadonlySet<string> | null;
  /** Devices that a reload moved here from another agent's cell, and when. The other agent may still poll them. */
  readonly #moved = new Map<string, number>();
  #inventory: Inventory | null = null;
  /** With the devices that stay where they will be. */
  #inventoryToCome: Inventory | null = null;
  /** The inventory that polls go by: the old one while a reload still stops devices that were removed. */
  #inventoryInForce: ReadonlyMap<string, ConfiguredDevice>;
  #inventoryComplete = false;
  #doubtsSaid: ReadonlySet<string> = new Set();
  #reload: { readonly ok: boolean; readonly atMs: number | null } = { ok: true, atMs: null };

  private constructor(
    options: AgentOptions & { readonly errors: InternalErrors },
    intake: Intake,
    views: MutableReadModel,
  ) {
    const { config, clock, logger, networkClock, lookup } = options;
    const { concurrentPolls } = config.limits;
    this.#options = options;
    this.#errors = options.errors;
    this.#started = config;
    this.#config = config;
    this.#given = config;
    this.#inventoryInForce = this.inventory();
    this.#owned = options.mayPoll === undefined ? null : new Set();
    this.#intake = intake;
    this.#views = views;
    this.#startedAtMs = clock.wallMs();
    this.#firstSweep = new FirstSweep({ clock, logger });
    this.#asker = new DeviceAsker(options);
    this.#recorder = config.record === null ? null : new Recorder({ directory: config.record, clock, logger });
    this.#recorder?.settings(this.#replaySettings());
    const planned = options.maintenance === undefined ? {} : { maintenance: options.maintenance };
    this.#record = new FleetRecord({ ...planned, views, intake, recorder: this.#recorder, clock, logger });
    this.#scheduler = new Scheduler({
      clock,
      concurrentPolls,
      poll: (device, signal) => this.#guarded(device, signal, () => this.#poll(device, signal)),
    });
    this.#besideScheduler = new Scheduler({
      clock,
      concurrentPolls,
      poll: (device, signal) => this.#guarded(device, signal, () => this.#pollBeside(device, signal)),
    });
    this.#requests = new PollRequests({
      clock: networkClock,
      now: (device) => this.#scheduler.now(device),
      lastPollMonoMs: (device) => this.#pollEndsMonoMs.get(device) ?? null,
    });
    this.#senderLookup = new SenderLookup({ senders: this.#senders, clock: networkClock, lookup });
    this.#senders.setRelays(config.syslog?.relays ?? []);
    this.#hints = new HintPace({ clock, random: systemRandom, poll: (device) => this.#scheduler.hint(device) });
    this.#returning = new Returning({
      waitAtMost: (device, ms) => options.access.waitAtMost(device, ms),
      clock: networkClock,
      poll: (device) => this.#scheduler.hint(device),
    });
    this.#pushed = new PushedMessages({
      senders: this.#senders,
      clock: networkClock,
      errors: this.#errors,
      onPushed: (pushed) => this.#takePushed(pushed),
    });
  }

  /**
   * Opens an agent that continues from the stored states; it polls nothing before `start`. Store and access belong to
   * the caller.
   */
  static async open(options: AgentOptions): Promise<Agent> {
    const { clock, store, logger } = options;
    const config = withShownCells(options.config);
    if (config.record !== null) await makeRecordDirectory(config.record);
    let agent: Agent | null = null;
    const totals = new EventTotals();
    const errors = options.errors ?? new InternalErrors(logger);
    const views = createReadModel(totals, errors);
    const intake = await Intake.open({
      store,
      clock,
      logger,
      errors,
      totals,
      settings: fleetSettings(config.devices),
      ...(options.mayPoll === undefined ? {} : { cells: [] }),
      ...(options.maintenance === undefined ? {} : { maintenance: options.maintenance }),
      onGroupView: (view) => {
        if (agent !== null) agent.#record.grouped(view);
      },
      onEvents: (events) => {
        for (const event of events) logEvent(logger, event);
        views.addEvents(events);
        if (agent !== null) agent.#seeServed(events);
        options.onEvents?.(events);
      },
    });
    agent = new Agent({ ...options, config, errors }, intake, views);
    return agent;
  }

  #replaySettings(): ReplaySettings {
    const { devices } = settingsOfConfig(this.#ofPolled(this.#config));
    return { ...this.#groupSettings, devices };
  }

  get #groupSettings(): GroupSettings {
    return { fleet: fleetSettings(this.#config.devices), maintenance: this.#options.maintenance?.planned ?? [] };
  }

  get readModel(): FleetReadModel {
    return this.#views;
  }

  /** Takes a message that a listener received. */
  pushed(message: PushedMessage): void {
    this.#pushed.take(message);
  }

  /** Polls a device for someone who waits: joins a poll under way, limited over the fleet. */
  pollNow(device: string, signal: AbortSignal): Promise<PollRequestOutcome> {
    return this.#requests.poll(device, signal);
  }

  /** Passes on events that other agents stored. */
  heardOfOthers(events: readonly GdoiEvent[]): void {
    if (events.length > 0) this.#views.addEvents(events);
  }

  status(): AgentStatus {
    const access = this.#options.access.status();
    const snmp = this.#options.snmp.status();
    const restconf = this.#options.restconf.status();
    const scheduler = this.#scheduler.status();
    const beside = this.#besideScheduler.status();
    return {
      startedAtMs: this.#startedAtMs,
      firstSweepDone: this.#firstSweep.done,
      firstSweepProgress: this.#firstSweep.progress,
      pollsRunning: scheduler.running + beside.running,
      pollsQueued: scheduler.queued + beside.queued,
      hintsDelayed: this.#hints.delayed,
      pollsOverAllowance: scheduler.overAllowance + beside.overAllowance,
      pollsSkippedLate: scheduler.skippedLate + beside.skippedLate,
      ...access,
      quarantinedCredentials: [access, snmp, restconf].flatMap(({ quarantinedCredentials }) => quarantinedCredentials),
      restconfConnections: restconf.openConnections,
      snmpRequestsActive: snmp.requestsActive,
      snmpDatagramsDropped: snmp.datagramsDropped,
      pushed: this.#pushed.counts,
      recordErrors: this.#recorder?.errors ?? 0,
      recordLinesDropped: this.#recorder?.dropped ?? 0,
      internalErrors: this.#errors.counts,
      storeErrors: this.#intake.storeErrors,
      storeDamaged: this.#intake.storeDamaged,
      eventsDropped: this.#intake.droppedEvents,
      configReloadOk: this.#reload.ok,
      configReloadedAtMs: this.#reload.atMs,
    };
  }

  /**
   * `inventoryComplete` false: service discovery may still find devices that are stored but not configured; they are
   * kept.
   */
  start({ inventoryComplete }: { readonly inventoryComplete: boolean } = { inventoryComplete: true }): void {
    this.#inventoryComplete = inventoryComplete;
    if (inventoryComplete) this.#leaveRemoved();
    for (const device of this.#polled(this.#config)) this.#add(device, this.#config.devices.length);
    this.#scheduler.start();
    this.#besideScheduler.start();
    this.#senderLookup.start();
    this.#options.logger.info({ devices: this.#devices.size }, 'polling started');
  }

  /** Drops the state of devices that are no longer configured. */
  #leaveRemoved(): void {
    const configured = new Set(this.#config.devices.map((device) => device.name));
    for (const device of this.#intake.knownDevices()) {
      if (configured.has(device)) continue;
      this.#record.gone(device, 'removed');
      this.#intake.retire(device);
    }
    this.#intake.leaveGroups(configured);
  }

  /** Applies a new configuration; unchanged devices keep their session, and one that is the same router what is known. */
  reload(config: ResolvedConfig, { removalsMeant = false } = {}): Promise<ReloadSummary> {
    return this.#change(() => this.#reloadNow(withShownCells(config), removalsMeant));
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changes.then(work);
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  async #reloadNow(given: ResolvedConfig, removalsMeant: boolean): Promise<ReloadSummary> {
    if (!removalsMeant) refuseLosses(this.#config.devices.length, diffConfig(this.#config, given).removed.length);
    const running = await asItRuns(this.#started);
    const config = this.#withStaying(given);
    this.#given = given;
    this.#restartNeeded = restartNeeded(running, config);
    this.#senders.setRelays(config.syslog?.relays ?? []);
    const diff = await this.#apply(config);
    const summary: ReloadSummary = {
      added: diff.added.length,
      removed: diff.removed.length,
      changed: diff.changed.length + diff.renewed.length + diff.rescheduled.length,
      kept: diff.unchanged.length,
      restartNeeded: this.#restartNeeded,
    };
    this.#reload = { ok: true, atMs: this.#options.clock.wallMs() };
    this.#options.logger.info(summary, 'configuration reloaded');
    this.#sayDoubts();
    return summary;
  }

  /** Polls by this configuration from now on. */
  async #apply(config: ResolvedConfig): Promise<ReturnType<typeof diffConfig>> {
    const polled = this.#ofPolled(this.#config);
    this.#holdMoved(config);
    const diff = diffConfig(polled, this.#ofPolled(config));
    const fleetSize = config.devices.length;
    this.#config = config;
    this.#intake.settingsChanged(fleetSettings(config.devices));
    this.#recorder?.settingsOfGroups(this.#groupSettings);
    await Promise.all([
      ...diff.removed.map(({ name }) => this.#drop(name, 'removed')),
      ...diff.changed.map(({ name }) => this.#drop(name, 'changed')),
    ]);
    this.#inventoryInForce = this.inventory();
    for (const device of diff.removed) this.#intake.retire(device.name);
    for (const device of [...diff.changed, ...diff.added]) this.#add(device, fleetSize);
    for (const device of diff.rescheduled) this.#adjust(device, fleetSize);
    const { renewed } = diff;
    await Promise.all(renewed.map((each) => this.#renew(each, { fleetSize, renewed: renewed.length })));
    return diff;
  }

  #withStaying(given: ResolvedConfig): ResolvedConfig {
    const { logger, isBehind } = this.#options;
    const owned = this.#owned;
    if (owned === null || isBehind === undefined) return given;
    const config = withStaying(
      given,
      (name) => this.#devices.get(name),
      ({ from, to }) => owned.has(from) && !owned.has(to) && isBehind(to),
    );
    const devices = config.devices.filter((device, index) => device !== given.devices[index]).map(({ name }) => name);
    if (devices.length > 0 && !this.staying) {
      logger.info(
        { devices },
        'devices moved to other cells; they are polled here until the agents there know of them',
      );
    }
    return config;
  }

  /** Devices are still polled as before a reload, because the agents of their new cells do not know of them. */
  get staying(): boolean {
    return this.#given !== this.#config;
  }

  /** Lets go of those whose agents know of them now; true: of all, so that the whole configuration is in force. */
  letMovedGo(): Promise<boolean> {
    return this.#change(async () => {
      if (!this.staying) return false;
      const config = this.#withStaying(this.#given);
      if (config.devices.some((device, index) => device !== this.#config.devices[index])) await this.#apply(config);
      return !this.staying;
    });
  }

  /** A reload was refused: the old configuration stays in force, and metrics show it. */
  reloadRefused(): void {
    this.#reload = { ok: false, atMs: this.#reload.atMs };
  }

  /** Mismatches between the configuration and the network, one line each. */
  doubts(): readonly string[] {
    const waiting = this.#restartNeeded.map((setting) => `${setting}: changed, and counts after a restart`);
    return [...waiting, ...this.#groupDoubts()];
  }

  /**
   * Groups named in maintenance windows that no device shows. Empty until each device was polled once, and where other
   * agents poll some of them.
   */
  #groupDoubts(): readonly string[] {
    const { maintenance } = this.#config;
    const isOfGroups = maintenance.some(({ groups }) => groups.length > 0);
    if (!isOfGroups || !this.#firstSweep.done || !this.#pollsAll) return [];
    const shown = [...this.#views.devices()].flatMap(({ groups, tracking, namedIn = [] }) => [
      ...groups.keys(),
      ...tracking.keys(),
      ...namedIn,
    ]);
    return groupDoubts(maintenance, new Set(shown), this.#options.clock.wallMs());
  }

  get #pollsAll(): boolean {
    return this.#polled(this.#config).length === this.#config.devices.length;
  }

  /** Logs each doubt once. */
  #sayDoubts(): void {
    const doubts = this.#groupDoubts();
    for (const finding of doubts) {
      if (!this.#doubtsSaid.has(finding)) this.#options.logger.warn({ finding }, 'doubt about the configuration');
    }
    this.#doubtsSaid = new Set(doubts);
  }

  /** As the configuration has them, also those that stay. */
  inventoryGiven(): ReadonlyMap<string, ConfiguredDevice> {
    if (this.#inventoryToCome?.of !== this.#given) {
      this.#inventoryToCome = { of: this.#given, devices: inventoryOf(this.#given) };
    }
    return this.#inventoryToCome.devices;
  }

  /** All configured devices, whichever agent polls them. */
  inventory(): ReadonlyMap<string, ConfiguredDevice> {
    if (this.#inventory?.of !== this.#config) {
      this.#inventory = { of: this.#config, devices: inventoryOf(this.#config) };
    }
    return this.#inventory.devices;
  }

  /** The inventory that polls still go by during a reload; other agents compare theirs with it. */
  inventoryInForce(): ReadonlyMap<string, ConfiguredDevice> {
    return this.#inventoryInForce;
  }

  /** These cells as the store has them, for questions about devices that another agent polls. */
  async keptFleet(cells: readonly string[]): Promise<FleetReadModel> {
    const of = new Set(cells);
    const devices = [...this.inventory().values()].filter(({ cell = DEFAULT_CELL }) => of.has(cell));
    const stored = await this.#options.store.loadStates(cells).catch((error: unknown) => {
      // The devices can be shown without it.
      if (error instanceof StoreError) return NOTHING_STORED;
      throw error;
    });
    return keptFleet(devices, stored, fleetSettings(this.#config.devices), this.#options.clock.wallMs());
  }

  /** Number of devices in each cell of the inventory. */
  weights(): ReadonlyMap<string, number> {
    const weights = new Map<string, number>();
    for (const { cell = DEFAULT_CELL } of this.#config.devices) weights.set(cell, (weights.get(cell) ?? 0) + 1);
    return weights;
  }

  /** Continues from the stored state of these cells and polls them, the most urgent devices first. */
  async own(cells: readonly string[]): Promise<void> {
    await this.#options.recall?.();
    await this.#intake.adopt(cells);
    if (this.#inventoryComplete) this.#leaveRemoved();
    this.#owned = new Set([...(this.#owned ?? []), ...cells]);
    const gained = new Set(cells);
    for (const device of this.#config.devices) {
      if (gained.has(device.cell ?? DEFAULT_CELL)) this.#add(device, this.#config.devices.length);
    }
    for (const device of this.#intake.urgentDevices(gained, this.#options.clock.wallMs())) this.#scheduler.hint(device);
  }

  /** Devices that come from another agent's cell are shown, but not polled before `pollMoved`. */
  #holdMoved(config: ResolvedConfig): void {
    const owned = this.#owned;
    if (owned === null) return;
    const isOwned = ({ cell = DEFAULT_CELL }: ResolvedDevice) => owned.has(cell);
    const elsewhere = new Set(this.#config.devices.filter((device) => !isOwned(device)).map(({ name }) => name));
    const coming = config.devices.filter(
      (device) => isOwned(device) && (elsewhere.has(device.name) || this.#moved.has(device.name)),
    );
    const names = new Set(coming.map(({ name }) => name));
    for (const name of this.#moved.keys()) if (!names.has(name)) this.#forgetMoved(name);
    for (const device of coming) {
      this.#moved.set(device.name, this.#moved.get(device.name) ?? this.#options.networkClock.monoMs());
      this.#views.set(newDeviceView(configured(device)));
    }
    if (names.size > 0) this.#options.logger.info({ devices: [...names] }, 'devices moved here from other cells');
  }

  #forgetMoved(name: string): void {
    if (this.#moved.delete(name)) this.#record.left(name);
  }

  /** Polls the devices that moved here from other agents' cells at least this long ago. */
  pollMoved(agoMs: number): void {
    const movedMonoMs = this.#options.networkClock.monoMs() - agoMs;
    for (const device of this.#config.devices) {
      const since = this.#moved.get(device.name);
      if (since === undefined || since > movedMonoMs) continue;
      this.#moved.delete(device.name);
      this.#add(device, this.#config.devices.length);
    }
  }

  /** Stops polling these cells. `keep`: first stores what was found; false: it is left to another agent to find. */
  async disown(cells: readonly string[], keep: boolean): Promise<void> {
    const lost = new Set(cells);
    const left = [...this.#devices.values()].filter(({ cell = DEFAULT_CELL }) => lost.has(cell));
    this.#owned = new Set([...(this.#owned ?? [])].filter((cell) => !lost.has(cell)));
    for (const { name } of left) {
      this.#scheduler.remove(name);
      this.#besideScheduler.remove(name);
    }
    for (const { name, cell = DEFAULT_CELL } of this.#config.devices) if (lost.has(cell)) this.#forgetMoved(name);
    // Removed at once, like the devices: while their sessions end, this agent may own the cells again and show them.
    this.#views.forgetGroups(lost);
    await Promise.all(left.map(({ name }) => this.#leave(name)));
    this.#endStays();
    if (keep) await this.#intake.keepAll();
    await this.#intake.abandon(lost);
    // Work that was gathered meanwhile has added them again.
    this.#views.forgetGroups(lost);
  }

  /** Nothing stays in a cell that this agent does not own any more. */
  #endStays(): void {
    if (!this.staying) return;
    this.#config = withStaying(
      this.#given,
      (name) => this.#devices.get(name),
      ({ from }) => this.#owned?.has(from) === true,
    );
    this.#inventoryInForce = this.inventory();
  }

  async #leave(name: string): Promise<void> {
    this.#record.left(name);
    await this.#forget(name);
  }

  #polled({ devices }: ResolvedConfig): readonly ResolvedDevice[] {
    const owned = this.#owned;
    if (owned === null) return devices;
    return devices.filter(({ name, cell = DEFAULT_CELL }) => owned.has(cell) && !this.#moved.has(name));
  }

  #ofPolled(config: ResolvedConfig): ResolvedConfig {
    return { ...config, devices: this.#polled(config) };
  }

  #add(device: ResolvedDevice, fleetSize: number): void {
    this.#devices.set(device.name, device);
    this.#asker.add(device.name);
    this.#firstSweep.add(device.name);
    this.#views.set(newDeviceView(configured(device)));
    this.#senders.set(device.name, { host: device.host, others: device.sourceAddresses });
    // A KS tells about every GM of its groups.
    const first = device.role === 'ks' || this.#intake.stateOf(device.name)?.isKs === true;
    this.#scheduler.set(device.name, device.schedule, fleetSize, { first });
    const beside = polledBeside(device);
    if (beside !== null) this.#schedule(device.name, beside, fleetSize);
    this.#record.configured(device);
  }

  /**
   * It is logged in to in another way: a poll under way ends as it began, then its sessions end, and it is polled soon,
   * so that one sees whether the new way works. All that is known of it stays.
   */
  async #renew(
    { device, ways }: RenewedDevice,
    { fleetSize, renewed }: { readonly fleetSize: number; readonly renewed: number },
  ): Promise<void> {
    this.#adjust(device, fleetSize);
    this.#pollEndsMonoMs.delete(device.name);
    // No poll of the new way begins before its place after the end of the old session is taken.
    const ended = this.#asker.renew(device.name, ways);
    const beside = polledBeside(device)?.by ?? null;
    if (ways.includes(decidingWay(device))) this.#scheduler.soon(device.name, renewed);
    if (beside !== null && ways.includes(beside)) {
      this.#besideScheduler.soon(device.name, renewed, { aheadMs: aheadMsOf(beside) });
    }
    await ended;
  }

  /** Schedule, labels or collectors changed: session and figures stay. */
  #adjust(device: ResolvedDevice, fleetSize: number): void {
    const before = this.#devices.get(device.name);
    this.#devices.set(device.name, device);
    const view = this.#views.device(device.name);
    if (view !== undefined) this.#views.set(reconfigured(view, device));
    this.#senders.set(device.name, { host: device.host, others: device.sourceAddresses });
    if (!isDeepStrictEqual(before?.schedule, device.schedule)) {
      this.#scheduler.set(device.name, device.schedule, fleetSize);
    }
    const beside = polledBeside(device);
    const besideBefore = before === undefined ? null : polledBeside(before);
    if (beside === null) this.#besideScheduler.remove(device.name);
    else if (!isDeepStrictEqual(besideBefore, beside)) this.#schedule(device.name, beside, fleetSize);
    this.#record.configured(device);
  }

  #schedule(device: string, { by, schedule }: Beside, fleetSize: number): void {
    this.#besideScheduler.set(device, schedule, fleetSize, { aheadMs: aheadMsOf(by) });
  }

  async #drop(name: string, why: GoneFor): Promise<void> {
    this.#scheduler.remove(name);
    this.#besideScheduler.remove(name);
    this.#record.gone(name, why);
    await this.#forget(name);
  }

  async #forget(name: string): Promise<void> {
    this.#devices.delete(name);
    this.#pollEndsMonoMs.delete(name);
    this.#firstSweep.gone(name);
    this.#senders.remove(name);
    this.#hints.forget(name);
    this.#options.traffic?.forget(name);
    await this.#asker.forget(name);
  }

  /** A bug of ours ends this poll of this device and is shown there. */
  async #guarded(device: string, signal: AbortSignal, poll: () => Promise<void>): Promise<void> {
    try {
      await poll();
    } catch (error) {
      if (signal.aborted) return;
      this.#errors.caught('poll', error, { device });
      this.#errors.guard('poll', { device }, () => this.#record.failedInside(device), undefined);
    }
  }

  get #mayPoll(): boolean {
    return this.#options.mayPoll?.() ?? true;
  }

  async #poll(name: string, signal: AbortSignal): Promise<void> {
    const device = this.#mayPoll ? this.#devices.get(name) : undefined;
    if (this.#isKs(name)) this.#returning.serves(name);
    const { networkClock, traffic } = this.#options;
    const before = { monoMs: networkClock.monoMs(), logins: traffic?.of(name).logins };
    const report = device && (await this.#asker.ask(device, signal));
    // A reload while it was asked may have changed what its answers are judged by.
    const now = this.#devices.get(name);
    if (!device || !report || !now) return;
    const isLastOfSweep = this.#firstSweep.polled(name);
    this.#pollEndsMonoMs.set(name, networkClock.monoMs());
    const loggedIn = traffic?.of(name).logins !== before.logins;
    // With a login, the time may include waiting for other logins.
    this.#pace(now, report, loggedIn ? null : networkClock.monoMs() - before.monoMs);
    const known = this.#views.device(name);
    const view = this.#record.polled(now, this.#withTraffic(report));
    if (isLastOfSweep) this.#sayDoubts();
    if (known === undefined || view === null) return;
    this.#scheduler.rank(name, report.result === 'ok');
    this.#hints.polled(name, () => shownState(known) !== shownState(view));
    const hostname = view.facts?.value.hostname ?? null;
    if (hostname !== null) this.#senders.learnHostname(name, hostname);
    const nowMs = this.#options.clock.wallMs();
    this.#scheduler.plan(
      name,
      view.plannedPolls.map((poll) => poll.atMs - nowMs),
    );
  }

  #withTraffic(report: PollReport): PollReport {
    const traffic = this.#options.traffic?.of(report.device);
    return traffic === undefined || report.traffic !== undefined ? report : { traffic, ...report };
  }

  /** Polls a busy router less often. `elapsedMs` null: the time says nothing about it. */
  #pace(device: ResolvedDevice, { result, answers, cpuPercent = null }: PollReport, elapsedMs: number | null): void {
    if (result !== 'ok') return;
    const answerMs = elapsedMs === null ? null : elapsedMs / Math.max(1, answers.length);
    const turns = this.#scheduler.answered(device.name, { answerMs, cpuPercent });
    if (turns === null) return;
    this.#besideScheduler.takeTurns(device.name, turns);
    this.#record.paced(device, turns);
    const why = { answerMs: answerMs === null ? null : Math.round(answerMs), cpuPercent };
    this.#options.logger.info({ device: device.name, turns, ...why }, 'pace of polling changed');
  }

  async #pollBeside(name: string, signal: AbortSignal): Promise<void> {
    const device = this.#mayPoll ? this.#devices.get(name) : undefined;
    const by = device && polledBeside(device)?.by;
    const report = by && (await this.#asker.askBeside(device, signal));
    const now = this.#devices.get(name);
    // A reload meanwhile may have ended it.
    const isStillAsked = now !== undefined && polledBeside(now)?.by === by;
    if (by && report && isStillAsked && this.#record.polledBeside(now, by, this.#withTraffic(report))) {
      this.#scheduler.hint(name);
    }
    if (report?.result === 'ok') this.#isBack(name);
  }

  /** It answers over this transport, so it is up: its SSH back-off after a failure is shortened. */
  #isBack(name: string): void {
    if ((this.#views.device(name)?.failure ?? null) !== null) this.#returning.seen(name);
  }

  #isKs(name: string): boolean {
    const view = this.#views.device(name);
    const role = view === undefined ? null : roleOf(view);
    return role === 'ks' || role === 'both';
  }

  /** A GM that registered or got a rekey got it from its KS, so the KS is up. */
  #seeServed(events: readonly GdoiEvent[]): void {
    for (const { type, device, group, cell } of events) {
      if (!SERVED.has(type) || device === null || group === null) continue;
      const fleet = this.#views.group(group, cell);
      const keyServer = fleet?.gmOf(device)?.gm.keyServer ?? null;
      const ks = keyServer === null ? undefined : fleet?.kss.find(({ address }) => address === keyServer);
      if (ks !== undefined && !ks.reachable) this.#isBack(ks.device);
    }
  }

  #takePushed(pushed: PushedFromDevice): void {
    const device = this.#devices.get(pushed.device);
    if (device !== undefined) this.#record.pushed(device, pushed);
    this.#isBack(pushed.device);
    if (!pushed.worthAPoll) return;
    this.#asker.detailsAreDue(pushed.device);
    this.#hints.heard(pushed.device);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#scheduler, this.#besideScheduler].map((each) => each[Symbol.asyncDispose]()));
    await this.#pushed[Symbol.asyncDispose]();
    this.#hints[Symbol.dispose]();
    this.#returning[Symbol.dispose]();
    await this.#senderLookup[Symbol.asyncDispose]();
    await this.#recorder?.[Symbol.asyncDispose]();
    await this.#intake[Symbol.asyncDispose]();
  }
}

interface Inventory {
  readonly of: ResolvedConfig;
  readonly devices: ReadonlyMap<string, ConfiguredDevice>;
}

/** Events that show that a GM's KS is up. */
const SERVED: ReadonlySet<GdoiEvent['type']> = new Set<GdoiEvent['type']>([
  'reregistration',
  'registration_restored',
  'kek_rekey',
]);

const NOTHING_STORED: StoredStates = { devices: new Map(), fleets: new Map(), members: [] };

/** Fleets smaller than this may lose any number of devices in a reload: a person sees them at a glance. */
const SMALL_FLEET = 3;

/** Refuses a reload that removes most devices: a file that was cut short may still be valid YAML. */
function refuseLosses(devices: number, removed: number): void {
  if (devices < SMALL_FLEET || removed * 2 <= devices) return;
  throw new UserError(
    'reload_refused',
    `${removed} of ${devices} devices would be removed; if that is meant: POST /-/reload?confirm=removals, or restart`,
  );
}

function logEvent(logger: Logger, event: GdoiEvent): void {
  const { id, type, device, group, cause, summary, severity } = event;
  const fields = { id, type, device, group, cause, summary };
  if (severity === 'info') logger.info(fields, 'event');
  else logger.warn(fields, 'event');
}

function inventoryOf({ devices }: ResolvedConfig): ReadonlyMap<string, ConfiguredDevice> {
  return new Map(devices.map((device) => [device.name, configured(device)]));
}

/** Cells are shown only if there are others than the default one. */
function withShownCells(config: ResolvedConfig): ResolvedConfig {
  if (config.devices.every(({ cell }) => cell === undefined)) return config;
  return { ...config, devices: config.devices.map((device) => ({ ...device, cell: device.cell ?? DEFAULT_CELL })) };
}

function aheadMsOf(by: BesideTransport): number {
  return by === 'restconf' ? RESTCONF_AHEAD_MS : 0;
}

function reconfigured(view: DeviceView, device: ResolvedDevice): DeviceView {
  const { cell: _was, ...rest } = view;
  const now = configured(device);
  const { snmp, restconf } = view;
  return {
    ...rest,
    ...now,
    snmp: now.snmp && (snmp ?? now.snmp),
    restconf: now.restconf && (restconf ?? now.restconf),
  };
}

function configured(device: ResolvedDevice): ConfiguredDevice {
  const by = polledBeside(device)?.by;
  return {
    snmp: by === 'snmp' ? NOT_POLLED_BESIDE : null,
    restconf: by === 'restconf' ? NOT_POLLED_BESIDE : null,
    ...configuredView(device),
  };
}
