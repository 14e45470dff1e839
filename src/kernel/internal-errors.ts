/**
 * Our own faults, confined to the device, message, group or request that they struck: the handler throws, this catches,
 * logs the stack and counts it, and everything else goes on. What can happen in normal operation is a value and never
 * comes here.
 */
import type { Logger } from './logger.ts';
import { stackOf } from './stack-of.ts';

/**
 * `listener`: whoever is told of a change; `cluster`: what agents do about each other; `process`: nobody nearer caught
 * it.
 */
const INTERNAL_ERROR_PLACES = [
  'poll',
  'message',
  'group',
  'store',
  'listener',
  'request',
  'reload',
  'cluster',
  'process',
] as const;
export type InternalErrorPlace = (typeof INTERNAL_ERROR_PLACES)[number];

/** Faults that are remembered: one that recurs with every poll is logged once. */
const MAX_REMEMBERED = 1000;

export class InternalErrors {
  readonly #logger: Logger;
  readonly #counts = new Map<InternalErrorPlace, number>(INTERNAL_ERROR_PLACES.map((place) => [place, 0]));
  readonly #logged = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Since the start; every place has its count. */
  get counts(): ReadonlyMap<InternalErrorPlace, number> {
    return this.#counts;
  }

  /**
   * `about`: what was being handled (device, group). The stack is logged once for each fault and whatever it struck.
   */
  caught(
    where: InternalErrorPlace,
    error: unknown,
    about: Readonly<Partial<Record<'device' | 'group' | 'route', string>>> = {},
  ): void {
    this.#counts.set(where, (this.#counts.get(where) ?? 0) + 1);
    const stack = stackOf(error);
    // Where it was thrown: below that the stack differs by who was waiting.
    const key = JSON.stringify([where, about, /^[ \t]+at .*/m.exec(stack)?.[0] ?? stack]);
    if (this.#logged.has(key)) return;
    if (this.#logged.size >= MAX_REMEMBERED) this.#logged.clear();
    this.#logged.add(key);
    this.#logger.error({ where, ...about, stack }, 'internal error; everything else goes on');
  }

  /** The result of `work`, or `otherwise` if it throws. */
  guard<T>(where: InternalErrorPlace, about: Parameters<InternalErrors['caught']>[2], work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      this.caught(where, error, about);
      return otherwise;
    }
  }
}
