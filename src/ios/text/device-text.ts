/**
 * Takes apart what a terminal showed: prompts, echo, pager debris, log messages and an author's remarks on one side, the
 * lines of each command's answer on the other.
 *
 * Costs little where there is nothing to take out: one look over the text tells which kinds of noise can be in it at
 * all, and only those are looked for line by line. Indentation is dropped: it differs between releases and means nothing
 * that the labels do not say.
 */
import type { LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { Answer, Ending } from './answer.ts';
import { canonicalCommand } from './command-name.ts';
import { findLogMessage } from '../log/log-message.ts';

/** A KS with 8,000 members answers with some 4 MB. */
export const MAX_TEXT_CHARS = 16 * 1024 * 1024;
/** No line of ours is longer than some 200 characters; a terminal line that long is not text. */
const MAX_LINE_CHARS = 4096;
const SHOWN_OF_BROKEN_LINE = 200;
/** A command that is echoed again after this many lines was sent again. */
const LINES_BEFORE_ECHO = 2;

/** One answer for each command in the text, in order; a text without prompt and echo is one answer. */
export function readDeviceText(text: string): Answer[] {
  const clean = withoutDebris(text);
  const reader = new TextReader(clean);
  const length = clean.length;
  let start = 0;
  while (start < length) {
    const newline = clean.indexOf('\n', start);
    const end = newline < 0 ? length : newline;
    let from = start;
    let to = end;
    while (from < to && clean.charCodeAt(from) === CODE_BLANK) from += 1;
    while (to > from && clean.charCodeAt(to - 1) === CODE_BLANK) to -= 1;
    if (from < to) reader.take(clean.slice(from, to), newline < 0);
    start = end + 1;
  }
  return reader.finish();
}

const CODE_BLANK = 32;

// ---- characters -------------------------------------------------------------------------------------------------

/** With none of these (and no pager) in it a text is used as it is; behind this point every blank is a space. */
const DEBRIS = ['\t', '\r', '\b', '\0', '\u001b', '\u0007', '\u007f', '\f', '\v', '\u00a0', '\ufeff'] as const;

// ESC[2K, ESC[?7l, ESC=, ESC7
// oxlint-disable-next-line no-control-regex
const ANSI = /\u001b(?:\[[0-9;?]{0,16}[A-Za-z]|[=>78])/g;
// ` --More-- ` and what the terminal printed to wipe it out
// oxlint-disable-next-line no-control-regex
const PAGER = /[ ]?--[ ]?More[ ]?--(?:[ \b\u0000\u007f]|\r(?!\n))*/g;
// oxlint-disable-next-line no-control-regex
const IGNORED = /[\u0000\u0007\u007f]/g;
const LINE_BREAKS = /\r{1,8}\n|\n\r|[\r\f\v]/g;
const OTHER_BLANKS = /[\t\u00a0\ufeff]/g;
/** Stands where the pager stood, so that an answer left there with `q` is known to be half. */
const PAGER_MARK = '\u0001';

function withoutDebris(text: string): string {
  if (!text.includes('More') && !DEBRIS.some((mark) => text.includes(mark))) return text;
  const plain = text
    .replace(ANSI, '')
    .replace(PAGER, `\n${PAGER_MARK}\n`)
    .replace(IGNORED, '')
    .replace(LINE_BREAKS, '\n')
    .replace(OTHER_BLANKS, ' ');
  return plain.includes('\b') ? erase(plain) : plain;
}

/** Applies backspaces as a terminal does, never beyond the start of the line. */
function erase(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (!line.includes('\b')) return line;
      const kept: string[] = [];
      for (const char of line) {
        if (char === '\b') kept.pop();
        else kept.push(char);
      }
      return kept.join('');
    })
    .join('\n');
}

// ---- lines ------------------------------------------------------------------------------------------------------

// GM1#show crypto gdoi / GM-1# show / KS1> / GM1(config)#
const PROMPT = /^([A-Za-z0-9][\w.-]{0,62}(?:\/[\w.:-]{1,30})?)(?:\([\w.-]{1,40}\))?[#>] {0,4}(.{0,512})$/;
// show version / sh cry gdoi ks members / do show clock
const SHOW_TYPED = /^(?:do )?sh(?:o|ow)? {1,8}[a-z]/i;
// lines IOS puts before every answer with `terminal exec prompt timestamp`
const EXEC_TIMESTAMP = /^(?:Load for five secs: |Time source is )/;
// 56 <=== KEK expires soon / 56 --> soon (its last two characters) / 56 ! soon / mygroup （name）
const REMARK = /<[=-]|[=-]>|[←→⇐⇒（]|(?:^| )!(?:[ !]|$)/;
const ARROW_SHAFT = /[ =-]{1,64}$/;
const REMARK_MARKS = ['<', '>', '!', '←', '→', '⇐', '⇒', '（'] as const;

const CODE_UPPER_L = 76;
const CODE_UPPER_S = 83;
const CODE_UPPER_T = 84;
const CODE_LOWER_D = 100;
const CODE_LOWER_S = 115;

class TextReader {
  private readonly answers: Answer[] = [];
  private current: AnswerDraft = newAnswerDraft(null);
  private host: string | null = null;
  private afterPager = false;
  private readonly mayHavePrompt: boolean;
  private readonly mayHaveLog: boolean;
  private readonly mayHaveRemark: boolean;
  private readonly mayHavePager: boolean;

  constructor(text: string) {
    this.mayHavePrompt = text.includes('#') || text.includes('>');
    this.mayHaveLog = text.includes('%');
    this.mayHaveRemark = REMARK_MARKS.some((mark) => text.includes(mark));
    this.mayHavePager = text.includes(PAGER_MARK);
  }

  take(line: string, unterminated: boolean): void {
    if (this.mayHavePager && line === PAGER_MARK) {
      this.afterPager = true;
      return;
    }
    if (line.length > MAX_LINE_CHARS) {
      this.current.brokenLines.push(line.slice(0, SHOWN_OF_BROKEN_LINE));
      return;
    }
    if (this.mayHaveLog && this.takeLog(line, unterminated)) return;
    if (this.mayHavePrompt && this.takePrompt(line)) return;
    const first = line.charCodeAt(0);
    if ((first === CODE_UPPER_T || first === CODE_UPPER_L) && EXEC_TIMESTAMP.test(line)) return;
    if ((first === CODE_LOWER_S || first === CODE_UPPER_S || first === CODE_LOWER_D) && this.takeEcho(line)) return;
    this.afterPager = false;
    const text = this.mayHaveRemark ? this.withoutRemark(line) : line;
    if (text !== '') this.current.lines.push(text);
    this.current.withLogs?.push(line);
    if (unterminated) this.current.ending = 'mid-line';
  }

  finish(): Answer[] {
    const last = this.answers.at(-1);
    if (last !== undefined && isOnlyNoise(this.current)) {
      this.answers[this.answers.length - 1] = {
        ...last,
        logMessages: [...last.logMessages, ...this.current.logMessages],
        brokenLines: [...last.brokenLines, ...this.current.brokenLines],
      };
    } else this.answers.push(answerOf(this.current));
    return this.answers;
  }

  /** A message that the console printed between the lines; one that landed inside a line breaks that line. */
  private takeLog(line: string, unterminated: boolean): boolean {
    const found = line.includes('%') ? findLogMessage(line) : null;
    if (found === null) return false;
    if (unterminated) {
      this.current.brokenLines.push(line);
      this.current.ending = 'mid-line';
      return true;
    }
    // `GM1#*Mar  1 ...: %...`: on the console a message follows the waiting prompt
    if (found.before !== '' && !(this.mayHavePrompt && this.takePrompt(found.before))) {
      this.current.brokenLines.push(found.before);
    }
    this.current.withLogs ??= [...this.current.lines];
    this.current.withLogs.push(line);
    this.current.logMessages.push(found.message);
    return true;
  }

  private takePrompt(line: string): boolean {
    const prompt = PROMPT.exec(line);
    if (prompt === null) return false;
    const typed = (prompt[2] ?? '').trim();
    const isShow = SHOW_TYPED.test(typed);
    if (typed !== '' && !isShow && prompt[1] !== this.host) return false;
    this.host = prompt[1] ?? null;
    this.endCurrent();
    if (isShow) this.current.typed = withoutDo(typed);
    else if (typed !== '') this.current.foreign = true;
    return true;
  }

  private endCurrent(): void {
    const draft = this.current;
    draft.ending = this.afterPager ? 'mid-line' : 'prompt';
    this.current = newAnswerDraft(null);
    this.afterPager = false;
    if (isOnlyNoise(draft)) {
      // what the console printed before the first command belongs to no answer, but is not lost
      this.current.logMessages.push(...draft.logMessages);
      this.current.brokenLines.push(...draft.brokenLines);
    } else this.answers.push(answerOf(draft));
  }

  /** A line that repeats or is the command, without a prompt. */
  private takeEcho(line: string): boolean {
    if (!SHOW_TYPED.test(line)) return false;
    const typed = withoutDo(line);
    const command = canonicalCommand(typed);
    if (command === null) return false;
    const before = this.current.typed === null ? null : canonicalCommand(this.current.typed);
    if (before === command && this.current.lines.length <= LINES_BEFORE_ECHO) return true;
    if (this.current.lines.length > 0) {
      this.answers.push(answerOf(this.current));
      this.current = newAnswerDraft(typed);
    } else if (before === null) this.current.typed = typed;
    return true;
  }

  private withoutRemark(line: string): string {
    const at = REMARK.exec(line);
    if (at === null) return line;
    const { lines, remarks } = this.current;
    remarks.add(at.index === 0 ? lines.length - 1 : lines.length);
    const text = line.slice(0, at.index);
    return at[0].endsWith('>') ? text.replace(ARROW_SHAFT, '') : text.trimEnd();
  }
}

interface AnswerDraft {
  typed: string | null;
  ending: Ending;
  /** The answer to a command that is not a show command. */
  foreign: boolean;
  readonly lines: string[];
  readonly remarks: Set<number>;
  readonly logMessages: LogMessage[];
  readonly brokenLines: string[];
  /** From the first log message on. */
  withLogs: string[] | null;
}

function newAnswerDraft(typed: string | null): AnswerDraft {
  return {
    typed,
    ending: 'line-end',
    foreign: false,
    lines: [],
    remarks: new Set(),
    logMessages: [],
    brokenLines: [],
    withLogs: null,
  };
}

function answerOf(draft: AnswerDraft): Answer {
  return {
    typed: draft.typed,
    lines: draft.lines,
    ending: draft.ending,
    remarks: draft.remarks,
    logMessages: draft.logMessages,
    brokenLines: draft.brokenLines,
    linesWithLogs: draft.withLogs ?? draft.lines,
  };
}

/** Neither a show command nor a line of an answer to one. */
function isOnlyNoise(draft: AnswerDraft): boolean {
  return draft.foreign || (draft.typed === null && draft.lines.length === 0);
}

function withoutDo(typed: string): string {
  return typed.startsWith('do ') ? typed.slice(3).trimStart() : typed;
}
