/**
 * One worker with conversations (thread or process), as its owner sees it. It is started with its first conversation,
 * and does not keep the process alive when it has none. A worker that dies or no longer answers is replaced: its
 * conversations have ended, and new sessions log in within the limits. One that dies soon after its start is restarted
 * only after a growing time.
 */
import { BackOff, type BackOffTimes } from '../../kernel/back-off.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { KnownSecrets } from '../../kernel/known-secrets.ts';
import { later } from '../../kernel/later.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Random } from '../../kernel/random.ts';
import type { Conversation, ConversationHooks } from './conversation.ts';
import { RemoteConversation, type WorkerOfConversations } from './remote-conversation.ts';
import { type ShellLogin, TransportError, type VerifyJumpKey } from './shell-transport.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts';
import { type StartedWorker, startWorker, type WorkerKind } from './worker-start.ts';

/** A worker that lived this long died of something rare. */
const STEADY_MS = 60_000;
const START_AGAIN: BackOffTimes = { firstMs: 1_000, longestMs: 60_000 };
/**
 * A worker that is asked for a sign of life has this long, twice: a process that got no CPU finds its timers due before
 * it has read a single message.
 */
const SIGN_OF_LIFE_MS = 10_000;

export interface SupervisedWorkerParts extends WorkerSettings {
  readonly kind: WorkerKind;
  /** For people, in logs. */
  readonly name: string;
  /** What the worker runs, compiled: it calls `holdConversations`. */
  readonly url: URL;
  readonly verifyJumpKey: VerifyJumpKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly secrets: KnownSecrets;
  readonly errors: InternalErrors;
}

interface Running {
  readonly worker: StartedWorker;
  readonly startedMs: number;
  /** Messages received from it. */
  heard: number;
  /** It was asked for a sign of life. */
  suspected: boolean;
  readonly over: AbortController;
}

export class SupervisedWorker implements AsyncDisposable {
  readonly #parts: SupervisedWorkerParts;
  readonly #conversations = new Map<number, RemoteConversation>();
  readonly #startAgain: BackOff;
  readonly #asSeen: WorkerOfConversations = {
    say: (message) => this.#say(message),
    forget: (id) => this.#forget(id),
    suspect: () => this.#suspect(),
  };
  #running: Running | null = null;
  #nextId = 1;
  #lost = 0;
  #whyLost = '';
  #closed = false;

  constructor(parts: SupervisedWorkerParts) {
    this.#parts = parts;
    this.#startAgain = new BackOff(parts.random, START_AGAIN);
  }

  get running(): boolean {
    return this.#running !== null;
  }

  /** How many workers ended unexpectedly. */
  get lost(): number {
    return this.#lost;
  }

  open(login: ShellLogin, hooks: ConversationHooks, signal: AbortSignal): Promise<Conversation> {
    signal.throwIfAborted();
    const { clock } = this.#parts;
    const waitMs = this.#running === null ? this.#startAgain.waitMs(clock.monoMs()) : 0;
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      return Promise.reject(
        new TransportError('closed', 'connect', `${this.#whyLost}; it is started again in ${seconds} s`),
      );
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const conversation = new RemoteConversation({
      id,
      hooks,
      clock,
      worker: this.#asSeen,
    });
    this.#conversations.set(id, conversation);
    this.#runningOrStarted().worker.ref();
    return conversation.open(login, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.over.abort();
    this.#endAll('the agent closes its sessions');
    await running.worker.terminate();
  }

  #say(message: ToWorker): void {
    if (this.#closed) return;
    this.#runningOrStarted().worker.say(message);
  }

  #runningOrStarted(): Running {
    if (this.#running !== null) return this.#running;
    const { kind, url, name, bounds, clock } = this.#parts;
    const worker = startWorker(kind, {
      url,
      name,
      settings: { bounds },
      onMessage: (message) => {
        running.heard += 1;
        this.#hear(message);
      },
      onEnd: (why) => this.#died(running, why),
    });
    const over = new AbortController();
    const running: Running = { worker, startedMs: clock.monoMs(), heard: 0, suspected: false, over };
    this.#running = running;
    return running;
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case 'pong':
        return;
      case 'fault': {
        const stack = this.#parts.secrets.redact(message.stack);
        if (message.id === null) this.#fault(stack);
        else this.#conversations.get(message.id)?.hear({ ...message, stack });
        return;
      }
      case 'jump_key': {
        const { id, jump, key } = message;
        // What cannot be verified is refused; the reason is logged where it is decided.
        this.#parts.verifyJumpKey(jump, Buffer.from(key, 'base64')).then(
          (problem) => this.#say({ type: 'jump_key_verdict', id, problem }),
          () => this.#say({ type: 'jump_key_verdict', id, problem: 'its host key cannot be verified' }),
        );
        return;
      }
      default:
        this.#conversations.get(message.id)?.hear(message);
    }
  }

  #forget(id: number): void {
    this.#conversations.delete(id);
    if (this.#conversations.size === 0) this.#running?.worker.unref();
  }

  /** A conversation had no answer in time: is the worker alive? */
  #suspect(): void {
    const running = this.#running;
    if (running === null || running.suspected) return;
    running.suspected = true;
    const { clock } = this.#parts;
    const { heard } = running;
    this.#say({ type: 'ping' });
    const unlessHeard = (then: () => void) => () => {
      if (running.heard === heard) then();
      else running.suspected = false;
    };
    const giveUp = unlessHeard(() => {
      this.#died(running, `no sign of life for ${(2 * SIGN_OF_LIFE_MS) / 1000} s`);
      void running.worker.terminate(); // resolves when it is gone; nobody waits for that
    });
    const again = unlessHeard(() => void later(clock, SIGN_OF_LIFE_MS, running.over.signal, giveUp));
    void later(clock, SIGN_OF_LIFE_MS, running.over.signal, again);
  }

  #fault(stack: string): void {
    const fault = new Error(`a ${this.#parts.kind} with SSH sessions met an internal error`);
    fault.stack = stack;
    this.#parts.errors.caught('process', fault);
  }

  #died(running: Running, why: string): void {
    if (this.#running !== running) return;
    this.#running = null;
    running.over.abort();
    const { clock, logger, secrets, kind, name } = this.#parts;
    const nowMs = clock.monoMs();
    this.#lost += 1;
    if (nowMs - running.startedMs < STEADY_MS) this.#startAgain.failed(nowMs);
    else this.#startAgain.succeeded();
    this.#whyLost = `the ${kind} of this SSH session ended: ${secrets.redact(why)}`;
    logger.error(
      { [kind]: name, why: secrets.redact(why), sessions: this.#conversations.size },
      `a ${kind} with SSH sessions ended: their devices log in again, within ssh.logins_per_second`,
    );
    this.#endAll(this.#whyLost);
  }

  #endAll(reason: string): void {
    const orphans = [...this.#conversations.values()];
    this.#conversations.clear();
    for (const orphan of orphans) orphan.lost(reason);
  }
}
