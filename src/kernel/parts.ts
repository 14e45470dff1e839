/**
 * The parts of something that runs: each is registered where it is made, and all are closed in reverse, whether the
 * start went through or not. A part that fails to close, or does not end, does not keep the others open.
 */
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { stackOf } from './stack-of.ts';
import { UserError } from './user-error.ts';

/** For one part to close: longer than any drain of ours. */
const CLOSE_WITHIN_MS = 10_000;

interface Part {
  readonly name: string;
  readonly part: AsyncDisposable;
}

export interface PartsOptions {
  /** The machine's own. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the start is to be given up; asked before each part. */
  readonly signal: AbortSignal;
}

export class Parts implements AsyncDisposable {
  readonly #options: PartsOptions;
  readonly #parts: Part[] = [];

  constructor(options: PartsOptions) {
    this.#options = options;
  }

  /**
   * Make a part and register it. A `UserError` passes through. Any other failure is logged with its stack, and becomes
   * a `UserError` of one line.
   */
  async start<T extends AsyncDisposable>(name: string, make: () => T | Promise<T>): Promise<T> {
    const part = await this.prepare(name, make);
    this.#parts.push({ name, part });
    return part;
  }

  /** What leaves nothing open and belongs to the start all the same; its failures are those of `start`. */
  async prepare<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    this.#options.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (error instanceof UserError) throw error;
      this.#log(name, error, 'a part could not be started');
      throw new UserError('start_failed', `cannot start: ${name}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Closes all, last made first; rejects in the end with a `UserError` that names those that failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failed: string[] = [];
    for (let last = this.#parts.pop(); last !== undefined; last = this.#parts.pop()) {
      const { name, part } = last;
      try {
        await this.#withinTime(part);
      } catch (error) {
        this.#log(name, error, 'a part could not be closed');
        failed.push(`${name}: ${messageOf(error)}`);
      }
    }
    if (failed.length > 0) throw new UserError('stop_failed', `not closed in order: ${failed.join('; ')}`);
  }

  async #withinTime(part: AsyncDisposable): Promise<void> {
    const closed = new AbortController();
    const late = this.#options.clock.sleep(CLOSE_WITHIN_MS, closed.signal).then(
      () => {
        throw new Error(`did not end within ${CLOSE_WITHIN_MS / 1000} s`);
      },
      () => undefined,
    );
    try {
      await Promise.race([part[Symbol.asyncDispose](), late]);
    } finally {
      closed.abort();
    }
  }

  #log(part: string, error: unknown, message: string): void {
    const fields = error instanceof UserError ? { reason: error.message } : { stack: stackOf(error) };
    this.#options.logger.error({ part, ...fields }, message);
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
