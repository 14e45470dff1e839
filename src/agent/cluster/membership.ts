/**
 * This agent's membership among those that share a store: its lease, its cells, and the certainty that it does not hold
 * them longer than it may.
 *
 * The lease counts from just before the last successful renewal was sent, on this machine's monotonic clock, and ends
 * for this agent well before it ends for the others. Then it releases its cells at once, without asking anyone, and
 * never returns under that id: it joins as a new agent and loads the state again.
 *
 * An agent that knows of no other polls on for a while if the table cannot be reached, because a monitor that goes
 * blind with its database helps no one. It cannot know who joins meanwhile. So the table says in advance that it may be
 * alone, and any agent that joins waits for that time. The agent relies on it only once the table has it, and no longer
 * once it begins to withdraw it. Nobody waits if the process is known to be gone.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Random } from '../../kernel/random.ts';
import type { AgentIdentity, CellLease, ClusterView, LeaseTable, Writer } from '../../store/leases.ts';
import { isStoreFailure } from '../../store/store-error.ts';
import { InventoryComparison } from './inventory-comparison.ts';
import { planLeases } from './lease-plan.ts';

export interface ClusterTimes {
  readonly renewEveryMs: number;
  /** Longest wait after a failed renewal: while there is time, an agent renews as soon as the database is back. */
  readonly retryMs: number;
  /** By the clock of the database. */
  readonly leaseMs: number;
  /** By this machine's monotonic clock, from just before the last successful renewal was sent. */
  readonly fenceAfterMs: number;
  /** How long after its lease an agent that knows of no other polls on; 0: not at all. */
  readonly aloneMs: number;
  /** Consecutive rounds with the same imbalance before a cell is asked for. */
  readonly unevenRounds: number;
}

/** A shorter imbalance comes from agents that join and leave. */
const UNEVEN_ROUNDS = 3;

/**
 * Longest time for which free cells and moved devices are left to agents with another inventory: reloading all agents
 * takes no longer.
 */
const HOLD_LEASES = 3;

/** An agent that may be alone renews this many times as often, so that it sees soon who joins. */
const ALONE_RENEWALS = 5;
/** Rounds per renewal interval: how soon an agent that has joined reads the cells. */
const LOOK_TICKS = 20;

export function timesOfLease(leaseMs: number, aloneMs: number): ClusterTimes {
  const [renewEveryMs, retryMs, fenceAfterMs] = [leaseMs / 4, leaseMs / 20, (leaseMs * 3) / 4];
  return { renewEveryMs, retryMs, leaseMs, fenceAfterMs, aloneMs, unevenRounds: UNEVEN_ROUNDS };
}

/** What polls the cells. */
interface CellPoller {
  /** Devices of each cell in the inventory. */
  weights(): ReadonlyMap<string, number>;
  /** Digest of which device is in which cell. */
  inventoryDigest(): string;
  /**
   * The same as other agents are told: another text as long as devices are polled here that belong to cells of others,
   * so that nobody takes them for let go of.
   */
  announcedInventory(): string;
  /**
   * Loads what is known of the cells and polls them. Rejects with a `StoreError` if that cannot be read; it is tried
   * again.
   */
  own(cells: readonly string[]): Promise<void>;
  /**
   * Stops polling them. `keep`: first stores what was found; false: another agent may own them by now, and unsaved work
   * is dropped.
   */
  disown(cells: readonly string[], keep: boolean): Promise<void>;
  /**
   * Stops polling devices that a reload moved into cells of other agents, where those know of it by now. True: some were
   * polled until now, and none is any more.
   */
  letMovedGo(): Promise<boolean>;
  /** Also polls devices that a reload moved into own cells from those of another agent at least this long ago. */
  pollMoved(agoMs: number): void;
}

export interface MembershipOptions {
  readonly leases: LeaseTable;
  readonly poller: CellPoller;
  readonly clock: Clock;
  /** Spreads the retries of agents that wait for the same database. */
  readonly random: Random;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  /** Everything but the id, which is new at each joining. */
  readonly identity: () => Omit<AgentIdentity, 'id'>;
  readonly newId: () => string;
  readonly times: ClusterTimes;
  /** Whether another agent's `process` is certainly gone. */
  readonly isGone: (process: string) => boolean;
}

export interface MembershipStatus {
  readonly id: string | null;
  /** Cells that this agent polls now. */
  readonly owned: ReadonlySet<string>;
  /** In the last round. */
  readonly view: ClusterView;
  /** Time since the last lease that was ever renewed ended; joining alone proves nothing. Null: it has not ended. */
  readonly withoutLeaseMs: number | null;
  /** Since the last successful renewal was sent; null: there is no lease. */
  readonly leaseAgeMs: number | null;
  /** How often this process was fenced, or fenced itself. */
  readonly fenced: number;
  /** Live agents with other devices, or with the same in other cells. */
  readonly differing: number;
  /** Number of other agents, once the table knows what follows from it for `aloneMs`; null: not known yet. */
  readonly others: number | null;
}

const NOTHING: ClusterView = { agents: [], cells: [] };

/** Why an agent is fenced if the table has not said so. */
const LAPSED = 'its lease could not be renewed in time';

export class Membership implements AsyncDisposable {
  readonly #options: MembershipOptions;
  readonly #times: ClusterTimes;
  /** Aborted: no more cells are taken. */
  readonly #stop = new AbortController();
  /** Aborted: the lease is no longer renewed, since what was found is stored. */
  readonly #ended = new AbortController();
  #id: string | null = null;
  /** Its id before it was fenced. */
  #former: string | null = null;
  #renewedMonoMs = 0;
  /** When a lease was last known to work, under any id; at first, the start. */
  #workedMonoMs = 0;
  #renewals = 0;
  /** How long beyond the lease the table is known to grant. */
  #aloneMs = 0;
  #others: number | null = null;
  /** Number of other agents, once the table has been told what follows from it. */
  #settled: number | null = null;
  #view: ClusterView = NOTHING;
  #owned: ReadonlySet<string> = new Set();
  /** Terms of the cells that it may write to: those owned, and those being taken or released. */
  readonly #terms = new Map<string, number>();
  #fenced = 0;
  #uneven: { readonly cell: string; readonly rounds: number } | null = null;
  readonly #holdMs: number;
  readonly #inventories: InventoryComparison;
  readonly #failing = new Set<'lease' | 'round'>();
  #running: Promise<void> = Promise.resolve();
  #holding: Promise<unknown> = Promise.resolve();
  /** Cells are taken and released one after the other. */
  #moves: Promise<void> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#times = options.times;
    this.#holdMs = HOLD_LEASES * options.times.leaseMs;
    this.#inventories = new InventoryComparison(options.logger, this.#holdMs);
  }

  /** The agent and cells that a write is for, also asked before each poll; null: this agent may own nothing now. */
  get writer(): Writer | null {
    return this.#lapsed || this.#id === null ? null : { agent: this.#id, terms: this.#terms };
  }

  /** Asks the clock, not what the watch has done: a process that was paused wakes up anywhere. */
  get #lapsed(): boolean {
    return this.#options.clock.monoMs() - this.#renewedMonoMs >= this.#pollsForMs;
  }

  get #pollsForMs(): number {
    return this.#times.fenceAfterMs + this.#aloneMs;
  }

  get status(): MembershipStatus {
    const { clock } = this.#options;
    const overMs = clock.monoMs() - this.#workedMonoMs - this.#pollsForMs;
    return {
      id: this.#id,
      // The view of the cells may be late: it does not decide what may be polled now.
      owned: this.writer === null ? new Set() : this.#owned,
      view: this.#view,
      withoutLeaseMs: overMs < 0 ? null : overMs,
      leaseAgeMs: this.#id === null ? null : clock.monoMs() - this.#renewedMonoMs,
      fenced: this.#fenced,
      differing: this.#inventories.differing,
      others: this.#id === null ? null : this.#settled,
    };
  }

  start(): void {
    this.#workedMonoMs = this.#options.clock.monoMs();
    this.#running = this.#runRounds();
    this.#holding = Promise.all([this.#keepLease(), this.#watch()]);
  }

  /** Renewals and nothing else: neither a slow round nor cells that take long to load or store delay one. */
  async #keepLease(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#ended.signal.aborted) {
      const begunMonoMs = clock.monoMs();
      const done = await this.#tried('lease', () => this.#hold());
      const everyMs = this.#times.renewEveryMs / (this.#aloneMs > 0 ? ALONE_RENEWALS : 1);
      const leftMs = Math.max(0, everyMs - (clock.monoMs() - begunMonoMs));
      await this.#pause(done ? leftMs : this.#retryMs, this.#ended.signal);
    }
  }

  /** Rounds: reads who is there and owns what, and acts on it, soon after joining, then with each renewal. */
  async #runRounds(): Promise<void> {
    const { clock } = this.#options;
    let ran: string | null = null;
    let dueMonoMs = 0;
    while (!this.#stop.signal.aborted) {
      const id = this.#settled === null ? null : this.#id;
      if (id !== null && (id !== ran || clock.monoMs() >= dueMonoMs)) {
        const done = await this.#tried('round', () => this.#round(id));
        ran = id;
        dueMonoMs = clock.monoMs() + (done ? this.#times.renewEveryMs : this.#retryMs);
      }
      await this.#pause(this.#times.renewEveryMs / LOOK_TICKS, this.#stop.signal);
    }
  }

  get #retryMs(): number {
    return (this.#times.retryMs * (1 + this.#options.random())) / 2;
  }

  /** Whatever fails, the next turn comes: an agent without one would never poll again. False: it failed. */
  async #tried(what: 'lease' | 'round', work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
    } catch (error) {
      this.#failed(what, error);
      return false;
    }
    if (this.#failing.delete(what) && this.#failing.size === 0) {
      this.#options.logger.info({}, 'the cluster can be reached again');
    }
    return true;
  }

  #failed(what: 'lease' | 'round', error: unknown): void {
    const { errors, logger } = this.#options;
    if (!isStoreFailure(error)) errors.caught('cluster', error);
    else if (this.#failing.size === 0) logger.error({ reason: error.message }, 'the cluster cannot be reached');
    this.#failing.add(what);
  }

  async #hold(): Promise<void> {
    if (this.#id === null && this.#stop.signal.aborted) return;
    const id = this.#id ?? (await this.#join(this.#options.clock.monoMs()));
    const over = await this.#renew(id);
    if (over === null) return;
    await this.#fence(over);
    return this.#hold();
  }

  async #round(id: string): Promise<void> {
    const { leases } = this.#options;
    await this.#announce(id);
    await leases.fenceDead();
    const view = await leases.view();
    await this.#act((await this.#bury(view)) ? await leases.view() : view);
  }

  #announce(id: string): Promise<void> {
    const { leases, poller } = this.#options;
    return leases.announce(id, { weights: poller.weights(), digest: poller.announcedInventory() });
  }

  /** Renews the lease. Returns why this agent is fenced; null: it is not. */
  async #renew(id: string): Promise<string | null> {
    const { clock, leases } = this.#options;
    const { leaseMs } = this.#times;
    const aloneMs = this.#others === 0 ? this.#times.aloneMs : 0;
    // From here on nobody may rely on it, whether or not the table hears that it is released.
    if (aloneMs === 0) this.#aloneMs = 0;
    const sentMonoMs = clock.monoMs();
    this.#renewals += 1;
    const others = await leases.renew(id, { number: this.#renewals, leaseMs, aloneMs });
    // Given up while the answer was on its way: it stays given up.
    if (this.#id !== id) return null;
    if (others === null) return 'another agent took over';
    // What was found since was not stored: too late to continue as if nothing had happened.
    if (this.#lapsed) return LAPSED;
    this.#renewedMonoMs = sentMonoMs;
    this.#workedMonoMs = sentMonoMs;
    this.#aloneMs = others === 0 ? aloneMs : 0;
    this.#others = others;
    // An agent that joined waits only until this is known; and an agent that is alone says so at once.
    const marked = this.#others === 0 ? this.#times.aloneMs : 0;
    if (marked !== aloneMs) return this.#renew(id);
    this.#settled = others;
    return null;
  }

  /** Removes agents that are gone. True: there were some. */
  async #bury({ agents }: ClusterView): Promise<boolean> {
    const { isGone, leases, logger } = this.#options;
    const gone = agents.filter(({ id, process }) => id !== this.#id && isGone(process));
    for (const { id, name } of gone) {
      logger.info({ agent: name }, 'an agent on this machine is gone; its cells are free');
      await leases.bury(id);
    }
    return gone.length > 0;
  }

  async #join(sentMonoMs: number): Promise<string> {
    const { identity, leases, newId } = this.#options;
    const id = newId();
    // Its other cells need not wait for its lease to end.
    if (this.#former !== null) await leases.leave(this.#former);
    this.#former = null;
    await leases.join({ id, ...identity() }, this.#times.leaseMs);
    this.#id = id;
    this.#renewedMonoMs = sentMonoMs;
    this.#renewals = 0;
    this.#aloneMs = 0;
    this.#others = null;
    this.#settled = null;
    return id;
  }

  async #act(view: ClusterView): Promise<void> {
    const { leases, poller, logger } = this.#options;
    const me = this.#id;
    if (me === null || this.#stop.signal.aborted) return;
    this.#view = view;
    // Told at once: the agents of their new cells wait for it.
    if (await poller.letMovedGo()) await this.#announce(me);
    if (this.#id !== me) return;
    const digest = poller.inventoryDigest();
    const waits = this.#inventories.compare(view, { id: me, digest }, this.#options.clock.monoMs());
    // An agent with another inventory may poll them until it has reloaded.
    poller.pollMoved(this.#inventories.apart ? this.#holdMs : 0);
    const plan = planLeases(view, { id: me, digest, cells: new Set(poller.weights().keys()), waits });
    const mine = view.cells.filter(({ agent }) => agent === me);
    await this.#become(mine);
    if (plan.release.length > 0 && this.#id === me) {
      logger.info({ cells: plan.release }, 'cells released');
      await this.#let(plan.release, true);
      await this.#letGo(me, plan.release);
    }
    if (plan.take.length > 0 && this.#id === me) {
      const got = await leases.take(me, plan.take);
      const cells = view.cells.map((each) => {
        const term = got.get(each.cell);
        return term === undefined ? each : { ...each, agent: me, term };
      });
      this.#view = { ...view, cells };
      if (this.#id === me)
        await this.#become(cells.filter(({ agent, cell }) => agent === me && !plan.release.includes(cell)));
    }
    if (this.#lasts(plan.want) && plan.want !== null && this.#id === me) await leases.want(me, plan.want);
  }

  /** The same cell is worth asking for in several rounds. */
  #lasts(want: string | null): boolean {
    const rounds = want !== null && this.#uneven?.cell === want ? this.#uneven.rounds + 1 : 1;
    this.#uneven = want === null ? null : { cell: want, rounds };
    return rounds >= this.#times.unevenRounds;
  }

  /** Owns exactly these cells. Cells that are not in the inventory are released in this round. */
  async #become(cells: readonly CellLease[]): Promise<void> {
    const known = this.#options.poller.weights();
    const target = new Map(cells.map(({ cell, term }) => [cell, term]));
    // In another term another agent may have owned it in between.
    const lost = [...this.#owned].filter((cell) => target.get(cell) !== this.#terms.get(cell));
    // The table gives them to another agent: their unsaved work would be discarded.
    if (lost.length > 0) await this.#let(lost, false);
    const gained = [...target.keys()].filter((cell) => known.has(cell) && !this.#owned.has(cell));
    if (gained.length === 0) return;
    const me = this.#id;
    await this.#move(async () => {
      if (this.#id !== me) return;
      for (const cell of gained) this.#terms.set(cell, target.get(cell) ?? 0);
      try {
        await this.#options.poller.own(gained);
      } catch (error) {
        await this.#disown(gained, false);
        throw error;
      }
      if (this.#id !== me) {
        await this.#disown(gained, false);
        return;
      }
      this.#owned = new Set([...this.#owned, ...gained]);
      this.#options.logger.info({ cells: gained }, 'this agent polls these cells now');
    });
  }

  /** If the answer is lost, another agent may take the cells at any time, so this one cannot own them again. */
  async #letGo(me: string, cells: readonly string[]): Promise<void> {
    try {
      await this.#options.leases.release(me, cells);
    } catch (error) {
      await this.#fence('nobody knows who owns what it let go of');
      throw error;
    }
  }

  async #let(cells: readonly string[], keep: boolean): Promise<void> {
    this.#owned = new Set([...this.#owned].filter((cell) => !cells.includes(cell)));
    await this.#move(() => this.#disown(cells, keep));
  }

  async #disown(cells: readonly string[], keep: boolean): Promise<void> {
    await this.#options.poller.disown(cells, keep);
    for (const cell of cells) this.#terms.delete(cell);
  }

  #move(work: () => Promise<void>): Promise<void> {
    const moved = this.#moves.then(work);
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  /** Nothing that this agent owned belongs to it any more. */
  async #fence(reason: string): Promise<void> {
    if (this.#id === null) return;
    this.#former = this.#id;
    this.#id = null;
    this.#aloneMs = 0;
    this.#fenced += 1;
    const cells = [...this.#owned];
    this.#terms.clear();
    this.#options.logger.warn({ reason, cells }, 'this agent is fenced: it polls nothing until it has joined again');
    this.#owned = new Set();
    await this.#move(() => this.#disown(cells, false));
  }

  /** Apart from the renewals: one of them may hang when the time is up. */
  async #watch(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#ended.signal.aborted) {
      // Not while it may be alone: that can end at any time.
      const left = this.#times.fenceAfterMs - (clock.monoMs() - this.#renewedMonoMs);
      if (this.#id !== null && this.#lapsed) {
        await this.#fence(LAPSED).catch((error: unknown) => this.#failed('lease', error));
      }
      const pauseMs = this.#id === null || left <= 0 ? this.#times.renewEveryMs / 10 : left + 1;
      await this.#pause(pauseMs, this.#ended.signal);
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(ms, signal).catch(() => undefined);
  }

  /** Stores what was found and frees the cells at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { leases, logger } = this.#options;
    this.#stop.abort(new Error('the agent stops'));
    await this.#running;
    const cells = [...this.#owned];
    const keep = this.#id !== null;
    this.#owned = new Set();
    await this.#move(() => this.#disown(cells, keep));
    this.#ended.abort(new Error('the agent has stopped'));
    await this.#holding;
    const me = this.#id;
    this.#id = null;
    if (me === null) return;
    await leases.leave(me).catch((error: unknown) => {
      logger.warn(
        { reason: String(error) },
        'the cells could not be released: other agents take them when the lease is over',
      );
    });
  }
}
