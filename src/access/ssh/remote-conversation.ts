/**
 * One conversation that runs in a worker, as its owner sees it: each question is a message to the worker, and ends with
 * the answer, when the worker has ended, or a moment after it was cut, whatever the worker does.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import type { ShowCommand } from '../show-command.ts';
import type {
  AskOutcome,
  Conversation,
  ConversationHooks,
  DialogueCredential,
  LineEnd,
  LoginOutcome,
} from './conversation.ts';
import { type ShellLogin, TransportError } from './shell-transport.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** How long the worker may take to say how a conversation ended after it was cut or hung up. */
const LAST_WORD_MS = 2_000;

/** Messages to one conversation's owner. */
type ToConversation = Exclude<FromWorker, { type: 'jump_key' | 'pong' }>;

/** The worker, as each of its conversations sees it. */
export interface WorkerOfConversations {
  readonly say: (message: ToWorker) => void;
  /** Nothing more is expected of that conversation. */
  readonly forget: (id: number) => void;
  /** It did not answer in time. */
  readonly suspect: () => void;
}

interface RemoteConversationParts {
  readonly id: number;
  readonly hooks: ConversationHooks;
  readonly clock: Clock;
  readonly worker: WorkerOfConversations;
}

/** The question under way. */
type Question = { readonly broke: (fault: Error) => void } & (
  | { readonly type: 'log_in'; readonly settle: (outcome: LoginOutcome) => void }
  | { readonly type: 'ask'; readonly settle: (outcome: AskOutcome) => void }
  | { readonly type: 'hang_up'; readonly settle: () => void }
);

interface Opening {
  readonly opened: (conversation: Conversation) => void;
  readonly failed: (error: Error) => void;
}

export class RemoteConversation implements Conversation {
  readonly #parts: RemoteConversationParts;
  #opening: Opening | null = null;
  #question: Question | null = null;
  #prompt = '';
  #end: LineEnd | null = null;
  /** Nothing more comes from the worker. */
  #over = false;
  onEnd: (end: LineEnd) => void = () => undefined;

  constructor(parts: RemoteConversationParts) {
    this.#parts = parts;
  }

  get prompt(): string {
    return this.#prompt;
  }

  get ended(): LineEnd | null {
    return this.#end;
  }

  open(login: ShellLogin, signal: AbortSignal): Promise<Conversation> {
    const { id, worker } = this.#parts;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#giveUpOpening(asError(signal.reason));
      };
      const done = () => {
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#opening = {
        opened: (conversation) => {
          done();
          resolve(conversation);
        },
        failed: (error) => {
          done();
          reject(error);
        },
      };
      worker.say({ type: 'open', id, login });
    });
  }

  logIn(credential: DialogueCredential): Promise<LoginOutcome> {
    const end = this.#end;
    if (end !== null) return Promise.resolve({ kind: 'failed', operation: 'prompt', end });
    const { id, worker } = this.#parts;
    return new Promise((settle, broke) => {
      this.#ask({ type: 'log_in', settle, broke });
      worker.say({ type: 'log_in', id, credential });
    });
  }

  ask(command: ShowCommand): Promise<AskOutcome> {
    const end = this.#end;
    if (end !== null) return Promise.resolve({ kind: 'ended', end, bytes: 0 });
    const { id, worker } = this.#parts;
    return new Promise((settle, broke) => {
      this.#ask({ type: 'ask', settle, broke });
      worker.say({ type: 'ask', id, command });
    });
  }

  cut(end: LineEnd): void {
    if (this.#end !== null) return;
    this.#hasEnded(end);
    const { id, worker } = this.#parts;
    worker.say({ type: 'cut', id, end });
    this.#awaitLastWord(LAST_WORD_MS);
  }

  async hangUp(politeMs: number): Promise<void> {
    if (this.#end !== null) return;
    if (this.#question !== null) {
      this.cut({ kind: 'closed', reason: 'closed by the agent' });
      return;
    }
    const { id, worker } = this.#parts;
    await new Promise<void>((settle, broke) => {
      this.#ask({ type: 'hang_up', settle, broke });
      worker.say({ type: 'hang_up', id, politeMs });
      this.#awaitLastWord(politeMs + LAST_WORD_MS);
    });
  }

  hear(message: ToConversation): void {
    if ('traffic' in message) this.#parts.hooks.onTraffic(message.traffic);
    switch (message.type) {
      case 'connected':
        this.#decide(async () => {
          await this.#parts.hooks.beforeHandshake();
          return { type: 'go', id: this.#parts.id };
        });
        return;
      case 'host_key':
        this.#decide(async () => {
          const accepted = await this.#parts.hooks.verifyHostKey(Buffer.from(message.key, 'base64'));
          return { type: 'host_key_verdict', id: this.#parts.id, accepted };
        });
        return;
      case 'opened':
        this.#endOpening((opening) => opening.opened(this));
        return;
      case 'failed':
        this.#endOpening((opening) =>
          opening.failed(new TransportError(message.kind, message.operation, message.message)),
        );
        this.#release();
        return;
      case 'logged_in':
        this.#prompt = message.prompt;
        this.#settle('log_in', (question) => question.settle(message.outcome));
        return;
      case 'asked':
        this.#prompt = message.prompt;
        this.#settle('ask', (question) => question.settle(message.outcome));
        return;
      case 'ended':
        this.#hasEnded(message.end);
        // An answer under way comes after it.
        if (this.#question === null) this.#release();
        return;
      case 'hung_up':
        this.#settle('hang_up', (question) => question.settle());
        return;
      case 'fault':
        this.#broke(message.stack);
        return;
      default:
        message satisfies never;
    }
  }

  /** The worker has ended. */
  lost(reason: string): void {
    this.#over = true;
    this.#hasEnded({ kind: 'closed', reason });
    this.#endOpening((opening) => opening.failed(new TransportError('closed', 'connect', reason)));
    this.#settleByEnd();
  }

  #ask(question: Question): void {
    if (this.#question !== null) throw new Error('two questions in one conversation');
    this.#question = question;
  }

  #settle<T extends Question['type']>(type: T, settle: (question: Extract<Question, { type: T }>) => void): void {
    const question = this.#question;
    if (question === null || !isOf(question, type)) return;
    this.#question = null;
    settle(question);
    if (this.#end !== null) this.#release();
  }

  /** What is under way gets the outcome of the conversation. */
  #settleByEnd(): void {
    const end = this.#end;
    const question = this.#question;
    if (end === null || question === null) return;
    this.#question = null;
    if (question.type === 'log_in') question.settle({ kind: 'failed', operation: 'prompt', end });
    else if (question.type === 'ask') question.settle({ kind: 'ended', end, bytes: 0 });
    else question.settle();
  }

  /** A bug of ours in the worker: it is thrown to the caller, as if the conversation ran here. */
  #broke(stack: string): void {
    const fault = new Error('a conversation in a worker met an internal error', { cause: stack });
    fault.stack = stack;
    const question = this.#question;
    this.#question = null;
    this.#endOpening((opening) => opening.failed(fault));
    question?.broke(fault);
    this.#hasEnded({ kind: 'closed', reason: 'an internal error' });
    this.#release();
  }

  #endOpening(tell: (opening: Opening) => void): void {
    const opening = this.#opening;
    this.#opening = null;
    if (opening !== null) tell(opening);
  }

  #hasEnded(end: LineEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.onEnd(end);
  }

  #release(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.worker.say({ type: 'release', id: this.#parts.id });
    this.#parts.worker.forget(this.#parts.id);
  }

  #awaitLastWord(ms: number): void {
    void later(this.#parts.clock, ms, undefined, () => {
      if (this.#over) return;
      this.#hasEnded({ kind: 'closed', reason: 'closed by the agent' });
      this.#settleByEnd();
      this.#release();
      this.#parts.worker.suspect();
    });
  }

  /** Asks the owner and tells the worker; if the owner throws, the conversation is given up. */
  #decide(ask: () => Promise<ToWorker>): void {
    const asked = async (): Promise<void> => {
      const message = await ask();
      // Also for an open one: a device may exchange keys again.
      if (!this.#over) this.#parts.worker.say(message);
    };
    asked().catch((error: unknown) => this.#giveUpOpening(asError(error)));
  }

  /** The worker still reports what it cost. */
  #giveUpOpening(error: Error): void {
    this.#endOpening((opening) => opening.failed(error));
    this.#parts.worker.say({ type: 'release', id: this.#parts.id });
    this.#awaitLastWord(LAST_WORD_MS);
  }
}

function isOf<T extends Question['type']>(question: Question, type: T): question is Extract<Question, { type: T }> {
  return question.type === type;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
