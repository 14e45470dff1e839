/**
 * When a state is worth a write: at each change that must survive at once, otherwise every few minutes. A crash loses
 * what was read since then, but no event: the intervals in which things happened become that much wider.
 */
import type { Clock } from '../../kernel/clock.ts';

/** How much older than the agent's own a stored state may be if nothing happened in it. */
export const KEEP_EVERY_MS = 300_000;

export class KeepPace {
  readonly #clock: Pick<Clock, 'monoMs'>;
  readonly #keptMonoMs = new Map<string, number>();
  readonly #behind = new Set<string>();

  constructor(clock: Pick<Clock, 'monoMs'>) {
    this.#clock = clock;
  }

  /** Whether a change of `name` is to be written now. `urgent`: it must survive at once. */
  isDue(name: string, urgent: boolean): boolean {
    const nowMs = this.#clock.monoMs();
    const keptMs = this.#keptMonoMs.get(name);
    const due = urgent || keptMs === undefined || nowMs - keptMs >= KEEP_EVERY_MS;
    if (due) {
      this.#keptMonoMs.set(name, nowMs);
      this.#behind.delete(name);
    } else this.#behind.add(name);
    return due;
  }

  /** Names whose changes were not due. */
  get behind(): Iterable<string> {
    return this.#behind;
  }

  forget(name: string): void {
    this.#keptMonoMs.delete(name);
    this.#behind.delete(name);
  }
}
