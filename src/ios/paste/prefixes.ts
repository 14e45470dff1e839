/**
 * What stands before each line of a copied text: quotes of mail, times that a terminal or a log file adds, line
 * numbers, the name of a router or a program. Taken off only where a run of lines has it, and never where it is a log
 * message's own.
 */
import { readPrompt } from '../text/prompt.ts';
import { isMark, type PastedLine } from './pasted-line.ts';

/** A run that is shorter proves nothing, unless it is the whole text. */
const LEAST_RUN = 3;
const LEAST_WHOLE = 2;

function proves(run: number, lines: readonly PastedLine[], least: number): boolean {
  if (run >= least || run < LEAST_WHOLE) return run >= least;
  return run === lines.filter((pasted) => !isMark(pasted) && pasted.text.trim() !== '').length;
}

// > > GROUP INFORMATION / >>GM1#show version / | Group Name : WAN |
const QUOTE = /^\s{0,8}(?:[>\u203a]\s?){1,20}/;
const BAR = /^\s{0,8}(?:\|\s?){1,8}/;
const CLOSING_BAR = /\s?\|\s*$/;

export function withoutQuotes(lines: readonly PastedLine[]): readonly PastedLine[] {
  return lines.map((pasted) => {
    if (isMark(pasted)) return pasted;
    const { text, line } = pasted;
    if (QUOTE.test(text)) return { text: text.replace(QUOTE, ''), line };
    if (BAR.test(text)) return { text: text.replace(BAR, '').replace(CLOSING_BAR, ''), line };
    return pasted;
  });
}

// 2026-03-01 / 2026/03/01 / 01.03.2026 / 01-Mar-2026 / 03-01 / 20260301 / 1 Mar 2026, and a blank, T or _ behind it
const DATE = String.raw`(?:\d{1,2}[-/]\d{1,2}|\d{1,4}[-/.](?:\d{1,2}|[A-Z][a-z]{2})[-/.]\d{1,4}|\d{8}|\d{1,2} [A-Z][a-z]{2} \d{4})[ T,_]{1,3}`;
// 10:11:12 / 10:11:12.120 AM / 14:25:36.204456+01:00 / 10:11:12 UTC, and the 20260301T101112 of file names
const ZONE = String.raw`(?:Z| ?[+-]\d{2}:?\d{2}| (?:UTC|GMT|[A-Z]{1,3}[SD]?T)(?![\w-]))?`;
const CLOCK = String.raw`\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?(?: ?[AaPp][Mm])?${ZONE}`;
const COMPACT = String.raw`\d{8}[T_]\d{6}(?:\.\d{1,9})?${ZONE}`;
// Mar  1 10:11:12 / Sun Mar  1 10:11:12 2026
const NAMED_DATE = String.raw`(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} {1,2}\d{1,2},? (?:\d{4} )?`;
const EPOCH = String.raw`\d{10}(?:\.\d{1,9})?`;
// [    0.130000] / [+00:00:01.123] / [0 00:00:01.234]: since the recording began
const ELAPSED = String.raw`\[(?:\s{0,12}\d{1,9}\.\d{1,9}|(?:\+|\d{1,4} )\d{1,3}:\d{2}:\d{2}(?:\.\d{1,9})?)(?=\])`;
// 2026-03-01 10:11.12 (MobaXterm) / [10:11] / 10:11 |
const OTHER_CLOCK = String.raw`${DATE}\d{1,2}:\d{2}\.\d{2}|(?<=\[)\d{1,2}:\d{2}(?: ?[AaPp][Mm])?(?=\])|\d{1,2}:\d{2}(?= \|)`;
// INFO / [DEBUG] / WARNING:
const LEVEL = String.raw`(?: \[?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR)\]?:?(?=\s|$))?`;
const STAMP = new RegExp(
  String.raw`^\s{0,4}(?:[[(<]?(?:(?:${DATE})?${CLOCK}|${NAMED_DATE}${CLOCK}(?: (?:19|20)\d{2})?|${OTHER_CLOCK}|${COMPACT}|${EPOCH})|${ELAPSED})[\])>]?(?: ?[|:,;-](?= |$))?${LEVEL}(?:\s|$|(?<=[\])>]))`,
);
// Mar  1 10:11:12.120: ISAKMP: a line of debugging output with the router's own stamp
const OWN_DEBUG = /^[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?: /;
// Mar  1 10:11:12.120 UTC: the same, or a terminal's time before a label of one word (`interface: Tunnel0`)
const MAYBE_OWN_DEBUG = /^[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})? [A-Za-z][\w+-]{0,9}: /;
/** A message of IOS has a stamp of its own: `Mar  1 10:11:12.120 UTC: %GDOI-5-...`. */
const OWN_STAMP = /^(?:[A-Za-z][\w+-]{0,9})? ?:? ?%[A-Z]/;
// 14:25:36.204 UTC Sun Mar 1 2026: the answer of `show clock`
const CLOCK_ANSWER = /^(?:\S{1,16} )?[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d{4}$/;

export function withoutStamps(lines: readonly PastedLine[]): readonly PastedLine[] {
  const rest = (text: string) => {
    const stamp = STAMP.exec(text)?.[0];
    if (stamp === undefined) return null;
    const behind = text.slice(stamp.length);
    return OWN_DEBUG.test(text) || OWN_STAMP.test(behind) || CLOCK_ANSWER.test(behind) ? OWN : behind;
  };
  return withoutPrefix(lines, rest, (text) => MAYBE_OWN_DEBUG.test(text));
}

// INFO:netmiko: as the logging of Python begins a line
const LOGGER = /^(?:DEBUG|INFO|WARNING|ERROR):[\w.]{1,60}:/;

export function withoutLogger(lines: readonly PastedLine[]): readonly PastedLine[] {
  return withoutPrefix(lines, (text) => {
    const logger = LOGGER.exec(text)?.[0];
    return logger === undefined ? null : text.slice(logger.length);
  });
}

// "Group WANGRP (Unicast)", as an automation tool prints a list of lines
const QUOTED_STRING = /^\s{0,40}"((?:[^"\\]|\\.){0,2000})",?\s*$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', ''],
  ['r', ''],
  ['t', ' '],
]);

export function withoutStringQuotes(lines: readonly PastedLine[]): readonly PastedLine[] {
  return withoutPrefix(lines, (text) => {
    const inside = QUOTED_STRING.exec(text)?.[1];
    return inside?.replace(/\\(.)/g, (_, char: string) => ESCAPES.get(char) ?? char) ?? null;
  });
}

// 12: GROUP INFORMATION / 12| / 12) / 12→ / `  12  ` (cat -n, less -N, an editor's margin)
const NUMBERED = /^\s{0,8}(\d{1,6})(?:[:|)\u2192.]\s?|\s{1,4}|$)/;
const LOG_MESSAGE = /%[A-Z][A-Z0-9_-]{0,79}-[0-7]-[A-Z0-9_]{1,80}:/;

/** Numbers that rise by one; with a colon behind them, as `grep -n` prints, that rise. */
export function withoutLineNumbers(lines: readonly PastedLine[]): readonly PastedLine[] {
  const result = [...lines];
  let run: { readonly index: number; readonly rest: string }[] = [];
  let last: number | null = null;
  const close = () => {
    const messages = run.filter(({ rest }) => LOG_MESSAGE.test(rest)).length;
    if (proves(run.length, lines, LEAST_RUN + 1) && messages * 2 < run.length) {
      for (const { index, rest } of run) result[index] = { text: rest, line: lines[index]?.line ?? 0 };
    }
    run = [];
    last = null;
  };
  for (const [index, pasted] of lines.entries()) {
    const match = isMark(pasted) ? null : NUMBERED.exec(pasted.text);
    const number = match === null ? null : Number(match[1]);
    const follows =
      number !== null && (last === null || number === last + 1 || (match?.[0].includes(':') === true && number > last));
    if (!follows && !(pasted.text.trim() === '' && last !== null)) close();
    if (number === null || match === null) continue;
    run.push({ index, rest: pasted.text.slice(match[0].length) });
    last = number;
  }
  close();
  return result;
}

// gm1: / [gm1] / gm1 | / JD> / jump1 script[123]: / ## / • / // : one word that is the same on every line
const COMMON =
  /^\s{0,4}(\[[\w.:@ -]{1,40}\]|[A-Za-z][\w.@-]{0,40}(?::|>|\s{0,8}\|)|[\w.-]{1,40} [\w./-]{1,40}\[\d{1,7}\]:|[#%;*\u2022\u2023\u25aa]{1,3}|\/\/)(?:\s|$)/;
const COMMON_RUN = 4;
/** Words that routers themselves print so, line after line. */
const OWN_WORDS = /^(?:REG_GM|interface|protocol|direction|spi|transform|Client|Previous|Current|New)\s?:$/i;

export function withoutCommonWord(lines: readonly PastedLine[]): readonly PastedLine[] {
  const result = [...lines];
  let run: number[] = [];
  let word: string | null = null;
  const close = () => {
    if (proves(run.length, lines, COMMON_RUN)) {
      for (const index of run) {
        const pasted = lines[index] ?? { text: '', line: 0 };
        result[index] = {
          text: pasted.text.replace(COMMON, ''),
          line: pasted.line,
        };
      }
    }
    run = [];
  };
  for (const [index, pasted] of lines.entries()) {
    if (isMark(pasted) || pasted.text.trim() === '') continue;
    const next = COMMON.exec(pasted.text)?.[1] ?? null;
    if (next !== word) close();
    word = next !== null && !OWN_WORDS.test(next) ? next : null;
    if (word !== null) run.push(index);
  }
  close();
  return result;
}

/** What looks like a prefix is the line's own: it proves no run, and ends none. */
const OWN = Symbol('own');

/**
 * Off every line of each run that has it. `rest`: the line without it, null where it has none. `mayBeOwn`: a run whose
 * lines are mostly such ones is left alone.
 */
function withoutPrefix(
  lines: readonly PastedLine[],
  rest: (text: string) => string | typeof OWN | null,
  mayBeOwn: (text: string) => boolean = () => false,
): readonly PastedLine[] {
  const result = [...lines];
  let run: { readonly index: number; readonly text: string }[] = [];
  const close = () => {
    const prompts = run.filter(({ text }) => readPrompt(text.trim(), null)?.isShow === true);
    const own = run.filter(({ index }) => mayBeOwn(lines[index]?.text ?? '')).length;
    // a terminal may stamp its prompts only
    const taken = proves(run.length, lines, LEAST_RUN) && own * 2 <= run.length ? run : prompts;
    for (const { index, text } of taken) result[index] = { text, line: lines[index]?.line ?? 0 };
    run = [];
  };
  for (const [index, pasted] of lines.entries()) {
    if (isMark(pasted) || pasted.text.trim() === '') continue;
    const text = rest(pasted.text);
    if (text === OWN) continue;
    if (text === null) close();
    else run.push({ index, text });
  }
  close();
  return result;
}
