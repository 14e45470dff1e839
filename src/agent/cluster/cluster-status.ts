/** The membership as outlets see it. */
import type { ClusterStatus } from '../../model/cluster-status.ts';
import type { MembershipStatus } from './membership.ts';

export function clusterStatus(
  { owned, view, leaseAgeMs, fenced, others }: MembershipStatus,
  inventory: ReadonlyMap<string, number>,
  fencedWrites: number,
): ClusterStatus {
  const live = new Set(view.agents.filter(({ leftMs }) => leftMs > 0).map(({ id }) => id));
  const polled = new Set(view.cells.flatMap(({ cell, agent }) => (agent !== null && live.has(agent) ? cell : [])));
  const cells = [...inventory.keys()];
  return {
    cells: new Map(cells.map((cell) => [cell, owned.has(cell)])),
    unowned: cells.filter((cell) => !owned.has(cell) && !polled.has(cell)).length,
    agents: others === null ? null : others + 1,
    leaseAgeMs,
    fencedWrites,
    timesFenced: fenced,
  };
}
