/**
 * What is said to a worker, or by it, in one turn of the event loop is one message: polls begin together, answers are
 * read together, and each message costs a copy, a wake-up and, between processes, a write.
 */
import { createSystemClock } from '../../kernel/clock.ts';

const clock = createSystemClock();

export class SaidInATurn<Message> {
  readonly #send: (messages: readonly Message[]) => void;
  #said: Message[] = [];

  constructor(send: (messages: readonly Message[]) => void) {
    this.#send = send;
  }

  say(message: Message): void {
    this.#said.push(message);
    if (this.#said.length === 1) void clock.yieldToIo().then(() => this.#sendAll());
  }

  #sendAll(): void {
    const said = this.#said;
    this.#said = [];
    this.#send(said);
  }
}

/** In their order. A fault of ours with one of them is thrown where nobody else is kept waiting by it. */
export function hearEach<Message>(messages: readonly Message[], hear: (message: Message) => void): void {
  for (const message of messages) {
    try {
      hear(message);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
