/**
 * What an agent does about the cells, from one look at the leases: take what is nobody's and falls to it, let go of
 * what another asked for and of what it has no devices of, ask for one where it has far less than another. Every agent
 * decides alone and from the same rows, so that two of them seldom reach for the same cell; where they do, the table
 * decides.
 *
 * The rows do not tell which cells another agent has devices of, only whether its inventory is the same. So nothing is
 * left to an agent of another inventory: it may not have the cell, and then nobody would ever poll it.
 */
import type { CellLease, ClusterView } from '../../store/leases.ts';

export interface LeasePlan {
  /** Cells of nobody that fall to this agent. */
  readonly take: readonly string[];
  /**
   * Own cells that a live agent asks for, and those that are in the inventory no more: who has them can take them then.
   */
  readonly release: readonly string[];
  /** A cell to ask for, if the difference lasts; null: the cells lie well, as far as this agent is concerned. */
  readonly want: string | null;
}

/** An agent with this many times the load of another gives some of it away. */
const UNEVEN = 2;

export interface Planner {
  readonly id: string;
  /** Of its inventory. */
  readonly digest: string;
  /** That it has devices of. */
  readonly cells: ReadonlySet<string>;
  /**
   * A live owner has other devices, and may be about to get the same: nothing is taken, asked for or handed over now.
   */
  readonly waits: boolean;
}

export function planLeases(view: ClusterView, me: Planner): LeasePlan {
  const loads = loadsOf(view);
  const mine = view.cells.filter(({ agent }) => agent === me.id);
  const strange = mine.filter(({ cell }) => !me.cells.has(cell)).map(({ cell }) => cell);
  if (me.waits) return { take: [], release: strange, want: null };
  const known = view.cells
    .filter(({ cell }) => me.cells.has(cell))
    // Who asked and is no more asks for nothing.
    .map((lease) => ({
      ...lease,
      wantedBy: lease.wantedBy !== null && loads.has(lease.wantedBy) ? lease.wantedBy : null,
    }));
  const asked = known.filter(({ agent, wantedBy }) => agent === me.id && wantedBy !== null && wantedBy !== me.id);
  const free = known.filter(({ agent }) => agent === null);
  const peers = peersOf(view, me, loads);
  return {
    take: fallingTo(me.id, free, peers),
    release: [...strange, ...asked.map(({ cell }) => cell)],
    want: free.length > 0 || asked.length > 0 ? null : wanted(known, loads, { id: me.id, peers }),
  };
}

/** Of those with this agent's inventory. One that has told none is of a version before, and differs from none. */
function peersOf(
  { agents }: ClusterView,
  { id: me, digest }: Planner,
  loads: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const alike = agents.filter(({ id, inventory }) => id === me || inventory === '' || inventory === digest);
  return new Map(
    alike.flatMap(({ id }) => {
      const load = loads.get(id);
      return load === undefined ? [] : [[id, load] as const];
    }),
  );
}

/**
 * Devices of each live agent. One whose lease is over is not live, though nobody has fenced it yet. A cell that is in
 * no inventory any more is nobody's, its owner having let go of it, and counts for nobody.
 */
function loadsOf({ agents, cells }: ClusterView): Map<string, number> {
  const loads = new Map(agents.filter(({ leftMs }) => leftMs > 0).map(({ id }) => [id, 0]));
  for (const { agent, weight } of cells) {
    const load = agent === null ? undefined : loads.get(agent);
    if (agent !== null && load !== undefined) loads.set(agent, load + weight);
  }
  return loads;
}

/** The heaviest cell first, each to whoever has the least then. */
function fallingTo(me: string, free: readonly CellLease[], known: ReadonlyMap<string, number>): readonly string[] {
  const loads = new Map(known);
  const mine: string[] = [];
  for (const { cell, weight } of free.toSorted((a, b) => b.weight - a.weight || order(a.cell, b.cell))) {
    const taker = leastOf(loads);
    if (taker === null) continue;
    loads.set(taker, (loads.get(taker) ?? 0) + weight);
    if (taker === me) mine.push(cell);
  }
  return mine;
}

/**
 * Of the agent with the most, the cell whose move evens the two best; asked for by the one with the least. Where it has
 * none whose move would help, of the one with the next most.
 */
function wanted(
  cells: readonly CellLease[],
  loads: ReadonlyMap<string, number>,
  me: { readonly id: string; readonly peers: ReadonlyMap<string, number> },
): string | null {
  if (leastOf(me.peers) !== me.id || cells.some(({ wantedBy }) => wantedBy === me.id)) return null;
  const own = loads.get(me.id) ?? 0;
  for (const [owner, load] of [...loads].toSorted(([a, x], [b, y]) => y - x || order(a, b))) {
    if (owner === me.id || load < UNEVEN * own) return null;
    const after = ({ weight }: CellLease) => Math.max(load - weight, own + weight);
    const [best] = cells
      .filter(({ agent, wantedBy }) => agent === owner && wantedBy === null)
      .toSorted((a, b) => after(a) - after(b) || order(a.cell, b.cell));
    if (best !== undefined && after(best) < load) return best.cell;
  }
  return null;
}

function leastOf(loads: ReadonlyMap<string, number>): string | null {
  return [...loads].toSorted(([a, x], [b, y]) => x - y || order(a, b))[0]?.[0] ?? null;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
