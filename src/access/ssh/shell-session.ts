/**
 * One device's session: its conversation, wherever that runs, with time limits, outcomes as replies, and every secret
 * removed from what the device says.
 */
import { onAbortOf } from '../../kernel/abort-callbacks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { DeadlineExceeded } from '../../kernel/deadline.ts';
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import { Watchdog } from '../../kernel/watchdog.ts';
import type { DeviceError } from '../device-error.ts';
import type { DeviceSession, Reply, SshTarget } from '../device-session.ts';
import { SHOW_COMMANDS, type ShowCommand } from '../show-command.ts';
import type { AskOutcome, Conversation, LineEnd } from './conversation.ts';
import { hostnameOfPrompt } from './ios-dialogue.ts';

/** Characters of the device's own words in a message. */
const QUOTED_LAST_LINE = 80;
const QUOTED_REJECTION = 200;

const KNOWN_COMMANDS: ReadonlySet<string> = new Set(SHOW_COMMANDS);

/** Thrown if there can be no session; the access layer turns it into a value. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly deviceError: DeviceError;

  constructor(deviceError: DeviceError) {
    super(deviceError.message);
    this.deviceError = deviceError;
  }
}

export class ShellSession implements DeviceSession {
  readonly #clock: Clock;
  readonly #target: SshTarget;
  readonly #conversation: Conversation;
  readonly #secrets: KnownSecrets;
  readonly #watchdog: Watchdog;
  #bytesOfLastAnswer = 0;
  /** Limit for the login and for each command; a reload may change it. */
  timeoutMs: number;

  /** `secrets` are removed from everything that the device says. */
  constructor(clock: Clock, target: SshTarget, conversation: Conversation, secrets = new KnownSecrets()) {
    this.#clock = clock;
    this.#target = target;
    this.timeoutMs = target.timeoutMs;
    this.#conversation = conversation;
    this.#secrets = secrets;
    this.#watchdog = new Watchdog(clock);
    conversation.onEnd = () => this.#watchdog.stop();
  }

  get hostname(): string {
    return this.#secrets.redact(hostnameOfPrompt(this.#conversation.prompt));
  }

  get alive(): boolean {
    return this.#conversation.ended === null;
  }

  /** Why it was cut because of what the device sent; null: it was not. */
  get floodedBy(): string | null {
    const end = this.#conversation.ended;
    return end?.kind === 'too_large' ? end.reason : null;
  }

  /** Bytes that had come back for the command that failed last: 0 if the shell was dead already. */
  get bytesOfLastAnswer(): number {
    return this.#bytesOfLastAnswer;
  }

  /** From the open shell to a prompt that takes commands. Throws `SessionError`. */
  async logIn(signal: AbortSignal): Promise<void> {
    const { username, password, enablePassword } = this.#target;
    const outcome = await this.#within(signal, () =>
      this.#conversation.logIn({
        username,
        password: password?.reveal() ?? null,
        enablePassword: enablePassword?.reveal() ?? null,
      }),
    );
    if (outcome.kind === 'failed') throw new SessionError(this.#failure(outcome.operation, outcome.end));
  }

  async run(command: ShowCommand, signal: AbortSignal): Promise<Reply> {
    if (!KNOWN_COMMANDS.has(command)) throw new Error('not a command of the fixed list');
    this.#bytesOfLastAnswer = 0;
    const sentAtMs = this.#clock.wallMs();
    const outcome = await this.#ask(command, signal);
    if (outcome.kind === 'ended') {
      this.#bytesOfLastAnswer = outcome.bytes;
      return { kind: 'failed', command, error: this.#failure(command, outcome.end) };
    }
    const receivedAtMs = this.#clock.wallMs();
    const redact = (text: string) => this.#secrets.redact(text);
    const { rejection } = outcome;
    if (rejection !== null) {
      const line = this.#quotable(rejection.line, QUOTED_REJECTION);
      return { kind: 'rejected', command, reason: rejection.reason, line };
    }
    const text = redact(outcome.text);
    // What was read before a secret was removed may contain it.
    const reading = text === outcome.text ? outcome.reading : null;
    return { kind: 'output', command, text, logLines: outcome.logLines.map(redact), reading, sentAtMs, receivedAtMs };
  }

  /** Says `exit`, then closes; closes at once if something is under way. */
  async close(politeMs: number): Promise<void> {
    await this.#conversation.hangUp(politeMs);
  }

  async #ask(command: ShowCommand, signal: AbortSignal): Promise<AskOutcome> {
    if (signal.aborted) {
      const end = givenUp(signal);
      this.#conversation.cut(end);
      return { kind: 'ended', end, bytes: 0 };
    }
    return this.#within(signal, () => this.#conversation.ask(command));
  }

  /** Runs with the time limit and the caller's signal: either cuts the conversation. */
  async #within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const takeBack = onAbortOf(signal, () => this.#conversation.cut(givenUp(signal)));
    const { timeoutMs } = this;
    this.#watchdog.arm(timeoutMs, () =>
      this.#conversation.cut({ kind: 'timeout', reason: `no end within ${timeoutMs} ms` }),
    );
    try {
      return await work();
    } finally {
      this.#watchdog.disarm();
      takeBack();
    }
  }

  #failure(operation: string, { kind, reason, lastLine }: LineEnd): DeviceError {
    const { device, host, port } = this.#target;
    const said = this.#secrets.redact(`${device} (${host} port ${port}): ${operation}: ${reason}`);
    if (lastLine === undefined) return { kind, operation, message: said };
    const quoted = JSON.stringify(this.#quotable(lastLine, QUOTED_LAST_LINE));
    return { kind, operation, message: `${said}; the last line was ${quoted}` };
  }

  /** Cut after the secrets are removed: half of one would no longer be found. */
  #quotable(line: string, most: number): string {
    return this.#secrets.redact(line).trim().slice(0, most);
  }
}

function givenUp(signal: AbortSignal): LineEnd {
  const reason: unknown = signal.reason;
  return reason instanceof DeadlineExceeded
    ? { kind: 'timeout', reason: reason.message }
    : { kind: 'closed', reason: 'given up by the agent' };
}
