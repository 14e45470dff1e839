/**
 * Maintenance that people announce: while a window lasts, what happens to its devices, groups or cells is planned. It is
 * watched and kept as ever; nobody is woken by it. A window ends by itself.
 *
 * Windows are of the configuration, which a reload replaces, or announced while the agent runs: those are gone with it.
 */
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';

/** At least one of the lists names something. */
export interface PlannedWork {
  readonly fromMs: EpochMs;
  readonly untilMs: EpochMs;
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly cells: readonly string[];
  readonly reason: string;
}

export interface MaintenanceWindow extends PlannedWork {
  readonly id: string;
  readonly source: 'configuration' | 'api';
}

/** What may be under maintenance; an absent name is of no window. */
export interface Concerned {
  readonly device: string | null;
  readonly cell?: string | undefined;
  readonly groups: readonly string[];
}

/** Windows that are announced while the agent runs: an operator's script gone wild ends here. */
export const MAX_ANNOUNCED = 1000;

export class Maintenance {
  #configured: readonly MaintenanceWindow[] = [];
  readonly #announced = new Map<string, MaintenanceWindow>();
  #count = 0;

  /** Those of the configuration, as it is now. */
  configure(works: readonly PlannedWork[]): void {
    this.#configured = works.map((work, index) => ({
      ...work,
      id: `configuration-${index + 1}`,
      source: 'configuration',
    }));
  }

  /** null: there are too many. */
  announce(work: PlannedWork, nowMs: EpochMs): MaintenanceWindow | null {
    this.#forgetEnded(nowMs);
    if (this.#announced.size >= MAX_ANNOUNCED) return null;
    this.#count += 1;
    const window = { ...work, id: `api-${Math.floor(nowMs / 1000)}-${this.#count}`, source: 'api' } as const;
    this.#announced.set(window.id, window);
    return window;
  }

  /** Ends one that was announced; `fixed`: it is the configuration's, and ends there. */
  end(id: string): 'ended' | 'fixed' | 'unknown' {
    if (this.#announced.delete(id)) return 'ended';
    return this.#configured.some((window) => window.id === id) ? 'fixed' : 'unknown';
  }

  /** Those that go on or are still to come, the earliest first. */
  windows(nowMs: EpochMs): readonly MaintenanceWindow[] {
    this.#forgetEnded(nowMs);
    return [...this.#configured, ...this.#announced.values()]
      .filter(({ untilMs }) => untilMs > nowMs)
      .toSorted((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1));
  }

  /** The window in which that instant lies; null: nothing was planned then. */
  of({ device, cell, groups }: Concerned, atMs: EpochMs): MaintenanceWindow | null {
    // Almost always there is none.
    if (this.#configured.length + this.#announced.size === 0) return null;
    const found = [...this.#configured, ...this.#announced.values()].find(
      (window) =>
        window.fromMs <= atMs &&
        atMs < window.untilMs &&
        ((device !== null && window.devices.includes(device)) ||
          groups.some((group) => window.groups.includes(group)) ||
          window.cells.includes(cell ?? DEFAULT_CELL)),
    );
    return found ?? null;
  }

  /** What ended a day ago is of no use to events that are told late. */
  #forgetEnded(nowMs: EpochMs): void {
    for (const [id, { untilMs }] of this.#announced) if (untilMs < nowMs - KEPT_MS) this.#announced.delete(id);
  }
}

const KEPT_MS = 86_400_000;
