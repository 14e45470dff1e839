/**
 * A worker (thread or process) that runs conversations with devices: ssh2, the dialogue and the reading of answers are
 * here, so that neither a cipher nor a long answer stalls its owner. The owner decides (host keys, deadlines, limits,
 * which device is logged in to); both exchange messages of plain values.
 */
import { createSystemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import { restThread } from '../../kernel/rest-thread.ts';
import { stackOf } from '../../kernel/stack-of.ts';
import type { ReadAnswerText } from '../answer-reading.ts';
import type { Conversation, ConversationHooks, Conversations, ConversationTraffic, LineEnd } from './conversation.ts';
import { createShellConversations } from './shell-conversation.ts';
import { Rests } from './rests.ts';
import { type ShellLogin, TransportError, type VerifyJumpKey } from './shell-transport.ts';
import { createSsh2Transport } from './ssh2-transport.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';
import { type WorkerOwner, workerOwner } from './worker-owner.ts';

const GIVEN_UP: LineEnd = { kind: 'closed', reason: 'given up by the agent' };
const NOT_OPENED = { kind: 'closed', operation: 'connect', message: 'given up by the agent' } as const;

/** Call once, in the worker's own module. `readAnswer` null: the owner reads the answers. */
export function holdConversations(readAnswer: ReadAnswerText | null): void {
  new HeldConversations(workerOwner(), readAnswer).listen();
}

class HeldConversations {
  readonly #owner: WorkerOwner;
  readonly #conversations: Conversations;
  readonly #rests: Rests;
  readonly #held = new Map<number, Held>();
  readonly #jumpKeyQuestions = new Map<number, (problem: string | null) => void>();
  #nextQuestion = 1;

  constructor(owner: WorkerOwner, readAnswer: ReadAnswerText | null) {
    this.#owner = owner;
    const clock = createSystemClock();
    this.#rests = new Rests(clock, restThread);
    const verifyJumpKey: VerifyJumpKey = ({ name, host, port: at, hostKeys }, key) =>
      new Promise((resolve) => {
        const id = this.#nextQuestion;
        this.#nextQuestion += 1;
        this.#jumpKeyQuestions.set(id, resolve);
        // Without the login: a credential does not go back.
        const jump = { name, host, port: at, hostKeys };
        this.#say({ type: 'jump_key', id, jump, key: key.toString('base64') });
      });
    const transport = createSsh2Transport({ clock, random: systemRandom, verifyJumpKey });
    this.#conversations = createShellConversations({ clock, transport, ...owner.settings, readAnswer });
  }

  listen(): void {
    this.#owner.listen((message) => this.#hear(message));
    // The last boundary, as in the owner: one bug does not take the other sessions away.
    process.on('uncaughtException', (error) => this.#say({ type: 'fault', id: null, stack: stackOf(error) }));
  }

  #say(message: FromWorker): void {
    this.#owner.say(message);
  }

  #hear(message: ToWorker): void {
    switch (message.type) {
      case 'ping':
        this.#say({ type: 'pong' });
        return;
      case 'open': {
        const held = new Held(message.id, (said) => this.#say(said), this.#rests);
        this.#held.set(message.id, held);
        void held.open(this.#conversations, message.login); // answers by message, also where it fails
        return;
      }
      case 'jump_key_verdict':
        this.#jumpKeyQuestions.get(message.id)?.(message.problem);
        this.#jumpKeyQuestions.delete(message.id);
        return;
      case 'release':
        this.#held.get(message.id)?.release();
        this.#held.delete(message.id);
        return;
      default:
        this.#held.get(message.id)?.hear(message);
    }
  }
}

/** Messages to one conversation. */
type ToHeld = Exclude<ToWorker, { type: 'open' | 'jump_key_verdict' | 'release' | 'ping' }>;

class Held {
  readonly #id: number;
  readonly #say: (message: FromWorker) => void;
  readonly #rests: Rests;
  readonly #givenUp = new AbortController();
  #conversation: Conversation | null = null;
  #go: () => void = () => undefined;
  #verdict: (accepted: boolean) => void = () => undefined;
  #commands = 0;
  #receivedBytes = 0;
  #sentBytes = 0;

  constructor(id: number, say: (message: FromWorker) => void, rests: Rests) {
    this.#id = id;
    this.#say = say;
    this.#rests = rests;
  }

  async open(conversations: Conversations, login: ShellLogin): Promise<void> {
    const id = this.#id;
    try {
      const conversation = await conversations.open(login, this.#hooks(), this.#givenUp.signal);
      this.#conversation = conversation;
      this.#say({ type: 'opened', id, traffic: this.#newTraffic() });
      conversation.onEnd = (end) => this.#say({ type: 'ended', id, end, traffic: this.#newTraffic() });
      if (conversation.ended !== null) conversation.onEnd(conversation.ended);
      else if (this.#givenUp.signal.aborted) conversation.cut(GIVEN_UP);
    } catch (error) {
      if (!(error instanceof TransportError) && !this.#givenUp.signal.aborted) {
        this.#say({ type: 'fault', id, stack: stackOf(error) });
        return;
      }
      const { kind, operation, message } = error instanceof TransportError ? error : NOT_OPENED;
      this.#say({ type: 'failed', id, kind, operation, message, traffic: this.#newTraffic() });
    }
  }

  hear(message: ToHeld): void {
    switch (message.type) {
      case 'go':
        this.#go();
        return;
      case 'host_key_verdict':
        this.#verdict(message.accepted);
        return;
      case 'log_in':
      case 'ask':
      case 'hang_up':
        this.#answer(message).catch((error: unknown) =>
          this.#say({ type: 'fault', id: this.#id, stack: stackOf(error) }),
        );
        return;
      case 'cut':
        this.#conversation?.cut(message.end);
        return;
      default:
        message satisfies never;
    }
  }

  /** Ends whatever it waits for; an open shell is cut. */
  release(): void {
    this.#givenUp.abort(new Error('given up'));
    this.#go();
    this.#verdict(false);
    this.#conversation?.cut(GIVEN_UP);
  }

  async #answer(message: Extract<ToHeld, { type: 'log_in' | 'ask' | 'hang_up' }>): Promise<void> {
    const conversation = this.#conversation;
    const id = this.#id;
    if (conversation === null) return;
    if (message.type === 'log_in') {
      const outcome = await conversation.logIn(message.credential);
      this.#say({ type: 'logged_in', id, outcome, prompt: conversation.prompt, traffic: this.#newTraffic() });
    } else if (message.type === 'ask') {
      const outcome = await this.#rests.during(() => conversation.ask(message.command));
      this.#say({ type: 'asked', id, outcome, prompt: conversation.prompt, traffic: this.#newTraffic() });
    } else {
      await conversation.hangUp(message.politeMs);
      this.#say({ type: 'hung_up', id });
    }
  }

  #hooks(): ConversationHooks {
    const id = this.#id;
    return {
      beforeHandshake: () => {
        this.#say({ type: 'connected', id });
        return new Promise((resolve) => {
          this.#go = resolve;
        });
      },
      verifyHostKey: (key) => {
        this.#say({ type: 'host_key', id, key: key.toString('base64') });
        return new Promise((resolve) => {
          this.#verdict = resolve;
        });
      },
      onTraffic: ({ commands, receivedBytes, sentBytes }) => {
        this.#commands += commands;
        this.#receivedBytes += receivedBytes;
        this.#sentBytes += sentBytes;
      },
    };
  }

  #newTraffic(): ConversationTraffic {
    const traffic = { commands: this.#commands, receivedBytes: this.#receivedBytes, sentBytes: this.#sentBytes };
    this.#commands = 0;
    this.#receivedBytes = 0;
    this.#sentBytes = 0;
    return traffic;
  }
}
