/**
 * Detects agents that share a store but have other devices, or the same devices in other cells: for a moment while one
 * after the other is reloaded, or for good by mistake. Two of them might then poll the same device, each as part of
 * another cell, and its events would come twice.
 *
 * So an agent that sees another inventory at an owner of cells takes no cell for a while, and does not poll devices
 * that moved here from another cell, because the other agent may be about to reload. This has a time limit: a
 * difference that stays must not keep devices from being polled.
 */
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { ConfiguredDevice } from '../../model/device-view.ts';
import type { ClusterView } from '../../store/leases.ts';

/** Which device is in which cell, as one text that is the same for the same inventory in any order. */
export function placesOf(inventory: ReadonlyMap<string, ConfiguredDevice>): string {
  return Array.from(inventory, ([device, { cell = DEFAULT_CELL }]) => JSON.stringify([device, cell]))
    .toSorted()
    .join('\n');
}

export class InventoryComparison {
  readonly #logger: Logger;
  readonly #holdMs: number;
  #sinceMonoMs: number | null = null;
  #differing = 0;
  #apart = false;

  constructor(logger: Logger, holdMs: number) {
    this.#logger = logger;
    this.#holdMs = holdMs;
  }

  /** Agents with another inventory in the last round. */
  get differing(): number {
    return this.#differing;
  }

  /** One of them owned a cell. */
  get apart(): boolean {
    return this.#apart;
  }

  /**
   * True: free cells are not taken now. An agent of an older version, which publishes no inventory, differs from none.
   * One whose lease has ended but that is not fenced may be alone and still poll.
   */
  compare(
    { agents, cells }: ClusterView,
    me: { readonly id: string; readonly digest: string },
    monoMs: number,
  ): boolean {
    const others = agents.filter(({ id, inventory }) => id !== me.id && inventory !== '' && inventory !== me.digest);
    const owners = new Set(cells.map(({ agent }) => agent));
    this.#differing = others.length;
    this.#apart = others.some(({ id }) => owners.has(id));
    if (others.length === 0) {
      if (this.#sinceMonoMs !== null) this.#logger.info({}, 'all agents have the same devices in the same cells again');
      this.#sinceMonoMs = null;
      return false;
    }
    if (this.#sinceMonoMs === null) {
      const names = others.map(({ name }) => name);
      this.#logger.warn(
        { agents: names },
        'other agents have different devices or cells than this one: a device may be polled twice',
      );
    }
    this.#sinceMonoMs ??= monoMs;
    return monoMs - this.#sinceMonoMs < this.#holdMs && this.#apart;
  }
}
