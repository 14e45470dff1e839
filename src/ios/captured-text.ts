/**
 * A captured text, any number of commands and routers: what copying did to it undone, split at prompts, echoed commands
 * and headings, recognised by content where none is there.
 */
import { parseAnswerOfUnknown, tooLarge, unreadable } from './parse.ts';
import { joinWrapped } from './paste/wrapped-lines.ts';
import { undoPaste } from './paste/undo-paste.ts';
import type { PastedLine } from './paste/pasted-line.ts';
import { MAX_TEXT_CHARS, readDeviceText } from './text/device-text.ts';
import type { CapturedResult } from './text/parse-result.ts';
import { findLogMessage } from './log/log-message.ts';

/** Always at least one result; the lines of all results are the lines of the text. */
export function parseCapturedText(text: string): readonly CapturedResult[] {
  if (text.length > MAX_TEXT_CHARS) return [{ ...tooLarge(null), device: null, line: 1 }];
  const pasted = undoPaste(text);
  if (pasted.kind === 'refused') return [{ ...unreadable(pasted.message, pasted.lines), device: null, line: 1 }];
  const asTheyStand = parsePasted(pasted.lines, pasted.finalNewline);
  if (costOf(asTheyStand) === 0) return asTheyStand;
  const suspect = suspectLines(pasted.lines, asTheyStand);
  let best = asTheyStand;
  for (const wrap of ['hard', 'soft'] as const) {
    const joined = joinWrapped(pasted.lines, wrap, suspect);
    const results = joined === null ? best : parsePasted(joined, pasted.finalNewline);
    if (costOf(results) < costOf(best)) best = results;
  }
  return best;
}

function parsePasted(lines: readonly PastedLine[], finalNewline: boolean): readonly CapturedResult[] {
  const text = lines.map((pasted) => pasted.text).join('\n');
  // a last line of which nothing is left is a line too
  const closed = finalNewline || lines.at(-1)?.text === '';
  const answers = readDeviceText(closed ? `${text}\n` : text, 'several');
  return answers.map((answer) => ({
    ...parseAnswerOfUnknown(answer),
    device: answer.device,
    line: lines[answer.line - 1]?.line ?? answer.line,
  }));
}

const COST_OF_FAILURE = 1_000_000;
const COST_OF_UNKNOWN_CHARACTER = 10;

/** What of the text is not understood: by characters, so that joining two unknown lines gains nothing. */
function costOf(results: readonly CapturedResult[]): number {
  let cost = 0;
  for (const result of results) {
    if (result.kind === 'failed') cost += result.reason === 'not-ours' ? 0 : COST_OF_FAILURE;
    else {
      const characters = result.unknownLines.reduce((sum, line) => sum + line.replaceAll(' ', '').length, 0);
      cost += characters * COST_OF_UNKNOWN_CHARACTER + result.lines.ignored.logText;
    }
  }
  return cost;
}

/** Lines that may be halves: the unknown ones, log messages, and all of a text of which nothing is recognised. */
function suspectLines(lines: readonly PastedLine[], results: readonly CapturedResult[]): ReadonlySet<string> {
  const everyLine = results.every((result) => result.kind === 'failed' && result.reason === 'unrecognised');
  const unknown = results.flatMap((result) => result.unknownLines);
  const halves = lines.map(({ text }) => text.trim()).filter((text) => everyLine || findLogMessage(text) !== null);
  return new Set([...unknown, ...halves]);
}
