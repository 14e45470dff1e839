/**
 * The IOS dialogue over one shell: log in to the prompt, become privileged where a password for it is configured, turn
 * paging off, then one show command at a time.
 *
 * The only bytes written are SHOW_COMMANDS, `terminal length 0`, `terminal width 511`, `enable`, the user name and the
 * passwords where asked, newline, a blank for the pager, and `exit`.
 */
import { onAbortOf } from '../../kernel/abort-callbacks.ts';
import type { Clock } from '../../kernel/clock.ts';
import { DeadlineExceeded } from '../../kernel/deadline.ts';
import { KnownSecrets } from '../../kernel/known-secrets.ts';
import type { DeviceSession, Reply, SshTarget } from '../device-session.ts';
import type { DeviceTraffic } from '../device-traffic.ts';
import type { DeviceError, DeviceErrorKind } from '../device-error.ts';
import { SHOW_COMMANDS, SHOW_LOG, type ShowCommand } from '../show-command.ts';
import { type AnswerBounds, AnswerReader, DEFAULT_BOUNDS } from './answer-reader.ts';
import { findRejection, hostnameOfPrompt } from './ios-dialogue.ts';
import { later } from '../../kernel/later.ts';
import { becomePrivileged, learnPrompt, LoginRefused, PromptMissing } from './login-dialogue.ts';
import { LineEnded, ShellLine } from './shell-line.ts';
import { Watchdog } from '../../kernel/watchdog.ts';

const SETTINGS = ['terminal length 0', 'terminal width 511'] as const;

/** Quiet before a line that looks like another prompt is tried as one (somebody changed the hostname). */
const STRANGE_PROMPT_QUIET_MS = 400;

const KNOWN_COMMANDS: ReadonlySet<string> = new Set(SHOW_COMMANDS);

/** Thrown where a session cannot be had; the access layer turns it into the value. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly deviceError: DeviceError;

  constructor(deviceError: DeviceError) {
    super(deviceError.message);
    this.deviceError = deviceError;
  }
}

export interface SessionLimits {
  readonly bounds?: AnswerBounds;
  /** Taken out of all that the device says. */
  readonly secrets?: KnownSecrets;
  readonly traffic?: DeviceTraffic;
}

export class ShellSession implements DeviceSession {
  readonly #clock: Clock;
  readonly #target: SshTarget;
  readonly #line: ShellLine;
  readonly #bounds: AnswerBounds;
  readonly #secrets: KnownSecrets;
  readonly #watchdog: Watchdog;
  readonly #traffic: DeviceTraffic | null;
  #prompt = '';
  #bytesOfLastAnswer = 0;

  constructor(clock: Clock, target: SshTarget, line: ShellLine, limits: SessionLimits = {}) {
    this.#clock = clock;
    this.#target = target;
    this.#line = line;
    this.#bounds = limits.bounds ?? DEFAULT_BOUNDS;
    this.#secrets = limits.secrets ?? new KnownSecrets();
    this.#watchdog = new Watchdog(clock);
    this.#traffic = limits.traffic ?? null;
    const told = line.onEnd;
    line.onEnd = (end) => {
      this.#watchdog.stop();
      told(end);
    };
  }

  get hostname(): string {
    return this.#secrets.redact(hostnameOfPrompt(this.#prompt));
  }

  get alive(): boolean {
    return this.#line.ended === null;
  }

  /** Why it ended, where it was cut for what the device sent; null: it was not. */
  get floodedBy(): string | null {
    const end = this.#line.ended;
    return end?.kind === 'too_large' ? end.reason : null;
  }

  /** Bytes that came back for the last command: 0 when the shell was dead already. */
  get bytesOfLastAnswer(): number {
    return this.#bytesOfLastAnswer;
  }

  /** From the open shell to a prompt that takes commands. Throws `SessionError`. */
  async logIn(signal: AbortSignal): Promise<void> {
    let operation = 'prompt';
    try {
      await this.#within(signal, async () => {
        const { username, password, enablePassword } = this.#target;
        this.#prompt = await learnPrompt(this.#line, this.#clock, {
          username,
          password: password?.reveal() ?? null,
        });
        if (this.#prompt.endsWith('>') && enablePassword !== null) {
          operation = 'enable';
          this.#traffic?.command(this.#target.device);
          this.#prompt = await becomePrivileged(this.#line, this.#clock, this.#prompt, enablePassword.reveal());
        }
        for (const setting of SETTINGS) {
          operation = setting;
          await this.#exchange(setting);
        }
      });
    } catch (error) {
      throw new SessionError(this.#failure(error, operation, signal));
    }
  }

  async run(command: ShowCommand, signal: AbortSignal): Promise<Reply> {
    if (!KNOWN_COMMANDS.has(command)) throw new Error('not a command of the fixed list');
    this.#bytesOfLastAnswer = 0;
    const sentAtMs = this.#clock.wallMs();
    let reader: AnswerReader;
    try {
      signal.throwIfAborted();
      reader = await this.#within(signal, () => this.#exchange(command));
    } catch (error) {
      return { kind: 'failed', command, error: this.#failure(error, command, signal) };
    }
    const receivedAtMs = this.#clock.wallMs();
    const { lines, logLines } = reader.answer(command === SHOW_LOG);
    const rejection = findRejection(lines);
    const redact = (text: string) => this.#secrets.redact(text);
    if (rejection !== null) {
      return { kind: 'rejected', command, reason: rejection.reason, line: redact(rejection.line) };
    }
    const text = lines.length === 0 ? '' : redact(`${lines.join('\n')}\n`);
    return { kind: 'output', command, text, logLines: logLines.map(redact), sentAtMs, receivedAtMs };
  }

  /** `exit`, then close; at once when something is under way. */
  async close(politeMs: number): Promise<void> {
    await this.#line.hangUp(politeMs);
  }

  /** Write a line and read its answer up to the prompt. */
  #exchange(command: ShowCommand | (typeof SETTINGS)[number]): Promise<AnswerReader> {
    this.#traffic?.command(this.#target.device);
    const reader = new AnswerReader(command, this.#prompt, this.#bounds);
    const line = this.#line;
    let confirmFrom = -1;
    const heard = line.listen<AnswerReader>({
      feed: (chunk) => {
        const asks = reader.feed(chunk);
        this.#bytesOfLastAnswer = reader.bytes;
        if (asks === 'pager') line.write(' ');
        else if (asks === 'too_large') {
          line.cut({ kind: 'too_large', reason: `more than ${this.#bounds.maxBytes} bytes, or a line without end` });
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
    void later(this.#clock, STRANGE_PROMPT_QUIET_MS, undefined, () => {
      if (this.alive && reader.bytes === bytesBefore && reader.strangePrompt === strange) then();
    });
  }

  /** Run with the target's time bound and the caller's signal: either cuts the line. */
  async #within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const onAbort = () =>
      this.#line.cut(
        signal.reason instanceof DeadlineExceeded
          ? { kind: 'timeout', reason: signal.reason.message }
          : { kind: 'closed', reason: 'given up by the agent' },
      );
    const takeBack = onAbortOf(signal, onAbort);
    const { timeoutMs } = this.#target;
    this.#watchdog.arm(timeoutMs, () => this.#line.cut({ kind: 'timeout', reason: `no end within ${timeoutMs} ms` }));
    try {
      return await work();
    } finally {
      this.#watchdog.disarm();
      takeBack();
    }
  }

  /** Every way to fail as a value; anything else is a bug and goes on up. */
  #failure(error: unknown, operation: string, signal: AbortSignal): DeviceError {
    const { device, host, port } = this.#target;
    const where = `${device} (${host} port ${port})`;
    let kind: DeviceErrorKind;
    let reason: string;
    if (error instanceof LineEnded) {
      ({ kind, reason } = error.end);
      if (operation === 'prompt' && kind === 'closed') {
        kind = 'refused';
        reason = `${reason} before the first prompt: all vty lines may be in use, or exec is not authorized`;
      }
    } else if (error instanceof PromptMissing) {
      kind = 'prompt';
      reason = error.message;
    } else if (error instanceof LoginRefused) {
      kind = 'auth';
      reason = error.message;
    } else if (signal.aborted && error === signal.reason) {
      kind = error instanceof DeadlineExceeded ? 'timeout' : 'closed';
      reason = 'given up by the agent';
    } else {
      throw error;
    }
    this.#line.cut({ kind, reason });
    return { kind, operation, message: this.#secrets.redact(`${where}: ${operation}: ${reason}`) };
  }
}
