/**
 * CLI text of IOS and IOS XE in, snapshots out: the room's front door.
 *
 * Decides which command's grammar reads which part of a text, and whether an answer is whole. A half answer gives no
 * snapshot at all: half a GM looks like a GM that has lost its keys. Every line is accounted for, in every result.
 */
import { withoutBrokenOff } from './broken-off.ts';
import { grammarFor, nameFor, recognise } from './grammars.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from './text/answer.ts';
import { canonicalCommand } from './text/command-name.ts';
import { findNothingConfigured, findRefusal, isNothingConfigured } from './text/device-refusal.ts';
import { MAX_TEXT_CHARS, readDeviceText } from './text/device-text.ts';
import { type LineTally, noneIgnored } from './text/line-tally.ts';
import type { Nothing, Parsed, ParseResult, Snapshot, UnnamedSnapshot, Unparsed } from './text/parse-result.ts';

/**
 * The answer to a command that was sent, with or without echo and prompts around it.
 *
 * @param whole 'prompt' when the caller has seen the prompt after this text and so knows that the answer is whole;
 * otherwise a text that ends before its last due line, or inside a line, is `cut-off`.
 */
export function parseCommandOutput(
  command: string,
  text: string,
  whole: 'prompt' | 'unknown' = 'unknown',
): ParseResult {
  const canonical = grammarFor(command) === undefined ? (canonicalCommand(command) ?? command) : command;
  if (text.length > MAX_TEXT_CHARS) return tooLarge(canonical);
  const grammar = grammarFor(canonical);
  if (grammar === undefined) {
    return failed(canonical, 'unrecognised', `no parser for "${canonical}"`, NO_LINES);
  }
  // Not a copy where none is needed: what is taken out of a text keeps it in memory, beside the one that is shown.
  const lines = whole === 'prompt' && !text.endsWith('\n') ? `${text}\n` : text;
  const answer = answerTo(canonical, readDeviceText(lines));
  return parseAnswer(canonical, grammar, whole === 'prompt' ? { ...answer, ending: 'prompt' } : answer);
}

/** Of a text that holds several answers the one to this command; a text without any command is that answer. */
function answerTo(command: string, all: readonly Answer[]): Answer {
  const answers = all.filter(({ foreign }) => !foreign);
  const [only] = answers;
  if (only !== undefined && answers.length === 1) return only;
  const exact = answers.find((answer) => answer.typed !== null && canonicalCommand(answer.typed) === command);
  if (exact !== undefined) return exact;
  const untyped = answers.find((answer) => answer.typed === null && answer.lines.length > 0);
  return untyped ?? answers.find((answer) => answer.lines.length > 0) ?? answers[0] ?? NO_ANSWER;
}

const NO_ANSWER: Answer = {
  typed: null,
  foreign: false,
  filter: null,
  device: null,
  line: 1,
  lines: [],
  ending: 'line-end',
  remarks: new Set(),
  logMessages: [],
  landed: new Set(),
  messageLines: 0,
  behind: { messages: [], lines: 0 },
  sharedLines: 0,
  brokenLines: [],
  linesWithLogs: [],
  ignored: noneIgnored(),
};

const NO_LINES: LineTally = {
  understood: 0,
  ignored: noneIgnored(),
  unknown: 0,
};

/** An answer of a captured text: the command it shows decides, or its own lines. */
export function parseAnswerOfUnknown(answer: Answer): ParseResult {
  const { typed, lines, brokenLines } = answer;
  if (typed !== null) return parseTyped(answer, typed);
  const grammar = recognise(answer);
  if (grammar !== null) return parseAnswer(nameFor(grammar, answer), grammar, answer);
  const tally = nothingRead(answer);
  if (lines.length === 0 && brokenLines.length === 0) return failed(null, 'cut-off', 'the text is empty', tally);
  const refusal = findRefusal(lines);
  if (refusal !== null) return failed(null, 'rejected', refusal, tally);
  const first = lines[0] ?? brokenLines[0]?.text ?? '';
  return failed(null, 'unrecognised', `no known command's output: ${shortened(first)}`, tally);
}

/** A command that is shown decides alone: what another one prints is not guessed at. */
function parseTyped(answer: Answer, typed: string): ParseResult {
  const canonical = canonicalCommand(typed);
  const grammar = canonical === null ? undefined : grammarFor(canonical);
  if (canonical !== null && grammar !== undefined) return parseAnswer(canonical, grammar, answer);
  const tally = nothingRead(answer);
  const refusal = findRefusal(answer.lines);
  if (refusal !== null) return failed(typed, 'rejected', refusal, tally);
  const count = answer.lines.length + answer.brokenLines.length;
  const lines = `${count} ${count === 1 ? 'line' : 'lines'}`;
  return OF_GDOI.test(typed)
    ? failed(typed, 'unrecognised', `no parser for this command (${lines})`, tally)
    : failed(typed, 'not-ours', `not read: it is none of the commands that are (${lines})`, tally);
}

// Number of lines which match regexp = 2 (| count)
const COUNT = /^Number of lines which match regexp = \d{1,10}$/;
// show crypto gdoi ks something / sh cry gkm what
const OF_GDOI = /^sh\w{0,2} +cr\w{0,4} +g(?:d\w{0,2}|k\w?)\b/i;

function parseAnswer(command: string, grammar: CommandGrammar, answer: Answer): ParseResult {
  const refusal = findRefusal(answer.lines);
  if (refusal !== null) return failed(command, 'rejected', refusal, nothingRead(answer));
  if (grammar.ofLog !== true && (answer.filter?.kind === 'count' || findNothingConfigured(answer.lines) !== null)) {
    const rest = answer.lines.filter((line) => !isNothingConfigured(line) && !COUNT.test(line));
    const said = answer.lines.length - rest.length;
    if (rest.length === 0) return parsed({ command, grammar, answer, reading: EMPTY, said });
    return parseLines(command, grammar, {
      ...answer,
      lines: rest,
      landed: new Set(),
      messageLines: answer.messageLines + said,
    });
  }
  return parseLines(command, grammar, answer);
}

function parseLines(command: string, grammar: CommandGrammar, answer: Answer): ParseResult {
  const lines = grammar.ofLog === true ? answer.linesWithLogs : answer.lines;
  const lastLine = lines.at(-1) ?? '';
  const whole = answer.ending === 'prompt' || answer.filter !== null;
  if (lines.length === 0) {
    if (whole) return parsed({ command, grammar, answer, reading: EMPTY, said: 0 });
    return failed(command, 'cut-off', 'the answer is empty', nothingRead(answer));
  }
  if (answer.ending === 'mid-line' && !isClosed(grammar, lastLine)) {
    return parseWithoutLastLine(command, grammar, answer) ?? cutInside(command, answer, lastLine);
  }
  const first = grammar.read(answer, command);
  const left = withoutBrokenOff(command, grammar, answer, first);
  if (left === null) return parseRead(command, grammar, answer, first);
  return parseRead(command, grammar, left, grammar.read(left, command));
}

function parseRead(command: string, grammar: CommandGrammar, answer: Answer, reading: Reading): ParseResult {
  const lines = grammar.ofLog === true ? answer.linesWithLogs : answer.lines;
  const lastLine = lines.at(-1) ?? '';
  const whole = answer.ending === 'prompt' || answer.filter !== null;
  if (!reading.recognised && answer.filter === null) {
    const message = `not an answer to it: ${shortened(lastLine)}`;
    return failed(command, 'unrecognised', message, nothingRead(answer));
  }
  if (reading.missing !== null && !whole) {
    const unknownLines = reading.unknown.map((index) => lines[index] ?? '');
    const message = `the text ends before ${reading.missing}`;
    return { ...failed(command, 'cut-off', message, nothingRead(answer)), unknownLines };
  }
  const gaveUp = whole && answer.filter === null ? gaveUpAt(command, grammar, answer, reading) : null;
  if (gaveUp !== null) {
    const unknownLines = reading.unknown.map((index) => lines[index] ?? '');
    const message = `the router ended it with: ${shortened(gaveUp)}`;
    return { ...failed(command, 'cut-off', message, nothingRead(answer)), unknownLines };
  }
  return parsed({ command, grammar, answer, reading, said: 0 });
}

// % Low on memory; try again later / %Error: command timed out
const ROUTERS_ERROR = /^%/;

/**
 * The error by which the router ended an answer before its last due line; null: it did not. The prompt behind it does
 * not make the answer whole.
 */
function gaveUpAt(command: string, grammar: CommandGrammar, answer: Answer, { unknown }: Reading): string | null {
  const last = answer.lines.length - 1;
  const line = answer.lines[last] ?? '';
  if (grammar.ofLog === true || !ROUTERS_ERROR.test(line) || unknown.at(-1) !== last) return null;
  const before = grammar.read({ ...answer, lines: answer.lines.slice(0, last), ending: 'line-end' }, command);
  return before.missing === null ? null : line;
}

function cutInside(command: string, answer: Answer, lastLine: string): Unparsed {
  const message = `the text ends inside the line: ${shortened(lastLine)}`;
  return failed(command, 'cut-off', message, nothingRead(answer));
}

/**
 * A text copied without its final newline: where its last line is the last one due, the answer is whole, but the line's
 * own value may be cut (`34` of `340`). So the line is not read; it is reported.
 */
function parseWithoutLastLine(command: string, grammar: CommandGrammar, answer: Answer): ParseResult | null {
  const withIt = grammar.read({ ...answer, ending: 'line-end' }, command);
  const last = answer.lines.length - 1;
  if (withIt.missing !== null || !withIt.recognised || withIt.unknown.includes(last) || last < 1) return null;
  const lines = answer.lines.slice(0, last);
  const before: Answer = {
    ...answer,
    lines,
    brokenLines: [...answer.brokenLines, { text: answer.lines[last] ?? '', before: last }],
  };
  const reading = grammar.read({ ...before, ending: 'prompt' }, command);
  return reading.recognised ? parsed({ command, grammar, answer: before, reading, said: 0 }) : null;
}

const EMPTY: Reading = {
  snapshots: [],
  known: 0,
  unknown: [],
  recognised: true,
  missing: null,
};

function isClosed(grammar: CommandGrammar, line: string): boolean {
  return grammar.closedLines.some((pattern) => pattern.test(line));
}

interface ReadAnswer {
  readonly command: string;
  readonly grammar: CommandGrammar;
  readonly answer: Answer;
  readonly reading: Reading;
  /** Lines by which the router says that there is nothing. */
  readonly said: number;
}

function parsed({ command, grammar, answer, reading, said }: ReadAnswer): Parsed {
  const ofLog = grammar.ofLog === true;
  const lines = ofLog ? answer.linesWithLogs : answer.lines;
  const unknown =
    reading.unknown.length === 0
      ? NONE_UNKNOWN
      : unknownAmong(lines, ofLog ? NO_REMARKS : answer.remarks, reading.unknown);
  const unknownLines = [...answer.brokenLines.map(({ text }) => text), ...unknown.lines];
  const messages = ofLog ? answer.behind.lines - answer.sharedLines : answer.messageLines;
  const mayBeUnnamed = answer.filter !== null;
  const snapshots = mayBeUnnamed ? reading.snapshots.filter((snapshot) => !isUnnamed(snapshot)) : reading.snapshots;
  const unnamed = mayBeUnnamed ? reading.snapshots.flatMap(unnamedOf) : [];
  return {
    kind: 'parsed',
    command,
    snapshots,
    unnamed,
    nothing: snapshots.length + unnamed.length > 0 ? null : nothingOf(grammar, answer, reading, unknownLines),
    partial: answer.filter?.text ?? null,
    unknownLines,
    logMessages:
      reading.landedMessages === undefined
        ? answer.logMessages
        : [...reading.landedMessages, ...answer.behind.messages],
    lines: {
      understood: reading.known + messages + said,
      ignored: {
        ...answer.ignored,
        remark: answer.ignored.remark + unknown.remarks,
        logText: reading.logText ?? 0,
      },
      unknown: unknownLines.length,
    },
  };
}

function nothingOf(
  grammar: CommandGrammar,
  answer: Answer,
  reading: Reading,
  unknownLines: readonly string[],
): Nothing {
  if (grammar.withoutSnapshot === true && reading.known > 0) return 'no-snapshot';
  if (answer.filter !== null) return 'filtered-away';
  return reading.known === 0 && unknownLines.length === 0 ? 'nothing-configured' : 'nothing-shown';
}

function isUnnamed(snapshot: Snapshot): boolean {
  return (snapshot.role === 'gm' || snapshot.role === 'ks') && snapshot.group === UNNAMED;
}

function unnamedOf(snapshot: Snapshot): readonly UnnamedSnapshot[] {
  if ((snapshot.role !== 'gm' && snapshot.role !== 'ks') || snapshot.group !== UNNAMED) return [];
  return showsNothing({ ...snapshot, role: null, group: null }) ? [] : [{ ...snapshot, group: null }];
}

function showsNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return false;
  return Object.values(value).every(showsNothing);
}

const NONE_UNKNOWN = { lines: [], remarks: 0 };
const NO_REMARKS: ReadonlySet<number> = new Set();

/** A remark is a few words; and what has a label is the device's. */
const MAX_WRAPPED_LINES = 3;
const LABELLED = /^[\w#][\w #()/.-]{0,48} ?:/;

/** Unknown lines right after a line with a remark are the rest of that remark, wrapped. */
function unknownAmong(
  lines: readonly string[],
  remarks: ReadonlySet<number>,
  unknown: readonly number[],
): { readonly lines: readonly string[]; readonly remarks: number } {
  const kept: string[] = [];
  let wrapped: number | null = null;
  let room = MAX_WRAPPED_LINES;
  for (const index of unknown) {
    const line = lines[index] ?? '';
    const afterRemark = remarks.has(index - 1);
    if (afterRemark) room = MAX_WRAPPED_LINES;
    if ((afterRemark || wrapped === index - 1) && room > 0 && !LABELLED.test(line)) {
      wrapped = index;
      room -= 1;
    } else kept.push(line);
  }
  return { lines: kept, remarks: unknown.length - kept.length };
}

/** The account of an answer of which nothing is taken: all of it is reported by the error. */
function nothingRead({ lines, brokenLines, messageLines, ignored }: Answer): LineTally {
  return {
    understood: messageLines,
    ignored,
    unknown: lines.length + brokenLines.length,
  };
}

function failed(command: string | null, reason: Unparsed['reason'], message: string, lines: LineTally): Unparsed {
  return { kind: 'failed', command, reason, message, unknownLines: [], lines };
}

export function tooLarge(command: string | null): Unparsed {
  return failed(command, 'too-large', `more than ${MAX_TEXT_CHARS} characters`, NO_LINES);
}

/** All of it is refused. `lines`: how many there are. */
export function unreadable(message: string, lines: number): Unparsed {
  return failed(null, 'unreadable', message, { ...NO_LINES, unknown: lines });
}

const MESSAGE_CHARS = 120;

function shortened(line: string): string {
  return line.length > MESSAGE_CHARS ? `${line.slice(0, MESSAGE_CHARS)}...` : line;
}
