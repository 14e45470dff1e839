/** Metrics of an agent that shares its store with others. */
import type { ClusterStatus } from '../model/cluster-status.ts';
import type { AskedCounts } from '../model/other-agents.ts';
import { renderFamily } from './prepared-lines.ts';

export function clusterMetrics(status: ClusterStatus, asked: AskedCounts): string {
  const { cells, unowned, leaseAgeMs, fencedWrites, timesFenced } = status;
  return [
    renderFamily(
      {
        name: 'gdoi_cell_owned',
        type: 'gauge',
        help: '1 if this agent polls the cell, 0 if another one may; summed over all agents, each cell gives 1.',
      },
      Array.from(cells, ([cell, owned]) => [{ cell }, Number(owned)] as const),
    ),
    agentMetrics(status),
    renderFamily(
      {
        name: 'gdoi_cells_unowned',
        type: 'gauge',
        help: 'Cells of the inventory that no agent polled when this one last looked; all of them while this one has no lease.',
      },
      [[{}, unowned]],
    ),
    renderFamily(
      {
        name: 'gdoi_lease_age_seconds',
        type: 'gauge',
        help: 'Time since this agent sent the last successful renewal of its lease. From three quarters of cluster.lease on (15 s by default) it polls nothing, unless it knows of no other agent.',
      },
      leaseAgeMs === null ? [] : [[{}, leaseAgeMs / 1000]],
    ),
    renderFamily(
      {
        name: 'gdoi_fenced_writes_total',
        type: 'counter',
        help: 'Batches that were not stored, or only in part, because another agent owned some of their cells by then.',
      },
      [[{}, fencedWrites]],
    ),
    renderFamily(
      {
        name: 'gdoi_lease_losses_total',
        type: 'counter',
        help: 'Times that this process lost its lease and joined again.',
      },
      [[{}, timesFenced]],
    ),
    renderFamily(
      {
        name: 'gdoi_cluster_questions_total',
        type: 'counter',
        help: 'Requests to other agents about what they poll, by result; refused: they have another cluster token.',
      },
      [
        [{ result: 'answered' }, asked.answered],
        [{ result: 'refused' }, asked.refused],
        [{ result: 'unanswered' }, asked.unanswered],
      ],
    ),
  ].join('');
}

/** Metrics of the agents beside this one. */
function agentMetrics({ agents, differing }: ClusterStatus): string {
  return [
    renderFamily(
      {
        name: 'gdoi_cluster_agents',
        type: 'gauge',
        help: 'Agents that share the store, as far as this one knows, including itself. If there are others, it stops polling when it loses the database.',
      },
      agents === null ? [] : [[{}, agents]],
    ),
    renderFamily(
      {
        name: 'gdoi_cluster_agents_differing',
        type: 'gauge',
        help: 'Agents that share the store but have different devices than this one, or have them in different cells.',
      },
      [[{}, differing]],
    ),
  ].join('');
}
