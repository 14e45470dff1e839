/**
 * Who polls what, where several agents share a store. An agent is live while it renews its lease in time; a cell has
 * one owner. Every instant is the table's own: the agents' clocks may differ by minutes.
 */

export interface AgentIdentity {
  /** A new one for each start, and for each return after a fence. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Where its HTTP side is reached. */
  readonly url: string;
  readonly version: string;
  /** By which another agent on the same machine can tell that the process is gone; empty: nobody can. */
  readonly process: string;
}

/** One word of an agent that it is still there. */
export interface Renewal {
  /** Rises with each one: an older one that arrives late counts for nothing. */
  readonly number: number;
  readonly leaseMs: number;
  /** For so long after its lease it may poll on, and is not taken over from; 0: it stops before its lease is over. */
  readonly aloneMs: number;
}

/** What an agent is to poll, as its configuration says. */
export interface Inventory {
  /** Devices of each cell. */
  readonly weights: ReadonlyMap<string, number>;
  /** Of which device is in which cell. */
  readonly digest: string;
}

interface LiveAgent extends AgentIdentity {
  /** `digest` of its inventory; empty: not told yet, or by a version before. */
  readonly inventory: string;
  /** Until its lease is over, by the table's clock; negative: it is over, and nobody took note yet. */
  readonly leftMs: number;
}

export interface CellLease {
  readonly cell: string;
  /** null: nobody's. */
  readonly agent: string | null;
  /** Rises whenever the cell changes hands. */
  readonly epoch: number;
  /** Devices in it. */
  readonly weight: number;
  /** A live agent that asks for it; its owner lets go when it can. */
  readonly wantedBy: string | null;
}

export interface ClusterView {
  /** Those that are not fenced. */
  readonly agents: readonly LiveAgent[];
  readonly cells: readonly CellLease[];
}

/** Whom a write is for. */
export interface Writer {
  readonly agent: string;
  /**
   * Of the cells that it holds: the epoch in which it got each. What it sent before it gave a cell away is not of that.
   */
  readonly epochs: ReadonlyMap<string, number>;
}

/** A failure is a `StoreError`, after which nothing is known of what was done. */
export interface LeaseTable {
  join(agent: AgentIdentity, leaseMs: number): Promise<void>;
  /** Agents beside this one that are not fenced; null: this one is fenced, and for ever. */
  renew(id: string, renewal: Renewal): Promise<number | null>;
  /** Tell what the agent is to poll; cells that are there stay whose they are. */
  announce(id: string, inventory: Inventory): Promise<void>;
  view(): Promise<ClusterView>;
  /** Fence every agent whose lease is over, and the time that it may be alone; their cells are nobody's then. */
  fenceDead(): Promise<readonly string[]>;
  /** Fence an agent whose process is gone: it need not be waited for. */
  bury(id: string): Promise<void>;
  /**
   * Take cells that are nobody's, as a live agent. Returns those it got, which are its own from now on, with their
   * epochs.
   */
  take(id: string, cells: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Ask for a cell of another agent. */
  want(id: string, cell: string): Promise<void>;
  /** Let go of own cells: to whoever wants one and is live, else to nobody. */
  release(id: string, cells: readonly string[]): Promise<void>;
  /** The agent leaves for good, with nothing more to write: its cells are nobody's at once. */
  leave(id: string): Promise<void>;
}
