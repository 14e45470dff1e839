/**
 * Reads one command's answer from the terminal: echo, output, prompt.
 *
 * The answer starts after the command's echo; a prompt before that belongs to something older. It is complete when the
 * learned prompt is at the start of a line with nothing but log lines after it. The reader cannot know whether more
 * will come: its owner asks `complete` once the connection has been quiet for a turn. It does not matter how the bytes
 * were cut into chunks.
 */
import { isLogLine, PAGER, PROMPT } from './ios-dialogue.ts';
import { asText, TerminalText } from './terminal-text.ts';

export interface AnswerBounds {
  /** Bytes of one answer, echo and prompt included. */
  readonly maxBytes: number;
  /** Characters of one line. */
  readonly maxLineLength: number;
}

/**
 * Lines of one answer. 10,000 members take 170,000. 16 MiB hold as many millions of blank lines, and each costs many
 * times its one byte, here and where it is read.
 */
export const MOST_LINES = 500_000;

export const DEFAULT_BOUNDS: AnswerBounds = { maxBytes: 16 * 1024 * 1024, maxLineLength: 64 * 1024 };

/** IOS redraws a line wider than the terminal with `$` at its left; this much of the end identifies it. */
const SCROLLED_ECHO_TAIL = 8;

/** Hostnames have at most 63 characters; mode and location are added. */
const MAX_PROMPT = 130;

export interface AnswerLines {
  readonly lines: readonly string[];
  readonly logLines: readonly string[];
}

export class AnswerReader {
  /** Bytes fed so far. */
  bytes = 0;
  readonly #command: string;
  readonly #bounds: AnswerBounds;
  readonly #screen = new TerminalText();
  readonly #prompts: string[];
  #echoLeft: string;
  /** Lines looked at so far, and the first line after the echo. */
  #seen = 0;
  #outputStart = -1;
  /** The line that was the prompt, with only log lines after it so far; -1: none. */
  #promptLine = -1;
  #pagerAnswered = false;

  constructor(command: string, prompt: string, bounds: AnswerBounds = DEFAULT_BOUNDS) {
    this.#command = command;
    this.#echoLeft = command;
    this.#prompts = [prompt.trimEnd()];
    this.#bounds = bounds;
  }

  /** Takes a chunk (latin1). `pager`: answer it with a blank, once. `too_large`: a limit is reached, stop. */
  feed(chunk: string): 'more' | 'pager' | 'too_large' {
    this.bytes += chunk.length;
    this.#screen.feed(chunk);
    if (this.#screen.lines.length > this.#seen) this.#lookAtLines();
    const { currentLength, lines } = this.#screen;
    if (this.bytes > this.#bounds.maxBytes || currentLength > this.#bounds.maxLineLength) return 'too_large';
    if (lines.length > MOST_LINES) return 'too_large';
    if (currentLength > 5 && currentLength < 32 && PAGER.test(this.#screen.current)) {
      if (this.#pagerAnswered) return 'more';
      this.#pagerAnswered = true;
      return 'pager';
    }
    this.#pagerAnswered = false;
    return 'more';
  }

  /** The prompt is where the answer ends, as far as can be told now. */
  get complete(): boolean {
    if (this.#outputStart === -1) return false;
    if (this.#screen.currentLength === 0) return this.#promptLine !== -1;
    return this.#isPrompt(this.#shortCurrent);
  }

  /** The echo came back, and the last line looks like another prompt. */
  get strangePrompt(): string | null {
    const current = this.#shortCurrent;
    if (this.#outputStart === -1 || this.#isPrompt(current)) return null;
    return PROMPT.test(current) ? current : null;
  }

  /** The last line, if it may be a prompt: a longer one, which may grow byte by byte, is not joined. */
  get #shortCurrent(): string {
    return this.#screen.currentLength > MAX_PROMPT ? '' : this.#screen.current;
  }

  /** Accepts `prompt` as a prompt too (the hostname changed). */
  alsoAccept(prompt: string): void {
    this.#prompts.push(prompt.trimEnd());
  }

  /** The prompt that ended the answer. */
  get endPrompt(): string {
    const line = this.#promptLine === -1 ? this.#screen.current : (this.#screen.lines[this.#promptLine] ?? '');
    return line.trimEnd();
  }

  /** The answer so far; `keepLogLines` where log lines are the answer (`show logging`). */
  answer(keepLogLines: boolean): AnswerLines {
    const { lines } = this.#screen;
    const start = this.#outputStart === -1 ? lines.length : this.#outputStart;
    let end = lines.length;
    const logLines: string[] = [];
    // From the end: prompts printed repeatedly, and log lines after them.
    if (this.#promptLine !== -1) {
      for (const line of lines.slice(this.#promptLine + 1)) if (isLogLine(line)) logLines.push(asText(line));
      end = this.#promptLine;
      while (end > start && this.#isPrompt(lines[end - 1] ?? '')) end -= 1;
    }
    const kept: string[] = [];
    const landed: string[] = [];
    for (let index = start; index < end; index += 1) {
      const line = lines[index] ?? '';
      if (PAGER.test(line)) continue;
      if (!keepLogLines && isLogLine(line)) landed.push(asText(line));
      else kept.push(asText(line));
    }
    return { lines: kept, logLines: [...landed, ...logLines] };
  }

  #lookAtLines(): void {
    const { lines } = this.#screen;
    for (; this.#seen < lines.length; this.#seen += 1) {
      const line = lines[this.#seen] ?? '';
      if (this.#outputStart === -1) {
        if (this.#takeEcho(line)) this.#outputStart = this.#seen + 1;
      } else if (this.#isPrompt(line)) {
        this.#promptLine = this.#seen;
      } else if (this.#promptLine !== -1 && line !== '' && !isLogLine(line)) {
        this.#promptLine = -1;
      }
    }
  }

  /**
   * Whether the echo is complete with this line. A log message may have split it: `show cry`, message, `pto gdoi`; or
   * the device may have printed prompt and command again after the message (`logging synchronous`).
   */
  #takeEcho(line: string): boolean {
    if (line === '' || isLogLine(line)) return false;
    const prompt = this.#prompts.find((known) => line.startsWith(known));
    const typed = (prompt === undefined ? line : line.slice(prompt.length)).trim();
    if (typed === '') return false;
    if (typed === this.#command || typed === this.#echoLeft) return true;
    if (prompt !== undefined && this.#command.startsWith(typed)) {
      this.#echoLeft = this.#command.slice(typed.length).trimStart();
      return false;
    }
    if (prompt === undefined && this.#echoLeft.startsWith(typed)) {
      this.#echoLeft = this.#echoLeft.slice(typed.length).trimStart();
      return false;
    }
    if (typed.endsWith(this.#command)) return PROMPT.test(typed.slice(0, -this.#command.length));
    return typed.includes('$') && typed.endsWith(this.#command.slice(-SCROLLED_ECHO_TAIL));
  }

  #isPrompt(line: string): boolean {
    // At most one blank follows a prompt; comparing lengths first keeps the common case cheap.
    for (const prompt of this.#prompts) {
      const extra = line.length - prompt.length;
      if (extra === 0 ? line === prompt : extra === 1 && line.startsWith(prompt) && line.endsWith(' ')) return true;
    }
    return false;
  }
}
