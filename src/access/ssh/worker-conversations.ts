/**
 * Conversations that run in workers, threads beside this one or processes. A host always has the same worker, so that a
 * hostile host affects only the devices of its own worker. All decisions are made here.
 */
import { fnv1a } from '../../kernel/fnv1a.ts';
import type { Conversation, ConversationHooks, Conversations } from './conversation.ts';
import type { ShellLogin } from './shell-transport.ts';
import { SupervisedWorker, type SupervisedWorkerParts } from './supervised-worker.ts';

export interface WorkerConversationsOptions extends SupervisedWorkerParts {
  /** At least 1. */
  readonly workers: number;
}

export class WorkerConversations implements Conversations {
  readonly #workers: readonly SupervisedWorker[];

  constructor({ workers, name, ...parts }: WorkerConversationsOptions) {
    this.#workers = Array.from(
      { length: workers },
      (_, index) => new SupervisedWorker({ ...parts, name: workers === 1 ? name : `${name} ${index + 1}` }),
    );
  }

  /** Workers that run now: each starts with its first device. */
  get running(): number {
    return this.#workers.filter(({ running }) => running).length;
  }

  /** Workers that ended unexpectedly since the start. */
  get lost(): number {
    return this.#workers.reduce((sum, { lost }) => sum + lost, 0);
  }

  open(login: ShellLogin, hooks: ConversationHooks, signal: AbortSignal): Promise<Conversation> {
    const worker = this.#workers[fnv1a(`${login.host} ${login.port}`) % this.#workers.length];
    if (worker === undefined) throw new Error('no worker for conversations');
    return worker.open(login, hooks, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()));
  }
}
