/**
 * An answer of a device to one command, cleaned, and what a command's grammar makes of it.
 */
import type { LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { IgnoredKind } from './line-tally.ts';
import type { Snapshot } from './parse-result.ts';

/**
 * How the text ends: inside a line (the last word may be cut), after a whole line (the rest of the answer may be
 * missing), or at the next prompt, which proves that the answer is whole.
 */
export type Ending = 'mid-line' | 'line-end' | 'prompt';

/** What stands behind the bar of `show ... | include Name`: the answer holds a part of the command's lines only. */
export interface OutputFilter {
  readonly kind: 'include' | 'exclude' | 'section' | 'begin' | 'count' | 'other';
  /** As typed, `include Registration`. */
  readonly text: string;
}

export interface BrokenLine {
  /** What is left of it. */
  readonly text: string;
  /** Index of the one of `lines` that follows it. */
  readonly before: number;
}

export interface Answer {
  /** The command as typed, null when neither prompt nor echo shows it. */
  readonly typed: string | null;
  /** The command is not one that shows anything: `ping`, `configure terminal`. */
  readonly foreign: boolean;
  readonly filter: OutputFilter | null;
  /** The router by its prompt; null: no prompt stands at the command or after the answer. */
  readonly device: string | null;
  /** Where the command, or else the answer, begins: lines of the text, from 1. */
  readonly line: number;
  /** Trimmed, none empty, without prompts, echo, pager debris, log messages and remarks. */
  readonly lines: readonly string[];
  readonly ending: Ending;
  /** Indexes of `lines` from which an author's remark was taken: its wrapped rest may follow as lines of its own. */
  readonly remarks: ReadonlySet<number>;
  readonly logMessages: readonly LogMessage[];
  /** Indexes of `lines` before which a log message stood on lines of its own. */
  readonly landed: ReadonlySet<number>;
  /** Lines that hold a log message and nothing else. */
  readonly messageLines: number;
  /** Those of them that stand behind the answer's closing prompt, with their messages. */
  readonly behind: {
    readonly messages: readonly LogMessage[];
    readonly lines: number;
  };
  /** Lines of `linesWithLogs` of which a part, before the message, is in `brokenLines`. */
  readonly sharedLines: number;
  /** Lines that cannot be read at all: too long, or with a log message landed inside. */
  readonly brokenLines: readonly BrokenLine[];
  /** The answer's lines with the log messages still in place, for `show logging` itself. */
  readonly linesWithLogs: readonly string[];
  /** Lines left out on purpose, by kind. */
  readonly ignored: Readonly<Record<IgnoredKind, number>>;
}

export interface Reading {
  /** A group that the answer does not name has the name `UNNAMED`. */
  readonly snapshots: readonly Snapshot[];
  /** Lines that a rule knew. */
  readonly known: number;
  /** Indexes of the lines no rule knew. */
  readonly unknown: readonly number[];
  /** Lines of a log that are no messages: neither known nor unknown. */
  readonly logText?: number;
  /** Whether anything in the text was of this command. */
  readonly recognised: boolean;
  /** What the answer must still have had to be whole; null when it is whole. */
  readonly missing: string | null;
  /** Only where the command's own answer consists of log messages: those that are not part of it. */
  readonly landedMessages?: readonly LogMessage[];
}

/** Stands for the name of a group in a filtered answer that does not show it. No device takes an empty name. */
export const UNNAMED = '';

export interface CommandGrammar {
  /** Names as `grammarName` gives them. */
  readonly names: readonly string[];
  /** The lines by which an answer is recognised where its command is not known. */
  readonly recognisedBy: readonly RegExp[];
  /**
   * Lines that cannot be continued, or whose value nobody reads: the only ones a whole answer ends in without newline.
   */
  readonly closedLines: readonly RegExp[];
  /** Its lines are `linesWithLogs`: log messages are what it shows. */
  readonly ofLog?: true;
  /** Some of its lines may be any text. */
  readonly freeText?: true;
  /** Known by name, and nothing of it goes into a snapshot. */
  readonly withoutSnapshot?: true;
  read(answer: Answer, command: string): Reading;
}
