/**
 * The router in the header of a line of a log file: what a relay or the router itself (`logging origin-id`) wrote there.
 * A log buffer and a terminal show none.
 */
import { isHostBehindTime } from '../../gdoi/seen/log-time.ts';
import { parseLogMessage } from './log-message.ts';

// Mar  3 10:11:12 gm1 48: / 2026-03-03T10:11:12+00:00 gm1 / <189>1 2026-03-03T10:11:12Z gm1 - - - - / Mar  3 10:11:12 gm1: where
// `isHostBehindTime`; `00:01:07: ` is no IPv6 address
const BEHIND_TIME =
  /^(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\S{0,20}) (?:([A-Za-z][\w.-]{0,62}|\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9A-Fa-f:]{0,35}::|(?:[0-9A-Fa-f]{1,4}:){7})[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,39}[0-9A-Fa-f])|([A-Za-z0-9][\w.-]{0,62}):) {1,2}/;
// <189>48: gm1: / gm1: *Mar  3 / gm1 48: Mar  3 (the time of the relay was taken off)
const FIRST =
  /^(?:<\d{1,3}>)?(?:\d{1,10}: )?((?!(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Chassis|Switch)\b)(?:[A-Za-z][\w.-]{0,62}|\d{1,3}(?:\.\d{1,3}){3})|(?=[0-9A-Fa-f:]{0,35}::|(?:[0-9A-Fa-f]{1,4}:){7})[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,39}[0-9A-Fa-f]):? {1,2}/;

// 48: / local7.notice / - / [meta sequenceId="48"]
const BETWEEN = /^(?:-|\d{1,10}:|[\w-]{1,32}\.\w{1,16}:?|\[[^\]]{0,300}\]) {0,2}/;
const MOST_BETWEEN = 8;
// *Mar  1 / 2026 Mar  1 / 00:01:07: / 1d02h / %GDOI-5-
const BODY = /^[*.]?(?:[A-Z][a-z]{2} |\d{4} [A-Z]|\d{1,3}:\d{2}:|\d{1,4}[ywdh]\d|%)/;

/** Null: the line is no message, or its header names no router. */
export function hostOfMessage(line: string): string | null {
  if (!line.includes('%')) return null;
  const head = headBehindTime(line) ?? FIRST.exec(line);
  const host = head?.[1] ?? head?.[2];
  if (head === null || host === undefined) return null;
  return isBody(line.slice(head[0].length)) && parseLogMessage(line) !== null ? host : null;
}

function headBehindTime(line: string): RegExpExecArray | null {
  const head = BEHIND_TIME.exec(line);
  const mayBeZone = head?.[2];
  return mayBeZone === undefined || isHostBehindTime(mayBeZone) ? head : null;
}

/** The message itself, or what headers put before it and then that. */
function isBody(behind: string): boolean {
  let rest = behind;
  for (let skipped = 0; skipped < MOST_BETWEEN && !BODY.test(rest); skipped += 1) {
    const between = BETWEEN.exec(rest)?.[0];
    if (between === undefined) return false;
    rest = rest.slice(between.length);
  }
  return BODY.test(rest);
}
