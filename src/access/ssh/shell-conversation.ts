/**
 * The IOS dialogue over a shell in this thread: log in to the prompt, become privileged if there is a password for it,
 * turn paging off, then one show command at a time.
 */
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import type { ReadAnswerText } from '../answer-reading.ts';
import { ENABLE, NO_PAGER, NO_WRAPPED_LINES, SHOW_LOG, type ShowCommand } from '../show-command.ts';
import { type AnswerBounds, AnswerReader, DEFAULT_BOUNDS, MOST_LINES } from './answer-reader.ts';
import type {
  AskOutcome,
  Conversation,
  ConversationHooks,
  Conversations,
  DialogueCredential,
  LineEnd,
  LoginOutcome,
} from './conversation.ts';
import { findRejection } from './ios-dialogue.ts';
import { becomePrivileged, learnPrompt, LoginRefused, PromptMissing } from './login-dialogue.ts';
import { LineEnded, ShellLine } from './shell-line.ts';
import type { ShellLogin, ShellTransport } from './shell-transport.ts';

const SETTINGS = [NO_PAGER, NO_WRAPPED_LINES] as const;

/** Silence before a line that looks like another prompt is tried as one (somebody changed the hostname). */
const STRANGE_PROMPT_QUIET_MS = 400;

export interface ShellConversationsOptions {
  readonly clock: Clock;
  readonly transport: ShellTransport;
  readonly bounds?: AnswerBounds;
  /** Reads answers here; absent or null: the caller does. */
  readonly readAnswer?: ReadAnswerText | null;
}

export function createShellConversations(options: ShellConversationsOptions): Conversations {
  return new ShellConversations(options);
}

class ShellConversations implements Conversations {
  readonly #options: ShellConversationsOptions;

  constructor(options: ShellConversationsOptions) {
    this.#options = options;
  }

  async open(login: ShellLogin, hooks: ConversationHooks, signal: AbortSignal): Promise<Conversation> {
    const line = new ShellLine(this.#options.clock);
    const shell = await this.#options.transport.open(
      login,
      {
        beforeHandshake: () => hooks.beforeHandshake(),
        verifyHostKey: (key) => hooks.verifyHostKey(key),
        onOctets: (receivedBytes, sentBytes) => hooks.onTraffic({ commands: 0, receivedBytes, sentBytes }),
        onData: line.onData,
        onClose: line.onClose,
      },
      signal,
    );
    line.attach(shell);
    const onCommand = () => hooks.onTraffic({ commands: 1, receivedBytes: 0, sentBytes: 0 });
    return new ShellConversation(line, { ...this.#options, onCommand });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.transport[Symbol.asyncDispose]();
  }
}

interface ShellConversationParts extends Omit<ShellConversationsOptions, 'transport'> {
  readonly onCommand: () => void;
}

class ShellConversation implements Conversation {
  readonly #line: ShellLine;
  readonly #parts: ShellConversationParts;
  #prompt = '';
  /** Of the last answer. */
  #bytes = 0;

  constructor(line: ShellLine, parts: ShellConversationParts) {
    this.#line = line;
    this.#parts = parts;
  }

  get prompt(): string {
    return this.#prompt;
  }

  get ended(): LineEnd | null {
    return this.#line.ended;
  }

  get onEnd(): (end: LineEnd) => void {
    return this.#line.onEnd;
  }

  set onEnd(listener: (end: LineEnd) => void) {
    this.#line.onEnd = listener;
  }

  async logIn({ username, password, enablePassword }: DialogueCredential): Promise<LoginOutcome> {
    const { clock, onCommand } = this.#parts;
    let operation = 'prompt';
    try {
      this.#prompt = await learnPrompt(this.#line, clock, { username, password });
      if (this.#prompt.endsWith('>') && enablePassword !== null) {
        operation = ENABLE;
        onCommand();
        this.#prompt = await becomePrivileged(this.#line, clock, this.#prompt, enablePassword);
      }
      for (const setting of SETTINGS) {
        operation = setting;
        await this.#exchange(setting);
      }
      return { kind: 'ready' };
    } catch (error) {
      const end = endOf(error, operation);
      this.#line.cut(end);
      return { kind: 'failed', operation, end };
    }
  }

  async ask(command: ShowCommand): Promise<AskOutcome> {
    this.#bytes = 0;
    let reader: AnswerReader;
    try {
      reader = await this.#exchange(command);
    } catch (error) {
      return { kind: 'ended', end: endOf(error, command), bytes: this.#bytes };
    }
    const { lines, logLines } = reader.answer(command === SHOW_LOG);
    const rejection = findRejection(lines);
    const text = lines.length === 0 ? '' : `${lines.join('\n')}\n`;
    const reading = rejection === null ? (this.#parts.readAnswer?.(command, text) ?? null) : null;
    return { kind: 'answer', text, logLines, rejection, reading };
  }

  cut(end: LineEnd): void {
    this.#line.cut(end);
  }

  hangUp(politeMs: number): Promise<void> {
    return this.#line.hangUp(politeMs);
  }

  /** Writes a line and reads its answer up to the prompt. */
  #exchange(command: ShowCommand | (typeof SETTINGS)[number]): Promise<AnswerReader> {
    const { bounds = DEFAULT_BOUNDS, onCommand } = this.#parts;
    onCommand();
    const reader = new AnswerReader(command, this.#prompt, bounds);
    const line = this.#line;
    let confirmFrom = -1;
    const heard = line.listen<AnswerReader>({
      feed: (chunk) => {
        const asks = reader.feed(chunk);
        this.#bytes = reader.bytes;
        if (asks === 'pager') line.write(' ');
        else if (asks === 'too_large') {
          const bound = `${bounds.maxBytes} bytes or ${MOST_LINES} lines`;
          line.cut({ kind: 'too_large', reason: `more than ${bound}, or a line without end` });
          return false;
        }
        return reader.complete || reader.strangePrompt !== null;
      },
      settled: () => {
        if (reader.complete && reader.bytes > confirmFrom) return reader;
        const strange = reader.strangePrompt;
        if (strange !== null) {
          this.#afterQuiet(reader, strange, () => {
            reader.alsoAccept(strange);
            confirmFrom = reader.bytes;
            line.write('\n');
          });
        }
        return undefined;
      },
    });
    line.write(`${command}\n`);
    return heard.then((answered) => {
      this.#prompt = answered.endPrompt;
      return answered;
    });
  }

  #afterQuiet(reader: AnswerReader, strange: string, then: () => void): void {
    const bytesBefore = reader.bytes;
    void later(this.#parts.clock, STRANGE_PROMPT_QUIET_MS, undefined, () => {
      if (this.ended === null && reader.bytes === bytesBefore && reader.strangePrompt === strange) then();
    });
  }
}

/** All ways in which a dialogue fails; anything else is a bug and is thrown on. */
function endOf(error: unknown, operation: string): LineEnd {
  if (error instanceof PromptMissing) {
    return { kind: 'prompt', reason: error.message, lastLine: error.lastLine };
  }
  if (error instanceof LoginRefused) return { kind: 'auth', reason: error.message };
  if (!(error instanceof LineEnded)) throw error;
  const { kind, reason } = error.end;
  if (operation !== 'prompt' || kind !== 'closed') return { kind, reason };
  return {
    kind: 'no_shell',
    reason: `${reason} after the login was accepted and before the first prompt: all vty lines may be in use, or exec is not authorized`,
  };
}
