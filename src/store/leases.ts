/**
 * Which agent polls what, if several agents share a store. An agent is live while it renews its lease in time; a cell
 * has one owner. Every time is the table's own, because the agents' clocks may differ by minutes.
 */

export interface AgentIdentity {
  /** A new one for each start, and for each return after a fence. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Where its HTTP side can be reached. */
  readonly url: string;
  readonly version: string;
  /** By which another agent on the same machine can tell that the process is gone; empty: it cannot. */
  readonly process: string;
}

/** A sign of life of an agent. */
export interface Renewal {
  /** Increases with each one: an older one that arrives late has no effect. */
  readonly number: number;
  readonly leaseMs: number;
  /** How long after its lease it may poll on, during which nobody takes over; 0: it stops before its lease ends. */
  readonly aloneMs: number;
}

/** What an agent's configuration has it poll. */
interface Inventory {
  /** Devices of each cell. */
  readonly weights: ReadonlyMap<string, number>;
  /** Digest of which device is in which cell. */
  readonly digest: string;
}

interface LiveAgent extends AgentIdentity {
  /** `digest` of its inventory; empty: not known yet, or an older version. */
  readonly inventory: string;
  /** Time until its lease ends, by the table's clock; negative: it has ended, and nobody has fenced it yet. */
  readonly leftMs: number;
}

export interface CellLease {
  readonly cell: string;
  /** Null: free. */
  readonly agent: string | null;
  /** Fencing token: increases whenever the cell changes owner. Its column is `epoch`. */
  readonly term: number;
  /** Devices in it. */
  readonly weight: number;
  /** A live agent that asks for it; its owner releases it when it can. */
  readonly wantedBy: string | null;
}

export interface ClusterView {
  /** Those that are not fenced. */
  readonly agents: readonly LiveAgent[];
  readonly cells: readonly CellLease[];
}

/** The agent that writes. */
export interface Writer {
  readonly agent: string;
  /**
   * The terms in which it got the cells that it owns. A write sent before it gave a cell away belongs to an older
   * term.
   */
  readonly terms: ReadonlyMap<string, number>;
}

/** A failure is a `StoreError`, after which it is unknown what was done. */
export interface LeaseTable {
  join(agent: AgentIdentity, leaseMs: number): Promise<void>;
  /** Number of other agents that are not fenced; null: this one is fenced, for ever. */
  renew(id: string, renewal: Renewal): Promise<number | null>;
  /** Announces what the agent is to poll; existing cells keep their owner. */
  announce(id: string, inventory: Inventory): Promise<void>;
  view(): Promise<ClusterView>;
  /** Fences every agent whose lease has ended, and the time for which it may be alone; their cells become free. */
  fenceDead(): Promise<readonly string[]>;
  /** Fences an agent whose process is gone: nobody needs to wait for it. */
  bury(id: string): Promise<void>;
  /** Takes free cells, as a live agent. Returns those that it got, which it owns from now on, with their terms. */
  take(id: string, cells: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Asks for a cell of another agent. */
  want(id: string, cell: string): Promise<void>;
  /** Releases own cells: to a live agent that wants one, otherwise they become free. */
  release(id: string, cells: readonly string[]): Promise<void>;
  /** The agent leaves for good and will write nothing more: its cells are free at once. */
  leave(id: string): Promise<void>;
}
