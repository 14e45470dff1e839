/**
 * When a state is worth a write: with each change that must survive at once, else every few minutes. What was only read
 * once more since then is lost in a crash, and costs no event: the intervals in which things happened are wider by that
 * pace.
 */
import type { Clock } from '../../kernel/clock.ts';

/** How much older than the agent's own a stored state may be in which nothing happened. */
export const KEEP_EVERY_MS = 300_000;

export class KeepPace {
  readonly #clock: Pick<Clock, 'monoMs'>;
  readonly #keptMonoMs = new Map<string, number>();
  readonly #behind = new Set<string>();

  constructor(clock: Pick<Clock, 'monoMs'>) {
    this.#clock = clock;
  }

  /** Something of `name` changed; is it to be written now? `urgent`: it must survive at once. */
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

  /** Names of what changed and was not due. */
  get behind(): Iterable<string> {
    return this.#behind;
  }

  forget(name: string): void {
    this.#keptMonoMs.delete(name);
    this.#behind.delete(name);
  }
}
