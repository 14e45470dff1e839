/**
 * An answer of a device to one command, cleaned, and what a command's grammar makes of it.
 */
import type { LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { Snapshot } from './parse-result.ts';

/**
 * How the text ends: inside a line (the last word may be cut), after a whole line (the rest of the answer may be
 * missing), or at the next prompt, which proves that the answer is whole.
 */
export type Ending = 'mid-line' | 'line-end' | 'prompt';

export interface Answer {
  /** The command as typed, null when neither prompt nor echo shows it. */
  readonly typed: string | null;
  /** Trimmed, none empty, without prompts, echo, pager debris, log messages and remarks. */
  readonly lines: readonly string[];
  readonly ending: Ending;
  /** Indexes of `lines` from which an author's remark was taken: its wrapped rest may follow as lines of its own. */
  readonly remarks: ReadonlySet<number>;
  readonly logMessages: readonly LogMessage[];
  /** Lines that cannot be read at all: too long, or with a log message landed inside. */
  readonly brokenLines: readonly string[];
  /** The answer's lines with the log messages still in place, for `show logging` itself. */
  readonly linesWithLogs: readonly string[];
}

export interface Reading {
  readonly snapshots: readonly Snapshot[];
  /** Indexes of the lines no rule knew. */
  readonly unknown: readonly number[];
  /** Whether anything in the text was of this command. */
  readonly recognised: boolean;
  /** What the answer must still have had to be whole; null when it is whole. */
  readonly missing: string | null;
  /** Only where the command's own answer consists of log messages: those that are not part of it. */
  readonly landedMessages?: readonly LogMessage[];
}

export interface CommandGrammar {
  /** Names as `grammarName` gives them. */
  readonly names: readonly string[];
  /** The lines by which an answer is recognised where its command is not known. */
  readonly recognisedBy: readonly RegExp[];
  /** Lines that cannot be continued, or whose value nobody reads: the only ones a whole answer ends in without newline. */
  readonly closedLines: readonly RegExp[];
  read(answer: Answer, command: string): Reading;
}
