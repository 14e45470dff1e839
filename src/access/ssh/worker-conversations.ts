/**
 * Conversations that are held in threads beside this one. A host is always the same thread's, so that what a hostile one
 * does to its thread is felt by no other thread's devices. Everything that is decided is decided here.
 */
import type { Conversation, ConversationHooks, Conversations } from './conversation.ts';
import { SessionThread, type SessionThreadParts } from './session-thread.ts';
import type { ShellLogin } from './shell-transport.ts';

export interface WorkerConversationsOptions extends SessionThreadParts {
  /** At least 1. */
  readonly threads: number;
}

export class WorkerConversations implements Conversations {
  readonly #threads: readonly SessionThread[];

  constructor({ threads, name, ...parts }: WorkerConversationsOptions) {
    this.#threads = Array.from(
      { length: threads },
      (_, index) => new SessionThread({ ...parts, name: threads === 1 ? name : `${name} ${index + 1}` }),
    );
  }

  /** Threads that run now: each starts with its first device. */
  get running(): number {
    return this.#threads.filter(({ running }) => running).length;
  }

  /** Threads that ended with what they held, since the start. */
  get lost(): number {
    return this.#threads.reduce((sum, { lost }) => sum + lost, 0);
  }

  open(login: ShellLogin, hooks: ConversationHooks, signal: AbortSignal): Promise<Conversation> {
    const thread = this.#threads[numberOf(`${login.host} ${login.port}`, this.#threads.length)];
    if (thread === undefined) throw new Error('no thread for conversations');
    return thread.open(login, hooks, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }
}

/** Below `numbers`, always the same for the same text, spread evenly (FNV-1a, 32 bits). */
function numberOf(text: string, numbers: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % numbers;
}
