/**
 * Limits how many handshakes and logins are under way at once, and how many begin in a second, over the whole fleet.
 */
import PQueue from 'p-queue';
import type { LoginPace } from './login-pace.ts';

export interface HandshakePass {
  /** Gives the place back; further calls do nothing. */
  release(): void;
}

export class HandshakeGate {
  readonly #queue: PQueue;
  readonly #pace: LoginPace | null;
  readonly #concurrency: number;
  readonly #share: () => number;

  /**
   * `pace` null: any number may begin in a second. `share`: this agent's share of the places, above 0 and at most 1.
   */
  constructor(concurrency: number, pace: LoginPace | null = null, share: () => number = () => 1) {
    this.#queue = new PQueue({ concurrency });
    this.#pace = pace;
    this.#concurrency = concurrency;
    this.#share = share;
  }

  get active(): number {
    return this.#queue.pending;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Waits for a place and then for the pace; rejects when `signal` aborts first. `urgent` goes before others that wait.
   */
  async begin(signal: AbortSignal, urgent = false): Promise<HandshakePass> {
    const place = await this.pass(signal, urgent);
    try {
      await this.#pace?.take(signal);
      return place;
    } catch (error) {
      place.release();
      throw error;
    }
  }

  /** What began was not a login: nobody answered. */
  cameToNothing(): void {
    this.#pace?.giveBack();
  }

  /** Waits for a place only; rejects when `signal` aborts first. */
  pass(signal: AbortSignal, urgent = false): Promise<HandshakePass> {
    this.#queue.concurrency = Math.max(1, Math.floor(this.#concurrency * this.#share()));
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
