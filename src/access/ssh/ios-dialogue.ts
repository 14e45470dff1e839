/**
 * What IOS and IOS XE print on a terminal besides answers: prompts, pager, questions, refusals, log lines. One table of
 * data; every pattern is anchored and takes linear time.
 */

/** `GM1#`, `GM1>`, `RP/0/RP0/CPU0:gm1#`, `GM1(config)#`; the device line `GM1# ` ends in one blank at most. */
export const PROMPT = /^[\w.@()\-/:]{1,128}[>#]\s?$/;

/** ` --More-- `, `<--- More --->`, `--more-- (42%)`. */
export const PAGER = /^ {0,8}(?:-{1,4} ?more ?-{1,4}|<-{1,4} ?more ?-{1,4}>)(?: {0,2}\(?\d{1,3}%\)?)?[ :]{0,4}$/i;

/** `Username: `, `login: `. */
export const USERNAME_QUESTION = /^(?:\S{1,64} )?(?:username|login): {0,2}$/i;

/** `Password: `, `Enable password:`, `monitor@gm1's password: `. */
const PASSWORD_QUESTION = /^(?:[^:]{1,80} )?(?:password|passcode)(?: for \S{1,64})?: {0,2}$/i;

/** `Enter new password: `, `Old Password:`, `Retype password:`, `Password (again):`: part of changing the password. */
const CHANGE_QUESTION =
  /\b(?:new|old|current|present|previous|retype|re-?enter|re-?type|repeat|confirm(?:ation)?|verify|again|change|next|another)\b/i;
const ANY_PASSWORD_QUESTION = /\b(?:password|passcode|passphrase|secret)\b.{0,40}[:?>] {0,2}$/i;

/** `Your password has expired.`, `You must change your password`, `Please choose a new password`. */
const CHANGE_DEMANDED =
  /\bpassword\b.{0,40}\b(?:expired|must be changed|needs? to be changed|has to be changed|is no longer valid)|\b(?:must|required? to|need to|have to|please) (?:now )?(?:change|set|choose|enter|create)\b.{0,24}\b(?:password|new)\b/i;

/** Lines before a question that may say what it is about. */
const DEMAND_LINES = 3;

/**
 * Whether a line asks for the password of a login (`login`) or for one in a change of the password (`change`). The
 * first is answered; at the second nothing is typed, because that would reveal the password or set another one.
 * `before`: the lines above, the nearest last.
 */
export function passwordQuestion(line: string, before: readonly string[] = []): 'login' | 'change' | null {
  if (line.length > 200) return null;
  if (ANY_PASSWORD_QUESTION.test(line) && CHANGE_QUESTION.test(line)) return 'change';
  if (!PASSWORD_QUESTION.test(line)) return null;
  const said = before.filter((text) => text.trim() !== '').slice(-DEMAND_LINES);
  return said.some((text) => CHANGE_DEMANDED.test(text.slice(0, 200))) ? 'change' : 'login';
}

/** `Press RETURN to get started!`, `Press any key to continue`. */
export const PRESS_KEY = /\b(?:press|hit|type)\b.{0,20}\b(?:return|enter|any key|key)\b/i;

/** `% Login invalid`, `% Authentication failed`, `% Access denied`, `% Bad secrets`, `% Bad passwords`. */
export const LOGIN_REFUSED =
  /^ ?% ?(?:login invalid|authentication failed|access denied|bad (?:secrets|passwords?)|error in authentication|no password set)/i;

/** Which refusal a line of an answer is; the comment after each is the device's line. */
const REJECTIONS: ReadonlyArray<readonly [RegExp, 'invalid' | 'incomplete' | 'ambiguous' | 'unauthorized']> = [
  [/^ ?% ?Invalid input detected/i, 'invalid'], // % Invalid input detected at '^' marker.
  [/^ ?% ?(?:Unknown|Unrecognized) command/i, 'invalid'], // % Unknown command or computer name, or unable to find ...
  [/^ ?% ?Incomplete command/i, 'incomplete'], // % Incomplete command.
  [/^ ?% ?Ambiguous command/i, 'ambiguous'], // % Ambiguous command:  "show crypto g"
  [/^ ?(?:% ?)?Command authorization failed/i, 'unauthorized'], // Command authorization failed.
  [/^ ?% ?Authorization failed/i, 'unauthorized'], // % Authorization failed.
];

/** A refusal is at the start of a short answer; the same words deep inside a long one are output. */
const REJECTION_LINES = 8;

export type RejectionReason = (typeof REJECTIONS)[number][1];

/** The refusal in an answer, or null. */
export function findRejection(
  lines: readonly string[],
): { readonly reason: RejectionReason; readonly line: string } | null {
  if (lines.length > REJECTION_LINES) return null;
  for (const line of lines) {
    for (const [pattern, reason] of REJECTIONS) {
      if (pattern.test(line)) return { reason, line };
    }
  }
  return null;
}

/**
 * A log message on the terminal: `*Mar  1 01:12:10.919: %GDOI-5-GM_REGS_COMPL: ...`, `031402: Jun 19 06:17:42:
 * %SYS-5-...`, `Jun  5 07:23:09.318 EST: %...`, `1w2d: %...`, or with no time at all. `%SNMP agent not enabled` is an
 * answer.
 */
const LOG_LINE =
  /^(?:\d{1,10}: )?[*.]?(?:[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Za-z]{1,5})?: |\d\d:\d\d:\d\d: |\d{1,3}[ywdh]\d{1,2}[wdhm]: )?%[A-Z]\w{0,31}(?:-\w{1,32}){0,3}-[0-7]-[A-Z]\w{0,63}: ?/;

export function isLogLine(line: string): boolean {
  return line.includes('%') && LOG_LINE.test(line);
}

/** The hostname part of a prompt: `GM1` of `GM1#`, `GM1` of `GM1(config)#`, `gm1` of `RP/0/RP0/CPU0:gm1#`. */
export function hostnameOfPrompt(prompt: string): string {
  const bare = prompt.trimEnd().replace(/[>#]$/, '');
  const withoutMode = bare.replace(/\([^)]{0,64}\)$/, '');
  return withoutMode.slice(withoutMode.lastIndexOf(':') + 1);
}
