/**
 * Looks up the addresses of devices that are configured by name, so that their messages can be attributed. Look-ups run
 * a few at a time and are repeated now and then; one that fails costs only that device's messages.
 */
import PQueue from 'p-queue';
import type { Clock } from '../../kernel/clock.ts';
import type { Senders } from './senders.ts';

const EVERY_MS = 600_000;
const AT_ONCE = 8;

export interface SenderLookupOptions {
  readonly senders: Senders;
  readonly clock: Clock;
  /** Addresses of a host name; rejects if there are none. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
}

export class SenderLookup implements AsyncDisposable {
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  readonly #options: SenderLookupOptions;

  constructor(options: SenderLookupOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#lookUpAll();
      await clock.sleep(EVERY_MS, this.#stop.signal, { unref: true }).catch(() => undefined);
    }
  }

  async #lookUpAll(): Promise<void> {
    const { senders, lookup } = this.#options;
    const queue = new PQueue({ concurrency: AT_ONCE });
    for (const [device, host] of senders.hostNames()) {
      // Owned by the queue, which is awaited.
      void queue.add(async () => {
        if (this.#stop.signal.aborted) return;
        senders.resolved(device, await lookup(host).catch(() => []));
      });
    }
    await queue.onIdle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await this.#running;
  }
}
