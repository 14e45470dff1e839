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
        help: '1 where this agent polls the cell, 0 where another one may; over all agents each cell sums up to 1.',
      },
      Array.from(cells, ([cell, owned]) => [{ cell }, Number(owned)] as const),
    ),
    agentMetrics(status),
    renderFamily(
      {
        name: 'gdoi_cells_unowned',
        type: 'gauge',
        help: 'Cells of the inventory that nobody polled when this agent looked last; all of them while it has no lease.',
      },
      [[{}, unowned]],
    ),
    renderFamily(
      {
        name: 'gdoi_lease_age_seconds',
        type: 'gauge',
        help: 'Since the last good renewal of the lease of this agent was sent; from 15 s on it polls nothing, unless it knows of no other agent.',
      },
      leaseAgeMs === null ? [] : [[{}, leaseAgeMs / 1000]],
    ),
    renderFamily(
      {
        name: 'gdoi_fenced_writes_total',
        type: 'counter',
        help: 'Batches that were not kept, or not whole: another agent owned something of them by then.',
      },
      [[{}, fencedWrites]],
    ),
    renderFamily(
      {
        name: 'gdoi_lease_losses_total',
        type: 'counter',
        help: 'Times that this process lost its lease and joined anew.',
      },
      [[{}, timesFenced]],
    ),
    renderFamily(
      {
        name: 'gdoi_cluster_questions_total',
        type: 'counter',
        help: 'Questions to other agents about what they poll, by how they ended; refused: the token of cluster.token_file is not theirs.',
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
        help: 'Agents that share the store, as far as this one knows, itself included. Above 1 it stops polling when it loses the database.',
      },
      agents === null ? [] : [[{}, agents]],
    ),
    renderFamily(
      {
        name: 'gdoi_cluster_agents_differing',
        type: 'gauge',
        help: 'Agents that share the store and have other devices than this one, or have them in other cells.',
      },
      [[{}, differing]],
    ),
  ].join('');
}
