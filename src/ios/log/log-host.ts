/**
 * The router in the header of a line of a log file: what a relay or the router itself (`logging origin-id`) wrote there.
 * A log buffer and a terminal show none.
 */
import { parseLogMessage } from './log-message.ts';

// Mar  3 10:11:12 gm1 48: / 2026-03-03T10:11:12+00:00 gm1 / <189>48: gm1: / <189>1 2026-03-03T10:11:12Z gm1 - - - / gm1: *Mar
const HOST =
  /^(?:<\d{1,3}>)?(?:1 )?(?:(?:[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\S{0,20}) )?(?:\d{1,10}: )?((?!(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Chassis|Switch|UTC|GMT)\b)[A-Za-z][\w.-]{0,62}|\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,40})(?::? ) {0,2}(?:- |\d{1,10}: |\S{1,32}\.\S{1,16}:? |\[[^\]]{0,300}\] ?){0,6}[*.]?(?:[A-Z][a-z]{2} |\d{4} [A-Z]|\d{1,3}:\d{2}:|\d{1,4}[ywdh]\d|%)/;

/** Null: the line is no message, or its header names no router. */
export function hostOfMessage(line: string): string | null {
  if (!line.includes('%')) return null;
  const host = HOST.exec(line)?.[1];
  return host === undefined || parseLogMessage(line) === null ? null : host;
}
