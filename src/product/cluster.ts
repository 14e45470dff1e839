/** This agent among those that share its store: its membership, and the events that the others find. */
import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Agent } from '../agent/agent.ts';
import { AskedAgents } from '../agent/cluster/asked-agents.ts';
import { OtherAgentClient } from '../agent/cluster/ask-agent.ts';
import { placesOf } from '../agent/cluster/inventory-comparison.ts';
import { type ClusterTimes, Membership, type MembershipStatus } from '../agent/cluster/membership.ts';
import { isGone, isHere, traceOf } from '../agent/cluster/process-trace.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { InternalErrors } from '../kernel/internal-errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { systemRandom } from '../kernel/random.ts';
import { Secret } from '../kernel/secret.ts';
import { clusterStatus } from '../agent/cluster/cluster-status.ts';
import type { Maintenance } from '../model/maintenance.ts';
import type { ClusterStatus } from '../model/cluster-status.ts';
import type { PostgresStore } from '../store/postgres/postgres-store.ts';
import type { SharedStore } from './stores.ts';
import { isStoreFailure } from '../store/store-error.ts';

/** Events of other agents reach listeners at most this much later. */
const OTHERS_EVERY_MS = 1_000;

/** After this many leases without one, an agent is not ready. A shorter time only means that the database restarts. */
const LEASES_UNTIL_OUTCAST = 3;

export interface Cluster extends AsyncDisposable {
  readonly membership: Membership;
  status(): ClusterStatus;
  /** It may poll nothing and could not join for several leases. A standby may. */
  outcast(): boolean;
  /** Another agent owns this cell, and has still the inventory that this one had before its reload. */
  isBehind(cell: string): boolean;
}

/** The name of this agent for other agents and in logs. */
function agentName(): string {
  return `${hostname()} ${process.pid}`;
}

/** `membership` is a function because the membership begins later. */
export function askOthers(options: {
  readonly agent: Agent;
  readonly membership: () => MembershipStatus | null;
  readonly shared: Pick<SharedStore, 'others'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): Asking {
  const { agent, membership, shared, clock, logger } = options;
  const { token, tls } = shared.others;
  const client = new OtherAgentClient({ token, tls, clock });
  const others = new AskedAgents({
    self: agentName(),
    status: () => membership() ?? NO_MEMBER,
    inventory: () => agent.inventory(),
    keptFleet: (cells) => agent.keptFleet(cells),
    client,
    isHere,
    clock,
    logger,
  });
  return { others, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

export interface Asking extends AsyncDisposable {
  readonly others: AskedAgents;
}

const NO_MEMBER = { id: null, owned: new Set<string>(), view: { agents: [], cells: [] } };

/** The agents' token lets other agents in, if a token is needed at all. */
export function withAgentsToken(web: ResolvedConfig['web'], token: Secret | null): ResolvedConfig['web'] {
  if (token === null || web.basicAuthUsers.size + web.tokens.length === 0) return web;
  const sha256 = new Secret(createHash('sha256').update(token.reveal()).digest('hex'));
  return { ...web, tokens: [...web.tokens, { name: 'cluster', scope: 'operate', sha256 }] };
}

/** Before the digest of an inventory whose devices are not yet where it has them. */
const NOT_YET = 'not yet ';

/**
 * Digests of which device is in which cell, the same in every agent with the same inventory. Computed once per
 * configuration.
 */
class Inventories {
  readonly #agent: Pick<Agent, 'inventoryInForce' | 'inventoryGiven' | 'staying'>;
  readonly #digests = new WeakMap<ReturnType<Agent['inventoryInForce']>, string>();
  #former = '';

  constructor(agent: Pick<Agent, 'inventoryInForce' | 'inventoryGiven' | 'staying'>) {
    this.#agent = agent;
  }

  /** What this agent has, or will have as soon as no device stays. */
  get own(): string {
    const { staying } = this.#agent;
    return this.#digestOf(staying ? this.#agent.inventoryGiven() : this.#agent.inventoryInForce());
  }

  get announced(): string {
    return this.#agent.staying ? `${NOT_YET}${this.own}` : this.own;
  }

  /** That by which the devices stay: the one before the reload. */
  get former(): string {
    if (!this.#agent.staying) this.#former = this.own;
    return this.#former;
  }

  #digestOf(inventory: ReturnType<Agent['inventoryInForce']>): string {
    const digest = this.#digests.get(inventory) ?? createHash('sha256').update(placesOf(inventory)).digest('base64');
    this.#digests.set(inventory, digest);
    return digest;
  }
}

export function startCluster(options: {
  readonly store: PostgresStore;
  readonly agent: Agent;
  /** Also loads what was announced to other agents. */
  readonly maintenance: Pick<Maintenance, 'refresh'>;
  readonly url: string;
  readonly version: string;
  readonly times: ClusterTimes;
  /** The machine's own clock. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
}): Cluster {
  const { store, agent, maintenance, url, version, clock, logger, errors, times } = options;
  const inventories = new Inventories(agent);
  const membership = new Membership({
    leases: store.leases,
    poller: {
      weights: () => agent.weights(),
      own: (cells) => agent.own(cells),
      disown: (cells, keep) => agent.disown(cells, keep),
      pollMoved: (agoMs) => agent.pollMoved(agoMs),
      letMovedGo: () => agent.letMovedGo(),
      inventoryDigest: () => inventories.own,
      announcedInventory: () => inventories.announced,
    },
    clock,
    random: systemRandom,
    logger,
    errors,
    identity: () => ({ name: agentName(), url, version, process: traceOf(process.pid) }),
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
    isBehind: (cell) => {
      const { id, view } = membership.status;
      const owner = view.cells.find((lease) => lease.cell === cell)?.agent ?? null;
      const other = view.agents.find((each) => each.id === owner);
      return other !== undefined && owner !== id && other.inventory === inventories.former;
    },
    outcast: () => (membership.status.withoutLeaseMs ?? 0) > LEASES_UNTIL_OUTCAST * times.leaseMs,
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
        await maintenance.refresh();
      } catch (error) {
        // The membership reports that the store cannot be reached; these events stay in the history.
        if (!isStoreFailure(error)) errors.caught('cluster', error);
      }
    }
  }
}
