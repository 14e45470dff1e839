/** The store that the configuration names. */
import { type ClusterTimes, timesOfLease } from '../agent/cluster/membership.ts';
import type { ResolvedOtherAgents, ResolvedStore } from '../config/resolved-config.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ToldTime } from '../kernel/following-clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { EventStore } from '../store/event-store.ts';
import type { Writer } from '../store/leases.ts';
import type { PostgresStore } from '../store/postgres/postgres-store.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';

export interface OpenedStore extends AsyncDisposable {
  readonly events: EventStore;
  /** Null: the store is this agent's alone. */
  readonly shared: SharedStore | null;
}

export interface SharedStore {
  readonly store: PostgresStore;
  readonly times: ClusterTimes;
  /** How agents ask each other. */
  readonly others: ResolvedOtherAgents;
  /** Hosts of the database. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
}

export interface StoreOptions {
  readonly store: ResolvedStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** With a shared store: the agent whose cells may be written now. */
  readonly writer: () => Writer | null;
  /** With a shared store: receives the time of the database. */
  readonly hearTime: (told: ToldTime) => void;
}

export async function openStore({ store, writer, hearTime, ...around }: StoreOptions): Promise<OpenedStore> {
  const { retentionMs } = store;
  if (store.kind === 'sqlite') {
    const events = await openSqliteStore({ path: store.path, retentionMs, ...around });
    return { events, shared: null, [Symbol.asyncDispose]: () => events[Symbol.asyncDispose]() };
  }
  const { leaseMs } = store;
  // Loaded where it is used: only an agent with such a store needs the driver.
  const { openPostgresStore } = await import('../store/postgres/postgres-store.ts');
  const opened = await openPostgresStore({
    address: store.postgres,
    retentionMs,
    leaseMs,
    writer,
    hearTime,
    ...around,
  });
  const times = timesOfLease(leaseMs, store.aloneMs);
  const shared = { store: opened, times, others: store.others, hosts: store.postgres.hosts };
  return { events: opened, shared, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}
