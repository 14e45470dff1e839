/** The membership as outlets see it. */
import type { ClusterStatus } from '../../model/cluster-status.ts';
import type { MembershipStatus } from './membership.ts';

export function clusterStatus(
  { id: me, owned, view, withoutLeaseMs, leaseAgeMs, fenced, differing, others }: MembershipStatus,
  inventory: ReadonlyMap<string, number>,
  fencedWrites: number,
): ClusterStatus {
  const live = new Set(view.agents.filter(({ leftMs }) => leftMs > 0).map(({ id }) => id));
  // An agent without a lease has not read the table since, and knows of nobody that polls.
  const known = withoutLeaseMs === null ? view.cells : [];
  const polled = new Set(
    known.flatMap(({ cell, agent }) => (agent !== null && agent !== me && live.has(agent) ? cell : [])),
  );
  const cells = [...inventory.keys()];
  return {
    cells: new Map(cells.map((cell) => [cell, owned.has(cell)])),
    unowned: cells.filter((cell) => !owned.has(cell) && !polled.has(cell)).length,
    agents: others === null ? null : others + 1,
    differing,
    leaseAgeMs,
    fencedWrites,
    timesFenced: fenced,
  };
}

/** This agent's share of the limits that all agents have together: in proportion to its devices. */
export function shareOf({ owned, view }: Pick<MembershipStatus, 'owned' | 'view'>): number {
  let [own, all] = [0, 0];
  for (const { cell, agent, weight } of view.cells) {
    if (owned.has(cell)) own += weight;
    if (agent !== null || owned.has(cell)) all += weight;
  }
  return own === 0 ? 1 : own / all;
}
