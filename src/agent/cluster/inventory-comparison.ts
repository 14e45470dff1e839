/**
 * Agents that share a store and have other devices, or the same in other cells: while one after the other is reloaded,
 * or for good, by mistake. Then one device may be polled by two of them, each as of another cell, and its events come
 * twice.
 *
 * So an agent that finds another inventory at an owner takes no cell for a while, and polls no device that moved here
 * from another cell, as the other may be about to reload: not for longer, since a difference that stays must not keep
 * devices from being polled.
 */
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { ConfiguredDevice } from '../../model/device-view.ts';
import type { ClusterView } from '../../store/leases.ts';

/** Which device is in which cell, as one text: the same in every agent that has the same, in whatever order. */
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

  /** Agents with another inventory, at the last look. */
  get differing(): number {
    return this.#differing;
  }

  /** One of them owned a cell. */
  get apart(): boolean {
    return this.#apart;
  }

  /**
   * true: what is nobody's is not taken now. An agent that has told no inventory, of a version before, differs from
   * none. One whose lease is over and that is not fenced may be alone, and poll on.
   */
  look({ agents, cells }: ClusterView, me: { readonly id: string; readonly digest: string }, monoMs: number): boolean {
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
        'agents have other devices, or other cells, than this one: a device may be polled twice',
      );
    }
    this.#sinceMonoMs ??= monoMs;
    return monoMs - this.#sinceMonoMs < this.#holdMs && this.#apart;
  }
}
