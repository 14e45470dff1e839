/** Where several agents share a store: what this one polls of it. */
export interface ClusterStatus {
  /** Cells of the inventory; those that this agent polls are true. */
  readonly cells: ReadonlyMap<string, boolean>;
  /** Cells of the inventory that nobody polled at the last look. */
  readonly unowned: number;
  /** Agents that share the store, this one included, as far as it knows; null: it is none of them now. */
  readonly agents: number | null;
  /** Live agents that have other devices than this one, or have them in other cells. */
  readonly differing: number;
  /** Since the last good renewal of the lease was sent; null: there is no lease. */
  readonly leaseAgeMs: number | null;
  /** Batches of which something was another agent's by then. */
  readonly fencedWrites: number;
  /** Times that this process lost its lease. */
  readonly timesFenced: number;
}
