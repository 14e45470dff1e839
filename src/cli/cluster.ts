/** This agent among those that share its store: its membership, and what the others find. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Agent } from '../agent/agent.ts';
import { type ClusterTimes, Membership } from '../agent/cluster/membership.ts';
import { isGone, traceOf } from '../agent/cluster/process-trace.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { clusterStatus } from '../agent/cluster/cluster-status.ts';
import type { ClusterStatus } from '../model/cluster-status.ts';
import type { PostgresStore } from '../store/postgres/postgres-store.ts';
import { StoreError } from '../store/store-error.ts';

/** Events of other agents are told to listeners this much later at most. */
const OTHERS_EVERY_MS = 1_000;

export interface Cluster extends AsyncDisposable {
  readonly membership: Membership;
  status(): ClusterStatus;
}

export function startCluster(options: {
  readonly store: PostgresStore;
  readonly agent: Agent;
  readonly url: string;
  readonly version: string;
  readonly times: ClusterTimes;
  /** The machine's own. */
  readonly clock: Clock;
  readonly logger: Logger;
}): Cluster {
  const { store, agent, url, version, clock, logger, times } = options;
  const membership = new Membership({
    leases: store.leases,
    poller: agent,
    clock,
    logger,
    identity: () => ({ name: `${hostname()} ${process.pid}`, url, version, process: traceOf(process.pid) }),
    newId: randomUUID,
    times,
    isGone,
  });
  const stop = new AbortController();
  membership.start();
  const telling = tellOthers(stop.signal);
  return {
    membership,
    status: () => clusterStatus(membership.status, agent.weights(), store.fencedWrites),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the agent stops'));
      await telling;
      await membership[Symbol.asyncDispose]();
    },
  };

  async function tellOthers(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(OTHERS_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        agent.heardOfOthers(await store.others());
      } catch (error) {
        // The membership tells that the store cannot be reached; these events stay in the history.
        if (!(error instanceof StoreError)) throw error;
      }
    }
  }
}
