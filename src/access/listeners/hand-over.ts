/**
 * Between a socket and the consumer of its messages: a bounded queue that passes on a few messages per turn of the
 * event loop, so that polls, timers and scrapes get their turn during a flood.
 *
 * A consumer that throws has a bug, which is logged, but a datagram from anywhere must not end the agent.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';

const PER_TURN = 100;
/** Two seconds at the highest rate; about 4 MB of usual messages. */
const MAX_WAITING = 20_000;
const MAX_WAITING_OCTETS = 16 * 1024 * 1024;

interface Waiting<Message> {
  readonly message: Message;
  readonly octets: number;
}

export class HandOver<Message> {
  readonly #take: (message: Message) => void;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting: Array<Waiting<Message>> = [];
  #octets = 0;
  #handing: Promise<void> = Promise.resolve();

  constructor(options: { take: (message: Message) => void; clock: Clock; logger: Logger }) {
    this.#take = options.take;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** False: the queue is full and the message is not taken. `octets`: about how much memory it takes. */
  push(message: Message, octets: number): boolean {
    const count = this.#waiting.length;
    if (count >= MAX_WAITING || this.#octets + octets > MAX_WAITING_OCTETS) return false;
    this.#waiting.push({ message, octets });
    this.#octets += octets;
    if (count === 0) this.#handing = this.#handOn();
    return true;
  }

  /** Resolves when everything pushed so far was passed on. */
  drained(): Promise<void> {
    return this.#handing;
  }

  async #handOn(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#clock.yieldToIo();
      for (const entry of this.#waiting.splice(0, PER_TURN)) this.#handOne(entry);
    }
  }

  #handOne({ message, octets }: Waiting<Message>): void {
    this.#octets -= octets;
    try {
      this.#take(message);
    } catch (error) {
      this.#logger.error({ err: error }, 'a pushed message could not be processed');
    }
  }
}
