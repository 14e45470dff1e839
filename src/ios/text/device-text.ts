/**
 * Takes apart what a terminal showed: prompts, echo, pager debris, log messages and an author's remarks on one side,
 * the lines of each command's answer on the other.
 *
 * Costs little where there is nothing to take out: one look over the text tells which kinds of noise can be in it at
 * all, and only those are looked for line by line. Indentation is dropped: it differs between releases and means
 * nothing that the labels do not say. Every line is counted, also those that are left out.
 */
import type { LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { Answer, BrokenLine, Ending } from './answer.ts';
import { canonicalCommand } from './command-name.ts';
import { BLOCK_MARK, HOST_MARK, MARKUP_MARK, PAGER_MARK, withoutDebris, WRAPPED_MARK } from './debris.ts';
import { type IgnoredKind, noneIgnored, sumOfIgnored } from './line-tally.ts';
import { findLogMessage } from '../log/log-message.ts';
import {
  isCommand,
  isShowCommand,
  type Prompt,
  printsFile,
  readFilter,
  readPrompt,
  readTechHeading,
  routerInTitle,
  withoutDo,
} from './prompt.ts';
import { RepeatedHeading } from './repeated-heading.ts';

/** A KS with 8,000 members answers with some 4 MB. */
export const MAX_TEXT_CHARS = 16 * 1024 * 1024;
/** No line of ours is longer than some 200 characters; a terminal line that long is not text. */
const MAX_LINE_CHARS = 4096;
const SHOWN_OF_BROKEN_LINE = 200;
/** A command that is echoed again after this many lines was sent again. */
const LINES_BEFORE_ECHO = 2;

/**
 * One answer for each command in the text, in order; a text without prompt and echo is one answer, but `several` if it
 * may hold those of several routers.
 */
export function readDeviceText(text: string, routers: 'one' | 'several' = 'one'): Answer[] {
  const clean = withoutDebris(text);
  const reader = new TextReader(clean, routers === 'several');
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
    else reader.takeBlank();
    start = end + 1;
  }
  return reader.finish();
}

const CODE_BLANK = 32;

// lines IOS puts before every answer with `terminal exec prompt timestamp`
const EXEC_TIMESTAMP =
  /^(?:Load for five secs: |Time source is [^,]{1,80}, [*.]?\d{1,2}:\d{2}:\d{2}|No time source, [*.]?\d{1,2}:\d{2}:\d{2})/;
// 56 <=== KEK expires soon / 56 --> soon (its last two characters) / 56 ! soon / mygroup （name）
const REMARK = /<[=-]|[=-]>|[←→⇐⇒（]|(?:^| )!(?:[ !]|$)/;
const ARROW_SHAFT = /[ =-]{1,64}$/;
const REMARK_MARKS = ['<', '>', '!', '←', '→', '⇐', '⇒', '（'] as const;

const CODE_UPPER_L = 76;
const CODE_UPPER_N = 78;
const CODE_UPPER_S = 83;
const CODE_UPPER_T = 84;
const CODE_LOWER_D = 100;
const CODE_LOWER_S = 115;
const CODE_UPPER_H = 72;
const CODE_LOWER_H = 104;

/** Of `show`: many of a router's labels begin with an `s` too. */
function isLetterH(code: number): boolean {
  return code === CODE_LOWER_H || code === CODE_UPPER_H;
}

/** With these a heading of `show tech-support` begins. */
const HEADING_MARKS = ['*', '+', '-', '=', '_', '~', '#'];
const HEADING_STARTS: ReadonlySet<number> = new Set(HEADING_MARKS.map((mark) => mark.charCodeAt(0)));
/** By the code of a line's first character: whether the line may be a banner, an echo or a heading. */
const MAY_BE_COMMAND: readonly boolean[] = Array.from(
  { length: 128 },
  (_, code) =>
    HEADING_STARTS.has(code) ||
    [CODE_UPPER_L, CODE_UPPER_N, CODE_UPPER_S, CODE_UPPER_T, CODE_LOWER_D, CODE_LOWER_S].includes(code),
);

class TextReader {
  readonly #answers: Answer[] = [];
  #current: AnswerSketch = newAnswerSketch(1);
  #host: string | null = null;
  /** The router that a title named, until a prompt does. */
  #named: string | null = null;
  /** What stands below the last title that named one. */
  #below: AnswerSketch | null = null;
  readonly #mayRepeat: boolean;
  #repeated = new RepeatedHeading();
  /** Where the lines of the answer stand, if another router's may follow them. */
  #numbers: number[] = [];
  #line = 0;
  #afterPager = false;
  readonly #mayHavePrompt: boolean;
  readonly #mayHaveLog: boolean;
  readonly #mayHaveRemark: boolean;
  readonly #mayHavePager: boolean;
  readonly #mayHaveMarks: boolean;

  constructor(text: string, mayRepeat: boolean) {
    this.#mayRepeat = mayRepeat;
    this.#mayHavePrompt = text.includes('#') || text.includes('>');
    this.#mayHaveLog = text.includes('%');
    this.#mayHaveRemark = REMARK_MARKS.some((mark) => text.includes(mark));
    this.#mayHavePager = text.includes(PAGER_MARK);
    this.#mayHaveMarks = [MARKUP_MARK, WRAPPED_MARK, BLOCK_MARK, HOST_MARK].some((mark) => text.includes(mark));
  }

  takeBlank(): void {
    this.#line += 1;
    this.#current.ignored.blank += 1;
  }

  take(line: string, unterminated: boolean): void {
    this.#line += 1;
    if (this.#mayHavePager && line === PAGER_MARK) {
      this.#afterPager = true;
      this.#ignore('pager');
      return;
    }
    if (this.#mayHaveMarks && this.#takeMark(line)) {
      // the text ends inside the line that this one was joined to
      if (unterminated && line === WRAPPED_MARK) this.#current.ending = 'mid-line';
      return;
    }
    if (line.length > MAX_LINE_CHARS) {
      this.#startsHere();
      this.#break(line.slice(0, SHOWN_OF_BROKEN_LINE));
      return;
    }
    if (this.#mayHaveLog && this.#takeLog(line)) return;
    if (this.#mayHavePrompt && this.#takePrompt(line)) return;
    const first = line.charCodeAt(0);
    // a lower-case letter that begins no `show` or `do`, and most capitals: the usual line
    if (MAY_BE_COMMAND[first] === true && this.#takeCommand(line, first)) return;
    this.#afterPager = false;
    const text = this.#mayHaveRemark ? this.#withoutRemark(line) : line;
    const sketch = this.#current;
    if (text === '') sketch.ignored.remark += 1;
    else {
      if (sketch.lines.length === 0) this.#startsHere();
      sketch.lines.push(text);
    }
    sketch.withLogs?.push(text === '' ? line : text);
    if (this.#mayRepeat && text !== '') this.#splitRepeated();
    if (unterminated) this.#current.ending = 'mid-line';
  }

  finish(): Answer[] {
    const last = this.#answers.at(-1);
    const sketch = this.#current;
    if (last === undefined || !isOnlyNoise(sketch) || this.#isLogOfRouter(sketch)) this.#answers.push(answerOf(sketch));
    else this.#answers[this.#answers.length - 1] = withNoise(last, sketch);
    return this.#answers;
  }

  /** The answer of which nothing was read yet. */
  #begin(): AnswerSketch {
    this.#current = newAnswerSketch(this.#line);
    this.#current.device = this.#named;
    this.#repeated = new RepeatedHeading();
    this.#numbers = [];
    return this.#current;
  }

  /** What belongs to the next answer already goes there. */
  #splitRepeated(): void {
    const sketch = this.#current;
    if (sketch.typed?.includes('|') === true) return;
    this.#numbers.push(this.#line);
    const at = this.#repeated.begins(sketch.lines);
    if (at === null || at < 1) return;
    const numbers = this.#numbers.slice(at);
    const moved = sketch.lines.splice(at);
    const landed = [...sketch.landed].filter((index) => index >= at);
    for (const index of landed) sketch.landed.delete(index);
    if (sketch.withLogs !== null) sketch.withLogs.length = sketch.withLogs.lastIndexOf(moved[0] ?? '');
    this.#answers.push(answerOf(sketch));
    const next = this.#begin();
    next.line = numbers[0] ?? this.#line;
    for (const index of landed) next.landed.add(index - at);
    for (const [index, line] of moved.entries()) {
      next.lines.push(line);
      this.#numbers.push(numbers[index] ?? this.#line);
      this.#repeated.begins(next.lines);
    }
  }

  #break(text: string): void {
    const { brokenLines, lines } = this.#current;
    brokenLines.push({ text, before: lines.length });
  }

  #ignore(kind: IgnoredKind): void {
    this.#current.ignored[kind] += 1;
  }

  /** The answer, of which nothing was read yet, begins with this line, unless its command stands before it. */
  #startsHere(): void {
    const sketch = this.#current;
    if (sketch.lines.length > 0 || sketch.typed !== null || sketch.logMessages.length > 0) return;
    sketch.line = this.#line;
  }

  #takeMark(line: string): boolean {
    switch (line) {
      case MARKUP_MARK:
        this.#ignore('markup');
        return true;
      case WRAPPED_MARK:
        this.#ignore('wrapped');
        return true;
      case BLOCK_MARK:
        this.#endBlock();
        this.#ignore('markup');
        return true;
      default:
        if (!line.startsWith(HOST_MARK)) return false;
        this.#beginRouter(line.replaceAll(HOST_MARK, ''));
        // one that ends in the mark was put between the lines
        if (!line.endsWith(HOST_MARK)) this.#ignore('markup');
        return true;
    }
  }

  /** The end of a block of a page, or a title, proves nothing: the answer before it may be a part. */
  #endBlock(): void {
    if (this.#current.lines.length === 0) return;
    this.#answers.push(answerOf(this.#current));
    this.#begin();
  }

  /** Messages below the title that names a router, and nothing else. */
  #isLogOfRouter(sketch: AnswerSketch): boolean {
    return sketch === this.#below && sketch.device !== null && sketch.logMessages.length > 0;
  }

  #beginRouter(name: string): void {
    this.#named = name === '' ? null : name;
    this.#host = null;
    const before = this.#current;
    const below = this.#begin();
    if (isOnlyNoise(before) && !this.#isLogOfRouter(before)) this.#passOn(before);
    else this.#answers.push(answerOf(before));
    this.#below = below;
  }

  #takeCommand(line: string, first: number): boolean {
    if (first === CODE_UPPER_T || first === CODE_UPPER_L || first === CODE_UPPER_N) {
      if (!EXEC_TIMESTAMP.test(line)) return false;
      this.#ignore('execTimestamp');
      return true;
    }
    if (first === CODE_LOWER_S || first === CODE_UPPER_S) return isLetterH(line.charCodeAt(1)) && this.#takeEcho(line);
    if (first === CODE_LOWER_D) return this.#takeEcho(line);
    return HEADING_STARTS.has(first) && this.#takeHeading(line);
  }

  /** A message that the console printed between the lines; one that landed inside a line breaks that line. */
  #takeLog(line: string): boolean {
    const found = line.includes('%') ? findLogMessage(line) : null;
    if (found === null) return false;
    // `GM1#*Mar  1 ...: %...`: on the console a message follows the waiting prompt
    const behindPrompt = found.before !== '' && this.#mayHavePrompt && this.#takePrompt(found.before, 'shared line');
    this.#startsHere();
    const sketch = this.#current;
    if (found.before === '' || behindPrompt) {
      sketch.messageLines += 1;
      sketch.landed.add(sketch.lines.length);
    } else {
      this.#break(found.before);
      sketch.sharedLines += 1;
    }
    sketch.withLogs ??= [...sketch.lines];
    sketch.withLogs.push(line);
    sketch.logMessages.push(found.message);
    return true;
  }

  #takePrompt(line: string, counting: 'own line' | 'shared line' = 'own line'): boolean {
    const prompt = readPrompt(line, this.#host);
    if (prompt === null) return false;
    this.#host = prompt.host;
    this.#endCurrent(prompt.host);
    if (counting === 'own line') this.#ignore('prompt');
    this.#openTyped(prompt);
    return true;
  }

  #openTyped({ host, typed, isShow }: Prompt): void {
    const sketch = this.#current;
    sketch.device = host;
    if (typed === '' || printsFile(typed)) return;
    sketch.line = this.#line;
    sketch.typed = typed;
    sketch.foreign = !isShow;
  }

  /** `------------------ show clock ------------------` of a `show tech-support`, or a title, ends what stands before it. */
  #takeHeading(line: string): boolean {
    const command = readTechHeading(line);
    if (command === null) return false;
    if (isCommand(command)) {
      this.#endCurrent(null);
      this.#openTyped({ host: this.#host ?? this.#named, typed: command, isShow: isShowCommand(command) });
    } else {
      const name = routerInTitle(command);
      if (name === null) this.#endBlock();
      else this.#beginRouter(name);
    }
    this.#ignore('heading');
    return true;
  }

  #endCurrent(promptHost: string | null): void {
    const sketch = this.#current;
    sketch.ending = this.#afterPager ? 'mid-line' : 'prompt';
    if (promptHost !== null) {
      if (sketch.device === this.#named) sketch.device = null;
      this.#named = null;
    }
    sketch.device ??= promptHost;
    this.#begin();
    this.#afterPager = false;
    if (isOnlyNoise(sketch)) this.#passOn(sketch);
    else this.#answers.push(answerOf(sketch));
  }

  /** What the console printed before the first command belongs to no answer, but is not lost. */
  #passOn(sketch: AnswerSketch): void {
    const next = this.#current;
    for (const message of sketch.logMessages) next.logMessages.push(message);
    for (const broken of sketch.brokenLines) next.brokenLines.push(broken);
    next.messageLines += sketch.messageLines;
    next.sharedLines += sketch.sharedLines;
    next.ignored = sumOfIgnored(next.ignored, sketch.ignored);
    if (sketch.withLogs !== null) next.withLogs = [...sketch.withLogs];
  }

  /** A line that repeats or is the command, without a prompt. */
  #takeEcho(line: string): boolean {
    if (!isShowCommand(line)) return false;
    const typed = withoutDo(line);
    const command = canonicalCommand(typed);
    if (command === null) return false;
    const sketch = this.#current;
    const before = sketch.typed === null ? null : canonicalCommand(sketch.typed);
    if (before === command && sketch.lines.length <= LINES_BEFORE_ECHO) {
      this.#ignore('echo');
      return true;
    }
    if (sketch.lines.length > 0) {
      this.#answers.push(answerOf(sketch));
      this.#begin();
      this.#current.device = this.#host ?? this.#named;
    }
    if (this.#current.typed === null || before === null) {
      this.#current.typed = typed;
      this.#current.foreign = false;
      this.#current.line = this.#line;
    }
    this.#ignore('echo');
    return true;
  }

  #withoutRemark(line: string): string {
    const at = REMARK.exec(line);
    if (at === null) return line;
    const { lines, remarks } = this.#current;
    remarks.add(at.index === 0 ? lines.length - 1 : lines.length);
    const text = line.slice(0, at.index);
    return at[0].endsWith('>') ? text.replace(ARROW_SHAFT, '') : text.trimEnd();
  }
}

interface AnswerSketch {
  typed: string | null;
  device: string | null;
  line: number;
  ending: Ending;
  /** The answer to a command that is not a show command. */
  foreign: boolean;
  readonly lines: string[];
  readonly remarks: Set<number>;
  readonly logMessages: LogMessage[];
  readonly landed: Set<number>;
  messageLines: number;
  sharedLines: number;
  readonly brokenLines: BrokenLine[];
  /** From the first log message on. */
  withLogs: string[] | null;
  ignored: Record<IgnoredKind, number>;
}

function newAnswerSketch(line: number): AnswerSketch {
  return {
    typed: null,
    device: null,
    line,
    ending: 'line-end',
    foreign: false,
    lines: [],
    remarks: new Set(),
    logMessages: [],
    landed: new Set(),
    messageLines: 0,
    sharedLines: 0,
    brokenLines: [],
    withLogs: null,
    ignored: noneIgnored(),
  };
}

function answerOf(sketch: AnswerSketch): Answer {
  return {
    typed: sketch.typed,
    foreign: sketch.foreign,
    filter: sketch.typed?.includes('|') === true ? readFilter(sketch.typed) : null,
    device: sketch.device,
    line: sketch.line,
    lines: sketch.lines,
    ending: sketch.ending,
    remarks: sketch.remarks,
    logMessages: sketch.logMessages,
    landed: sketch.landed,
    messageLines: sketch.messageLines,
    behind: NOTHING_BEHIND,
    sharedLines: sketch.sharedLines,
    brokenLines: sketch.brokenLines,
    linesWithLogs: sketch.withLogs ?? sketch.lines,
    ignored: sketch.ignored,
  };
}

const NOTHING_BEHIND: Answer['behind'] = { messages: [], lines: 0 };

/** What stands behind the last prompt belongs to the last answer. */
function withNoise(last: Answer, noise: AnswerSketch): Answer {
  return {
    ...last,
    logMessages: [...last.logMessages, ...noise.logMessages],
    messageLines: last.messageLines + noise.messageLines,
    behind: { messages: noise.logMessages, lines: noise.messageLines },
    brokenLines: [...last.brokenLines, ...noise.brokenLines.map(({ text }) => ({ text, before: last.lines.length }))],
    ignored: sumOfIgnored(last.ignored, noise.ignored),
  };
}

/** Neither a command that shows something nor a line of an answer. */
function isOnlyNoise(sketch: AnswerSketch): boolean {
  return sketch.lines.length === 0 && (sketch.typed === null || sketch.foreign);
}
