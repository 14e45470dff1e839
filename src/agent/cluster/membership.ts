/**
 * This agent among those that share a store: its lease, its cells, and the certainty that it holds none of them any
 * longer than it may.
 *
 * The lease counts from before the last renewal that succeeded was sent, on this machine's monotonic clock, and ends
 * for this agent well before it ends for the others. Then it lets go at once, without a question to anyone, and never
 * comes back under that id: it joins as another agent and loads the state anew.
 *
 * An agent that knows of no other polls on for a time while the table cannot be reached: a monitor that goes blind with
 * its database helps no one. It cannot know who joins meanwhile, so the table says beforehand that it may be alone, and
 * whoever joins waits for that time; the agent believes it only once the table has it, and no longer from the moment it
 * begins to tell the table otherwise. Only where the process is known to be gone nobody waits for it.
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
  /** After a renewal that failed, at most: an agent renews as soon as the database is back, while there is time. */
  readonly retryMs: number;
  /** By the table's clock. */
  readonly leaseMs: number;
  /** By this machine's monotonic clock, from before the last good renewal was sent. */
  readonly fenceAfterMs: number;
  /** How long after its lease an agent that knows of no other polls on; 0: not at all. */
  readonly aloneMs: number;
  /** Looks in a row that show the same difference, before a cell is asked for. */
  readonly unevenLooks: number;
}

/** A difference that lasts for less is one of agents that come and go. */
const UNEVEN_LOOKS = 3;

/**
 * For so long, at most, what is nobody's, or moved here, is left to agents of another inventory: a reload of all takes
 * no longer.
 */
const HOLD_LEASES = 3;

/** An agent that may be alone renews this many times as often: whoever joins depends on being seen. */
const ALONE_RENEWALS = 5;
/** In the time between two renewals: how soon an agent that has joined looks at the cells. */
const LOOK_TICKS = 20;

export function timesOfLease(leaseMs: number, aloneMs: number): ClusterTimes {
  const [renewEveryMs, retryMs, fenceAfterMs] = [leaseMs / 4, leaseMs / 20, (leaseMs * 3) / 4];
  return { renewEveryMs, retryMs, leaseMs, fenceAfterMs, aloneMs, unevenLooks: UNEVEN_LOOKS };
}

/** What polls the cells. */
interface CellPoller {
  /** Devices of each cell in the inventory. */
  weights(): ReadonlyMap<string, number>;
  /** Of which device is in which cell. */
  inventoryDigest(): string;
  /**
   * Load what is known of the cells, and poll them. Rejects with a `StoreError` when that cannot be read: it is tried
   * again.
   */
  own(cells: readonly string[]): Promise<void>;
  /**
   * Poll them no more. `keep`: what was found is written first; else another agent may own them by now, and what waits
   * is forgotten.
   */
  disown(cells: readonly string[], keep: boolean): Promise<void>;
  /** Poll also the devices that a reload moved into own cells, from those of another agent, at least this long ago. */
  pollMoved(agoMs: number): void;
}

export interface MembershipOptions {
  readonly leases: LeaseTable;
  readonly poller: CellPoller;
  readonly clock: Clock;
  /** Spreads the agents that wait for the same database. */
  readonly random: Random;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  /** Everything but the id. */
  readonly identity: () => Omit<AgentIdentity, 'id'>;
  readonly newId: () => string;
  readonly times: ClusterTimes;
  /** Of another agent's `process`: it is gone for certain. */
  readonly isGone: (process: string) => boolean;
}

export interface MembershipStatus {
  readonly id: string | null;
  /** Polled by this agent now. */
  readonly owned: ReadonlySet<string>;
  /** At the last look. */
  readonly view: ClusterView;
  /** Since the last lease that was ever renewed was over: to join alone is no proof that it works. null: it is not. */
  readonly withoutLeaseMs: number | null;
  /** Since the last good renewal was sent; null: there is no lease. */
  readonly leaseAgeMs: number | null;
  /** Times that this process was fenced, or fenced itself. */
  readonly fenced: number;
  /** Live agents that have other devices, or have them in other cells. */
  readonly differing: number;
  /** Agents beside this one; the table knows what follows from it for the time alone. null: not known yet. */
  readonly others: number | null;
}

const NOTHING: ClusterView = { agents: [], cells: [] };

/** Why an agent is fenced, where the table has not said so. */
const LAPSED = 'its lease could not be renewed in time';

export class Membership implements AsyncDisposable {
  readonly #options: MembershipOptions;
  readonly #times: ClusterTimes;
  /** No cell is taken any more. */
  readonly #stop = new AbortController();
  /** Nor is the lease kept: what was found is written. */
  readonly #ended = new AbortController();
  #id: string | null = null;
  /** Whom it was before it was fenced. */
  #former: string | null = null;
  #renewedMonoMs = 0;
  /** The same, whatever agent it was then; else its start. */
  #workedMonoMs = 0;
  #renewals = 0;
  /** What the table is known to grant beyond the lease. */
  #aloneMs = 0;
  #others: number | null = null;
  /** The same, once the table has been told what follows from it. */
  #settled: number | null = null;
  #view: ClusterView = NOTHING;
  #owned: ReadonlySet<string> = new Set();
  /** Of the cells that it may write to: those owned, and those that come or go just now. */
  readonly #epochs = new Map<string, number>();
  #fenced = 0;
  #uneven: { readonly cell: string; readonly looks: number } | null = null;
  readonly #holdMs: number;
  readonly #inventories: InventoryComparison;
  readonly #failing = new Set<'lease' | 'look'>();
  #looking: Promise<void> = Promise.resolve();
  #holding: Promise<unknown> = Promise.resolve();
  /** Cells come and go one after the other. */
  #moves: Promise<void> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#times = options.times;
    this.#holdMs = HOLD_LEASES * options.times.leaseMs;
    this.#inventories = new InventoryComparison(options.logger, this.#holdMs);
  }

  /** Whom a write is for, and whether a device may be polled at all; null: this agent may own nothing now. */
  get writer(): Writer | null {
    return this.#lapsed || this.#id === null ? null : { agent: this.#id, epochs: this.#epochs };
  }

  /** Asked by the clock and not by what the watch has done: a process that was paused wakes up anywhere. */
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
      // Not what the watch has come to do about it: what may be polled now.
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
    this.#looking = this.#lookAround();
    this.#holding = Promise.all([this.#keepLease(), this.#watch()]);
  }

  /** Nothing but renewals: neither a slow look nor cells that take their time to come and go keep one waiting. */
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

  /** Who is there and owns what, and what follows from it: soon after it has joined, then with each renewal. */
  async #lookAround(): Promise<void> {
    const { clock } = this.#options;
    let looked: string | null = null;
    let dueMonoMs = 0;
    while (!this.#stop.signal.aborted) {
      const id = this.#settled === null ? null : this.#id;
      if (id !== null && (id !== looked || clock.monoMs() >= dueMonoMs)) {
        const done = await this.#tried('look', () => this.#look(id));
        looked = id;
        dueMonoMs = clock.monoMs() + (done ? this.#times.renewEveryMs : this.#retryMs);
      }
      await this.#pause(this.#times.renewEveryMs / LOOK_TICKS, this.#stop.signal);
    }
  }

  get #retryMs(): number {
    return (this.#times.retryMs * (1 + this.#options.random())) / 2;
  }

  /** Whatever goes wrong, the next turn comes: an agent without one never polls again. false: it did. */
  async #tried(what: 'lease' | 'look', work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
    } catch (error) {
      this.#failed(what, error);
      return false;
    }
    if (this.#failing.delete(what) && this.#failing.size === 0) {
      this.#options.logger.info({}, 'the cluster is reached again');
    }
    return true;
  }

  #failed(what: 'lease' | 'look', error: unknown): void {
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

  async #look(id: string): Promise<void> {
    const { leases, poller } = this.#options;
    await leases.announce(id, { weights: poller.weights(), digest: poller.inventoryDigest() });
    await leases.fenceDead();
    const view = await leases.view();
    await this.#act((await this.#bury(view)) ? await leases.view() : view);
  }

  /** Why this agent is fenced; null: it is not. */
  async #renew(id: string): Promise<string | null> {
    const { clock, leases } = this.#options;
    const { leaseMs } = this.#times;
    const aloneMs = this.#others === 0 ? this.#times.aloneMs : 0;
    // Whether the table hears that it is let go of or not: from here on nobody counts on it.
    if (aloneMs === 0) this.#aloneMs = 0;
    const sentMonoMs = clock.monoMs();
    this.#renewals += 1;
    const others = await leases.renew(id, { number: this.#renewals, leaseMs, aloneMs });
    // Given up while the answer was on its way: it stays so.
    if (this.#id !== id) return null;
    if (others === null) return 'another agent took over';
    // What was found since was passed over: it is too late to go on as if nothing had been.
    if (this.#lapsed) return LAPSED;
    this.#renewedMonoMs = sentMonoMs;
    this.#workedMonoMs = sentMonoMs;
    this.#aloneMs = others === 0 ? aloneMs : 0;
    this.#others = others;
    // Whoever joined waits for no longer than it takes to say so; and who is alone has that said at once.
    const marked = this.#others === 0 ? this.#times.aloneMs : 0;
    if (marked !== aloneMs) return this.#renew(id);
    this.#settled = others;
    return null;
  }

  /** true: there was someone to bury. */
  async #bury({ agents }: ClusterView): Promise<boolean> {
    const { isGone, leases, logger } = this.#options;
    const gone = agents.filter(({ id, process }) => id !== this.#id && isGone(process));
    for (const { id, name } of gone) {
      logger.info({ agent: name }, 'an agent of this machine is gone, its cells are free');
      await leases.bury(id);
    }
    return gone.length > 0;
  }

  async #join(sentMonoMs: number): Promise<string> {
    const { identity, leases, newId } = this.#options;
    const id = newId();
    // Its other cells need not wait for its lease to be over.
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
    const digest = poller.inventoryDigest();
    const waits = this.#inventories.look(view, { id: me, digest }, this.#options.clock.monoMs());
    // Whoever polls them by another inventory does so for as long as it has not reloaded.
    poller.pollMoved(this.#inventories.apart ? this.#holdMs : 0);
    const plan = planLeases(view, { id: me, digest, cells: new Set(poller.weights().keys()), waits });
    const mine = view.cells.filter(({ agent }) => agent === me);
    await this.#become(mine);
    if (plan.release.length > 0 && this.#id === me) {
      logger.info({ cells: plan.release }, 'cells let go of');
      await this.#let(plan.release, true);
      await this.#letGo(me, plan.release);
    }
    if (plan.take.length > 0 && this.#id === me) {
      const got = await leases.take(me, plan.take);
      const cells = view.cells.map((each) => {
        const epoch = got.get(each.cell);
        return epoch === undefined ? each : { ...each, agent: me, epoch };
      });
      this.#view = { ...view, cells };
      if (this.#id === me)
        await this.#become(cells.filter(({ agent, cell }) => agent === me && !plan.release.includes(cell)));
    }
    if (this.#lasts(plan.want) && plan.want !== null && this.#id === me) await leases.want(me, plan.want);
  }

  /** The same cell is worth asking for, look after look. */
  #lasts(want: string | null): boolean {
    const looks = want !== null && this.#uneven?.cell === want ? this.#uneven.looks + 1 : 1;
    this.#uneven = want === null ? null : { cell: want, looks };
    return looks >= this.#times.unevenLooks;
  }

  /** Own exactly these. What is not of the inventory is let go of at this look. */
  async #become(cells: readonly CellLease[]): Promise<void> {
    const known = this.#options.poller.weights();
    const target = new Map(cells.map(({ cell, epoch }) => [cell, epoch]));
    // In another epoch somebody else may have owned it in between.
    const lost = [...this.#owned].filter((cell) => target.get(cell) !== this.#epochs.get(cell));
    // They are another's in the table: what waits for them would be passed over.
    if (lost.length > 0) await this.#let(lost, false);
    const gained = [...target.keys()].filter((cell) => known.has(cell) && !this.#owned.has(cell));
    if (gained.length === 0) return;
    const me = this.#id;
    await this.#move(async () => {
      if (this.#id !== me) return;
      for (const cell of gained) this.#epochs.set(cell, target.get(cell) ?? 0);
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
      this.#options.logger.info({ cells: gained }, 'cells are polled by this agent now');
    });
  }

  /** Where the answer is lost, the cells may go to another agent at any time: this one cannot own them again. */
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
    for (const cell of cells) this.#epochs.delete(cell);
  }

  #move(work: () => Promise<void>): Promise<void> {
    const moved = this.#moves.then(work);
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  /** Nothing of what this agent owned is its own any more. */
  async #fence(reason: string): Promise<void> {
    if (this.#id === null) return;
    this.#former = this.#id;
    this.#id = null;
    this.#aloneMs = 0;
    this.#fenced += 1;
    const cells = [...this.#owned];
    this.#epochs.clear();
    this.#options.logger.warn({ reason, cells }, 'this agent is fenced: it polls nothing until it has joined again');
    this.#owned = new Set();
    await this.#move(() => this.#disown(cells, false));
  }

  /** Apart from the renewals: one of them may hang when the time is up. */
  async #watch(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#ended.signal.aborted) {
      // Not as long as it may be alone: that can end at any time.
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

  /** What was found is written, and the cells are anyone's at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { leases, logger } = this.#options;
    this.#stop.abort(new Error('the agent stops'));
    await this.#looking;
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
        'the cells could not be let go of: others take them when the lease is over',
      );
    });
  }
}
