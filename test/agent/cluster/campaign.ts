/**
 * A campaign against the lease protocol: the real membership and plan, over a model of the database and of the network,
 * in simulated time, with faults from a seed. Every run can be had again by its seed.
 *
 * Each agent names what it finds by itself (its id is in the event's), so that nothing but the fence and the kept state
 * makes an event one: what two owners found would be two events.
 */
import { Membership, timesOfLease } from '../../../src/agent/cluster/membership.ts';
import { InternalErrors } from '../../../src/kernel/internal-errors.ts';
import type { AgentIdentity, CellLease, ClusterView, LeaseTable, Renewal } from '../../../src/store/leases.ts';
import { StoreError } from '../../../src/store/store-error.ts';
import { ProcessClock, SimulatedTime } from './campaign-clock.ts';

const nothing = () => undefined;
const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const AGENTS = 3;
const CELLS = ['north', 'south', 'east', 'west'];
const POLL_EVERY_MS = 20_000;
/** A login and an answer. */
const POLL_MS = 1500;
const STATEMENT_MS = 2000;
const RESTART_MS = 10_000;
/** An agent that knows of no other polls on for so long. */
const ALONE_MS = 120_000;

export interface CampaignResult {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly registrations: number;
  /** Kept once, more than once, never. */
  readonly once: number;
  readonly doubled: readonly string[];
  readonly lost: readonly string[];
  /** Kept, and told to nobody: whoever kept it died in between. */
  readonly untold: number;
  readonly toldTwice: readonly string[];
  /** Two agents that were let run polled one device at once. */
  readonly together: readonly string[];
  /** From the moment that a killed agent's cell was polled by nobody to its next poll. */
  readonly takeoverMs: readonly number[];
  readonly agentSeconds: number;
}

export interface CampaignOptions {
  readonly seed: number;
  readonly seconds: number;
  /** false: the fence is a look at the row when the write is sent, as a plain EXISTS is. */
  readonly fenced?: boolean;
  /** false: a write is also taken that its agent sent before the cell went to another one and came back. */
  readonly comparesTerms?: boolean;
  /** false: whoever joins takes over when the lease is over, also from an agent that may be alone. */
  readonly waitsForTheLone?: boolean;
  /** All processes are of one machine, where one can tell that another is gone. */
  readonly oneMachine?: boolean;
}

/** Numerical Recipes' generator: the same faults for the same seed, on any machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface AgentRow extends AgentIdentity {
  fenced: boolean;
  expiresMs: number;
  aloneMs: number;
  renewal: number;
}

interface Write {
  /** In which the writer got the cell; undefined: in any. */
  readonly term: number | undefined;
  readonly number: number;
  readonly upTo: number;
  readonly events: readonly KeptEvent[];
  readonly fenced: boolean;
}

interface KeptEvent {
  readonly id: string;
  /** Device and number of the registration. */
  readonly what: string;
  readonly writer: string;
}

/** The database: everything in it happens at one instant, as in a transaction. */
class ModelDatabase {
  readonly #time: SimulatedTime;
  readonly #waitsForTheLone: boolean;
  readonly #agents = new Map<string, AgentRow>();
  readonly #cells = new Map<string, { -readonly [Key in keyof CellLease]: CellLease[Key] }>();
  readonly #written = new Map<string, { readonly writer: string; readonly number: number }>();
  readonly events = new Map<string, KeptEvent>();
  /** Registrations that the events of a device go up to. */
  readonly counted = new Map<string, number>(CELLS.map((cell) => [cell, 0]));
  down = false;

  constructor(time: SimulatedTime, waitsForTheLone: boolean) {
    this.#time = time;
    this.#waitsForTheLone = waitsForTheLone;
  }

  owns(id: string, cell: string): boolean {
    return this.#cells.get(cell)?.agent === id;
  }

  /** null: another one's by then, or later than a later one. */
  commit(cell: string, writer: string, write: Write): readonly string[] | null {
    const { term, number, upTo, events, fenced } = write;
    const isOfNow = term === undefined || this.#cells.get(cell)?.term === term;
    if (fenced && !(this.owns(writer, cell) && isOfNow)) return null;
    const last = this.#written.get(cell);
    if (last?.writer === writer && last.number >= number) return null;
    this.#written.set(cell, { writer, number });
    const fresh = events.filter(({ id }) => !this.events.has(id));
    for (const event of fresh) this.events.set(event.id, event);
    this.counted.set(cell, upTo);
    return fresh.map(({ id }) => id);
  }

  readonly leases: LeaseTable = {
    join: async (agent, leaseMs) => {
      this.#agents.set(agent.id, {
        ...agent,
        fenced: false,
        expiresMs: this.#time.nowMs + leaseMs,
        aloneMs: 0,
        renewal: 0,
      });
    },
    renew: async (id, { number, leaseMs, aloneMs }) => {
      const row = this.#agents.get(id);
      if (row === undefined || row.fenced || row.renewal >= number) return null;
      Object.assign(row, { expiresMs: this.#time.nowMs + leaseMs, aloneMs, renewal: number });
      return [...this.#agents.values()].filter((other) => other !== row && !other.fenced).length;
    },
    announce: async (_id, { weights }) => {
      for (const [cell, weight] of weights) {
        const known = this.#cells.get(cell);
        if (known === undefined) this.#cells.set(cell, { cell, agent: null, term: 0, weight, wantedBy: null });
        else known.weight = weight;
      }
    },
    view: async (): Promise<ClusterView> => ({
      agents: [...this.#agents.values()]
        .filter(({ fenced }) => !fenced)
        .map((row) => ({ ...row, inventory: 'the same', leftMs: row.expiresMs - this.#time.nowMs })),
      cells: Array.from(this.#cells.values(), (cell) => ({ ...cell })),
    }),
    fenceDead: async () => {
      for (const [id, row] of this.#agents) {
        const untilMs = row.expiresMs + (this.#waitsForTheLone ? row.aloneMs : 0);
        if (!row.fenced && untilMs < this.#time.nowMs) row.fenced = true;
        if (row.fenced) this.#agents.delete(id);
      }
      const freed = [...this.#cells.values()].filter(({ agent }) => agent !== null && !this.#agents.has(agent));
      for (const cell of freed) Object.assign(cell, { agent: null, term: cell.term + 1 });
      return freed.map(({ cell }) => cell);
    },
    take: async (id, cells) => {
      if (this.#agents.get(id)?.fenced !== false) return new Map();
      const got = cells.flatMap((name) => this.#cells.get(name) ?? []).filter(({ agent }) => agent === null);
      for (const cell of got) Object.assign(cell, { agent: id, term: cell.term + 1, wantedBy: null });
      return new Map(got.map(({ cell, term }) => [cell, term]));
    },
    want: async (id, name) => {
      const cell = this.#cells.get(name);
      if (cell !== undefined && cell.agent !== id && this.#agents.has(id)) cell.wantedBy = id;
    },
    release: async (id, cells) => {
      for (const name of cells) {
        const cell = this.#cells.get(name);
        if (cell === undefined || cell.agent !== id) continue;
        const taker = cell.wantedBy === null ? undefined : this.#agents.get(cell.wantedBy);
        const live = taker !== undefined && !taker.fenced && taker.expiresMs > this.#time.nowMs;
        Object.assign(cell, { agent: live ? taker.id : null, term: cell.term + 1, wantedBy: null });
      }
    },
    bury: async (id) => this.#forget(id),
    leave: async (id) => this.#forget(id),
  };

  #forget(id: string): void {
    this.#agents.delete(id);
    const freed = [...this.#cells.values()].filter(({ agent }) => agent === id);
    for (const cell of freed) Object.assign(cell, { agent: null, term: cell.term + 1 });
  }
}

/** One process: its way to the database, its membership, and polls of its cells. */
class ModelProcess {
  readonly clock: ProcessClock;
  readonly membership: Membership;
  readonly #world: World;
  readonly name: string;
  readonly #polling = new Map<string, AbortController>();
  readonly told: string[] = [];
  #writes = 0;
  cut = false;
  losesAnswers = false;
  /** Polls a device at this moment. */
  readonly sessions = new Set<string>();

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.clock = new ProcessClock(world.time, (world.random() - 0.5) * 600_000);
    let ids = 0;
    const over = (work: (leases: LeaseTable) => Promise<unknown>) => this.call(() => work(world.database.leases));
    // oxlint-disable typescript/no-unsafe-type-assertion -- each gives what its own method gives
    const leases: LeaseTable = {
      join: (agent, ms) => over((table) => table.join(agent, ms)) as Promise<void>,
      renew: (id, renewal: Renewal) => over((table) => table.renew(id, renewal)) as Promise<number | null>,
      announce: (id, inventory) => over((table) => table.announce(id, inventory)) as Promise<void>,
      view: () => over((table) => table.view()) as Promise<ClusterView>,
      fenceDead: () => over((table) => table.fenceDead()) as Promise<readonly string[]>,
      take: (id, cells) => over((table) => table.take(id, cells)) as Promise<ReadonlyMap<string, number>>,
      want: (id, cell) => over((table) => table.want(id, cell)) as Promise<void>,
      release: (id, cells) => over((table) => table.release(id, cells)) as Promise<void>,
      bury: (id) => over((table) => table.bury(id)) as Promise<void>,
      leave: (id) => over((table) => table.leave(id)) as Promise<void>,
    };
    // oxlint-enable typescript/no-unsafe-type-assertion
    this.membership = new Membership({
      leases,
      clock: this.clock,
      random: randomOf(world.processes.length),
      logger: QUIET,
      errors: new InternalErrors(QUIET),
      identity: () => ({ name, url: '', version: '1', process: name }),
      newId: () => `${name}.${(ids += 1)}`,
      poller: {
        weights: () => world.weights,
        inventoryDigest: () => 'the same',
        announcedInventory: () => 'the same',
        letMovedGo: () => Promise.resolve(false),
        own: (cells) => this.#own(cells),
        disown: (cells, keep) => this.#disown(cells, keep),
        pollMoved: nothing,
      },
      times: timesOfLease(20_000, ALONE_MS),
      isGone: (process) => world.oneMachine && world.isGone(process),
    });
    this.membership.start();
  }

  /** What is sent arrives even if the sender is paused then; the answer waits for it. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    const { time, random, database } = this.#world;
    await this.clock.turn();
    const silent = async (): Promise<never> => {
      await time.sleep(STATEMENT_MS);
      await this.clock.turn();
      throw new StoreError('io', 'no answer');
    };
    if (this.cut) {
      // Some of what was sent is on its way, and arrives when nobody waits for it any more.
      if (random() < 0.3) void time.sleep(random() * 60_000).then(() => (database.down ? undefined : work()));
      return silent();
    }
    await time.sleep(1 + random() * 40);
    if (database.down) return silent();
    const result = await work();
    if (this.losesAnswers && random() < 0.5) return silent();
    await this.clock.turn();
    return result;
  }

  async #own(cells: readonly string[]): Promise<void> {
    for (const cell of cells) {
      const counted = await this.call(async () => this.#world.database.counted.get(cell) ?? 0);
      const stop = new AbortController();
      this.#polling.set(cell, stop);
      // Ends with the abort; a campaign waits for no one.
      void this.#poll(cell, counted, stop.signal);
    }
  }

  async #disown(cells: readonly string[], keep: boolean): Promise<void> {
    for (const cell of cells) {
      this.#polling.get(cell)?.abort();
      this.#polling.delete(cell);
      // Its session is closed.
      this.sessions.delete(cell);
    }
    if (keep) await this.clock.sleep(100).catch(() => undefined);
  }

  async #poll(device: string, known: number, signal: AbortSignal): Promise<void> {
    let counted = known;
    while (!signal.aborted && !this.clock.killed) {
      if (this.membership.writer === null) {
        await this.clock.sleep(1000, signal).catch(() => undefined);
        continue;
      }
      this.sessions.add(device);
      this.#world.polled(this, device);
      await this.clock.sleep(POLL_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      this.sessions.delete(device);
      counted = await this.#keep(device, counted, this.#world.registrations.get(device) ?? 0, signal);
      await this.clock.sleep(POLL_EVERY_MS - POLL_MS, signal).catch(() => undefined);
    }
  }

  /** What is counted after it: nothing of it is lost while the store does not answer. */
  async #keep(device: string, counted: number, seen: number, signal: AbortSignal): Promise<number> {
    if (seen === counted) return counted;
    const writer = this.membership.writer;
    if (writer === null) return counted;
    const events = Array.from({ length: seen - counted }, (_, index): KeptEvent => {
      const what = `${device}/${counted + index + 1}`;
      return { id: `${what} by ${this.name}`, what, writer: this.name };
    });
    const { database, fenced } = this.#world;
    const { agent, terms } = writer;
    const ownedWhenSent = database.owns(agent, device);
    this.#writes += 1;
    const term = this.#world.comparesTerms ? (terms.get(device) ?? -1) : undefined;
    const write = { term, number: this.#writes, upTo: seen, events, fenced };
    try {
      const fresh = await this.call(async () =>
        fenced || ownedWhenSent ? database.commit(device, agent, write) : null,
      );
      if (fresh === null) return counted;
      const own = events.filter(({ id }) => fresh.includes(id) || database.events.get(id)?.writer === this.name);
      for (const { what } of own) if (!this.told.includes(what)) this.told.push(what);
      return seen;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // The same again, as long as the cell is its own.
      await this.clock.sleep(1000, signal).catch(() => undefined);
      return signal.aborted ? counted : this.#keep(device, counted, seen, signal);
    }
  }
}

class World {
  readonly time = new SimulatedTime();
  readonly database: ModelDatabase;
  readonly random: () => number;
  readonly fenced: boolean;
  readonly comparesTerms: boolean;
  readonly oneMachine: boolean;
  readonly registrations = new Map<string, number>(CELLS.map((cell) => [cell, 0]));
  readonly weights = new Map(CELLS.map((cell, index) => [cell, 1 + index]));
  readonly processes: ModelProcess[] = [];
  readonly gone: ModelProcess[] = [];
  readonly faults = new Map<string, number>();
  readonly together: string[] = [];
  readonly takeoverMs: number[] = [];
  readonly #unpolledSince = new Map<string, number>();
  #started = 0;

  constructor({
    seed,
    fenced = true,
    comparesTerms = true,
    waitsForTheLone = true,
    oneMachine = false,
  }: CampaignOptions) {
    this.random = randomOf(seed);
    this.database = new ModelDatabase(this.time, waitsForTheLone);
    this.fenced = fenced;
    this.comparesTerms = comparesTerms;
    this.oneMachine = oneMachine;
    for (let index = 0; index < AGENTS; index += 1) this.start();
  }

  start(): void {
    this.#started += 1;
    this.processes.push(new ModelProcess(this, `p${this.#started}`));
  }

  isGone(name: string): boolean {
    return this.gone.some((process) => process.name === name && process.clock.killed);
  }

  polled(by: ModelProcess, device: string): void {
    const since = this.#unpolledSince.get(device);
    if (since !== undefined) this.takeoverMs.push(this.time.nowMs - since);
    this.#unpolledSince.delete(device);
    for (const other of this.processes) {
      if (other === by || !other.sessions.has(device) || other.clock.paused || by.clock.paused) continue;
      this.together.push(`${device} at ${this.time.nowMs}`);
    }
  }

  async registrationsHappen(endMs: number): Promise<void> {
    while (this.time.nowMs < endMs) {
      await this.time.sleep(5000 + this.random() * 40_000);
      const device = CELLS[Math.floor(this.random() * CELLS.length)] ?? '';
      this.registrations.set(device, (this.registrations.get(device) ?? 0) + 1);
    }
  }

  async faultsHappen(endMs: number): Promise<void> {
    while (this.time.nowMs < endMs) {
      await this.time.sleep(5000 + this.random() * 60_000);
      const process = this.processes[Math.floor(this.random() * this.processes.length)];
      if (process !== undefined) this.#fault(process);
    }
  }

  #fault(process: ModelProcess): void {
    const lastsMs = 500 + this.random() ** 2 * 60_000;
    const [kind, begin, end] = this.#kindOf(process);
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    begin();
    void this.time.sleep(lastsMs).then(end);
  }

  #kindOf(process: ModelProcess): readonly [kind: string, begin: () => void, end: () => void] {
    const { clock } = process;
    switch (Math.floor(this.random() * 7)) {
      case 0:
        return ['kill', () => this.#kill(process), () => undefined];
      case 1:
        return ['pause', () => clock.pause(), () => clock.resume()];
      case 2:
        return ['cut', () => void (process.cut = true), () => void (process.cut = false)];
      case 3:
        return ['lost answers', () => void (process.losesAnswers = true), () => void (process.losesAnswers = false)];
      case 4:
        return ['database down', () => void (this.database.down = true), () => void (this.database.down = false)];
      case 5:
        return ['stop', () => this.#stop(process), () => undefined];
      default:
        return ['cut of one that was alone', () => this.#cutLone(process), () => void (process.cut = false)];
    }
  }

  /** All others are gone; when the first of them is back, or a little before or after, it loses the database. */
  #cutLone(process: ModelProcess): void {
    // Later than their leases: the one that is left has seen that it is alone.
    const backMs = 40_000;
    for (const other of this.processes.filter((each) => each !== process)) this.#kill(other, backMs);
    const laterMs = backMs + (this.random() - 0.3) * 10_000;
    void this.time.sleep(laterMs).then(() => {
      process.cut = true;
      return this.time.sleep(this.random() * 2 * ALONE_MS).then(() => void (process.cut = false));
    });
  }

  #kill(process: ModelProcess, backMs = RESTART_MS): void {
    for (const cell of process.membership.status.owned) this.#unpolledSince.set(cell, this.time.nowMs);
    process.clock.killed = true;
    this.#replace(process, backMs);
  }

  #stop(process: ModelProcess): void {
    this.#replace(process, RESTART_MS);
    // The process ends when it has let go.
    void process.membership[Symbol.asyncDispose]();
  }

  #replace(process: ModelProcess, backMs: number): void {
    this.processes.splice(this.processes.indexOf(process), 1);
    this.gone.push(process);
    void this.time.sleep(backMs).then(() => this.start());
  }

  heal(): void {
    this.database.down = false;
    for (const process of this.processes) {
      process.cut = false;
      process.losesAnswers = false;
      process.clock.resume();
    }
  }
}

export async function campaign(options: CampaignOptions): Promise<CampaignResult> {
  const world = new World(options);
  const endMs = options.seconds * 1000;
  void world.registrationsHappen(endMs);
  void world.faultsHappen(endMs);
  await world.time.runUntil(endMs);
  // Then all is well, for as long as it takes to find everything.
  await world.time.runUntil(endMs + 2 * ALONE_MS + 70_000);
  world.heal();
  await world.time.runUntil(endMs + 3 * ALONE_MS + 200_000);
  return resultOf(world, options);
}

function resultOf(world: World, { seed, seconds }: CampaignOptions): CampaignResult {
  const kept = new Map<string, number>();
  for (const { what } of world.database.events.values()) kept.set(what, (kept.get(what) ?? 0) + 1);
  const told = [...world.processes, ...world.gone].flatMap((process) => process.told);
  const expected = [...world.registrations].flatMap(([device, count]) =>
    Array.from({ length: count }, (_, index) => `${device}/${index + 1}`),
  );
  return {
    seed,
    faults: Object.fromEntries(world.faults),
    registrations: expected.length,
    once: expected.filter((what) => kept.get(what) === 1).length,
    doubled: expected.filter((what) => (kept.get(what) ?? 0) > 1),
    lost: expected.filter((what) => !kept.has(what)),
    untold: expected.filter((what) => kept.has(what) && !told.includes(what)).length,
    toldTwice: told.filter((what, index) => told.indexOf(what) !== index),
    together: world.together,
    takeoverMs: world.takeoverMs,
    agentSeconds: seconds * AGENTS,
  };
}
