/**
 * Maintenance that people announce: while a window lasts, whatever happens to its devices, groups or cells is planned.
 * It is watched and stored as ever, but wakes nobody. A window ends by itself.
 *
 * Windows come from the configuration, which a reload replaces, or are announced while the agent runs: those are
 * stored, for its next start and for other agents.
 */
import type { EpochMs } from '../gdoi/seen/instant.ts';
import { type Concerned, type PlannedWork, workAt } from './planned-work.ts';

export interface MaintenanceWindow extends PlannedWork {
  readonly id: string;
  readonly source: 'configuration' | 'api';
}

/** The most windows that can be announced: a script gone wild is stopped here. */
export const MAX_ANNOUNCED = 1000;

/** Where announced windows outlive the agent. */
export interface WindowKeeper {
  /** null: they cannot be read now. */
  all(): Promise<readonly MaintenanceWindow[] | null>;
  /** false: it cannot be kept now. */
  keep(window: MaintenanceWindow): Promise<boolean>;
  /** false: that cannot be kept now. */
  forget(id: string): Promise<boolean>;
}

/** For windows that end with the agent. */
const NOWHERE: WindowKeeper = { all: async () => null, keep: async () => true, forget: async () => true };

export type Announced =
  | { readonly kind: 'announced'; readonly window: MaintenanceWindow }
  | { readonly kind: 'too_many' }
  /** It would be forgotten at a restart: it is not announced. */
  | { readonly kind: 'not_kept' };

export class Maintenance {
  #configured: readonly MaintenanceWindow[] = [];
  readonly #announced = new Map<string, MaintenanceWindow>();
  readonly #keeper: WindowKeeper;
  readonly #tag: string;
  #count = 0;
  /** Changes of what is announced. */
  #changes = 0;
  #planned: readonly MaintenanceWindow[] = [];

  /** `tag`: keeps its ids apart from those of other agents. */
  constructor(keeper: WindowKeeper = NOWHERE, tag = '') {
    this.#keeper = keeper;
    this.#tag = tag;
  }

  /** What was announced to this agent before it started, or to another one. */
  async refresh(): Promise<void> {
    const changes = this.#changes;
    const kept = await this.#keeper.all();
    // What was announced or ended meanwhile is not in it, or still is.
    if (kept === null || changes !== this.#changes) return;
    this.#announced.clear();
    for (const window of kept) this.#announced.set(window.id, window);
    this.#changed();
  }

  /** All of them: another list whenever one of them changes. */
  get planned(): readonly MaintenanceWindow[] {
    return this.#planned;
  }

  #changed(): void {
    const now = [...this.#configured, ...this.#announced.values()];
    const isSame = now.length === this.#planned.length && now.every((each, index) => each === this.#planned[index]);
    if (!isSame) this.#planned = now;
  }

  /** Those of the configuration, as it is now. */
  configure(works: readonly PlannedWork[]): void {
    this.#configured = works.map((work, index) => ({
      ...work,
      id: `configuration-${index + 1}`,
      source: 'configuration',
    }));
    this.#changed();
  }

  async announce(work: PlannedWork, nowMs: EpochMs): Promise<Announced> {
    await this.#forgetEnded(nowMs);
    if (this.#announced.size >= MAX_ANNOUNCED) return { kind: 'too_many' };
    this.#count += 1;
    const window = {
      ...work,
      id: `api-${Math.floor(nowMs / 1000)}-${this.#tag}${this.#count}`,
      source: 'api',
    } as const;
    if (!(await this.#keeper.keep(window))) return { kind: 'not_kept' };
    this.#changes += 1;
    this.#announced.set(window.id, window);
    this.#changed();
    return { kind: 'announced', window };
  }

  /** Ends one that was announced; `fixed`: it is the configuration's, and ends there; `not_kept`: it goes on. */
  async end(id: string): Promise<'ended' | 'fixed' | 'unknown' | 'not_kept'> {
    if (this.#announced.has(id)) {
      if (!(await this.#keeper.forget(id))) return 'not_kept';
      this.#changes += 1;
      this.#announced.delete(id);
      this.#changed();
      return 'ended';
    }
    return this.#configured.some((window) => window.id === id) ? 'fixed' : 'unknown';
  }

  /** Those that go on or are still to come, the earliest first. */
  windows(nowMs: EpochMs): readonly MaintenanceWindow[] {
    return this.#planned
      .filter(({ untilMs }) => untilMs > nowMs)
      .toSorted((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1));
  }

  /** The window in which that instant lies; null: nothing was planned then. */
  of(concerned: Concerned, atMs: EpochMs): MaintenanceWindow | null {
    return workAt(this.#planned, concerned, atMs);
  }

  /** A window that ended a day ago no longer matters, even to events that are reported late. */
  async #forgetEnded(nowMs: EpochMs): Promise<void> {
    for (const [id, { untilMs }] of this.#announced) {
      if (untilMs < nowMs - KEPT_MS && (await this.#keeper.forget(id))) this.#announced.delete(id);
    }
    this.#changed();
  }
}

const KEPT_MS = 86_400_000;
