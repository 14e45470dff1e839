/**
 * CLI text of IOS and IOS XE in, snapshots out: the room's front door.
 *
 * Decides which command's grammar reads which part of a text, and whether an answer is whole. A half answer gives no
 * snapshot at all: half a GM looks like a GM that has lost its keys.
 */
import type { Answer, CommandGrammar, Reading } from './text/answer.ts';
import { gmAcl, ksAcl } from './commands/access-lists.ts';
import { canonicalCommand, grammarName } from './text/command-name.ts';
import { findNothingConfigured, findRefusal } from './text/device-refusal.ts';
import { MAX_TEXT_CHARS, readDeviceText } from './text/device-text.ts';
import { collapseBlanks } from './text/device-values.ts';
import { feature } from './commands/feature.ts';
import { gmDataplane } from './commands/gm-dataplane.ts';
import { gmRekey } from './commands/gm-rekey.ts';
import { gmReplay } from './commands/gm-replay.ts';
import { ksCoop } from './commands/ks-coop.ts';
import { ksMembersSummary } from './commands/ks-members-summary.ts';
import { ksMembers } from './commands/ks-members.ts';
import { ksPolicy } from './commands/ks-policy.ts';
import { ksRekey } from './commands/ks-rekey.ts';
import { otherGdoiCommands } from './commands/other-gdoi.ts';
import type { ParseResult } from './text/parse-result.ts';
import { pkiCertificates } from './commands/pki-certificates.ts';
import { showClock } from './commands/show-clock.ts';
import { showCryptoGdoi } from './commands/show-crypto-gdoi.ts';
import { showLogging } from './commands/show-logging.ts';
import { showVersion } from './commands/show-version.ts';

/** The first grammar that knows a line takes the text, so `show logging`, whose lines can be anything, is the last. */
const GRAMMARS: readonly CommandGrammar[] = [
  showCryptoGdoi,
  ksPolicy,
  ksMembersSummary,
  ksMembers,
  ksCoop,
  gmRekey,
  gmReplay,
  gmDataplane,
  ksRekey,
  ksAcl,
  gmAcl,
  feature,
  ...otherGdoiCommands,
  pkiCertificates,
  showVersion,
  showClock,
  showLogging,
];

const BY_NAME: ReadonlyMap<string, CommandGrammar> = new Map(
  GRAMMARS.flatMap((grammar) => grammar.names.map((name) => [name, grammar] as const)),
);

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
  const canonical = BY_NAME.has(command) ? command : (canonicalCommand(command) ?? command);
  if (text.length > MAX_TEXT_CHARS) return tooLarge(canonical);
  const grammar = BY_NAME.get(canonical) ?? BY_NAME.get(grammarName(canonical));
  if (grammar === undefined) {
    return { kind: 'failed', command: canonical, reason: 'unrecognised', message: `no parser for "${canonical}"` };
  }
  const answer = answerTo(canonical, readDeviceText(whole === 'prompt' ? `${text}\n` : text));
  return parseAnswer(canonical, grammar, whole === 'prompt' ? { ...answer, ending: 'prompt' } : answer);
}

/**
 * Captured text, any number of commands: split at prompts and echoed commands, and recognised by content where neither
 * is there. Always at least one result.
 */
export function parseCapturedText(text: string): readonly ParseResult[] {
  if (text.length > MAX_TEXT_CHARS) return [tooLarge(null)];
  const results: ParseResult[] = [];
  for (const answer of readDeviceText(text)) {
    const result = parseUnknown(answer);
    if (result !== null) results.push(result);
  }
  const known = results.filter((result) => result.kind === 'parsed' || result.command !== null);
  if (known.length > 0) return known;
  return [results[0] ?? cutOff(null, 'the text is empty')];
}

/** Of a text that holds several answers the one to this command; a text without any command is that answer. */
function answerTo(command: string, answers: readonly Answer[]): Answer {
  const [only] = answers;
  if (only !== undefined && answers.length === 1) return only;
  const exact = answers.find((answer) => answer.typed !== null && canonicalCommand(answer.typed) === command);
  if (exact !== undefined) return exact;
  const untyped = answers.find((answer) => answer.typed === null && answer.lines.length > 0);
  return untyped ?? answers.find((answer) => answer.lines.length > 0) ?? answers[0] ?? NO_ANSWER;
}

const NO_ANSWER: Answer = {
  typed: null,
  lines: [],
  ending: 'line-end',
  remarks: new Set(),
  logMessages: [],
  brokenLines: [],
  linesWithLogs: [],
};

function parseUnknown(answer: Answer): ParseResult | null {
  const typed = answer.typed === null ? null : canonicalCommand(answer.typed);
  const grammar = (typed === null ? undefined : BY_NAME.get(grammarName(typed))) ?? recognise(answer);
  if (grammar !== null) return parseAnswer(typed ?? nameFor(grammar, answer), grammar, answer);
  if (answer.lines.length === 0 && answer.typed === null && answer.brokenLines.length === 0) return null;
  const refusal = findRefusal(answer.lines);
  if (refusal !== null) return { kind: 'failed', command: answer.typed, reason: 'rejected', message: refusal };
  const first = answer.lines[0] ?? answer.brokenLines[0] ?? '';
  const message = `no known command's output: ${shortened(first)}`;
  return { kind: 'failed', command: answer.typed, reason: 'unrecognised', message };
}

function recognise(answer: Answer): CommandGrammar | null {
  for (const line of answer.lines) {
    const text = collapseBlanks(line);
    const grammar = GRAMMARS.find((known) => known.recognisedBy.some((pattern) => pattern.test(text)));
    if (grammar !== undefined) return grammar;
  }
  return answer.logMessages.length > 0 ? showLogging : null;
}

/** A grammar's first name, but for blocks that only one of its commands starts with. */
function nameFor(grammar: CommandGrammar, answer: Answer): string {
  const first = collapseBlanks(answer.lines[0] ?? '');
  if (grammar === showCryptoGdoi) {
    if (first.startsWith('Group Member Information For Group')) return 'show crypto gdoi gm';
    if (first.startsWith('Total group members') || first.startsWith('Key Server Information')) {
      return 'show crypto gdoi ks';
    }
  }
  return grammar.names[0] ?? '';
}

function parseAnswer(command: string, grammar: CommandGrammar, answer: Answer): ParseResult {
  const refusal = findRefusal(answer.lines);
  if (refusal !== null) return { kind: 'failed', command, reason: 'rejected', message: refusal };
  const nothing = findNothingConfigured(answer.lines);
  if (nothing !== null) return parsed(command, answer, [], []);
  if (isEmpty(answer, grammar)) {
    return answer.ending === 'prompt' ? parsed(command, answer, [], []) : cutOff(command, 'the answer is empty');
  }
  const lastLine = answer.lines.at(-1) ?? '';
  if (answer.ending === 'mid-line' && !isClosed(grammar, lastLine)) {
    return cutOff(command, `the text ends inside the line: ${shortened(lastLine)}`);
  }
  const reading = grammar.read(answer, command);
  if (!reading.recognised) {
    return { kind: 'failed', command, reason: 'unrecognised', message: `not an answer to it: ${shortened(lastLine)}` };
  }
  if (reading.missing !== null) return cutOff(command, `the text ends before ${reading.missing}`);
  const lines = unknownLines(answer, reading);
  return parsed(command, answer, reading.snapshots, lines, reading.landedMessages);
}

function isEmpty(answer: Answer, grammar: CommandGrammar): boolean {
  return (grammar === showLogging ? answer.linesWithLogs : answer.lines).length === 0;
}

function isClosed(grammar: CommandGrammar, line: string): boolean {
  return grammar.closedLines.some((pattern) => pattern.test(line));
}

/** Unknown lines right after a line with a remark are the rest of that remark, wrapped. */
function unknownLines(answer: Answer, reading: Reading): string[] {
  const lines = [...answer.brokenLines];
  let wrapped = -1;
  for (const index of reading.unknown) {
    if (answer.remarks.has(index - 1) || wrapped === index - 1) {
      wrapped = index;
      continue;
    }
    lines.push(answer.lines[index] ?? '');
  }
  return lines;
}

function parsed(
  command: string,
  answer: Answer,
  snapshots: Reading['snapshots'],
  unknownLines: readonly string[],
  logMessages: Answer['logMessages'] = answer.logMessages,
): ParseResult {
  return { kind: 'parsed', command, snapshots, unknownLines, logMessages };
}

function cutOff(command: string | null, message: string): ParseResult {
  return { kind: 'failed', command, reason: 'cut-off', message };
}

function tooLarge(command: string | null): ParseResult {
  return { kind: 'failed', command, reason: 'too-large', message: `more than ${MAX_TEXT_CHARS} characters` };
}

const MESSAGE_CHARS = 120;

function shortened(line: string): string {
  return line.length > MESSAGE_CHARS ? `${line.slice(0, MESSAGE_CHARS)}...` : line;
}
