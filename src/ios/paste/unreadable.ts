/**
 * Texts that hold what a router printed, or did, in a form that cannot be undone: recognised here so that they are
 * refused.
 */
import { findLogMessage } from '../log/log-message.ts';

/** Without its line breaks an answer is longer than any line of ours. */
const LOST_BREAKS_CHARS = 600;
const LEAST_LABELS = 4;
const LABELS =
  /\b(?:Group Name|Group Identity|Group member|Registration status|Registered with|KEK POLICY|TEK POLICY|Rekey Transport Type|Key Server ID|Group Member ID|remaining life|Group Server list)\b/gi;
// {"at": "2026-01-01T00:00:00Z", "device": "gm1", "command": "show crypto gdoi", "output": "..."}
const TIMELINE = /^\s*\{\s*"(?:at|device)"\s*:.{0,2000}"(?:at|device)"\s*:/;

export function isTimeline(text: string): boolean {
  return TIMELINE.test(text);
}

export function lostLineBreaks(line: string): boolean {
  if (line.length <= LOST_BREAKS_CHARS || findLogMessage(line) !== null) return false;
  return [...line.slice(0, MAX_LOOKED_AT).matchAll(LABELS)].length >= LEAST_LABELS;
}

const MAX_LOOKED_AT = 65_536;
