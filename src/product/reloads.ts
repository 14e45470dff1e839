/**
 * Changes of the configuration, one after the other: on request (SIGHUP, HTTP), or found by service discovery. A change
 * during the start waits for its end; a change during the stop is refused.
 */
import PQueue from 'p-queue';
import type { ReloadSummary } from '../agent/agent.ts';
import type { InternalErrors } from '../kernel/internal-errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { UserError } from '../kernel/user-error.ts';

/** The caller confirms that devices are to be removed, however many. */
export interface RemovalsMeant {
  readonly removalsMeant: boolean;
}

export interface ReloadOutcome {
  readonly ok: boolean;
  /** One line: what changed, or why nothing did. */
  readonly message: string;
}

/** What can be changed while it runs. */
export interface Reloadable {
  /** Reads the configuration again and applies it; rejects with a `UserError` if it cannot be used. */
  reread(meant: RemovalsMeant): Promise<ReloadSummary>;
  /** Applies the devices that service discovery knows now. */
  takeTargets(): Promise<ReloadSummary>;
  /** Nothing changed; counted in metrics. */
  refused(): void;
}

export class Reloads implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #errors: InternalErrors;
  readonly #queue = new PQueue({ concurrency: 1, autoStart: false });
  #running: Reloadable | null = null;

  constructor(options: { readonly logger: Logger; readonly errors: InternalErrors }) {
    this.#logger = options.logger;
    this.#errors = options.errors;
  }

  /** The start is over. */
  begin(running: Reloadable): void {
    this.#running = running;
    this.#queue.start();
  }

  request(meant: RemovalsMeant = { removalsMeant: false }): Promise<ReloadOutcome> {
    return this.#queue.add(() => this.#take((running) => running.reread(meant)));
  }

  targetsChanged(): void {
    // Owned by the queue, which is awaited at the stop.
    void this.#queue.add(() => this.#take((running) => running.takeTargets()));
  }

  async #take(change: (running: Reloadable) => Promise<ReloadSummary>): Promise<ReloadOutcome> {
    const running = this.#running;
    if (running === null) return { ok: false, message: 'the agent is stopping' };
    try {
      return { ok: true, message: reloadedText(await change(running)) };
    } catch (error) {
      running.refused();
      if (!(error instanceof UserError)) {
        this.#errors.caught('reload', error);
        return { ok: false, message: 'internal error: the log has it; the old configuration goes on' };
      }
      const { code, message } = error;
      this.#logger.error({ code, reason: message }, 'configuration refused; the old one stays in use');
      return { ok: false, message };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = null;
    this.#queue.start();
    await this.#queue.onIdle();
  }
}

function reloadedText({ added, removed, changed, kept, restartNeeded }: ReloadSummary): string {
  const restart = restartNeeded.length === 0 ? '' : `; needs a restart: ${restartNeeded.join(', ')}`;
  return `reloaded: ${added} added, ${removed} removed, ${changed} changed, ${kept} kept${restart}`;
}
