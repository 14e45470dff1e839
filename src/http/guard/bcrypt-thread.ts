/**
 * bcrypt outside the thread that polls: it takes a tenth of a second by design, and twenty clients would stop the agent
 * for two. The thread starts with the first comparison, is replaced if it dies, and does not keep the process alive.
 */
import { Worker } from 'node:worker_threads';
import { packageFile } from '../../kernel/package-file.ts';

/** Sent to the thread. */
export interface Comparison {
  readonly id: number;
  readonly password: string;
  /** As bcrypt writes it: `$2y$10$...`. */
  readonly hash: string;
}

/** Sent by the thread. */
export interface ComparisonResult {
  readonly id: number;
  readonly same: boolean;
}

interface Waiting {
  readonly resolve: (same: boolean) => void;
  readonly reject: (error: Error) => void;
}

export class BcryptThread implements AsyncDisposable {
  readonly #url: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #nextId = 1;

  /** `url`: the compiled module of the thread. */
  constructor(url: URL = packageFile('dist/workers/bcrypt-worker.js')) {
    this.#url = url;
  }

  /** Whether `hash` is that of `password`. Rejects if the thread dies; the next comparison gets a new one. */
  compare(password: string, hash: string): Promise<boolean> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
      this.#running().postMessage({ id, password, hash } satisfies Comparison);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker === null) return;
    worker.removeAllListeners();
    this.#rejectAll('the server stops');
    await worker.terminate();
  }

  #running(): Worker {
    if (this.#worker === null) {
      // No environment and no arguments: the worker needs none, and they may contain secrets.
      const worker = new Worker(this.#url, { env: {}, argv: [], execArgv: [], name: 'bcrypt' });
      worker.on('message', ({ id, same }: ComparisonResult) => this.#compared(id, same));
      worker.on('error', (error) => this.#died(worker, error.message));
      worker.on('exit', (code) => this.#died(worker, `exit status ${code}`));
      this.#worker = worker;
    }
    this.#worker.ref();
    return this.#worker;
  }

  #compared(id: number, same: boolean): void {
    this.#waiting.get(id)?.resolve(same);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker?.unref();
  }

  #died(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#rejectAll(why);
  }

  #rejectAll(why: string): void {
    const orphans = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of orphans) reject(new Error(`the thread that checks passwords ended: ${why}`));
  }
}
