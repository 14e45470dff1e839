/**
 * From the open shell to a prompt: banner, questions, `press any key`, then the prompt itself; and `enable`.
 *
 * The prompt is learned, not configured: if the last line looks like one, it is answered by a newline, and counts when
 * the same line comes back. So a banner full of `#` and `>` fools nobody. A password question is answered once, and
 * only when it stands quietly at the end: text that scrolls by is no question.
 */
import type { Clock } from '../../kernel/clock.ts';
import { ENABLE } from '../show-command.ts';
import { DEFAULT_BOUNDS } from './answer-reader.ts';
import {
  isLogLine,
  LOGIN_REFUSED,
  PAGER,
  passwordQuestion,
  PRESS_KEY,
  PROMPT,
  USERNAME_QUESTION,
} from './ios-dialogue.ts';
import { later } from '../../kernel/later.ts';
import { LineEnded, type ShellLine } from './shell-line.ts';
import { asText, TerminalText } from './terminal-text.ts';

/** Bytes of banner and dialogue before the prompt, and of one line. */
const MAX_LOGIN_BYTES = 1024 * 1024;
const MAX_LOGIN_LINE = DEFAULT_BOUNDS.maxLineLength;

/** No prompt and no question is longer. */
const LONGEST_ASKED = 200;

/** How long a question must stand at the end before a secret is typed. */
const QUESTION_QUIET_MS = 250;

/** Silence after which a newline is sent to get a prompt. */
const NUDGE_QUIET_MS = 1_000;
const MAX_NEWLINES = 12;

/** Lines above a question that are looked at, including blank ones. */
const LINES_BEFORE = 10;

const CHANGE_WANTED =
  'the device asks for a change of the password: it has expired, or is a first one; change it there, then here';

/** The device refuses the credential; the message says at which question. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

/** Something was printed, but no prompt. */
export class PromptMissing extends Error {
  override readonly name = 'PromptMissing';
  readonly lastLine: string;

  constructor(lastLine: string) {
    super('no IOS prompt (hostname and > or #) in time');
    this.lastLine = lastLine;
  }
}

type Seen =
  | { readonly kind: 'prompt'; readonly prompt: string }
  | { readonly kind: 'username' | 'password' | 'password_change' | 'pager' | 'press_key' | 'silence' };

/** What stands on the screen, reported once for each state. */
class Watch {
  readonly screen = new TerminalText();
  readonly #line: ShellLine;
  readonly #clock: Clock;
  #bytes = 0;
  #told = '';

  constructor(line: ShellLine, clock: Clock) {
    this.#line = line;
    this.#clock = clock;
  }

  /** The next thing to react to; `silence` if nothing has come for a while. */
  async next(): Promise<Seen> {
    const quiet = new AbortController();
    let wakeUp: (seen: Seen) => void = nothing;
    const woken = new Promise<Seen>((resolve) => {
      wakeUp = resolve;
    });
    const nudge = (ms: number, seen: () => Seen | null) => {
      void later(this.#clock, ms, quiet.signal, () => {
        const what = seen();
        if (what !== null) wakeUp(what);
      });
    };
    const listenForSilence = (): void => {
      const bytesBefore = this.#bytes;
      nudge(NUDGE_QUIET_MS, () => {
        if (this.#bytes === bytesBefore) return { kind: 'silence' };
        listenForSilence();
        return null;
      });
    };
    listenForSilence();
    try {
      const seen = await this.#line.listenOr(
        {
          feed: (chunk: string) => {
            this.#bytes += chunk.length;
            this.screen.feed(chunk);
            const endless =
              this.#bytes > MAX_LOGIN_BYTES
                ? 'the device prints without end before the prompt'
                : this.screen.currentLength > MAX_LOGIN_LINE
                  ? 'the device prints a line without end before the prompt'
                  : null;
            if (endless !== null) this.#line.cut({ kind: 'too_large', reason: endless });
            return endless === null;
          },
          settled: () => {
            const what = this.#classify();
            if (what === undefined) return undefined;
            if (what.kind !== 'username' && what.kind !== 'password' && what.kind !== 'password_change') return what;
            const bytesAtQuestion = this.#bytes;
            nudge(QUESTION_QUIET_MS, () => (this.#bytes === bytesAtQuestion ? what : null));
            return undefined;
          },
        },
        woken,
      );
      this.#told = this.#mark();
      return seen;
    } finally {
      quiet.abort();
    }
  }

  /** The last line that is not blank. */
  get lastLine(): string {
    const { current, lines } = this.screen;
    const line = current.trim() === '' ? (lines.findLast((text) => text.trim() !== '') ?? '') : current;
    return asText(line);
  }

  #mark(): string {
    const { lines, currentLength, current } = this.screen;
    return `${lines.length}:${currentLength > LONGEST_ASKED ? currentLength : current}`;
  }

  #classify(): Seen | undefined {
    if (this.screen.currentLength > LONGEST_ASKED || this.#mark() === this.#told) return undefined;
    const { current } = this.screen;
    if (PROMPT.test(current)) return { kind: 'prompt', prompt: current.trimEnd() };
    if (USERNAME_QUESTION.test(current)) return { kind: 'username' };
    const asksFor = passwordQuestion(current, this.screen.lines.slice(-LINES_BEFORE));
    if (asksFor !== null) return { kind: asksFor === 'login' ? 'password' : 'password_change' };
    if (PAGER.test(current)) return { kind: 'pager' };
    // Near the end only: a device may print blank lines without end.
    const said =
      current !== '' ? current : this.screen.lines.slice(-LINES_BEFORE).findLast((text) => text.trim() !== '');
    return said !== undefined && PRESS_KEY.test(said.slice(0, LONGEST_ASKED)) ? { kind: 'press_key' } : undefined;
  }
}

function nothing(): void {
  // Replaced before anybody calls it.
}

/** The learned prompt, without the blank after it. Throws `LoginRefused`, or `LineEnded` when the line ends. */
export async function learnPrompt(
  line: ShellLine,
  clock: Clock,
  credential: { readonly username: string; readonly password: string | null },
): Promise<string> {
  const watch = new Watch(line, clock);
  let candidate: string | null = null;
  let candidateAt = -1;
  let usernameGiven = false;
  let passwordGiven = false;
  let newlines = 0;
  const newline = () => {
    newlines += 1;
    if (newlines <= MAX_NEWLINES) line.write('\n');
  };
  for (;;) {
    const seen = await nextOrMissing(watch);
    switch (seen.kind) {
      case 'prompt':
        if (candidate === seen.prompt && watch.screen.lines.length > candidateAt) return candidate;
        candidate = seen.prompt;
        candidateAt = watch.screen.lines.length;
        newline();
        break;
      case 'username':
        if (usernameGiven) throw new LoginRefused('the shell asked for the user name again: login refused');
        usernameGiven = true;
        line.write(`${credential.username}\n`);
        break;
      case 'password':
        if (passwordGiven) throw new LoginRefused('the shell asked for the password again: login refused');
        if (credential.password === null)
          throw new LoginRefused('the shell asks for a password and none is configured');
        passwordGiven = true;
        line.write(`${credential.password}\n`);
        break;
      case 'password_change':
        throw new LoginRefused(CHANGE_WANTED);
      case 'pager':
        line.write(' ');
        break;
      case 'press_key':
        newline();
        break;
      case 'silence':
        if (passwordGiven && watch.screen.lines.some((text) => LOGIN_REFUSED.test(text)))
          throw new LoginRefused('the shell refused the password');
        // A newline while the device checks a password could answer its next question.
        if (candidate !== null || !(usernameGiven || passwordGiven)) newline();
        break;
      default:
        seen satisfies never;
    }
  }
}

/** If time runs out on a device that did print something, says what. */
async function nextOrMissing(watch: Watch): Promise<Seen> {
  try {
    return await watch.next();
  } catch (error) {
    const last = watch.lastLine;
    if (!(error instanceof LineEnded) || error.end.kind !== 'timeout' || last.trim() === '') throw error;
    throw new PromptMissing(last);
  }
}

/** Sends `enable` and returns the prompt that ends in `#`. Throws `LoginRefused` if the device refuses. */
export async function becomePrivileged(
  line: ShellLine,
  clock: Clock,
  userPrompt: string,
  enablePassword: string,
): Promise<string> {
  const watch = new Watch(line, clock);
  let passwordGiven = false;
  const wanted = `${userPrompt.slice(0, -1)}#`;
  const heard = watch.next();
  line.write(`${ENABLE}\n`);
  for (let seen = await heard; ; seen = await watch.next()) {
    switch (seen.kind) {
      case 'password':
        if (passwordGiven) throw new LoginRefused('the device refused the enable password');
        passwordGiven = true;
        line.write(`${enablePassword}\n`);
        break;
      case 'prompt': {
        if (seen.prompt === wanted) return seen.prompt;
        // A prompt from before the echo answers an older newline.
        const echoAt = watch.screen.lines.findLastIndex((text) => text.trimEnd().endsWith(ENABLE));
        if (seen.prompt === userPrompt && echoAt !== -1) {
          const said = watch.screen.lines.slice(echoAt + 1).filter((text) => text.trim() !== '' && !isLogLine(text));
          if (passwordGiven || said.length > 0) throw new LoginRefused('the device refused enable');
        }
        break;
      }
      case 'pager':
        line.write(' ');
        break;
      case 'username':
        throw new LoginRefused('enable asked for a user name');
      case 'password_change':
        throw new LoginRefused(CHANGE_WANTED);
      case 'press_key':
      case 'silence':
        break;
      default:
        seen satisfies never;
    }
  }
}
