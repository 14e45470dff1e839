/**
 * Which cron expressions match the seconds that passed. node-cron reads the expression; the clock is ours, so that
 * `--speed` and tests hold. If the wall clock jumps by more than `MAX_CATCH_UP_S`, the time between is skipped: a poll
 * that was due an hour ago is of no use now.
 */
import { createTask } from 'node-cron';

const MAX_CATCH_UP_S = 120;

interface Expression {
  readonly matches: (date: Date) => boolean;
  users: number;
}

export class CronInstants {
  readonly #expressions = new Map<string, Expression>();
  #checkedSecond: number;

  constructor(wallMs: number) {
    this.#checkedSecond = Math.floor(wallMs / 1000);
  }

  get empty(): boolean {
    return this.#expressions.size === 0;
  }

  add(expression: string): void {
    const known = this.#expressions.get(expression);
    if (known !== undefined) {
      known.users += 1;
      return;
    }
    const task = createTask(expression, () => undefined);
    this.#expressions.set(expression, { matches: (date) => task.match(date), users: 1 });
  }

  remove(expression: string): void {
    const known = this.#expressions.get(expression);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users === 0) this.#expressions.delete(expression);
  }

  /** The expressions that matched a second since the last call, each once. */
  due(wallMs: number): ReadonlySet<string> {
    const now = Math.floor(wallMs / 1000);
    const from = Math.max(this.#checkedSecond + 1, now - MAX_CATCH_UP_S);
    const due = new Set<string>();
    for (let second = from; second <= now; second += 1) {
      const date = new Date(second * 1000);
      for (const [text, expression] of this.#expressions) {
        if (!due.has(text) && expression.matches(date)) due.add(text);
      }
    }
    if (now !== this.#checkedSecond) this.#checkedSecond = now;
    return due;
  }
}
