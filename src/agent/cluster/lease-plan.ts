/**
 * What an agent does about the cells in one round: take free cells that fall to it, release cells that
 * another agent asked for or that it has no devices of, and ask for a cell if it has far fewer devices than another
 * agent. Every agent decides alone from the same rows, so two of them seldom reach for the same cell; if they do, the
 * table decides.
 *
 * The rows do not tell which cells another agent has devices of, only whether its inventory is the same. So nothing is
 * left to an agent with another inventory: it may not have the cell, and then nobody would ever poll it.
 */
import type { CellLease, ClusterView } from '../../store/leases.ts';

export interface LeasePlan {
  /** Free cells that fall to this agent. */
  readonly take: readonly string[];
  /**
   * Own cells that a live agent asks for, and those no longer in the inventory: an agent that has them can then take
   * them.
   */
  readonly release: readonly string[];
  /** A cell to ask for if the imbalance lasts; null: this agent needs none. */
  readonly want: string | null;
}

/** An agent with this many times the load of another gives some of it away. */
const UNEVEN = 2;

export interface Planner {
  readonly id: string;
  /** Digest of its inventory. */
  readonly digest: string;
  /** Cells that it has devices of. */
  readonly cells: ReadonlySet<string>;
  /** A live owner has another inventory and may be about to reload: nothing is taken, asked for or handed over now. */
  readonly waits: boolean;
}

export function planLeases(view: ClusterView, me: Planner): LeasePlan {
  const loads = loadsOf(view);
  const mine = view.cells.filter(({ agent }) => agent === me.id);
  const strange = mine.filter(({ cell }) => !me.cells.has(cell)).map(({ cell }) => cell);
  if (me.waits) return { take: [], release: strange, want: null };
  const known = view.cells
    .filter(({ cell }) => me.cells.has(cell))
    // A request of an agent that is gone counts no more.
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

/** Agents with the same inventory. An agent of an older version publishes none and counts as the same. */
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
 * Number of devices of each live agent. An agent whose lease has ended is not live, even if nobody has fenced it yet. A
 * cell that no inventory has any more belongs to nobody and counts for nobody.
 */
function loadsOf({ agents, cells }: ClusterView): Map<string, number> {
  const loads = new Map(agents.filter(({ leftMs }) => leftMs > 0).map(({ id }) => [id, 0]));
  for (const { agent, weight } of cells) {
    const load = agent === null ? undefined : loads.get(agent);
    if (agent !== null && load !== undefined) loads.set(agent, load + weight);
  }
  return loads;
}

/** Assigns the heaviest cell first, each to the agent that has the least then. */
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
 * The cell of the most loaded agent whose move balances the two best; only the least loaded agent asks. If no move
 * helps, the next most loaded agent is tried.
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
