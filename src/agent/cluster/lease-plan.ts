/**
 * What an agent does about the cells, from one look at the leases: take what is nobody's and falls to it, let go of what
 * another asked for, ask for one where it has far less than another. Every agent decides alone and from the same rows, so
 * that two of them seldom reach for the same cell; where they do, the table decides.
 */
import type { CellLease, ClusterView } from '../../store/leases.ts';

export interface LeasePlan {
  /** Cells of nobody that fall to this agent. */
  readonly take: readonly string[];
  /** Own cells that a live agent asks for. */
  readonly release: readonly string[];
  /** A cell to ask for, if the difference lasts; null: the cells lie well, as far as this agent is concerned. */
  readonly want: string | null;
}

/** An agent with this many times the load of another gives some of it away. */
const UNEVEN = 2;

/** `inventory`: cells that this agent has devices of. Nothing is decided about others. */
export function planLeases(view: ClusterView, me: string, inventory: ReadonlySet<string>): LeasePlan {
  const loads = loadsOf(view);
  const known = view.cells
    .filter(({ cell }) => inventory.has(cell))
    // Who asked and is no more asks for nothing.
    .map((lease) => ({
      ...lease,
      wantedBy: lease.wantedBy !== null && loads.has(lease.wantedBy) ? lease.wantedBy : null,
    }));
  const release = known.filter(({ agent, wantedBy }) => agent === me && wantedBy !== null && wantedBy !== me);
  const free = known.filter(({ agent }) => agent === null);
  return {
    take: fallingTo(me, free, loads),
    release: release.map(({ cell }) => cell),
    want: free.length > 0 || release.length > 0 ? null : wanted(known, loads, me),
  };
}

/** Devices of each live agent. One whose lease is over is not live, though nobody has fenced it yet. */
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

/** Of the agent with the most, the cell whose move evens the two best; asked for by the one with the least. */
function wanted(cells: readonly CellLease[], loads: ReadonlyMap<string, number>, me: string): string | null {
  if (leastOf(loads) !== me || cells.some(({ wantedBy }) => wantedBy === me)) return null;
  const [most] = [...loads].toSorted(([a, x], [b, y]) => y - x || order(a, b));
  const own = loads.get(me) ?? 0;
  if (most === undefined || most[0] === me || most[1] < UNEVEN * own) return null;
  const after = ({ weight }: CellLease) => Math.max(most[1] - weight, own + weight);
  const [best] = cells
    .filter(({ agent, wantedBy }) => agent === most[0] && wantedBy === null)
    .toSorted((a, b) => after(a) - after(b) || order(a.cell, b.cell));
  return best !== undefined && after(best) < most[1] ? best.cell : null;
}

function leastOf(loads: ReadonlyMap<string, number>): string | null {
  return [...loads].toSorted(([a, x], [b, y]) => x - y || order(a, b))[0]?.[0] ?? null;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
