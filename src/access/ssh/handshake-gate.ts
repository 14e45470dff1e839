/** Limits how many handshakes and logins are under way at once, over the whole fleet. */
import PQueue from 'p-queue';

export interface HandshakePass {
  /** Give the place back; more than once is once. */
  release(): void;
}

export class HandshakeGate {
  readonly #queue: PQueue;

  constructor(concurrency: number) {
    this.#queue = new PQueue({ concurrency });
  }

  get active(): number {
    return this.#queue.pending;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Wait for a place; rejects when `signal` aborts first. `urgent` goes before those that wait. */
  pass(signal: AbortSignal, urgent = false): Promise<HandshakePass> {
    return new Promise((resolve, reject) => {
      this.#queue
        .add(
          () =>
            new Promise<void>((done) => {
              resolve({ release: done });
            }),
          { signal, priority: urgent ? 1 : 0 },
        )
        .catch(reject);
    });
  }
}
