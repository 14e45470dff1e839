/**
 * Limits how many handshakes and logins are under way at once, and how many begin in a second, over the whole fleet.
 */
import { Gate } from '../gate.ts';
import type { LoginPace } from './login-pace.ts';

export interface HandshakePass {
  /** Gives the place back; further calls do nothing. */
  release(): void;
}

export class HandshakeGate {
  readonly #places: Gate;
  readonly #pace: LoginPace | null;

  /**
   * `pace` null: any number may begin in a second. `share`: this agent's share of the places, above 0 and at most 1.
   */
  constructor(concurrency: number, pace: LoginPace | null = null, share: () => number = () => 1) {
    this.#places = new Gate(() => Math.max(1, Math.floor(concurrency * share())));
    this.#pace = pace;
  }

  get active(): number {
    return this.#places.active;
  }

  get waiting(): number {
    return this.#places.waiting;
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
  async pass(signal: AbortSignal, urgent = false): Promise<HandshakePass> {
    await this.#places.enter(signal, urgent);
    let held = true;
    return {
      release: () => {
        if (held) this.#places.leave();
        held = false;
      },
    };
  }
}
