/**
 * Prompts, and what is typed behind them: where one answer ends and the next command begins.
 *
 * A prompt is only taken for one where it stands alone, where a show command follows, or where the router is known or
 * the word behind it is one of the EXEC mode: `>` and `#` stand in banners and in answers too.
 */
import type { OutputFilter } from './answer.ts';

// GM1#show crypto gdoi / GM-1# show / KS1> / GM1(config)# / gm1-stby# / R1%RED# / RP/0/RSP0/CPU0:R1# / admin@gm1#
const PROMPT = /^([A-Za-z0-9_][\w.@-]{0,62}(?:[/:%~][\w.:/-]{1,60})?)(?:\([\w.-]{1,40}\)){0,2} ?[#>] {0,4}(.{0,512})$/;
// #show crypto gdoi / > show version: a prompt without a name, as documents have it
const NAMELESS_PROMPT = /^[#>$] {0,4}((?:do )?sh(?:o|ow)? .{1,512})$/i;
// show version / sh cry gdoi ks members / do show clock
const SHOW_TYPED = /^(?:do |exec: )?sh(?:o|ow)? {1,8}[a-z]/i;
/** First words of EXEC commands that people type between show commands, as far as IOS lets them be shortened. */
const EXEC_WORD =
  /^(?:ter(?:m(?:inal)?)?|conf(?:igure)?|ping|traceroute|exit|end|en(?:able)?|disable|clear|debug|un?debug|un|no|wr(?:ite)?|copy|dir|more|who|telnet|ssh|monitor|reload|logout|quit|test|do|verify|event|send|guestshell|request|crypto|interface|ip|line|router)\b/i;
// --More-- left with q, then `more flash:gm1.txt`: what follows is text of any kind
const PRINTS_A_FILE = /^(?:do )?(?:more|type|cat|less) \S/i;

export interface Prompt {
  readonly host: string | null;
  /** What is typed behind it; empty: the prompt waits. */
  readonly typed: string;
  readonly isShow: boolean;
}

/** Null: the line is none. `knownHost`: the router of the prompt before. */
export function readPrompt(line: string, knownHost: string | null): Prompt | null {
  const match = PROMPT.exec(line);
  if (match === null) {
    const nameless = NAMELESS_PROMPT.exec(line)?.[1];
    return nameless === undefined ? null : { host: knownHost, typed: withoutDo(nameless), isShow: true };
  }
  const host = match[1] ?? null;
  const typed = (match[2] ?? '').trim();
  const isShow = SHOW_TYPED.test(typed);
  if (typed !== '' && !isShow && host !== knownHost && !EXEC_WORD.test(typed)) return null;
  return { host, typed: isShow ? withoutDo(typed) : typed, isShow };
}

export function isShowCommand(line: string): boolean {
  return SHOW_TYPED.test(line);
}

export function printsFile(typed: string): boolean {
  return PRINTS_A_FILE.test(typed);
}

export function withoutDo(typed: string): string {
  return typed.replace(/^do {1,8}/i, '');
}

// ------------------ show clock ------------------ / ===== show version ===== / ***** show crypto gdoi *****
const TECH_HEADING = /^([-=*#+~_])\1{2,200} {0,8}([a-z][^\n]{0,200}?[^-=*#+~_ ]) {0,8}\1{3,200}$/i;

/** The command over a section of `show tech-support`, or a person's title, whatever its dashes; null: no such heading. */
export function readTechHeading(line: string): string | null {
  const command = TECH_HEADING.exec(line)?.[2];
  return command === undefined ? null : withoutDo(command.replace(/^['"`]|['"`]$/g, ''));
}

/** `show clock`, `dir nvram:`; any other text in a heading is a title. */
export function isCommand(text: string): boolean {
  return isShowCommand(text) || (EXEC_WORD.test(text) && text.includes(' ') && !HAS_WORD.test(text));
}

// gm1 / Router: gm1 / Host gm1 (198.51.100.7)
const NAMED_ROUTER = /^(?:(?:router|host(?:name)?|device) ?[:=]? ?)?([A-Za-z0-9][\w.-]{0,62})(?: \([^()]{1,60}\))?$/i;
const HAS_WORD = /^(?:router|host(?:name)?|device)\b[ :=]{1,3}\S/i;
/** A hostname has one of these more often than not, and `Output` has none. */
const OF_A_NAME = /[\d.-]/;
const OF_A_STEP =
  /^(?:\d[\d.:-]*|(?:step|part|phase|test|output|attempt|section|case|page|example|task|item|figure|no|try|run|take|snapshot|capture|session|day|week|pre|post|before|after)[-_.]?(?:\d{1,4}|check|change)?)$/i;

/** The router that a title names; null: it may be about anything. */
export function routerInTitle(title: string): string | null {
  const name = NAMED_ROUTER.exec(title)?.[1];
  if (name === undefined || OF_A_STEP.test(name)) return null;
  return HAS_WORD.test(title) || OF_A_NAME.test(name) ? name : null;
}

// show crypto gdoi | include Registration
const FILTER = /^([^|]{0,512})\|\s*(\S{1,16})\s*(.{0,512})$/;
const FILTER_KINDS = ['include', 'exclude', 'section', 'begin', 'count'] as const;

/** The filter behind a command's bar; null: none. IOS takes any beginning of its name. */
export function readFilter(typed: string): OutputFilter | null {
  const match = FILTER.exec(typed);
  if (match === null) return null;
  const word = (match[2] ?? '').toLowerCase();
  const kind = FILTER_KINDS.find((known) => known.startsWith(word)) ?? 'other';
  return {
    kind,
    text: `${kind === 'other' ? word : kind} ${match[3] ?? ''}`.trim(),
  };
}
