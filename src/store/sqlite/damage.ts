/** Damage found in a store: counted, and each finding reported once. */
import type { Logger } from '../../kernel/logger.ts';

/** Where findings are reported: a logger's `error`, or a line for a person who reads the history. */
export type ReportDamage = Logger['error'];

/** Further ones are neither distinguished nor reported: a damaged file may contain millions. */
const MAX_KNOWN = 1000;

export class Damage {
  readonly #report: ReportDamage;
  readonly #path: string;
  readonly #known = new Set<string>();

  constructor(path: string, report: ReportDamage) {
    this.#path = path;
    this.#report = report;
  }

  get count(): number {
    return this.#known.size;
  }

  /** `what` identifies it: the same row is read again and again. */
  found(what: object, message: string): void {
    const key = JSON.stringify([message, what]);
    if (this.#known.has(key) || this.#known.size >= MAX_KNOWN) return;
    this.#known.add(key);
    this.#report({ path: this.#path, ...what }, message);
  }
}
